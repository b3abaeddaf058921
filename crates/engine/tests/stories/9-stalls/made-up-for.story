A run that is not made while no CronJob of the cluster fires, and made up for: the miss is stored and not alerted
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 08:10 stalled since 2026-11-20 07:00
2026-11-20 12:01 tick
2026-11-20 13:00 fires again
2026-11-20 13:00 job made-up runs for 2026-11-20 08:00
2026-11-20 13:50 job made-up succeeds
2026-11-20 13:51 tick
2026-11-21 08:00 daily 1 runs of 50m
2026-11-21 12:01 tick
---
2026-11-20 12:01:00 muted: the deadline 2026-11-20 12:00:00, complete-by, never_started
