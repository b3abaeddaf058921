A CronJob that is deleted takes its running Job along (background or foreground): missed, the CronJob is absent
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 02:00 cronjob deleted
2026-11-19 02:00 job one deleted
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because there is no CronJob
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 6b85ede7-49be-544a-9454-8bec9191234d
