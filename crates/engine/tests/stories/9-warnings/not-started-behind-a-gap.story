A run that may have come and gone while nobody watched is not missed in a warning
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 10:00 gap since 2026-11-11 07:00
2026-11-11 11:10 tick
---
Nothing is said.
