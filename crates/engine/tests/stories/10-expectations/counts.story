An objective may let the run count and only warn
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}, counts: true}"
2026-11-02 08:00 job empty runs for 2026-11-02 08:00
2026-11-02 08:50 pod p of empty succeeds reporting rows=12
2026-11-02 08:50 job empty succeeds
2026-11-02 08:50:29 tick
2026-11-02 08:50:30 tick
2026-11-02 10:00 job again runs
2026-11-02 10:50 job again succeeds
2026-11-02 10:51 tick
2026-11-02 12:00:30 tick
---
2026-11-02 08:50:30 NOT AS EXPECTED for the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    rows is 12, expected is at least 1000
    job empty of 2026-11-02 08:00:00, pod p which reported rows 12
    id 02331f55-3397-5850-9151-2bf1ffa87f70
