A schedule moved while kigen was away: the run that Kubernetes made by the new one counts, though the edit was observed later
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 11 * * *"
2026-11-16 20:00 objective complete-by "0 12 * * *"
2026-11-17 11:00 job one created for 2026-11-17 11:00
2026-11-17 11:20 job one succeeds
2026-11-17 12:01 tick
2026-11-18 12:05 cronjob "0 5 * * *" last-scheduled 2026-11-18 05:00 last-succeeded 2026-11-18 05:20
2026-11-18 12:05 job two succeeds at 2026-11-18 05:20 for 2026-11-18 05:00
2026-11-18 12:05 gap since 2026-11-18 04:00
2026-11-18 12:06 tick
---
Nothing is said.
