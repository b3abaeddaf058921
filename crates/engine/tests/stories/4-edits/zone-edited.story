The zone of a CronJob edited: its deadlines move with it, from the next one on
# 06:00 in Tokyo is 21:00 UTC.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *" zone Asia/Tokyo
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-16 21:01 tick
2026-11-17 21:01 tick
2026-11-18 00:00 cronjob "0 1 * * *" zone UTC
2026-11-18 06:01 tick
2026-11-19 06:01 tick
---
2026-11-17 21:01:00 MISSED the deadline 2026-11-17 21:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-17 16:00:00
    miss 1 of incident 37e713d9-08e3-5463-b42b-ce00ace3e3b8
    id 030d751e-d9ad-501f-b2a3-6f424d9c6e93
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 2 of incident 37e713d9-08e3-5463-b42b-ce00ace3e3b8
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 3 of incident 37e713d9-08e3-5463-b42b-ce00ace3e3b8
    id 6b85ede7-49be-544a-9454-8bec9191234d
