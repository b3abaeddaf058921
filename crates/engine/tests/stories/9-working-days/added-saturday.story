A Saturday that the calendar adds is judged like any working day
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 calendar shop adds 2026-11-21
2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-20 08:00 daily 1 runs of 50m
2026-11-21 12:01 tick
2026-11-22 12:01 tick
---
2026-11-21 12:01:00 MISSED the deadline 2026-11-21 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-21 08:00:00
    miss 1 of incident ccac5b6b-40ca-530c-84f3-36c01a023be5
    1 successes before, the last ended 2026-11-20 08:50:00
    id bcb55945-c93f-5afd-b855-c20bc6e0a237
