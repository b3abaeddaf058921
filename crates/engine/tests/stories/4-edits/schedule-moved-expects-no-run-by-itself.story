A fire of the new schedule before the edit opens no window by itself: Kubernetes does not make it up when the next comes first
# From Mondays to each day, on a Wednesday: the controller wakes on Thursday and makes Thursday's run.
batch prod/dwh/report
zone UTC

2026-11-15 20:00 cronjob "0 5 * * 1"
2026-11-15 20:00 objective complete-by "0 12 * * *"
2026-11-16 05:00 job one created for 2026-11-16 05:00
2026-11-16 05:20 job one succeeds
2026-11-17 12:01 tick
2026-11-18 08:00 cronjob "0 5 * * *" last-scheduled 2026-11-16 05:00
2026-11-18 12:01 tick
2026-11-19 05:00 job two created for 2026-11-19 05:00
2026-11-19 05:20 job two succeeds
2026-11-19 12:01 tick
---
2026-11-17 12:01:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-16T12:00:00Z and the deadline 2026-11-17T12:00:00Z, so there is nothing to judge there; if that is not meant, change `0 12 * * *` or the schedule of the runs (said once)
