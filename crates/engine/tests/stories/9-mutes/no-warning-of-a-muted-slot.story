Of a muted slot there is no warning
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-20 08:00 daily 10 runs of 50m
2026-11-30 07:00 mute one of dwh/report from 2026-11-30 12:00 until 2026-11-30 13:00
2026-11-30 11:30 tick
2026-11-30 12:01 tick
---
2026-11-30 12:01:00 muted: the deadline 2026-11-30 12:00:00, complete-by, never_started
