Jobs without a schedule are not expected by startBy, unless the objective has their starts
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 objective complete-by "0 12 * * *" of-jobs in-a-file start-by 15m
2026-11-01 07:00 objective named by-the-clock complete-by "0 12 * * *" of-jobs in-a-file start-by 15m starts "0 8 * * *"
2026-11-02 11:59 tick
---
2026-11-02 11:59:00 AT RISK the deadline 2026-11-02 12:00:00, by-the-clock of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-02 08:00:00, to begin within 15m00s: nine in ten of 0 runs need an unknown time
    0 successes before
    id 39296002-ac4d-5ba6-ad20-32ae6e2d94c2
