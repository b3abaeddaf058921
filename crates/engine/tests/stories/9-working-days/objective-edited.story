An objective that is given a calendar after a deadline has that slot judged as it was planned
# 21 and 22 November 2026 are a Saturday and a Sunday.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-20 07:00 calendar shop
2026-11-20 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-20 07:00 objective complete-by "0 12 * * *" grace 1h
2026-11-20 08:00 daily 1 runs of 50m
2026-11-21 12:10 objective complete-by "0 12 * * *" grace 1h calendar shop
2026-11-21 13:01 tick
2026-11-22 13:01 tick
---
2026-11-21 13:01:00 MISSED the deadline 2026-11-21 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo, grace 60m00s)
    because it never started, expected 2026-11-21 08:00:00
    miss 1 of incident ccac5b6b-40ca-530c-84f3-36c01a023be5
    1 successes before, the last ended 2026-11-20 08:50:00
    id bcb55945-c93f-5afd-b855-c20bc6e0a237
