Yesterday's run that finishes late recovers yesterday's miss and does not count for today
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 02:00 job one succeeds
2026-11-18 06:01 tick
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 job two runs
2026-11-19 06:01 tick
2026-11-19 06:30 job two succeeds
2026-11-20 06:01 tick
