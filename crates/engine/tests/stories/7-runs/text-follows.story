The end of a log that is told after the failure is told with the miss, and an earlier word does not take it away
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:10 pod one-1 of one fails exit 1 reason Error
2026-11-19 01:10 job one fails BackoffLimitExceeded
2026-11-19 01:11 pod one-1 of one fails exit 1 reason Error saying "KeyError: 'price'" more
2026-11-19 01:12 pod one-1 of one fails exit 1 reason Error more
2026-11-19 01:13 pod one-1 of one fails exit 1 reason Error
2026-11-19 06:01 tick
---
2026-11-19 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code 1, 1 attempts, no error text
    job one of 2026-11-19 01:00:00, pod one-1
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code 1, 1 attempts, KeyError: 'price'
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00, pod one-1
    id 6b85ede7-49be-544a-9454-8bec9191234d
