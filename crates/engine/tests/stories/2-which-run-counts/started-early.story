A start 40 seconds before the scheduled time counts by the scheduled time
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 0 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 23:59:20 job early created for 2026-11-19 00:00
2026-11-19 00:20 job early succeeds
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 00:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    1 successes before, the last ended 2026-11-19 00:20:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
