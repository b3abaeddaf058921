The past runs may show it before startBy has passed
# What nine in ten runs need leaves no time after 8:10, and startBy ends at 8:30.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 9 * * *" start-by 30m
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 08:10 tick
2026-11-11 08:30 tick
---
2026-11-11 08:10:00 AT RISK the deadline 2026-11-11 09:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-11 08:00:00: nine in ten of 10 runs need 50m00s
    7 successes before
    id c95cc9c3-cfac-5d8e-8747-91ea65de37f4
