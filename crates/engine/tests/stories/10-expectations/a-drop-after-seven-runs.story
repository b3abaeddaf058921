With seven runs nothing is usual yet, unless the objective compares with fewer
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {dropMax: 20%}}}"
2026-11-01 07:00 objective named over-three complete-by "0 12 * * *" expect "{metrics: {rows: {dropMax: 20%, over: 3}}}"
2026-11-01 08:00 daily 2 runs of 50m reporting rows=1000
2026-11-03 08:00 daily 1 runs of 50m reporting rows=700
2026-11-04 08:00 daily 4 runs of 50m reporting rows=1000
2026-11-08 08:00 daily 1 runs of 50m reporting rows=799
---
2026-11-08 08:51:00 MISSED the deadline 2026-11-08 12:00:00, over-three of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 799, more than 20 % less than usual; the median of the last 3 is 1000
    miss 1 of incident 6610cc4f-58ef-5624-a7ff-3e0effb78e7d
    job of-2026-11-08 of 2026-11-08 08:00:00, pod pod-of-2026-11-08 which reported rows 799
    7 successes before, the last ended 2026-11-07 08:50:00
    id f6ecf3dc-029f-55a9-9367-8307017370f9
