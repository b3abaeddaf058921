An unknown slot is not counted before it is judged again, as missed
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *" target "0.8 over 10d"
2026-11-18 00:10 tick
2026-11-18 12:00 cronjob says last-succeeded 2026-11-18 10:30
2026-11-18 12:00 gap since 2026-11-18 00:10
2026-11-18 12:00 tick
2026-11-18 12:30 job one fails BackoffLimitExceeded at 2026-11-18 01:30 for 2026-11-18 01:00
---
2026-11-18 12:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 00:10:00 to 2026-11-18 12:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-18 12:30:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 12:30:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 12:30:00 HALF SPENT with the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    1 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 092c1316-f9a6-54f8-a27a-fbfbd4c0e9a8
