A drop that stays is usual once half of the compared runs have it
# Of five, three are of the new level after the third.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {dropMax: 20%, over: 5}}}"
2026-11-01 08:00 daily 5 runs of 50m reporting rows=1000
2026-11-06 08:00 daily 4 runs of 50m reporting rows=500
---
2026-11-06 08:51:00 MISSED the deadline 2026-11-06 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 500, more than 20 % less than usual; the median of the last 5 is 1000
    miss 1 of incident 3f9b5705-9357-5065-a48e-9588d2415042
    job of-2026-11-06 of 2026-11-06 08:00:00, pod pod-of-2026-11-06 which reported rows 500
    5 successes before, the last ended 2026-11-05 08:50:00
    id 958c93af-827d-5354-b265-6bd867433b3d
2026-11-07 08:51:00 MISSED the deadline 2026-11-07 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 500, more than 20 % less than usual; the median of the last 5 is 1000
    miss 2 of incident 3f9b5705-9357-5065-a48e-9588d2415042
    job of-2026-11-07 of 2026-11-07 08:00:00, pod pod-of-2026-11-07 which reported rows 500
    6 successes before, the last ended 2026-11-06 08:50:00
    id 3914a023-2747-52d3-b8e0-8fd51e4e614c
2026-11-08 08:51:00 MISSED the deadline 2026-11-08 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 500, more than 20 % less than usual; the median of the last 5 is 1000
    miss 3 of incident 3f9b5705-9357-5065-a48e-9588d2415042
    job of-2026-11-08 of 2026-11-08 08:00:00, pod pod-of-2026-11-08 which reported rows 500
    7 successes before, the last ended 2026-11-07 08:50:00
    id 74ce6caa-711b-5e4e-b988-b709a96c723a
2026-11-09 08:50:00 RECOVERED 1250m00s after the deadline, complete-by of prod/ml/recommend (UTC)
    3 missed since 2026-11-06 12:00:00, incident 3f9b5705-9357-5065-a48e-9588d2415042 is over
    the result of a later slot: job of-2026-11-09 of 2026-11-09 08:00:00, pod pod-of-2026-11-09 which reported rows 500
    id 7002a35f-70f0-5992-9502-f26fd1845ac8
