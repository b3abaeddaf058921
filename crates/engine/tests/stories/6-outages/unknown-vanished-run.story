A run that was under way when the watching broke off and is gone when it goes on: unknown
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 02:00 tick
2026-11-18 08:00 cronjob says last-succeeded 2026-11-18 07:00
2026-11-18 08:00 job one deleted
2026-11-18 08:00 gap since 2026-11-18 02:00
2026-11-18 08:00 tick
---
2026-11-18 08:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 02:00:00 to 2026-11-18 08:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
