A run that was deleted while kigen was stopped for ninety seconds: between the last that was observed before and after
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 04:00:00 tick
2026-11-18 04:01:30 job one deleted
2026-11-18 04:01:40 tick
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: Deleted, exit code unknown, 1 attempts, no error text
    deleted between 2026-11-18 04:00:00 and 2026-11-18 04:01:30
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
