A run that may have begun while nobody watched has not missed its startBy
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" start-by 15m
2026-11-02 08:12 gap since 2026-11-02 07:55
2026-11-02 08:15 tick
---
Nothing is said.
