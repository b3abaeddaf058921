A failed run is told without any objective, once, however often it is seen
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
2026-11-18 01:10 job one fails
2026-11-18 06:01 tick
---
2026-11-18 01:10:00 RUN FAILED, prod/dwh/report
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
