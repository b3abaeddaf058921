A startBy that ends with the time for a result warns of nothing
# 4 hours after the fire is the deadline; with a minute of grace it is before the end.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" start-by 4h
2026-11-01 07:00 objective named with-grace complete-by "0 12 * * *" start-by 4h grace 1m
2026-11-02 12:00 tick
---
2026-11-02 12:00:00 AT RISK the deadline 2026-11-02 12:00:00, with-grace of prod/ml/recommend (UTC, grace 1m00s)
    no run has begun, expected 2026-11-02 08:00:00, to begin within 240m00s: nine in ten of 0 runs need an unknown time
    0 successes before
    id ccffd5d5-c579-5fec-818b-3ce9a407af0a
