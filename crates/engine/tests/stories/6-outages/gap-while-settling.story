A gap that begins after the deadline, while news is waited for, leaves the slot unknown
# A success in time is told some seconds after it happened.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 06:00:05 tick
2026-11-18 07:00 cronjob says last-succeeded 2026-11-18 06:40
2026-11-18 07:00 gap since 2026-11-18 06:00:20
2026-11-18 07:00 tick
2026-11-19 06:00:25 tick
# One that begins later hides nothing.
2026-11-19 07:00 cronjob says last-succeeded 2026-11-19 06:40
2026-11-19 07:00 gap since 2026-11-19 06:00:31
2026-11-19 07:00 tick
---
2026-11-18 07:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 06:00:20 to 2026-11-18 07:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-19 07:00:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 6b85ede7-49be-544a-9454-8bec9191234d
