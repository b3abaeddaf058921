An outage of a month leaves 718 hours unknown: one alert
batch prod/dwh/report
zone UTC

2026-10-21 03:30 cronjob "5 * * * *"
2026-10-21 03:30 objective complete-by "0 * * * *"
2026-10-21 04:05 job first created for 2026-10-21 04:05
2026-10-21 04:10 job first succeeds
2026-10-21 05:01 tick
2026-11-20 03:40 cronjob says last-succeeded 2026-11-20 03:10
2026-11-20 03:40 job last succeeds at 2026-11-20 03:10 for 2026-11-20 03:05
2026-11-20 03:40 gap since 2026-10-21 05:01
2026-11-20 03:40 tick
2026-11-20 04:01 tick
---
2026-11-20 03:40:00 UNKNOWN 718 deadlines from 2026-10-21 06:00:00 to 2026-11-20 03:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-10-21 05:01:00 to 2026-11-20 03:40:00
    id 4b355958-fa30-5af8-92cd-1b9485a941cc
