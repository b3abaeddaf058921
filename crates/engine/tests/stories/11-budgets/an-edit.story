A target that is declared later counts from then on; without one nothing is counted
batch prod/dwh/report
zone Asia/Tokyo

2026-11-01 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-01 07:00 objective complete-by "0 12 * * *"
2026-11-01 08:00 daily 1 runs of 50m
2026-11-02 12:01 tick
2026-11-02 13:00 objective complete-by "0 12 * * *" target "0.8 over 10d"
2026-11-03 12:01 tick
2026-11-03 13:00 objective complete-by "0 12 * * *"
2026-11-04 12:01 tick
2026-11-04 13:00 objective complete-by "0 12 * * *" target "0.8 over 10d"
2026-11-05 12:01 tick
---
2026-11-02 12:01:00 MISSED the deadline 2026-11-02 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-02 08:00:00
    miss 1 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id c2b35947-ffee-5200-b11a-349e232a94a5
2026-11-03 12:01:00 MISSED the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-03 08:00:00
    miss 2 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id e690fac3-b027-57e9-a021-61bf97348bb8
2026-11-03 12:01:00 HALF SPENT with the deadline 2026-11-03 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 9908b711-e787-5596-954e-f76e1a87b71c
2026-11-04 12:01:00 MISSED the deadline 2026-11-04 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-04 08:00:00
    miss 3 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id 7505c9b1-a3fd-525b-af2d-46851268d156
2026-11-05 12:01:00 MISSED the deadline 2026-11-05 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-05 08:00:00
    miss 4 of incident e4650fd1-ed0d-5ff2-8a29-c423392aaba7
    1 successes before, the last ended 2026-11-01 08:50:00
    id cef199a6-1edc-512f-a73e-50702970cd34
2026-11-05 12:01:00 HALF SPENT with the deadline 2026-11-05 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed, 2 allowed of 10 slots, by 0.8 over 10d
    id 5786ef3a-bfa7-56cc-bbef-bf5bacec7e0a
