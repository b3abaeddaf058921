An objective may set by when a run must have begun, however few runs there were
# The fire is at 8:00, and startBy is 15 minutes. No run was ever observed.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" start-by 15m
2026-11-02 08:14:59 tick
2026-11-02 08:15 tick
2026-11-02 08:16 tick
2026-11-02 08:20 job late runs for 2026-11-02 08:00
2026-11-02 09:00 job late succeeds
2026-11-02 12:00:30 tick
---
2026-11-02 08:15:00 AT RISK the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-02 08:00:00, to begin within 15m00s: nine in ten of 0 runs need an unknown time
    0 successes before
    id 5a0c7fd1-ca30-5130-9af2-e89714827b0b
2026-11-02 09:00:00 AT RISK NO MORE the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    the result was there at 2026-11-02 09:00:00
    job late of 2026-11-02 08:00:00
    id 52f0a32b-df1c-5677-bcef-03d9283f1a42
