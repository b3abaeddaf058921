A run whose pod cannot be scheduled is missed, and told as pending
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 pod two-1 of two waits reason Unschedulable saying "0/3 nodes are available: 3 Insufficient memory."
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-19 01:00:00: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00, pod two-1
    id 6b85ede7-49be-544a-9454-8bec9191234d
