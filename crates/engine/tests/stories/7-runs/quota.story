A run of which no pod was made pends for a quota; once that is lifted it goes on
batch prod/dwh/report
zone UTC

2026-11-18 00:00 cronjob "0 1 * * *"
2026-11-18 00:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job one created for 2026-11-19 01:00
2026-11-19 01:00 job one waits
2026-11-19 06:01 tick
2026-11-19 06:10 job one runs
2026-11-19 07:00 job one succeeds
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it waits since 2026-11-19 01:00:00: no pod of it was made, which a quota or an admission rule may forbid
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job one of 2026-11-19 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 07:00:00 RECOVERED 60m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    job one of 2026-11-19 01:00:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
