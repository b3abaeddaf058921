A late success ends the incident at once, also when 40 runs came between it and the verdict
# The events of six hours are there before the first tick.
batch prod/dwh/report
zone UTC

2026-11-16 20:00 cronjob "*/10 * * * *"
2026-11-16 20:00 objective complete-by "0 6 * * *"
2026-11-17 06:01 tick
2026-11-18 05:30 job late created for 2026-11-18 05:30
2026-11-18 06:05 job late succeeds
2026-11-18 06:08 job r00 deleted for 2026-11-18 06:00
2026-11-18 06:18 job r01 deleted for 2026-11-18 06:10
2026-11-18 06:28 job r02 deleted for 2026-11-18 06:20
2026-11-18 06:38 job r03 deleted for 2026-11-18 06:30
2026-11-18 06:48 job r04 deleted for 2026-11-18 06:40
2026-11-18 06:58 job r05 deleted for 2026-11-18 06:50
2026-11-18 07:08 job r06 deleted for 2026-11-18 07:00
2026-11-18 07:18 job r07 deleted for 2026-11-18 07:10
2026-11-18 07:28 job r08 deleted for 2026-11-18 07:20
2026-11-18 07:38 job r09 deleted for 2026-11-18 07:30
2026-11-18 07:48 job r10 deleted for 2026-11-18 07:40
2026-11-18 07:58 job r11 deleted for 2026-11-18 07:50
2026-11-18 08:08 job r12 deleted for 2026-11-18 08:00
2026-11-18 08:18 job r13 deleted for 2026-11-18 08:10
2026-11-18 08:28 job r14 deleted for 2026-11-18 08:20
2026-11-18 08:38 job r15 deleted for 2026-11-18 08:30
2026-11-18 08:48 job r16 deleted for 2026-11-18 08:40
2026-11-18 08:58 job r17 deleted for 2026-11-18 08:50
2026-11-18 09:08 job r18 deleted for 2026-11-18 09:00
2026-11-18 09:18 job r19 deleted for 2026-11-18 09:10
2026-11-18 09:28 job r20 deleted for 2026-11-18 09:20
2026-11-18 09:38 job r21 deleted for 2026-11-18 09:30
2026-11-18 09:48 job r22 deleted for 2026-11-18 09:40
2026-11-18 09:58 job r23 deleted for 2026-11-18 09:50
2026-11-18 10:08 job r24 deleted for 2026-11-18 10:00
2026-11-18 10:18 job r25 deleted for 2026-11-18 10:10
2026-11-18 10:28 job r26 deleted for 2026-11-18 10:20
2026-11-18 10:38 job r27 deleted for 2026-11-18 10:30
2026-11-18 10:48 job r28 deleted for 2026-11-18 10:40
2026-11-18 10:58 job r29 deleted for 2026-11-18 10:50
2026-11-18 11:08 job r30 deleted for 2026-11-18 11:00
2026-11-18 11:18 job r31 deleted for 2026-11-18 11:10
2026-11-18 11:28 job r32 deleted for 2026-11-18 11:20
2026-11-18 11:38 job r33 deleted for 2026-11-18 11:30
2026-11-18 11:48 job r34 deleted for 2026-11-18 11:40
2026-11-18 11:58 job r35 deleted for 2026-11-18 11:50
2026-11-18 12:08 job r36 deleted for 2026-11-18 12:00
2026-11-18 12:18 job r37 deleted for 2026-11-18 12:10
2026-11-18 12:28 job r38 deleted for 2026-11-18 12:20
2026-11-18 12:38 job r39 deleted for 2026-11-18 12:30
2026-11-18 12:40 tick
---
2026-11-18 12:40:00 MISSED the deadline 2026-11-18 06:00:00, complete-by of prod/dwh/report (UTC)
    because it is still running since 2026-11-18 05:30:00
    miss 1 of incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2
    job late of 2026-11-18 05:30:00
    id 2f6155fa-faf6-591b-8eef-3b988ffee639
2026-11-18 12:40:00 RECOVERED 5m00s after the deadline, complete-by of prod/dwh/report (UTC)
    1 missed since 2026-11-18 06:00:00, incident 1be9e7bb-8a0d-5017-8d3b-213c7272b2e2 is over
    job late of 2026-11-18 05:30:00
    id 5bcaf6b5-56c0-5321-86ad-b58d846fb11a
