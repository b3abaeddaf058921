Where nine in ten runs hardly fit, a run is expected to begin before it is missed
# The runs take 58 of 60 minutes: two minutes after the fire it would be too late. It begins after one.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 9 * * *"
2026-11-01 08:00 daily 10 runs of 3570s
2026-11-11 08:00:59 tick
2026-11-11 08:00:59 job on-time runs for 2026-11-11 08:00
2026-11-11 08:01:30 tick
2026-11-11 08:59:50 job on-time succeeds
2026-11-11 09:00:30 tick
---
2026-11-11 08:01:30 AT RISK the deadline 2026-11-11 09:00:00, complete-by of prod/ml/recommend (UTC)
    it runs late since 2026-11-11 08:00:59: 10 of 10 runs took longer than it may
    job on-time of 2026-11-11 08:00:00
    7 successes before
    id c7d6d5c5-c905-5bf0-ae28-3a7de37f7ae3
2026-11-11 08:59:50 AT RISK NO MORE the deadline 2026-11-11 09:00:00, complete-by of prod/ml/recommend (UTC)
    the result was there at 2026-11-11 08:59:50
    job on-time of 2026-11-11 08:00:00
    id b82aa3c3-7325-572c-8ca1-bbb1adf52508
