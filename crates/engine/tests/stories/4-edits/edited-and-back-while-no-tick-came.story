A deadline is moved and moved back while no tick came: the day between is judged by the deadline that was in force
# From the 18th, 07:00 to the 19th, 08:00 noon was the deadline; the 19th had none of its own, and no day is missed.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 05:00 job one succeeds
2026-11-18 07:00 objective complete-by "0 12 * * *"
2026-11-19 07:00 job two created for 2026-11-19 01:00
2026-11-19 08:00 objective complete-by "0 6 * * *"
2026-11-19 13:00 job two succeeds
2026-11-20 01:00 job three created for 2026-11-20 01:00
2026-11-20 05:00 job three succeeds
2026-11-20 06:01 tick
---
2026-11-20 06:01:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-18T06:00:00Z and the deadline 2026-11-18T12:00:00Z, so there is nothing to judge there; if that is not meant, change `0 12 * * *` or the schedule of the runs (said once)
