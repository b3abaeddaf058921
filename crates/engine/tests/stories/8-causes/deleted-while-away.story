A CronJob that was deleted while kigen was away, before the deadline or after it: it makes no run, and is absent
# The stop of eight hours hides when it was deleted, but nothing is left that could have run.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 00:10 tick
2026-11-18 08:00 cronjob deleted
2026-11-18 08:01 tick
---
2026-11-18 08:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because there is no CronJob
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
