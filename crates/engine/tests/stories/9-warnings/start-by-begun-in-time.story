A run that begins at the last instant of startBy has begun in time
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" start-by 15m
2026-11-02 08:15 job in-time runs for 2026-11-02 08:00
2026-11-02 08:15 tick
2026-11-02 09:00 job in-time succeeds
2026-11-02 12:00:30 tick
---
Nothing is said.
