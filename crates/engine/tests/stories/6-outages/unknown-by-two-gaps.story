A deadline that two gaps leave unknown stays unknown when only what happened in the second is known
# The run of 01:00 vanished in the first gap and may have succeeded; that of 03:00 was created and failed in the second.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1,3 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 tick
2026-11-18 02:00 job one deleted
2026-11-18 02:00 gap since 2026-11-18 01:30
2026-11-18 03:30 gap since 2026-11-18 02:50
2026-11-18 06:00:40 cronjob says last-succeeded 2026-11-18 06:00:35
2026-11-18 06:01 tick
2026-11-18 08:00 job two fails BackoffLimitExceeded at 2026-11-18 03:10 for 2026-11-18 03:00
---
2026-11-18 06:01:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 02:50:00 to 2026-11-18 03:30:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-18 08:00:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job two of 2026-11-18 03:00:00
    id 4303af93-4509-5f6d-8e49-475f0ec534b9
