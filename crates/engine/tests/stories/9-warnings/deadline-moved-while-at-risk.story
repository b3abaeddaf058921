A warning ends when the deadline is moved
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 11:10 tick
2026-11-11 11:20 objective complete-by "0 15 * * *"
2026-11-11 13:00 tick
2026-11-11 14:10 tick
---
2026-11-11 11:10:00 AT RISK the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-11 08:00:00: nine in ten of 10 runs need 50m00s
    7 successes before
    id e65230ee-420d-5c3b-a533-807315c5c849
2026-11-11 11:20:00 AT RISK NO MORE the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    nothing is judged there
    id f4a1a13d-0e9b-57e2-a795-2154fb75f04c
2026-11-11 14:10:00 AT RISK the deadline 2026-11-11 15:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-11 08:00:00: nine in ten of 10 runs need 50m00s
    7 successes before
    id c0886ec2-781c-55da-824c-f85df30252a2
