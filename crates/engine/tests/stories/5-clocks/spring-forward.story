02:30 on the day on which clocks go forward: the deadline falls on the first instant after the gap
# New York, 8 March 2026: 02:00 to 03:00 does not exist. Kubernetes skips the 02:30 fire of that day.
batch prod/dwh/report
zone America/New_York

2026-03-06 20:00 cronjob "0 1 * * *" zone America/New_York
2026-03-06 20:00 objective complete-by "30 2 * * *"
2026-03-07 01:00 job sat created for 2026-03-07 01:00
2026-03-07 01:10 job sat succeeds
2026-03-07 02:31 tick
2026-03-08 03:00:29 tick
2026-03-08 03:00:30 tick
---
2026-03-08 03:00:30 MISSED the deadline 2026-03-08 03:00:00, complete-by of prod/dwh/report (America/New_York)
    because it never started, expected 2026-03-08 01:00:00
    miss 1 of incident 83146ae5-1ffd-5ff3-a757-22a35f7468c0
    1 successes before, the last ended 2026-03-07 01:10:00
    id 1f5094b0-3f69-5e79-8d61-ae3b8edea047
