An edit that takes the slot's only fire away does not excuse it
# The run of 01:00 moved to 07:00, an hour too late for this deadline, and in time for the next.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 00:30 cronjob "0 7 * * *"
2026-11-18 06:01 tick
2026-11-18 07:00 job one created for 2026-11-18 07:00
2026-11-18 08:00 job one succeeds
2026-11-19 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 08:00:00 RECOVERED 120m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    the result of a later slot: job one of 2026-11-18 07:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
