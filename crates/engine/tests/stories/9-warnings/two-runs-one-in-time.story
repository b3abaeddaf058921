A slot is at risk only when the last of its runs is late
# The first hangs; another is started by hand and has taken no time yet.
batch prod/ml/recommend
zone UTC

2026-11-01 07:00 cronjob "0 8 * * *"
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 10 runs of 50m
2026-11-11 08:00 job hangs runs for 2026-11-11 08:00
2026-11-11 10:30 job by-hand runs
2026-11-11 10:40:01 tick
2026-11-11 11:29 tick
2026-11-11 11:30:01 tick
---
2026-11-11 11:30:01 AT RISK the deadline 2026-11-11 12:00:00, complete-by of prod/ml/recommend (UTC)
    it runs since 2026-11-11 10:30:00, longer than each of 10 runs, the longest of which took 50m00s
    job by-hand of 2026-11-11 10:30:00
    7 successes before
    id 3c4eab32-356f-551c-80fb-fb728188f8b3
