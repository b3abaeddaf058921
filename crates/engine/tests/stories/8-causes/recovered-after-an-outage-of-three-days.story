A success is observed before the ticks of the days before it: each missed day belongs to the one incident that it ends
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 06:01 tick
2026-11-21 01:00 job four created for 2026-11-21 01:00
2026-11-21 02:00 job four succeeds
2026-11-21 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-21 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-21 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 3 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
2026-11-21 06:01:00 RECOVERED 1200m00s after the deadline, complete-by of prod/dwh/report (UTC)
    3 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    the result of a later slot: job four of 2026-11-21 01:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
