A muted miss is not counted, and one that outlasts its mute is from then on
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *" target "0.8 over 10d"
2026-11-01 08:00 daily 1 runs of 50m
2026-11-02 07:00 mute one of dwh/report until 2026-11-02 15:00
2026-11-02 12:01 tick
2026-11-02 13:00 job late succeeds at 2026-11-02 12:59 made 2026-11-02 08:00 for 2026-11-02 08:00
2026-11-02 15:01 tick
2026-11-03 07:00 mute two of dwh/report until 2026-11-03 15:00
2026-11-03 12:01 tick
2026-11-03 15:01 tick
---
2026-11-02 12:01:00 muted: the deadline 2026-11-02 12:00:00, complete-by, never_started
2026-11-03 12:01:00 muted: the deadline 2026-11-03 12:00:00, complete-by, never_started
2026-11-03 15:01:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-03 08:00:00
    miss 1 of incident 2d3d360c-badc-5e0b-858a-77046ae951f8
    2 successes before, the last ended 2026-11-02 12:59:00
    id e690fac3-b027-57e9-a021-61bf97348bb8
2026-11-03 15:01:00 HALF SPENT with the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 9908b711-e787-5596-954e-f76e1a87b71c
