A run that fails at the instant at which its batch is first heard of is told
batch prod/dwh/report
zone UTC

2026-11-18 01:10 job one fails
---
2026-11-18 01:10:00 RUN FAILED, prod/dwh/report
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:10:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
