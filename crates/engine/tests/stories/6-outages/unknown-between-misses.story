An unknown slot between two misses neither extends nor closes their incident
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-18 06:01 tick
2026-11-19 00:10 tick
2026-11-19 12:00 cronjob says last-succeeded 2026-11-19 10:30
2026-11-19 12:00 gap since 2026-11-19 00:10
2026-11-19 12:00 tick
2026-11-20 06:01 tick
2026-11-20 08:00 job three created for 2026-11-20 01:00
2026-11-20 09:00 job three succeeds
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 12:00:00 UNKNOWN the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-19 00:10:00 to 2026-11-19 12:00:00
    id 7ca26265-d82e-5076-bc68-3637a3a936e6
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
2026-11-20 09:00:00 RECOVERED 180m00s after the deadline, complete-by of prod/dwh/report (UTC)
    2 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job three of 2026-11-20 01:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
