A run by hand after the next fire ends the incident as the result of the next slot
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:20 job two fails
2026-11-19 06:01 tick
2026-11-20 01:30 job three-by-hand created
2026-11-20 02:00 job three-by-hand succeeds
2026-11-20 06:01 tick
---
2026-11-19 01:20:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job two of 2026-11-19 01:00:00
    id 4303af93-4509-5f6d-8e49-475f0ec534b9
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 02:00:00 RECOVERED 1200m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    the result of a later slot: job three-by-hand of 2026-11-20 01:30:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
