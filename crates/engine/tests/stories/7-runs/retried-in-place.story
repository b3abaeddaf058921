A container that is restarted in place is another attempt, though Kubernetes counts one pod
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 01:05 pod one-x of one waits reason CrashLoopBackOff restarted 1
2026-11-19 01:10 pod one-x of one fails exit 1 reason Error restarted 3 saying "KeyError: 'price'"
2026-11-19 01:10 job one fails BackoffLimitExceeded
2026-11-19 06:01 tick
---
2026-11-19 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code 1, 4 attempts, KeyError: 'price'
    job one of 2026-11-19 01:00:00, pod one-x
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it failed: BackoffLimitExceeded, exit code 1, 4 attempts, KeyError: 'price'
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00, pod one-x
    id 6b85ede7-49be-544a-9454-8bec9191234d
