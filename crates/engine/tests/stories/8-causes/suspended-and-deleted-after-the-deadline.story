A CronJob that is suspended after one deadline, and deleted after the next, was not so at the deadline before
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *" of-jobs in-a-file
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
2026-11-18 06:00 tick
2026-11-18 06:00:10 cronjob suspended
2026-11-18 06:01 tick
2026-11-19 06:00 tick
2026-11-19 06:00:10 cronjob deleted
2026-11-19 06:01 tick
2026-11-20 06:01 tick
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
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because the CronJob is suspended
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because there is no CronJob
    miss 3 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
