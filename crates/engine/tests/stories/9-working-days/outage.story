After an outage each deadline has the calendar as it was declared before it
# 23 and 24 November 2026 are a Monday and a Tuesday.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-20 07:00 calendar shop
2026-11-20 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-20 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-20 08:00 daily 1 runs of 50m
2026-11-23 14:00 calendar shop off 2026-11-23
2026-11-23 15:00 calendar shop off 2026-11-24
2026-11-24 13:00 calendar shop
2026-11-24 14:00 tick
---
2026-11-24 14:00:00 MISSED the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-23 08:00:00
    miss 1 of incident 82dd8829-809b-56b4-b7fa-53ec91a62ea0
    1 successes before, the last ended 2026-11-20 08:50:00
    id 851d889d-026b-5590-a89c-4f6d3d1e3bdc
