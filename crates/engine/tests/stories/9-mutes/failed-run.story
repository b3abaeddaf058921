A run that fails in a mute of its batch is no alert, nor later; one before it is
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-20 08:00 job one runs for 2026-11-20 08:00
2026-11-20 08:10 job one fails
2026-11-20 08:20 mute one of owner:dwh-team until 2026-11-20 11:00
2026-11-20 08:30 job two runs
2026-11-20 08:40 job two fails
2026-11-20 11:01 tick
2026-11-20 12:01 tick
---
2026-11-20 08:10:00 RUN FAILED, complete-by of prod/dwh/report (Asia/Tokyo)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-11-20 08:00:00
    id dc2ba72f-a779-5e8c-ac25-25556ac301d5
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    job two of 2026-11-20 08:30:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
