A run that the next one replaced while kigen was stopped was replaced, not deleted by hand
batch prod/dwh/report
zone UTC

2026-11-17 00:00 cronjob "0 * * * *"
2026-11-17 00:00 objective complete-by "0 3 * * *"
2026-11-18 00:31 tick
2026-11-18 02:00 job two created for 2026-11-18 02:00
2026-11-18 02:00 job two runs
2026-11-18 02:58 tick
2026-11-18 03:01:30 job two deleted
2026-11-18 03:01:30 job three created for 2026-11-18 03:00 made 2026-11-18 03:00
2026-11-18 03:02 tick
---
2026-11-18 03:02:00 MISSED the deadline 2026-11-18 03:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: Replaced, exit code unknown, 1 attempts, no error text
    miss 1 of incident f20eff9c-59ad-55ef-92c7-d73c646a6a9c
    job two of 2026-11-18 02:00:00
    id 6b053d9d-4931-5a0a-98d0-de4cd2749611
