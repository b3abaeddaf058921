Nothing observed over a day off is no unknown slot
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 calendar shop
2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" calendar shop
2026-11-19 08:00 daily 2 runs of 50m
2026-11-20 12:01 tick
2026-11-22 20:00 gap since 2026-11-20 20:00
2026-11-22 20:01 tick
---
Nothing is said.
