A Job that a podFailurePolicy ends says which container and exit code, also when the pod was never seen
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:10 job one fails PodFailurePolicy saying "Container main for pod dwh/one-1 failed with exit code 42 matching FailJob rule at index 0"
---
2026-11-19 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    PodFailurePolicy, exit code unknown, 1 attempts, Container main for pod dwh/one-1 failed with exit code 42 matching FailJob rule at index 0
    job one of 2026-11-19 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
