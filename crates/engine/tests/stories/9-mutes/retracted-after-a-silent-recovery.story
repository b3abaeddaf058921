A muted miss that is over silently, and of which a result in time is observed later, is not retracted either
batch prod/ml/recommend
zone UTC

2026-10-24 07:00 cronjob "0 * * * *"
2026-10-24 07:00 objective complete-by "18 * * * *"
2026-10-24 07:18:30 tick
2026-10-24 07:30 mute one of ml/recommend until 2026-10-24 12:00
2026-10-24 08:00 job eight runs for 2026-10-24 08:00
2026-10-24 08:18:30 tick
2026-10-24 09:00 job nine runs for 2026-10-24 09:00
2026-10-24 09:05 job nine succeeds
2026-10-24 09:06 tick
2026-10-24 09:10 job eight succeeds at 2026-10-24 08:10
2026-10-24 09:18:30 tick
---
2026-10-24 08:18:30 muted: the deadline 2026-10-24 08:18:00, complete-by, still_running
