Events expired while a run was under way: how it ended may be lost, so the deadline is unknown
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 tick
2026-11-18 08:00 expired since 2026-11-18 01:10
2026-11-18 08:00 tick
---
2026-11-18 08:00:00 UNKNOWN the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-18 01:10:00 to 2026-11-18 08:00:00
    id 94947f1b-80c8-54c5-aa7e-e4a7ac72d695
