Three misses in a row are one incident, and one success ends it once
# The job hangs; the next two days' runs wait behind it.
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 02:00 job one succeeds
2026-11-19 01:00 job two created for 2026-11-19 01:00
2026-11-19 01:00 pod two-1 of two runs
2026-11-19 01:00 job two runs
2026-11-19 06:01 tick
2026-11-20 06:01 tick
2026-11-21 06:01 tick
2026-11-21 09:00 job two deleted
2026-11-21 09:01 job three created for 2026-11-21 01:00
2026-11-21 09:01 job three runs
2026-11-21 09:40 job three succeeds
2026-11-22 01:00 job four created for 2026-11-22 01:00
2026-11-22 01:00 job four runs
2026-11-22 02:00 job four succeeds
2026-11-22 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00, pod two-1
    1 successes before, the last ended 2026-11-18 02:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 2 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00, pod two-1
    1 successes before, the last ended 2026-11-18 02:00:00
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
2026-11-21 06:01:00 MISSED the deadline 2026-11-21 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-21 01:00:00
    miss 3 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    job two of 2026-11-19 01:00:00, pod two-1
    1 successes before, the last ended 2026-11-18 02:00:00
    id 37d38147-49fc-5e46-9265-f4513d9dc9dc
2026-11-21 09:40:00 RECOVERED 220m00s after the deadline, complete-by of prod/dwh/report (UTC)
    3 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    job three of 2026-11-21 01:00:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
