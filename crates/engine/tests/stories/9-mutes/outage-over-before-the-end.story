After an outage it is the same: a success before the mute ended is no alert
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute one of dwh/report until 2026-11-20 15:00
2026-11-20 14:00 job again succeeds made 2026-11-20 09:00 for 2026-11-20 08:00
2026-11-20 20:00 tick
---
2026-11-20 20:00:00 muted: the deadline 2026-11-20 12:00:00, complete-by, still_running
