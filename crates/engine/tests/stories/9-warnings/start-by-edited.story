An edit of startBy holds for the open slot, and a warning that came is not repeated
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" start-by 15m
2026-11-02 08:10 objective complete-by "0 12 * * *" start-by 60m
2026-11-02 08:15 tick
2026-11-02 08:30 objective complete-by "0 12 * * *" start-by 20m
2026-11-02 08:31 tick
2026-11-02 08:32 objective complete-by "0 12 * * *" start-by 45m
2026-11-02 08:45 tick
2026-11-03 08:30 objective complete-by "0 12 * * *"
2026-11-03 08:45 tick
---
2026-11-02 08:31:00 AT RISK the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-02 08:00:00, to begin within 20m00s: nine in ten of 0 runs need an unknown time
    0 successes before
    id 5a0c7fd1-ca30-5130-9af2-e89714827b0b
2026-11-03 08:45:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it never started, expected 2026-11-02 08:00:00
    miss 1 of incident 76539fb3-b8f3-52d1-bc40-f4bbafcf4463
    id 70eef4be-4363-54be-9f26-7993ff8584ce
