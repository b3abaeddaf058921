A repetition by hand that came and went unseen is known by the CronJob's last success
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1,4 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one fails
2026-11-18 03:00 cronjob says last-succeeded 2026-11-18 02:30
2026-11-18 03:00 gap since 2026-11-18 02:00
2026-11-18 06:01 tick
---
2026-11-18 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-18 01:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
