With seven past runs nothing is concluded from them
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 7 runs of 50m
2026-11-08 11:59 tick
---
Nothing is said.
