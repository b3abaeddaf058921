An objective that is declared again after a tick has passed its deadline begins anew
# Of the slot in which it is declared nothing is missed.
batch prod/ml/recommend
zone UTC

2026-10-24 07:00 cronjob "0 9 * * *"
2026-10-24 07:00 objective complete-by "0 12 * * *" in-a-file
2026-10-25 09:00 daily 1 runs of 50m
2026-10-25 12:01 tick
2026-10-25 15:33 objective withdrawn
2026-10-26 12:00:30 tick
2026-10-26 12:00:30 objective complete-by "0 12 * * *" in-a-file
2026-10-27 12:01 tick
2026-10-28 12:01 tick
---
2026-10-28 12:01:00 MISSED the deadline 2026-10-28 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it never started, expected 2026-10-28 09:00:00
    miss 1 of incident fcea4551-a636-5026-8aa3-ed15c11a3032
    1 successes before, the last ended 2026-10-25 09:50:00
    id dad35c6a-90d0-503b-a00b-c71a069eb054
