A deadline moved to an hour that has passed today: the slot runs to tomorrow's
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 05:00 objective complete-by "0 4 * * *"
2026-11-18 06:01 tick
2026-11-19 04:01 tick
---
2026-11-19 04:01:00 MISSED the deadline 2026-11-19 04:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident f3253ac4-b456-5d6f-b535-de852c8167f0
    id c9106226-6b3d-55dd-8776-8a29fc25b431
