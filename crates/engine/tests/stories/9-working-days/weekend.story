A weekday is judged, a Saturday and a Sunday are not: the job runs daily, its result is due on working days
# 20 November 2026 is a Friday. Nothing runs from Friday on.
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 calendar shop
2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-20 12:01 tick
2026-11-21 12:01 tick
2026-11-22 12:01 tick
2026-11-23 12:01 tick
---
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-20 08:00:00
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    id 50538135-6692-5f1d-ab95-eee803cbf150
2026-11-23 12:01:00 MISSED the deadline 2026-11-23 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-23 08:00:00
    miss 2 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    id 851d889d-026b-5590-a89c-4f6d3d1e3bdc
