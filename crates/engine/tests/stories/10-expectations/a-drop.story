A number may be compared with the median of the runs before
# 800 of 1000 is a drop of just 20 %. From then on 1000 is still the median.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {dropMax: 20%}}}"
2026-11-01 08:00 daily 8 runs of 50m reporting rows=1000
2026-11-09 08:00 daily 1 runs of 50m reporting rows=800
2026-11-10 08:00 daily 1 runs of 50m reporting rows=799
---
2026-11-10 08:51:00 MISSED the deadline 2026-11-10 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 799, more than 20 % less than usual; the median of the last 9 is 1000
    miss 1 of incident 564fa570-0be9-5c92-af4f-6e00c8da664c
    job of-2026-11-10 of 2026-11-10 08:00:00, pod pod-of-2026-11-10 which reported rows 799
    7 successes before, the last ended 2026-11-09 08:50:00
    id 059d1b6a-e535-5dab-8277-7e35099814a5
