A schedule moved after the deadline changes nothing of it: a repetition by hand before the old hour is yesterday's
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 11 * * *"
2026-11-16 20:00 objective complete-by "0 12 * * *" grace 10m
2026-11-17 11:00 job one created for 2026-11-17 11:00
2026-11-17 11:20 job one succeeds
2026-11-17 12:11 tick
2026-11-18 06:00 job by-hand created
2026-11-18 06:20 job by-hand succeeds
# The run of 11:00 did not come.
2026-11-18 12:05 cronjob "0 5 * * *" last-scheduled 2026-11-17 11:00
2026-11-18 12:11 tick
---
2026-11-18 12:11:00 MISSED the deadline 2026-11-18 12:00:00, complete-by of prod/dwh/report (UTC, grace 10m00s)
    because it never started, expected 2026-11-18 11:00:00
    miss 1 of incident b3f77ed2-93a1-514e-8473-fa598c9d5332
    2 successes before, the last ended 2026-11-18 06:20:00
    id ea40fccb-c8b4-576e-9641-0c05c15008eb
