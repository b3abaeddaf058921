A deadline that is moved is compared with the ends as they are
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 18 * * *"
2026-11-01 08:00 daily 15 runs of 100m growing 4m
2026-11-16 07:00 objective complete-by "0 11 * * *"
2026-11-16 08:00 daily 2 runs of 160m growing 4m
---
2026-11-16 10:41:00 AT RISK the deadline 2026-11-16 11:00:00, complete-by of prod/ml/recommend (UTC)
    it comes 4m00s later each time over 14 slots, 20m00s before the deadline now, and misses 2026-11-22 11:00:00
    7 successes before
    id 5608243d-556f-5969-a4db-94320d58c5a2
