Deadlines without an expected run neither end a range of unknown ones nor count in it
batch prod/dwh/report
zone UTC

2026-11-18 20:00 cronjob "0 1 * * 1-5"
2026-11-18 20:00 objective complete-by "0 6 * * *"
2026-11-19 00:30 tick
2026-11-24 12:00 cronjob says last-succeeded 2026-11-24 10:30
2026-11-24 12:00 gap since 2026-11-19 00:30
2026-11-24 12:00 tick
---
2026-11-24 12:00:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-20T06:00:00Z and the deadline 2026-11-21T06:00:00Z, so there is nothing to judge there; if that is not meant, change `0 6 * * *` or the schedule of the runs (said once)
2026-11-24 12:00:00 UNKNOWN 3 deadlines from 2026-11-20 06:00:00 to 2026-11-24 06:00:00, complete-by of prod/dwh/report (UTC)
    nobody watched from 2026-11-19 00:30:00 to 2026-11-24 12:00:00
    id 24e5d90d-96af-5ee7-8c5e-c05d44123781
