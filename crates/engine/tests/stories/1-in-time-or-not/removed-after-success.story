A run that succeeded and is then removed still counts
# ttlSecondsAfterFinished: 0.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 01:30 job one deleted
2026-11-18 06:01 tick
---
Nothing is said.
