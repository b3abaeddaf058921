A partial slot and one without an expected run are never at risk
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * 1-5"
2026-11-02 08:00 daily 5 runs of 50m
2026-11-09 08:00 daily 5 runs of 50m
2026-11-16 09:00 objective complete-by "0 12 * * *"
2026-11-16 11:59 tick
2026-11-17 08:00 job tue runs for 2026-11-17 08:00
2026-11-17 08:50 job tue succeeds
2026-11-18 08:00 job wed runs for 2026-11-18 08:00
2026-11-18 08:50 job wed succeeds
2026-11-19 08:00 job thu runs for 2026-11-19 08:00
2026-11-19 08:50 job thu succeeds
2026-11-20 08:00 job fri runs for 2026-11-20 08:00
2026-11-20 08:50 job fri succeeds
2026-11-21 11:59 tick
2026-11-22 11:59 tick
---
2026-11-22 11:59:00 WARNING objective `complete-by` of prod/ml/recommend: no run is expected between 2026-11-20T12:00:00Z and the deadline 2026-11-21T12:00:00Z, so there is nothing to judge there; if that is not meant, change `0 12 * * *` or the schedule of the runs (said once)
