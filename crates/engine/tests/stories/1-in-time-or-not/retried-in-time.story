A pod that fails once before the Job succeeds in time is no news
batch prod/ml/recommend
zone Asia/Tokyo

2026-11-18 00:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-18 00:00 objective complete-by "0 12 * * *"
2026-11-19 08:00 job tue created for 2026-11-19 08:00
2026-11-19 08:00 job tue runs
2026-11-19 08:10 pod tue-1 of tue fails exit 1 reason Error saying "connection reset"
2026-11-19 08:10 job tue retries
2026-11-19 08:11 job tue runs
2026-11-19 09:00 job tue succeeds
2026-11-19 12:01 tick
---
Nothing is said.
