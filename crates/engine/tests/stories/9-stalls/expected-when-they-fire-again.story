A run that is expected the instant that the CronJobs fire again, or later, is none of the stall
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:10 stalled since 2026-11-20 06:00
2026-11-20 08:00 fires again
2026-11-20 12:01 tick
---
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-20 08:00:00
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    1 successes before, the last ended 2026-11-19 08:50:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
