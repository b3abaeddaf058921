An unknown slot is judged again when its success is seen
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 00:10 tick
2026-11-18 12:00 cronjob says last-succeeded 2026-11-18 10:30
2026-11-18 12:00 gap since 2026-11-18 00:10
2026-11-18 12:00 tick
2026-11-18 12:30 job one succeeds at 2026-11-18 01:30 for 2026-11-18 01:00
2026-11-19 06:01 tick
---
2026-11-18 12:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 00:10:00 to 2026-11-18 12:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-18 12:30:00 RETRACTED the deadline 2026-11-18 06:00:00 was met, complete-by of prod/dwh/report (UTC)
    the result was there at 2026-11-18 01:30:00
    it was unknown
    job one of 2026-11-18 01:00:00
    id ba7bdf87-839a-5b07-9924-6fb727948d82
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    1 successes before, the last ended 2026-11-18 01:30:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
