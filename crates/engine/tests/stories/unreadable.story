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
