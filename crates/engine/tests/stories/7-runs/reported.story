Numbers that a batch reports are told with its run: in the miss, and in the recovery
batch prod/ml/recommend
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 02:00 pod one-1 of one fails exit 1 reason Error reporting rows=0
2026-11-19 02:00 job one fails BackoffLimitExceeded
2026-11-19 06:01 tick
2026-11-19 08:00 job again created
2026-11-19 08:00 job again runs
2026-11-19 08:30 pod again-1 of again succeeds reporting rows=120345,auc=0.81
2026-11-19 08:31 job again succeeds
---
2026-11-19 02:00:00 RUN FAILED, complete-by of prod/ml/recommend (UTC)
    BackoffLimitExceeded, exit code 1, 1 attempts, no error text
    job one of 2026-11-19 01:00:00, pod one-1 which reported rows 0
    id ecf2c34d-a924-56b1-86bb-ad0af87c1b3b
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/ml/recommend (UTC)
    because it failed: BackoffLimitExceeded, exit code 1, 1 attempts, no error text
    miss 1 of incident 1f7f1428-5294-51a7-b4b1-a80c2aafa1f6
    job one of 2026-11-19 01:00:00, pod one-1 which reported rows 0
    id 3362a0e5-2db8-54c7-aabd-0fb14b04f78b
2026-11-19 08:31:00 RECOVERED 150m00s after the deadline, complete-by of prod/ml/recommend (UTC)
    1 missed since 2026-11-19 06:00:00, incident 1f7f1428-5294-51a7-b4b1-a80c2aafa1f6 is over
    job again of 2026-11-19 08:00:00, pod again-1 which reported auc 0.81, rows 120345
    id 0f9ffeaf-41a6-5c99-8561-703ca40c49bb
