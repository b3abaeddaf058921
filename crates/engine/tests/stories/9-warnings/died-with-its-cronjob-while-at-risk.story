The miss of an objective that died with its CronJob ends the warning, and is the last alert
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 11:10 tick
2026-11-11 11:20 cronjob deleted
2026-11-11 11:20 objective withdrawn
2026-11-11 12:01 tick
---
2026-11-11 11:10:00 AT RISK the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    no run has begun, expected 2026-11-11 08:00:00: nine in ten of 10 runs need 50m00s
    7 successes before
    id e65230ee-420d-5c3b-a533-807315c5c849
2026-11-11 12:01:00 MISSED the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    because there is no CronJob
    miss 1 of incident a4ce5756-83a7-5892-a3a7-16f7514301a2
    7 successes before, the last ended 2026-11-10 08:50:00
    id 53d1a790-0f12-503d-b901-eff45e447c17
