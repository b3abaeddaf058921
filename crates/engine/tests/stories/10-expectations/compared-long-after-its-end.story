A run is compared with those before it, also if its verdict comes when many more have ended
# It is judged behind an outage, three days later.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {dropMax: 20%, over: 3}}}"
2026-11-01 08:00 daily 4 runs of 50m reporting rows=1000
2026-11-05 08:00 job few runs for 2026-11-05 08:00
2026-11-05 08:50 pod p of few succeeds reporting rows=10
2026-11-05 08:50 job few succeeds
2026-11-06 08:00 job six runs for 2026-11-06 08:00
2026-11-06 08:50 pod q of six succeeds reporting rows=1000
2026-11-06 08:50 job six succeeds
2026-11-07 08:00 job seven runs for 2026-11-07 08:00
2026-11-07 08:50 pod r of seven succeeds reporting rows=1000
2026-11-07 08:50 job seven succeeds
2026-11-08 08:00 job eight runs for 2026-11-08 08:00
2026-11-08 08:50 pod s of eight succeeds reporting rows=1000
2026-11-08 08:50 job eight succeeds
2026-11-08 08:51 tick
---
2026-11-08 08:51:00 MISSED the deadline 2026-11-05 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 10, more than 20 % less than usual; the median of the last 3 is 1000
    miss 1 of incident 3851c0fc-f492-518d-bbe7-a62c4d0ffdbb
    job few of 2026-11-05 08:00:00, pod p which reported rows 10
    4 successes before, the last ended 2026-11-04 08:50:00
    id e36a268f-8a9a-539c-abd6-daca7b34e969
2026-11-08 08:51:00 RECOVERED 1250m00s after the deadline, complete-by of prod/ml/recommend (UTC)
    1 missed since 2026-11-05 12:00:00, incident 3851c0fc-f492-518d-bbe7-a62c4d0ffdbb is over
    the result of a later slot: job six of 2026-11-06 08:00:00, pod q which reported rows 1000
    id 9a42163f-fa1c-56b3-8545-c0d1292b00c1
