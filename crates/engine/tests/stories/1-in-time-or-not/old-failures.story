Jobs that had failed before the batch was first heard of are no news
# The first list of a cluster shows the Jobs that are kept there.
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 job old created for 2026-11-17 01:00
2026-11-17 20:00 job old fails BackoffLimitExceeded at 2026-11-17 01:10
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
---
2026-11-18 01:10:00 RUN FAILED, prod/dwh/report
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
