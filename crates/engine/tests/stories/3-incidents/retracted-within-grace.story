A success within the grace that is seen after the verdict takes the miss back
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *" grace 10m
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:00 job one runs
2026-11-18 06:11 tick
2026-11-18 06:20 job one succeeds at 2026-11-18 06:10
---
2026-11-18 06:11:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC, grace 10m00s)
    because it is still running since 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 06:20:00 RETRACTED the deadline 2026-11-18 06:00:00 was met, complete-by of prod/dwh/report (UTC, grace 10m00s)
    the result was there at 2026-11-18 06:10:00
    0 still missed in incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job one of 2026-11-18 01:00:00
    id ba7bdf87-839a-5b07-9924-6fb727948d82
