A success within the grace is in time, and the verdict waits for grace and settle
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *" grace 10m
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 job two runs
2026-11-19 06:01 tick
2026-11-19 06:10 job two succeeds
2026-11-19 06:10:30 tick
2026-11-20 06:10:29 tick
2026-11-20 06:10:30 tick
---
2026-11-20 06:10:30 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC, grace 10m00s)
    because it never started, expected 2026-11-20 01:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    1 successes before, the last ended 2026-11-19 06:10:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
