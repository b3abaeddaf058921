Freshness is counted from the deadline: a run that begins exactly so long before it is too old
batch prod/dwh/report
zone UTC

2026-11-17 04:00 objective complete-by "0 6 * * *" freshness 1h of-jobs in-a-file
2026-11-18 05:00 job old created
2026-11-18 05:30 job old succeeds
2026-11-18 06:01 tick
2026-11-19 05:00:01 job young created
2026-11-19 05:30 job young succeeds
2026-11-19 06:01 tick
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 05:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    1 successes before, the last ended 2026-11-18 05:30:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 05:30:00 RECOVERED 1410m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job young of 2026-11-19 05:00:01
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
