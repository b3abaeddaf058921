A success after the deadline but before the verdict is missed and recovered in one step
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 job two runs
2026-11-19 06:00:20 job two succeeds
2026-11-19 06:01 tick
