Bare Jobs whose objective says when they start: who does not come is never started
# A run at 07:00 belongs to the day before, whose window is open until 08:00.
batch prod/dwh/report
zone UTC

2026-11-17 11:00 objective complete-by "0 12 * * *" starts "0 8 * * *" of-jobs in-a-file
2026-11-18 08:00:20 job one created
2026-11-18 09:00 job one succeeds
2026-11-18 12:01 tick
2026-11-19 07:00 job early created
2026-11-19 07:30 job early succeeds
2026-11-19 12:01 tick
---
2026-11-19 12:01:00 MISSED the deadline 2026-11-19 12:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 08:00:00
    miss 1 of incident 2bde0fd8-5ac4-51fa-8904-290baa351e37
    2 successes before, the last ended 2026-11-19 07:30:00
    id 9ebe7f81-6929-52ce-aae9-4fb585cd0267
