A fire behind the deadline is none of the slot where a freshness is given, though its run may end within the grace
batch prod/ml/recommend
zone UTC

2026-10-31 07:00 cronjob "30 1,7 * * *"
2026-10-31 07:00 objective complete-by "0 6 * * *" grace 3h freshness 5h expect "{metrics: {rows: {min: 1000}}}"
2026-11-01 12:00 tick
2026-11-02 01:30 job empty runs for 2026-11-02 01:30
2026-11-02 06:30 pod p of empty succeeds reporting rows=12
2026-11-02 06:30 job empty succeeds
2026-11-02 06:31 tick
---
2026-11-02 06:31:00 MISSED the deadline 2026-11-02 06:00:00, complete-by of prod/ml/recommend (UTC, grace 180m00s)
    because it did not do what is expected: rows is 12, expected is at least 1000
    miss 1 of incident ee514067-0faa-5572-a214-4c592f980bab
    job empty of 2026-11-02 01:30:00, pod p which reported rows 12
    id 75f27271-1dde-5836-a48d-9c60389728b1
