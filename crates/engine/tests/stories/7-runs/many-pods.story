A run of many pods is done when the last of them is, whichever of them was seen first
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 01:00 pod one-0 of one runs
2026-11-19 01:00 pod one-1 of one runs
2026-11-19 01:00 pod one-2 of one runs
2026-11-19 01:00 pod one-3 of one runs
2026-11-19 01:00 pod one-4 of one runs
2026-11-19 06:20 pod one-0 of one succeeds reporting rows=5
2026-11-19 02:00 pod one-1 of one succeeds
2026-11-19 02:00 pod one-2 of one succeeds
2026-11-19 02:00 pod one-3 of one succeeds
2026-11-19 02:00 pod one-4 of one succeeds
2026-11-19 06:21 job one succeeds
2026-11-19 06:22 tick
---
2026-11-19 06:22:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00, pod one-0 which reported rows 5
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 06:22:00 RECOVERED 20m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    job one of 2026-11-19 01:00:00, pod one-0 which reported rows 5
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
