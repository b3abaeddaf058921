The run of yesterday is seen to have failed, so the last success is today's
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 00:30 tick
2026-11-18 08:00 cronjob says last-succeeded 2026-11-18 01:30
2026-11-18 08:00 job one created for 2026-11-17 01:00
2026-11-18 08:00 job one fails BackoffLimitExceeded at 2026-11-17 01:10
2026-11-18 08:00 gap since 2026-11-17 00:30
2026-11-18 08:00 tick
---
2026-11-18 08:00:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-17 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
