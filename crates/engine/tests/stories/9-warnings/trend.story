Ends that come four minutes later each day are warned of two weeks before the miss
# What is judged on 23 November is the 22nd result; the 36th reaches the deadline on 7 December.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 36 runs of 100m growing 4m
---
2026-11-23 11:09:00 AT RISK the deadline 2026-11-23 12:00:00, complete-by of prod/ml/recommend (UTC)
    it comes 4m00s later each time over 14 slots, 52m00s before the deadline now, and misses 2026-12-07 12:00:00
    7 successes before
    id 5ee72e3a-8b96-5982-bcc5-56fce458df74
