A run that failed for good is missed at the deadline, with its reason, exit code and last error
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 02:00 job one succeeds
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:10 pod two-1 of two fails exit 137 reason OOMKilled
2026-11-19 01:10 job two retries
2026-11-19 01:20 pod two-2 of two fails exit 1 reason Error saying "KeyError: 'price'"
2026-11-19 01:20 job two fails BackoffLimitExceeded
2026-11-19 06:00:29 tick
2026-11-19 06:00:30 tick
---
2026-11-19 01:20:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code 1, 2 attempts, KeyError: 'price'
    job two of 2026-11-19 01:00:00, pod two-2
    id 4303af93-4509-5f6d-8e49-475f0ec534b9
2026-11-19 06:00:30 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code 1, 2 attempts, KeyError: 'price'
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00, pod two-2
    1 successes before, the last ended 2026-11-18 02:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
