An objective and a schedule that cannot be read are warned of, and mending them is enough
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 25 * * *"
2026-11-17 20:00 objective complete-by "noon"
2026-11-18 06:01 tick
2026-11-18 09:00 cronjob "0 1 * * *"
2026-11-18 09:00 objective complete-by "0 6 * * *"
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-17 20:00:00 WARNING CronJob prod/dwh/report: the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`; until it is mended, any run between two deadlines counts for the second
2026-11-17 20:00:00 WARNING objective `complete-by` of prod/dwh/report is not judged: `noon` has 1 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
