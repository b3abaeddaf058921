A success that is no longer among the runs counts for the objectives that it satisfied, and for no other
# Forty repetitions by hand are deleted before the next tick.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective named any complete-by "0 12 * * *"
2026-11-01 07:00 objective named with-rows complete-by "0 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 07:59 tick
2026-11-02 08:00 job empty runs for 2026-11-02 08:00
2026-11-02 08:10 pod p of empty succeeds reporting rows=12
2026-11-02 08:10 job empty succeeds
2026-11-02 09:10 job by-hand-10 deleted
2026-11-02 09:11 job by-hand-11 deleted
2026-11-02 09:12 job by-hand-12 deleted
2026-11-02 09:13 job by-hand-13 deleted
2026-11-02 09:14 job by-hand-14 deleted
2026-11-02 09:15 job by-hand-15 deleted
2026-11-02 09:16 job by-hand-16 deleted
2026-11-02 09:17 job by-hand-17 deleted
2026-11-02 09:18 job by-hand-18 deleted
2026-11-02 09:19 job by-hand-19 deleted
2026-11-02 09:20 job by-hand-20 deleted
2026-11-02 09:21 job by-hand-21 deleted
2026-11-02 09:22 job by-hand-22 deleted
2026-11-02 09:23 job by-hand-23 deleted
2026-11-02 09:24 job by-hand-24 deleted
2026-11-02 09:25 job by-hand-25 deleted
2026-11-02 09:26 job by-hand-26 deleted
2026-11-02 09:27 job by-hand-27 deleted
2026-11-02 09:28 job by-hand-28 deleted
2026-11-02 09:29 job by-hand-29 deleted
2026-11-02 09:30 job by-hand-30 deleted
2026-11-02 09:31 job by-hand-31 deleted
2026-11-02 09:32 job by-hand-32 deleted
2026-11-02 09:33 job by-hand-33 deleted
2026-11-02 09:34 job by-hand-34 deleted
2026-11-02 09:35 job by-hand-35 deleted
2026-11-02 09:36 job by-hand-36 deleted
2026-11-02 09:37 job by-hand-37 deleted
2026-11-02 09:38 job by-hand-38 deleted
2026-11-02 09:39 job by-hand-39 deleted
2026-11-02 09:40 job by-hand-40 deleted
2026-11-02 09:41 job by-hand-41 deleted
2026-11-02 09:42 job by-hand-42 deleted
2026-11-02 09:43 job by-hand-43 deleted
2026-11-02 09:44 job by-hand-44 deleted
2026-11-02 09:45 job by-hand-45 deleted
2026-11-02 09:46 job by-hand-46 deleted
2026-11-02 09:47 job by-hand-47 deleted
2026-11-02 09:48 job by-hand-48 deleted
2026-11-02 09:49 job by-hand-49 deleted
2026-11-02 10:00 objective named any complete-by "30 12 * * *"
2026-11-02 10:00 objective named with-rows complete-by "30 12 * * *" expect "{metrics: {rows: {min: 1000}}}"
2026-11-02 12:30:30 tick
---
2026-11-02 12:30:30 MISSED the deadline 2026-11-02 12:30:00, with-rows of prod/ml/recommend (UTC)
    because it failed: Deleted, exit code unknown, 1 attempts, no error text
    deleted between 2026-11-02 07:59:00 and 2026-11-02 09:49:00
    miss 1 of incident 4427ad0a-e586-5a46-bd78-04f795935107
    job by-hand-49 of 2026-11-02 09:49:00
    id b588bcb7-aa2b-5f24-bee5-39e7869c4a4d
