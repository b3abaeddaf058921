An unknown deadline is judged again after a later one was missed: it is one more miss of that incident
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 08:00 cronjob says last-succeeded 2026-11-18 07:50
2026-11-18 08:00 gap since 2026-11-17 20:00
2026-11-18 08:01 tick
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:30 job two fails
2026-11-19 06:01 tick
2026-11-19 09:00 cronjob says last-succeeded 2026-11-17 01:30
2026-11-19 12:00 job two-again created
2026-11-19 13:00 job two-again succeeds
2026-11-20 06:01 tick
---
2026-11-18 08:01:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-17 20:00:00 to 2026-11-18 08:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-19 01:30:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job two of 2026-11-19 01:00:00
    id 4303af93-4509-5f6d-8e49-475f0ec534b9
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 09:00:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 2 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 13:00:00 RECOVERED 420m00s after the deadline, complete-by of prod/dwh/report (UTC)
    2 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    job two-again of 2026-11-19 12:00:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    1 successes before, the last ended 2026-11-19 13:00:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
