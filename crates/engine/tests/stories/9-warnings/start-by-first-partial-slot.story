An objective that begins within a slot warns of nothing there
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:30 objective complete-by "0 12 * * *" start-by 15m
2026-11-01 08:15 tick
2026-11-02 08:15 tick
---
2026-11-02 08:15:00 AT RISK the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-02 08:00:00, to begin within 15m00s: nine in ten of 0 runs need an unknown time
    0 successes before
    id 5a0c7fd1-ca30-5130-9af2-e89714827b0b
