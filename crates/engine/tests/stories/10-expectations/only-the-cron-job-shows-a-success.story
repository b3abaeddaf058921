That there was a success is not enough where its numbers must be known
# Without an expectation the CronJob's status proves the result.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *" last-scheduled 2026-10-31 08:00 last-succeeded 2026-10-31 08:50
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-01 07:00 objective named any complete-by "0 12 * * *"
2026-11-02 07:50 tick
2026-11-02 11:00 cronjob says last-scheduled 2026-11-02 08:00 last-succeeded 2026-11-02 08:50
2026-11-02 11:00 gap since 2026-11-02 07:50
2026-11-02 12:00:30 tick
---
2026-11-02 12:00:30 UNKNOWN the deadline 2026-11-02 12:00:00, complete-by of prod/ml/recommend (UTC)
    nobody watched from 2026-11-02 07:50:00 to 2026-11-02 11:00:00
    id 0da236dc-fa7e-50da-ab7f-3a5f9c6b41af
