02:30 on the day on which clocks go forward: Kubernetes skips the run, and the slot is missed, not excused
# New York, 8 March 2026: the only fire of the slot fell to the clock change.
batch prod/dwh/report
zone UTC

2026-03-06 20:00 cronjob "30 2 * * *" zone America/New_York
2026-03-06 20:00 objective complete-by "0 6 * * *"
2026-03-07 07:30 job sat created for 2026-03-07 07:30
2026-03-07 08:00 job sat succeeds
2026-03-07 11:01 tick
2026-03-08 10:01 tick
---
2026-03-08 10:01:00 MISSED the deadline 2026-03-08 10:00:00, complete-by of prod/dwh/report (America/New_York)
    because it never started, expected 2026-03-08 07:00:00
    miss 1 of incident 1ba799b5-dfbb-5830-bb96-1b7e880fed4d
    1 successes before, the last ended 2026-03-07 08:00:00
    id 7dfb1ffd-0bea-58cc-988b-c695a407301f
