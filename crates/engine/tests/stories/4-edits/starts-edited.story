Starts given to bare Jobs while a slot is open hold for that slot
# The run of the day before belongs to the day before.
batch prod/dwh/report
zone UTC

2026-11-17 04:00 objective complete-by "0 6 * * *" of-jobs in-a-file
2026-11-17 06:01 tick
2026-11-17 08:00 job early created
2026-11-17 09:00 job early succeeds
2026-11-17 10:00 objective complete-by "0 6 * * *" of-jobs starts "0 1 * * *" in-a-file
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    1 successes before, the last ended 2026-11-17 09:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
