Excused slots neither extend nor close an incident
# Friday and Monday are missed; the weekend between them has no run to expect.
batch prod/dwh/report
zone UTC

2026-11-18 20:00 cronjob "0 1 * * 1-5"
2026-11-18 20:00 objective complete-by "0 6 * * *"
2026-11-20 06:01 tick
2026-11-21 06:01 tick
2026-11-22 06:01 tick
2026-11-23 06:01 tick
2026-11-23 08:00 job mon created for 2026-11-23 01:00
2026-11-23 09:00 job mon succeeds
---
2026-11-20 06:01:00 MISSED the deadline 2026-11-20 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-20 01:00:00
    miss 1 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    id bdcd8a74-85fa-5c7d-82fb-9eae7a665dba
2026-11-21 06:01:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-20T06:00:00Z and the deadline 2026-11-21T06:00:00Z, so there is nothing to judge there; if that is not meant, change `0 6 * * *` or the schedule of the runs (said once)
2026-11-23 06:01:00 MISSED the deadline 2026-11-23 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-23 01:00:00
    miss 2 of incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b
    id b439ae92-57e8-572f-bf1f-3581f09f3216
2026-11-23 09:00:00 RECOVERED 180m00s after the deadline, complete-by of prod/dwh/report (UTC)
    2 missed since 2026-11-20 06:00:00, incident 4ca60df5-c8b7-569f-895a-e6e89a38e41b is over
    job mon of 2026-11-23 01:00:00
    id e012ca65-3fb0-5822-95c1-04fa381f85b5
