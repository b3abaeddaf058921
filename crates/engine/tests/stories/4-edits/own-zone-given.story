A zone of its own given to an objective while a slot is open moves its deadline
# 06:00 in New York is 11:00 UTC in winter.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "0 1 * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 02:00 objective complete-by "0 6 * * *" zone America/New_York
2026-11-18 06:01 tick
2026-11-18 11:01 tick
---
2026-11-18 11:01:00 MISSED the deadline 2026-11-18 11:00:00, complete-by of prod/dwh/report (America/New_York)
    because it never started, expected 2026-11-18 01:00:00
    miss 1 of incident 1da93e35-2db8-5e0f-bafc-77dfb14e6e24
    id 07f6bc20-051b-546c-9cd9-8a4b2195dac9
