A gap in which no run of the slot can have come and gone: missed, not unknown
# The run of 01:00 is seen to have failed; that of 04:00 was expected when kigen watched again, and did not come.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1,4 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
2026-11-18 03:00 gap since 2026-11-18 02:00
2026-11-18 12:00 cronjob says last-succeeded 2026-11-18 10:30
2026-11-18 12:00 tick
---
2026-11-18 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-18 12:00:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
