An objective in a file for a CronJob that does not exist: CronJob absent, at its first whole slot
batch prod/dwh/report
zone UTC

2026-11-16 20:00 objective complete-by "0 6 * * *" in-a-file
2026-11-18 06:01 tick
2026-11-19 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because there is no CronJob, and never was
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because there is no CronJob, and never was
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
