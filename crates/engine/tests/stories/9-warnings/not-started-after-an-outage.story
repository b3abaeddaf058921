After an outage over the deadline there is the miss and no warning
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 12:01 tick
---
2026-11-11 12:01:00 MISSED the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it never started, expected 2026-11-11 08:00:00
    miss 1 of incident a4ce5756-83a7-5892-a3a7-16f7514301a2
    7 successes before, the last ended 2026-11-10 08:50:00
    id 53d1a790-0f12-503d-b901-eff45e447c17
