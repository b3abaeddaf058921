A success after the deadline but before the verdict is missed and recovered in one step
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 job two runs
2026-11-19 06:00:20 job two succeeds
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 06:01:00 RECOVERED 0m20s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    job two of 2026-11-19 01:00:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
