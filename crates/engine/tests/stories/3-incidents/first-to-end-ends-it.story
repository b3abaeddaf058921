Two late successes are known when a deadline is judged: the incident ends with the one that ended first
# The run of 01:00 started earlier and took longer than the one by hand.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 05:00 job by-hand created
2026-11-18 06:05 job by-hand succeeds
2026-11-18 06:20 job one succeeds
2026-11-18 06:30 tick
---
2026-11-18 06:30:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-18 05:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job by-hand of 2026-11-18 05:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 06:30:00 RECOVERED 5m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job by-hand of 2026-11-18 05:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
