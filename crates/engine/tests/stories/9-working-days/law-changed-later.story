A law that is changed later changes no verdict of the past
# 23 November 2026 was a working day when it was judged.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 calendar shop
2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-20 08:00 daily 3 runs of 50m
2026-11-23 12:01 tick
2026-11-23 13:00 calendar shop off 2026-11-23
2026-11-23 14:00 tick
2026-11-23 15:00 job late runs for 2026-11-23 08:00
2026-11-23 15:30 job late succeeds
2026-11-23 15:31 tick
---
2026-11-23 12:01:00 MISSED the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-23 08:00:00
    miss 1 of incident 82dd8829-809b-56b4-b7fa-53ec91a62ea0
    3 successes before, the last ended 2026-11-22 08:50:00
    id 851d889d-026b-5590-a89c-4f6d3d1e3bdc
2026-11-23 15:30:00 RECOVERED 210m00s after the deadline, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed since 2026-11-23 12:00:00, incident 82dd8829-809b-56b4-b7fa-53ec91a62ea0 is over
    job late of 2026-11-23 08:00:00
    id b6bbdb82-0b56-5c1e-a1df-5f59f0621e34
