One fact shows that an unknown slot was missed, and ends the incident: that is one recovery of both misses
# The CronJob's last success was too late for the 19th, but of which day it was cannot be known until its run is observed.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 06:01 tick
2026-11-19 08:00 cronjob says last-scheduled 2026-11-19 01:00 last-succeeded 2026-11-19 07:00
2026-11-19 08:00 gap since 2026-11-19 00:10
2026-11-19 08:00 tick
2026-11-19 09:00 job two succeeds for 2026-11-19 01:00 made 2026-11-19 01:00 at 2026-11-19 07:00
---
2026-11-18 06:01:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-19 08:00:00 UNKNOWN the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-19 00:10:00 to 2026-11-19 08:00:00
    id 7ca26265-d82e-5076-bc68-3637a3a936e6
2026-11-19 09:00:00 MISSED the deadline 2026-11-19 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-19 01:00:00
    miss 2 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job two of 2026-11-19 01:00:00
    id 6b85ede7-49be-544a-9454-8bec9191234d
2026-11-19 09:00:00 RECOVERED 60m00s after the deadline, complete-by of prod/dwh/report (UTC)
    2 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job two of 2026-11-19 01:00:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
