A success counts from the end of its pod, not from a controller that came back late
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 job two runs
2026-11-19 05:58 pod two-1 of two succeeds
2026-11-19 06:00:25 job two succeeds
2026-11-19 06:01 tick
---
Nothing is said.
