A calendar that is withdrawn, or never was declared, takes no day away
# 21 November 2026 is a Saturday.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-20 07:00 calendar shop
2026-11-20 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-20 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-20 07:00 objective complete-by "0 12 * * *" calendar unknown named other
2026-11-20 08:00 daily 1 runs of 50m
2026-11-21 12:01 tick
2026-11-22 11:00 calendar shop withdrawn
2026-11-22 12:01 tick
---
2026-11-21 12:01:00 MISSED the deadline 2026-11-21 12:00:00, other of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-21 08:00:00
    miss 1 of incident fdd11a18-cb91-5513-8895-2cdc7aedd1a3
    1 successes before, the last ended 2026-11-20 08:50:00
    id 620741a7-814e-5c98-b33b-bb1cc9ac89c3
2026-11-22 12:01:00 MISSED the deadline 2026-11-22 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 08:00:00
    miss 1 of incident 65c11ff5-af8b-5602-bd55-43081240ba07
    1 successes before, the last ended 2026-11-20 08:50:00
    id 0ff78ad1-cf13-582e-901e-ede006996e2d
2026-11-22 12:01:00 MISSED the deadline 2026-11-22 12:00:00, other of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 08:00:00
    miss 2 of incident fdd11a18-cb91-5513-8895-2cdc7aedd1a3
    1 successes before, the last ended 2026-11-20 08:50:00
    id 0337ba08-ce71-596f-9758-f70f0cc67052
