01:30 on the day on which clocks go back: the first of the two is the deadline, once
# New York, 1 November 2026: 01:00 to 02:00 exists twice.
batch prod/dwh/report
zone UTC

2026-10-30 20:00 cronjob "0 0 * * *" zone America/New_York
2026-10-30 20:00 objective complete-by "30 1 * * *"
2026-10-31 04:00 job sat created for 2026-10-31 04:00
2026-10-31 04:10 job sat succeeds
2026-10-31 05:31 tick
2026-11-01 05:31 tick
2026-11-01 06:31 tick
---
2026-11-01 05:31:00 MISSED the deadline 2026-11-01 05:30:00, complete-by of prod/dwh/report (America/New_York)
    because it never started, expected 2026-11-01 04:00:00
    miss 1 of incident 0bee33c8-0e9f-5f3f-a7c7-d03dcb4205c7
    1 successes before, the last ended 2026-10-31 04:10:00
    id 87b9fffb-cd5c-521c-bb28-82ce2d1f1f84
