A shorter grace leaves less time, and the warning comes earlier
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" grace 2h
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 07:00 tick
2026-11-11 09:00 objective complete-by "0 12 * * *"
2026-11-11 11:10 tick
---
2026-11-11 11:10:00 AT RISK the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-11 08:00:00: nine in ten of 10 runs need 50m00s
    7 successes before
    id e65230ee-420d-5c3b-a533-807315c5c849
