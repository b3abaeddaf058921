A job that grows slower misses its deadline though nothing fails
# Product A starts at 08:00 and takes a little longer each day; product B reads its table at 12:00.
batch prod/ml/recommend
zone Asia/Tokyo

2026-11-18 00:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-18 00:00 objective complete-by "0 12 * * *" owner recommend-team
2026-11-18 08:00 job mon created for 2026-11-18 08:00
2026-11-18 08:00 job mon runs
2026-11-18 11:52 job mon succeeds
2026-11-18 12:01 tick
2026-11-19 08:00 job tue created for 2026-11-19 08:00
2026-11-19 08:00 job tue runs
2026-11-19 11:56 job tue succeeds
2026-11-19 12:01 tick
2026-11-20 08:00 job wed created for 2026-11-20 08:00
2026-11-20 08:00 job wed runs
2026-11-20 12:00 tick
2026-11-20 12:00:30 tick
2026-11-20 12:04 job wed succeeds
2026-11-21 08:00 job thu created for 2026-11-21 08:00
2026-11-21 08:00 job thu runs
2026-11-21 11:59 job thu succeeds
2026-11-21 12:01 tick
---
2026-11-20 12:00:30 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/ml/recommend (Asia/Tokyo)
    because it is still running since 2026-11-20 08:00:00
    miss 1 of incident 199ddfec-927d-5647-bf94-2aa54b2580f7
    job wed of 2026-11-20 08:00:00
    2 successes before, the last ended 2026-11-19 11:56:00
    id 1f512415-dbcb-5ece-a836-23d838055250
2026-11-20 12:04:00 RECOVERED 4m00s after the deadline, complete-by of prod/ml/recommend (Asia/Tokyo)
    1 missed since 2026-11-20 12:00:00, incident 199ddfec-927d-5647-bf94-2aa54b2580f7 is over
    job wed of 2026-11-20 08:00:00
    id 04345772-6fef-549c-bda6-d46dec50ab9e
