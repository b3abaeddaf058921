Runs that started, failed and were removed while kigen was away: missed, and the cause was not observed
# The CronJob's status shows that runs were made, and that none has succeeded.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 21:00 cronjob says last-scheduled 2026-11-17 01:00 last-succeeded 2026-11-17 01:30
2026-11-18 00:10 tick
2026-11-20 08:00 cronjob says last-scheduled 2026-11-20 01:00
2026-11-20 08:00 job three fails BackoffLimitExceeded for 2026-11-20 01:00 made 2026-11-20 01:00 at 2026-11-20 01:10
2026-11-20 08:00 gap since 2026-11-18 00:10
2026-11-20 08:00 tick
---
2026-11-20 08:00:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job three of 2026-11-20 01:00:00
    id 08beb3d0-50d4-5732-b79c-34bc8fed4f9e
2026-11-20 08:00:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because its run, expected 2026-11-18 01:00:00, was not observed from 2026-11-18 00:10:00 to 2026-11-20 08:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-20 08:00:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because its run, expected 2026-11-19 01:00:00, was not observed from 2026-11-18 00:10:00 to 2026-11-20 08:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 08:00:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 3 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job three of 2026-11-20 01:00:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
