A CronJob that was suspended at the deadline and resumed before the verdict: suspended
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 20:00 cronjob suspended
2026-11-18 06:00 tick
2026-11-18 06:00:10 cronjob resumed
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because the CronJob is suspended
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
