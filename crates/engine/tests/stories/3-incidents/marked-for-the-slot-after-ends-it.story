A run that is marked for tomorrow and ends after today's deadline ends today's incident
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-17 20:00 job ahead created marked 2026-11-19
2026-11-18 06:01 tick
2026-11-18 07:00 job ahead succeeds
2026-11-19 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 07:00:00 RECOVERED 60m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    the result of a later slot: job ahead of 2026-11-17 20:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
