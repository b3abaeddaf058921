A deadline of another CronJob has a day in the objective's own zone, where it has one
# The report starts at 20:00 UTC on Sunday 22 November 2026, which is Monday 05:00 in Tokyo.
batch prod/ml/recommend
zone UTC

2026-11-21 07:00 calendar shop
2026-11-21 07:00 cronjob "0 8 * * *"
2026-11-21 07:00 objective before dwh/report which-fires "0 20 * * *" zone Asia/Tokyo calendar shop named tokyo
2026-11-21 07:00 objective before dwh/report which-fires "0 20 * * *" calendar shop named utc
2026-11-21 20:01 tick
2026-11-22 20:01 tick
---
2026-11-22 20:01:00 MISSED the deadline 2026-11-22 20:00:00, tokyo of prod/ml/recommend (UTC)
    because it never started, expected 2026-11-22 08:00:00
    miss 1 of incident 56577c19-6beb-5dab-b242-09f26dc6bf0e
    id 971b4acb-2816-588a-87fe-615ba64909a8
