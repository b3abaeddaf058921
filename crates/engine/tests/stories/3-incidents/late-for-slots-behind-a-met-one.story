A success that is late for deadlines behind the open slot waits for their verdicts, also if the open slot is met
# Nothing was observed from 13:00 on. With a grace of two hours the run of 11:05 met the open slot; the success of 17:05 is too late
# for those of 12:14 to 14:14, so they are of the incident that it ends.
batch prod/ml/recommend
zone UTC

2026-03-26 07:00 cronjob "5 * * * *"
2026-03-26 07:00 objective complete-by "14 * * * *" grace 2h
2026-03-26 08:05 job eight runs for 2026-03-26 08:05
2026-03-26 08:10 job eight succeeds
2026-03-26 09:05 job nine runs for 2026-03-26 09:05
2026-03-26 09:10 job nine succeeds
2026-03-26 11:05 job eleven runs for 2026-03-26 11:05
2026-03-26 11:10 job eleven succeeds
2026-03-26 12:30 tick
2026-03-26 17:20 job seventeen succeeds at 2026-03-26 17:10 for 2026-03-26 17:05
2026-03-26 17:20 tick
---
2026-03-26 12:30:00 MISSED the deadline 2026-03-26 10:14:00, complete-by of prod/ml/recommend (UTC, grace 120m00s)
    because it never started, expected 2026-03-26 10:05:00
    miss 1 of incident 8ae27112-89c7-5563-ba49-fc7a60f6fcfa
    2 successes before, the last ended 2026-03-26 09:10:00
    id 374507a2-6ace-5479-b3b4-5f6f66be8e63
2026-03-26 17:20:00 MISSED the deadline 2026-03-26 12:14:00, complete-by of prod/ml/recommend (UTC, grace 120m00s)
    because it never started, expected 2026-03-26 12:05:00
    miss 2 of incident 8ae27112-89c7-5563-ba49-fc7a60f6fcfa
    3 successes before, the last ended 2026-03-26 11:10:00
    id 471e6838-abea-5634-974a-24e5e0cb52d7
2026-03-26 17:20:00 MISSED the deadline 2026-03-26 13:14:00, complete-by of prod/ml/recommend (UTC, grace 120m00s)
    because it never started, expected 2026-03-26 13:05:00
    miss 3 of incident 8ae27112-89c7-5563-ba49-fc7a60f6fcfa
    3 successes before, the last ended 2026-03-26 11:10:00
    id c39718a6-0fba-5a8c-982c-c2978513d43e
2026-03-26 17:20:00 MISSED the deadline 2026-03-26 14:14:00, complete-by of prod/ml/recommend (UTC, grace 120m00s)
    because it never started, expected 2026-03-26 14:05:00
    miss 4 of incident 8ae27112-89c7-5563-ba49-fc7a60f6fcfa
    3 successes before, the last ended 2026-03-26 11:10:00
    id 58330641-e99e-5293-bdc2-bf7e97eaecfe
2026-03-26 17:20:00 RECOVERED 176m00s after the deadline, complete-by of prod/ml/recommend (UTC, grace 120m00s)
    4 missed since 2026-03-26 10:14:00, incident 8ae27112-89c7-5563-ba49-fc7a60f6fcfa is over
    the result of a later slot: job seventeen of 2026-03-26 17:05:00
    id 11d79430-c179-5f6b-85ef-d01b3cea2b43
2026-03-26 17:20:00 MISSED the deadline 2026-03-26 15:14:00, complete-by of prod/ml/recommend (UTC, grace 120m00s)
    because it never started, expected 2026-03-26 15:05:00
    miss 1 of incident ea870423-ae70-59ec-bf25-e489214596cf
    3 successes before, the last ended 2026-03-26 11:10:00
    id 550cbd04-1fbb-524e-88c1-ce06e98540fd
