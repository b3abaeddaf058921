A time zone in the schedule of a CronJob that is older than the rule against it: Kubernetes runs by it, and the windows follow
batch prod/dwh/report
zone UTC

# 10:00 in Tokyo is 01:00, and the zone is that of the deadlines, too.
2026-11-16 20:00 cronjob "TZ=Asia/Tokyo 0 10 * * *"
2026-11-16 20:00 objective complete-by "0 15 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 06:01 tick
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    1 successes before, the last ended 2026-11-18 01:30:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
