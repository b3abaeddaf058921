A run across two deadlines is late for its own and serves no other
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-19 07:00 job one succeeds
2026-11-19 08:00 job two created for 2026-11-19 01:00
2026-11-19 09:00 job two succeeds
2026-11-20 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 09:00:00 RECOVERED 180m00s after the deadline, complete-by of prod/dwh/report (UTC)
    2 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job two of 2026-11-19 01:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    2 successes before, the last ended 2026-11-19 09:00:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
