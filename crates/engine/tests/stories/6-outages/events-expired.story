Events expired before they were judged: what is known may be of before them, so the deadline is unknown, not missed
# Its last success that is known is of the day before, but that was told before what is lost.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 21:00 cronjob says last-scheduled 2026-11-17 01:00 last-succeeded 2026-11-17 01:30
2026-11-18 00:10 tick
2026-11-18 08:00 expired since 2026-11-18 00:10
2026-11-18 08:00 tick
2026-11-18 09:00 cronjob says last-scheduled 2026-11-18 01:00 last-succeeded 2026-11-18 01:30
---
2026-11-18 08:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 00:10:00 to 2026-11-18 08:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
2026-11-18 09:00:00 RETRACTED the deadline 2026-11-18 06:00:00 was met, complete-by of prod/dwh/report (UTC)
    the result was there at 2026-11-18 01:30:00
    it was unknown
    id ba7bdf87-839a-5b07-9924-6fb727948d82
