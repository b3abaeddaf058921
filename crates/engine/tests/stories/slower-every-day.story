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
