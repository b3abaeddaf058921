Weekends that are excused are taken off: of the deadlines of two weeks eleven, as the days that were judged show
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * 1-5" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *" target "0.9 over 14d"
2026-11-02 08:00 daily 5 runs of 50m
2026-11-07 12:01 tick
2026-11-08 12:01 tick
2026-11-09 08:00 daily 4 runs of 50m
2026-11-13 12:01 tick
2026-11-14 12:01 tick
---
2026-11-02 08:51:00 WARNING objective `complete-by` of prod/dwh/report: no run is expected between 2026-10-31T03:00:00Z and the deadline 2026-11-01T03:00:00Z, so there is nothing to judge there; if that is not meant, change `0 12 * * *` or the schedule of the runs (said once)
2026-11-13 12:01:00 MISSED the deadline 2026-11-13 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-13 08:00:00
    miss 1 of incident 25936aec-9f0c-5ef2-8a7a-1bc7b1cd8186
    7 successes before, the last ended 2026-11-12 08:50:00
    id 78032df9-a9d2-5efc-8417-07c7dfede183
2026-11-13 12:01:00 ALL SPENT with the deadline 2026-11-13 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 1 allowed of 11 slots, by 0.9 over 14d
    id 92d2dbe9-b18c-5b9b-ada7-1eb23d484df4
