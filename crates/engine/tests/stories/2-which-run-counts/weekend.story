A weekday job with a daily deadline: silence at the weekend, one warning about the objective
# 21 and 22 November 2026 are a Saturday and a Sunday.
batch prod/dwh/report
zone UTC

2026-11-17 20:00 cronjob "0 1 * * 1-5"
2026-11-17 20:00 objective complete-by "0 6 * * *"
2026-11-19 01:00 job thu created for 2026-11-19 01:00
2026-11-19 01:30 job thu succeeds
2026-11-20 01:00 job fri created for 2026-11-20 01:00
2026-11-20 01:30 job fri succeeds
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-20 06:01 tick
2026-11-21 06:01 tick
2026-11-22 06:01 tick
2026-11-23 01:00 job mon created for 2026-11-23 01:00
2026-11-23 01:30 job mon succeeds
2026-11-23 06:01 tick
2026-11-28 06:01 tick
---
2026-11-21 06:01:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-11-20T06:00:00Z and the deadline 2026-11-21T06:00:00Z, so there is nothing to judge there; if that is not meant, change `0 6 * * *` or the schedule of the runs (said once)
2026-11-28 06:01:00 MISSED the deadline 2026-11-24 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-24 01:00:00
    miss 1 of incident 84fb5f39-d558-59bd-8987-185ba5482035
    3 successes before, the last ended 2026-11-23 01:30:00
    id 5df1293c-612b-591d-b7d1-dce5f26bb434
2026-11-28 06:01:00 MISSED the deadline 2026-11-25 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-25 01:00:00
    miss 2 of incident 84fb5f39-d558-59bd-8987-185ba5482035
    3 successes before, the last ended 2026-11-23 01:30:00
    id be7c4956-1220-55c2-b85c-7f00571e6a87
2026-11-28 06:01:00 MISSED the deadline 2026-11-26 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-26 01:00:00
    miss 3 of incident 84fb5f39-d558-59bd-8987-185ba5482035
    3 successes before, the last ended 2026-11-23 01:30:00
    id c45690cc-b12f-5b95-a813-2c1aca6e0739
2026-11-28 06:01:00 MISSED the deadline 2026-11-27 06:00:00, complete-by of prod/dwh/report (UTC)
    because it never started, expected 2026-11-27 01:00:00
    miss 4 of incident 84fb5f39-d558-59bd-8987-185ba5482035
    3 successes before, the last ended 2026-11-23 01:30:00
    id bbd6eba2-e3e0-52e6-abd6-e4dbfc5a2dc3
