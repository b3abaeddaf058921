The result must be there before another CronJob starts, at each of its fires
# 07:00 in Berlin is 06:00 UTC in winter. At the weekend nobody reads, so Monday's slot begins on Friday.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective before dwh/mail which-fires "0 7 * * 1-5" in Europe/Berlin in-a-file
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 05:59 job one succeeds
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-20 01:00 job three created for 2026-11-20 01:00
2026-11-20 02:00 job three succeeds
2026-11-20 06:01 tick
2026-11-21 06:01 tick
2026-11-23 06:01 tick
---
2026-11-19 06:01:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (Europe/Berlin)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d
    1 successes before, the last ended 2026-11-18 05:59:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-20 02:00:00 RECOVERED 1200m00s after the deadline, complete-by of prod/dwh/report (Europe/Berlin)
    1 missed since 2026-11-19 06:00:00, incident 112ca8e4-bd0a-5c17-968d-f9ccabce666d is over
    the result of a later slot: job three of 2026-11-20 01:00:00
    id 6700e277-915a-547d-a7dc-c45b0685d2e9
2026-11-23 06:01:00 MISSED the deadline 2026-11-23 06:00:00, complete-by of prod/dwh/report (Europe/Berlin)
    because it never started, expected 2026-11-21 01:00:00
    miss 1 of incident 486f6c50-50f4-5a0c-a02f-dccb8a3ee577
    2 successes before, the last ended 2026-11-20 02:00:00
    id b439ae92-57e8-572f-bf1f-3581f09f3216
