A grace that is longer than the time to the next run: that run's success is not one of the slot before
batch prod/ml/report
zone UTC

2026-03-03 21:22:30 cronjob "0 2 * * *"
2026-03-03 21:22:30 objective complete-by "0 9 * * *" grace 108000s in-a-file
2026-03-05 15:01 tick
2026-03-06 04:49:40 job one fails BackoffLimitExceeded at 2026-03-06 04:49:37 for 2026-03-06 02:00
2026-03-06 08:26:59 tick
2026-03-06 20:59:43 gap since 2026-03-06 08:26:59
2026-03-07 06:25:37 job two succeeds at 2026-03-07 06:25:34 for 2026-03-07 02:00
2026-03-07 06:25:37 cronjob says last-scheduled 2026-03-07 02:00 last-succeeded 2026-03-07 06:25:34
2026-03-08 15:01 tick
---
2026-03-06 04:49:40 RUN FAILED, complete-by of prod/ml/report (UTC, grace 1800m00s)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job one of 2026-03-06 02:00:00
    id bdf0d90a-999f-5e7c-bc3d-073a5a2b01b4
2026-03-08 15:01:00 UNKNOWN the deadline 2026-03-05 09:00:00, complete-by of prod/ml/report (UTC, grace 1800m00s)
    nobody watched from 2026-03-06 08:26:59 to 2026-03-06 20:59:43
    id 5395e58c-483c-5019-9dba-e5281a69b306
2026-03-08 15:01:00 MISSED the deadline 2026-03-06 09:00:00, complete-by of prod/ml/report (UTC, grace 1800m00s)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident d5318c0f-e81a-565d-97f6-bb376fc55791
    job one of 2026-03-06 02:00:00
    id f2c8b326-3373-551e-af75-0452ac68fc16
