A run that was made and still runs, or failed, is alerted during a stall as ever
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 08:00 job own runs for 2026-11-20 08:00
2026-11-20 08:30 stalled since 2026-11-20 08:00:01
2026-11-20 12:01 tick
2026-11-21 08:00 job next runs for 2026-11-21 08:00
2026-11-21 09:00 job next fails BackoffLimitExceeded "Job has reached the specified backoff limit"
2026-11-21 12:01 tick
---
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it is still running since 2026-11-20 08:00:00
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    job own of 2026-11-20 08:00:00
    1 successes before, the last ended 2026-11-19 08:50:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
2026-11-21 09:00:00 RUN FAILED, complete-by of prod/dwh/report (Asia/Tokyo)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job next of 2026-11-21 08:00:00
    id 58ed6c55-2722-5483-9898-576b707cb048
2026-11-21 12:01:00 MISSED the deadline 2026-11-21 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 2 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    job next of 2026-11-21 08:00:00
    1 successes before, the last ended 2026-11-19 08:50:00
    id bcb55945-c93f-5afd-b855-c20bc6e0a237
