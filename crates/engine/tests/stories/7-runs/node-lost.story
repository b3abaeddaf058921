A pod that is lost with its node has no exit code: the reason is told, and the next attempt counts
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 pod one-1 of one runs
2026-11-19 05:59 pod one-1 of one fails reason DeletionByPodGC saying "PodGC: node no longer exists"
2026-11-19 05:59 job one retries
2026-11-19 06:01 tick
2026-11-19 06:02 job one runs
2026-11-19 06:30 job one succeeds
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-19 01:00:00: its pod failed (DeletionByPodGC), and the next one has not begun
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00, pod one-1
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 06:30:00 RECOVERED 30m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    job one of 2026-11-19 01:00:00, pod one-1
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
