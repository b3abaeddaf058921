A deadline edited five minutes after it, within grace: the old one is still judged
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *" grace 10m
2026-11-19 06:05 objective complete-by "0 9 * * *" grace 10m
2026-11-19 06:11 tick
2026-11-20 01:00 job three created for 2026-11-20 01:00
2026-11-20 08:00 job three succeeds
2026-11-20 09:11 tick
---
2026-11-19 06:11:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC, grace 10m00s)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 08:00:00 RECOVERED 1560m00s after the deadline, complete-by of prod/dwh/report (UTC, grace 10m00s)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    the result of a later slot: job three of 2026-11-20 01:00:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
2026-11-20 09:11:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-19T06:00:00Z and the deadline 2026-11-19T09:00:00Z, so there is nothing to judge there; if that is not meant, change `0 9 * * *` or the schedule of the runs (said once)
