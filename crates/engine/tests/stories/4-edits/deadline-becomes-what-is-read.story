An objective that names what the batch reads has no deadline, and one that becomes such is judged no more
# The slot that was open is not judged, and with a deadline again it begins anew.
batch prod/dwh/report
zone UTC

2026-11-16 05:00 cronjob "0 1 * * *"
2026-11-16 05:00 objective complete-by "0 6 * * *" in-a-file named daily
2026-11-16 05:00 objective reads ml/recommend,dwh/prices named reads
2026-11-17 06:01 tick
2026-11-17 09:00 objective reads ml/recommend in-a-file named daily
2026-11-18 06:01 tick
2026-11-19 06:01 tick
2026-11-19 09:00 objective complete-by "0 6 * * *" in-a-file named daily
2026-11-20 06:01 tick
2026-11-21 06:01 tick
---
2026-11-17 06:01:00 MISSED the deadline 2026-11-17 06:00:00, daily of prod/dwh/report (UTC)
    because it never started, expected 2026-11-17 01:00:00
    miss 1 of incident 3ac6010f-a826-5ae1-8f02-4c715044d7fb
    id a4ebf637-d1b0-55c6-9e14-ff6a4976133c
2026-11-21 06:01:00 MISSED the deadline 2026-11-21 06:00:00, daily of prod/dwh/report (UTC)
    because it never started, expected 2026-11-21 01:00:00
    miss 1 of incident 5b4a5482-b399-5981-9c5c-f0697575297d
    id bad97ca0-d9f7-5d37-ae6d-d23d446e7d58
