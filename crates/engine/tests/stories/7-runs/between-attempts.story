A run that waits to be tried again says so, and how it failed
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one runs
2026-11-19 05:40 pod one-1 of one fails exit 1 reason Error saying "connection reset"
2026-11-19 05:40 job one retries
2026-11-19 05:55 pod one-2 of one fails exit 137 reason OOMKilled
2026-11-19 05:55 job one retries
2026-11-19 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-19 01:00:00: 2 of its pods failed, the last (OOMKilled, exit code 137), and the next one has not begun
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00, pod one-2
    id 6b85ede7-49be-544a-9454-8bec9191234d
