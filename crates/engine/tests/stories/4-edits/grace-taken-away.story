A long grace taken away at the deadline: one more night is due before it, and both are judged in their order
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *" grace 3d
2026-11-19 06:00 objective complete-by "0 6 * * *" grace 0m
2026-11-21 07:00 tick
2026-11-22 07:00 tick
---
2026-11-22 07:00:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC, grace 4320m00s)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-22 07:00:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 2 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
2026-11-22 07:00:00 MISSED the deadline 2026-11-21 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-21 01:00:00
    miss 3 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 37d38147-49fc-5e46-9265-f4513d9dc9dc
2026-11-22 07:00:00 MISSED the deadline 2026-11-22 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-22 01:00:00
    miss 4 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 9ce125ca-c513-593b-8d61-acf923c81f30
