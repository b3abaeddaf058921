A later run is not in the way of an earlier fire, and neither is one that had ended by the deadline, or one by hand
# No run was made for 13:42; that of 13:44 was.
batch prod/dwh/report
zone UTC

2026-11-18 13:39 cronjob "*/2 * * * *"
2026-11-18 13:39 objective complete-by "1-59/2 * * * *" settle 3m
2026-11-18 13:40 job one created for 2026-11-18 13:40
2026-11-18 13:40 job one runs
2026-11-18 13:40:30 job by-hand created
2026-11-18 13:40:30 job by-hand runs
2026-11-18 13:40:50 job one succeeds
2026-11-18 13:44 job three created for 2026-11-18 13:44
2026-11-18 13:44 job three runs
2026-11-18 13:46 tick
---
2026-11-18 13:46:00 MISSED the deadline 2026-11-18 13:43:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 13:42:00
    miss 1 of incident 02efc65a-d793-5030-b296-185efa473340
    1 successes before, the last ended 2026-11-18 13:40:50
    id b3189731-d0ef-50b5-9a8c-5cb18276cc97
