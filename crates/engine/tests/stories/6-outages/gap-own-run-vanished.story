A run that was seen to begin and was gone afterwards is known by the CronJob's last success
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 01:10 tick
2026-11-18 08:00 cronjob says last-succeeded 2026-11-18 01:30
2026-11-18 08:00 job one deleted
2026-11-18 08:00 gap since 2026-11-18 01:10
2026-11-18 08:00 tick
---
Nothing is said.
