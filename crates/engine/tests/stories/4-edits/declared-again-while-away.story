An objective that is taken out and declared again before a tick has passed its deadline goes on
# Nothing was observed around noon of the 26th, so it may have been back by then. What is missed the day after is no partial slot.
batch prod/ml/recommend
zone UTC

2026-10-24 07:00 cronjob "0 9 * * *"
2026-10-24 07:00 objective complete-by "0 12 * * *" in-a-file
2026-10-25 09:00 daily 1 runs of 50m
2026-10-25 12:01 tick
2026-10-25 15:33 objective withdrawn
2026-10-25 15:34 tick
2026-10-26 22:17 job on-26th succeeds at 2026-10-26 09:50 for 2026-10-26 09:00
2026-10-26 22:17 objective complete-by "0 12 * * *" in-a-file
2026-10-26 22:17 tick
2026-10-27 09:00 job on-27th runs for 2026-10-27 09:00
2026-10-27 12:01 tick
---
2026-10-27 12:01:00 MISSED the deadline 2026-10-27 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it is still running since 2026-10-27 09:00:00
    miss 1 of incident 2df00fce-1dc8-5794-8a97-20af43802e3d
    job on-27th of 2026-10-27 09:00:00
    2 successes before, the last ended 2026-10-26 09:50:00
    id 55c3044e-f9df-5d33-925a-14195ade3f73
