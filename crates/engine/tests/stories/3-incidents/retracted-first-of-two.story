A miss that is taken back leaves its incident open, with the same id, while others are missed
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-19 06:10 job one succeeds at 2026-11-18 05:58
2026-11-20 01:00 job three created for 2026-11-20 01:00
2026-11-20 02:00 job three succeeds
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
2026-11-19 06:10:00 RETRACTED the deadline 2026-11-18 06:00:00 was met, complete-by of prod/dwh/report (UTC)
    the result was there at 2026-11-18 05:58:00
    1 still missed in incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id ba7bdf87-839a-5b07-9924-6fb727948d82
2026-11-20 02:00:00 RECOVERED 1200m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    the result of a later slot: job three of 2026-11-20 01:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
