A CronJob that never ran at all is missed at its first whole slot
# The first, partial slot can be met but not missed.
batch prod/ml/recommend
zone Asia/Tokyo

2026-11-18 09:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-18 09:00 objective complete-by "0 12 * * *"
2026-11-18 12:01 tick
2026-11-19 12:01 tick
