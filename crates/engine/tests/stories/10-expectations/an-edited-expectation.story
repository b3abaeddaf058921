An edit of what is expected holds for the runs of the open slot
# The first edit is in time, before the verdict; the second comes too late for its day.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 08:00 job one runs for 2026-11-02 08:00
2026-11-02 08:50 pod p of one succeeds reporting rows=500
2026-11-02 08:50 job one succeeds
2026-11-02 08:50:10 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 400}}}"
2026-11-02 08:51 tick
2026-11-02 12:00:30 tick
2026-11-03 08:00 job two runs for 2026-11-03 08:00
2026-11-03 08:50 pod q of two succeeds reporting rows=300
2026-11-03 08:50 job two succeeds
2026-11-03 08:51 tick
2026-11-03 09:00 objective complete-by "0 12 * * *" expect "{metrics: {rows: {min: 200}}}"
2026-11-03 12:00:30 tick
2026-11-04 08:00 job three runs for 2026-11-04 08:00
2026-11-04 08:50 pod r of three succeeds reporting rows=200
2026-11-04 08:50 job three succeeds
2026-11-04 12:00:30 tick
---
2026-11-03 08:51:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it did not do what is expected: rows is 300, expected is at least 400
    miss 1 of incident 8bafc8c0-6d06-543a-a0bb-60fcb2fd193b
    job two of 2026-11-03 08:00:00, pod q which reported rows 300
    1 successes before, the last ended 2026-11-02 08:50:00
    id 5c43e86d-45ff-5df5-85a8-2c106e11a3a7
2026-11-04 08:50:00 RECOVERED 1250m00s after the deadline, complete-by of prod/ml/recommend (UTC)
    1 missed since 2026-11-03 12:00:00, incident 8bafc8c0-6d06-543a-a0bb-60fcb2fd193b is over
    the result of a later slot: job three of 2026-11-04 08:00:00, pod r which reported rows 200
    id 7b3abfa0-2689-536c-a485-f7cd3d5e9d16
