A schedule moved to an hour of today that is over: Kubernetes makes that run at the hour of the old schedule, and it counts
# The controller wakes at 11:00 by the old schedule and makes the latest run since the last one by the new: that of 05:00.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 11 * * *"
2026-11-16 20:00 objective complete-by "0 12 * * *"
2026-11-17 11:00 job one created for 2026-11-17 11:00
2026-11-17 11:20 job one succeeds
2026-11-17 12:01 tick
2026-11-18 08:00 cronjob "0 5 * * *" last-scheduled 2026-11-17 11:00
2026-11-18 11:00 job two created for 2026-11-18 05:00
2026-11-18 11:20 job two succeeds
2026-11-18 12:01 tick
2026-11-19 05:00 job three created for 2026-11-19 05:00
2026-11-19 05:20 job three succeeds
2026-11-19 12:01 tick
2026-11-20 12:01 tick
---
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 05:00:00
    miss 1 of incident 4b30e8d6-127c-5ebe-a76a-8f70882ec691
    3 successes before, the last ended 2026-11-19 05:20:00
    id 7e971cae-b5ea-579f-979d-1e8d2b63b0ed
