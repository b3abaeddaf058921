A muted slot that is unknown is no alert, nor is what it becomes
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report until 2026-11-20 15:00
2026-11-20 13:00 cronjob says last-scheduled 2026-11-20 08:00
2026-11-20 13:00 gap since 2026-11-20 07:30
2026-11-20 13:01 tick
2026-11-20 13:05 job late succeeds at 2026-11-20 08:50 made 2026-11-20 08:00 for 2026-11-20 08:00
2026-11-20 15:01 tick
---
2026-11-20 13:01:00 muted: the deadline 2026-11-20 12:00:00, complete-by, not_observed
