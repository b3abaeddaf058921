Yesterday's late success is the CronJob's last one, and so proves nothing for today
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 01:00 job late created for 2026-11-17 01:00
2026-11-17 01:00 job late runs
2026-11-17 06:01 tick
2026-11-18 01:30 job late succeeds
2026-11-18 01:30 cronjob says last-succeeded 2026-11-18 01:30
2026-11-18 08:00 job new deleted for 2026-11-18 01:00
2026-11-18 08:00 gap since 2026-11-18 01:40
2026-11-18 08:00 tick
---
2026-11-18 08:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 01:40:00 to 2026-11-18 08:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
