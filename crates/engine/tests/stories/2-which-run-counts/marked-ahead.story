A run by hand ahead of time, marked with the day that it is for, meets that day
# Without the mark the run of 20:00 would belong to the 18th.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 20:00 job ahead created marked 2026-11-19
2026-11-18 20:30 job ahead succeeds
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    2 successes before, the last ended 2026-11-18 20:30:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
