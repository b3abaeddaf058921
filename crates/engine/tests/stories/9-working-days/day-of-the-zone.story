The day is that of the objective's zone: 00:30 on Monday in Tokyo is a Sunday in UTC, and is judged
# 22 November 2026 is a Sunday, so that the deadline of Saturday 00:30 in Tokyo, a Friday in UTC, is excused.
batch prod/dwh/report
zone UTC

2026-11-19 07:00 calendar shop
2026-11-19 07:00 cronjob "0 12 * * *"
2026-11-19 07:00 objective complete-by "30 0 * * *" zone Asia/Tokyo calendar shop
2026-11-20 12:00 job early runs for 2026-11-19 12:00
2026-11-20 15:31 tick
2026-11-21 15:31 tick
2026-11-22 15:31 tick
---
2026-11-22 15:31:00 MISSED the deadline 2026-11-22 15:30:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 12:00:00
    miss 1 of incident ff11d4f6-1de2-5555-935a-be27c9fe0f6f
    job early of 2026-11-19 12:00:00
    id 6c7731ea-88c9-54be-8c7a-6419fcab28d9
