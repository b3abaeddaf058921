A step that uses up more than half of what was left is warned of once
batch prod/ml/recommend
zone UTC

2026-10-01 07:00 cronjob "0 8 * * *"
2026-10-01 07:00 objective complete-by "0 12 * * *"
2026-10-01 08:00 daily 20 runs of 100m
2026-10-21 08:00 daily 20 runs of 180m
---
2026-10-26 11:01:00 AT RISK the deadline 2026-10-26 12:00:00, complete-by of prod/ml/recommend (UTC)
    the last 5 came 60m00s before the deadline, those before 140m00s
    7 successes before
    id 5ebc8cfa-3388-56e0-b962-4b8d385c94c0
