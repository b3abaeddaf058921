With a freshness startBy counts from the first fire within it
# Runs count that are scheduled after 9:30: the first is that of 10:00.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 * * * *"
2026-11-01 07:00 objective complete-by "30 11 * * *" freshness 2h start-by 15m
2026-11-02 09:00 job nine runs for 2026-11-02 09:00
2026-11-02 10:14:59 tick
2026-11-02 10:15 tick
---
2026-11-02 10:15:00 AT RISK the deadline 2026-11-02 11:30:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-02 10:00:00, to begin within 15m00s: nine in ten of 0 runs need an unknown time
    job nine of 2026-11-02 09:00:00
    0 successes before
    id 826ced60-b8a2-5a31-9397-32359344157e
