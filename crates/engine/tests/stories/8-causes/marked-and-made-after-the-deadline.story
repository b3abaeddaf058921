A run that is marked for the slot, but made after the deadline, is not the cause: the one that failed before it is
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
2026-11-18 06:00:16 job marked created marked 2026-11-18T06:00:00Z
2026-11-18 06:00:17 job marked runs
2026-11-18 06:01 tick
2026-11-18 06:20 job marked succeeds
---
2026-11-18 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 06:20:00 RECOVERED 20m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job marked of 2026-11-18 06:00:16
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
