A zone that does not exist, of the CronJob and then of the objective, leaves the pending deadline as it is planned
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *" zone Asia/Tokyo
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-16 21:01 tick
2026-11-17 20:00 cronjob "0 1 * * *" zone Asia/Tokio
2026-11-17 21:01 tick
2026-11-17 22:00 cronjob "0 1 * * *" zone Asia/Tokyo
2026-11-18 20:00 objective complete-by "0 6 * * *" zone Asia/Tokio
2026-11-18 20:10 cronjob "30 1 * * *" zone Asia/Tokyo
2026-11-18 21:01 tick
2026-11-19 22:01 tick
---
2026-11-17 20:00:00 WARNING CronJob prod/dwh/report: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?; until it is mended, any run between two deadlines counts for the second
2026-11-17 21:01:00 MISSED the deadline 2026-11-17 21:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-17 16:00:00
    miss 1 of incident 37e713d9-08e3-5463-b42b-ce00ace3e3b8
    id 030d751e-d9ad-501f-b2a3-6f424d9c6e93
2026-11-17 21:01:00 WARNING objective `complete-by` of prod/dwh/report is not judged: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?
2026-11-18 20:00:00 WARNING objective `complete-by` of prod/dwh/report is not judged: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?
2026-11-18 21:01:00 MISSED the deadline 2026-11-18 21:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-17 21:00:00
    miss 2 of incident 37e713d9-08e3-5463-b42b-ce00ace3e3b8
    id a1f5c9a4-90cb-5e51-8286-a232005f58aa
