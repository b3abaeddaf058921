A run that takes longer than all before it is late when what is left is less than half of what has passed
# Of 240 minutes less than half of what has passed is left after 160.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 08:00 job hangs runs for 2026-11-11 08:00
2026-11-11 10:40 tick
2026-11-11 10:40:01 tick
2026-11-11 12:00:30 tick
---
2026-11-11 10:40:01 AT RISK the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    it runs since 2026-11-11 08:00:00, longer than each of 10 runs, the longest of which took 50m00s
    job hangs of 2026-11-11 08:00:00
    7 successes before
    id 3c4eab32-356f-551c-80fb-fb728188f8b3
2026-11-11 12:00:30 MISSED the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    because it is still running since 2026-11-11 08:00:00
    miss 1 of incident a4ce5756-83a7-5892-a3a7-16f7514301a2
    job hangs of 2026-11-11 08:00:00
    7 successes before, the last ended 2026-11-10 08:50:00
    id 53d1a790-0f12-503d-b901-eff45e447c17
