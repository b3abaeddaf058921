A freshness given while a slot is open holds for that slot
# The run of 01:00 is too old for it, since it began five hours before the deadline.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:30 job one succeeds
2026-11-18 02:00 objective complete-by "0 6 * * *" freshness 2h
2026-11-18 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 04:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    1 successes before, the last ended 2026-11-18 01:30:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
