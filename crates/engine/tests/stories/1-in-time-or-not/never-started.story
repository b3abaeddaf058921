A CronJob that never ran at all is missed at its first whole slot
# The first, partial slot can be met but not missed.
batch prod/ml/recommend
zone Asia/Tokyo

2026-11-18 09:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-18 09:00 objective complete-by "0 12 * * *"
2026-11-18 12:01 tick
2026-11-19 12:01 tick
---
2026-11-19 12:01:00 MISSED the deadline 2026-11-19 12:00:00, complete-by of prod/ml/recommend (Asia/Tokyo)
    because it never started, expected 2026-11-19 08:00:00
    miss 1 of incident 40492cff-95a7-5d1b-bc6d-5e33fb3a2f2f
    id 3a53daef-8ca3-56fd-b18f-c5548318037e
