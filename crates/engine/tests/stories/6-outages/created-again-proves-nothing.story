A CronJob that is created again has an empty status, which says nothing of the one before
# The run of the 17th may have succeeded unobserved. The success of the 18th hides whether it did.
batch prod/dwh/report
zone UTC

2026-11-15 20:00 cronjob "0 1 * * *"
2026-11-15 20:00 objective complete-by "0 6 * * *"
2026-11-16 01:20 job one succeeds at 2026-11-16 01:20 for 2026-11-16 01:00
2026-11-16 21:00 tick
2026-11-18 20:00 cronjob says last-scheduled 2026-11-18 01:00 last-succeeded 2026-11-18 01:30
2026-11-18 20:00 gap since 2026-11-16 21:00
2026-11-18 20:10 tick
2026-11-18 21:00 cronjob deleted
2026-11-18 21:05 cronjob "0 1 * * *"
2026-11-18 21:10 tick
---
2026-11-18 20:10:00 UNKNOWN 2 deadlines from 2026-11-17 06:00:00 to 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-16 21:00:00 to 2026-11-18 20:00:00
    id 90f9d84c-03e4-508b-a793-1eeac0f10830
