A CronJob deleted within the settle of a deadline: that one is judged as it stood, and the next one once more
batch prod/dwh/report
zone UTC

2026-11-17 05:00 cronjob "0 1 * * *"
2026-11-17 05:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 06:00:10 objective withdrawn
2026-11-18 06:00:10 cronjob deleted
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because there is no CronJob
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    1 successes before, the last ended 2026-11-18 01:30:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
