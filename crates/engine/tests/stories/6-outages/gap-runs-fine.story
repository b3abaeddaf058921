The monitor was away for eight hours while jobs ran fine: no page after the start
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 00:10 tick
2026-11-18 08:00 cronjob says last-scheduled 2026-11-18 01:00 last-succeeded 2026-11-18 01:30
2026-11-18 08:00 job one created for 2026-11-18 01:00
2026-11-18 08:00 job one succeeds at 2026-11-18 01:30
2026-11-18 08:00 gap since 2026-11-18 00:10
2026-11-18 08:00 tick
---
Nothing is said.
