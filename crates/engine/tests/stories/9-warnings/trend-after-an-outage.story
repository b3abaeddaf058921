After an outage over a deadline nothing is forecast for it
# The ends come four minutes later each day, as in `trend`. Its slot is missed by the same tick that judges the one before.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 21 runs of 100m growing 4m
2026-11-22 08:00 job last runs for 2026-11-22 08:00
2026-11-22 11:04 job last succeeds
2026-11-23 12:01 tick
---
2026-11-23 12:01:00 MISSED the deadline 2026-11-23 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it never started, expected 2026-11-23 08:00:00
    miss 1 of incident 63018265-e02d-59f2-9fde-62184bc60dd8
    7 successes before, the last ended 2026-11-22 11:04:00
    each ended 4m00s later than the one before
    id d5b3e019-2ae4-5dcb-89f2-dbe9e9e94492
