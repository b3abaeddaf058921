A fire exactly at the deadline belongs to the next slot
# The run of the 18th serves the 19th; the fire of the 19th, which brings no run, belongs to the 20th.
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 6 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 06:00 job one created for 2026-11-18 06:00
2026-11-18 06:00 job one runs
2026-11-18 06:01 tick
2026-11-18 07:00 job one succeeds
2026-11-19 06:01 tick
2026-11-20 06:01 tick
---
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 06:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    1 successes before, the last ended 2026-11-18 07:00:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
