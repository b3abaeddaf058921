A repetition that was made after a gap proves nothing about the run that may have come and gone in it
batch prod/ml/load
zone UTC

2026-11-01 08:00 objective complete-by "0 12 * * *" zone UTC of-jobs by-an-object named complete-by
2026-11-01 12:01 tick
2026-11-02 13:00 gap since 2026-11-02 08:00
2026-11-02 13:00 tick
2026-11-02 15:00 job again succeeds at 2026-11-02 14:59 made 2026-11-02 14:30 marked 2026-11-02
2026-11-02 15:00 tick
---
2026-11-02 13:00:00 UNKNOWN the deadline 2026-11-02 12:00:00, complete-by of prod/ml/load (UTC)
    nobody watched from 2026-11-02 08:00:00 to 2026-11-02 13:00:00
    id 8cc5f4a1-2a93-5f48-a4f5-5ac5ecbabde6
