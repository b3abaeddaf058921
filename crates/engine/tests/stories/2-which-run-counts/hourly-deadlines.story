A daily batch with a deadline each hour: slots without a fire are excused, with one warning
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * *"
2026-11-17 20:00 objective complete-by "30 * * * *"
2026-11-18 01:00 job one created for 2026-11-18 01:00
2026-11-18 01:10 job one succeeds
2026-11-18 04:00 tick
2026-11-19 01:31 tick
---
2026-11-18 04:00:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-17T19:30:00Z and the deadline 2026-11-17T20:30:00Z, so there is nothing to judge there; if that is not meant, change `30 * * * *` or the schedule of the runs (said once)
2026-11-19 01:31:00 MISSED the deadline 2026-11-19 01:30:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-19 01:00:00
    miss 1 of incident 9b0e1926-cfe1-5523-ab54-6b788a6e3bcf
    1 successes before, the last ended 2026-11-18 01:10:00
    id 9f67506e-c07c-575b-b819-8e3863523221
