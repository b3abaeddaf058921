Behind many newer runs, a slot whose run did not count is not one that has not begun
# Nothing was ticked for 35 hours. A state has 32 runs: that of 08:00 is one of the good runs of the past.
batch prod/ml/recommend
zone UTC

2026-03-01 07:05 cronjob "0 * * * *"
2026-03-01 07:05 objective complete-by "18 * * * *" grace 35h start-by 15m expect "{minDuration: 10m}"
2026-03-01 07:20 tick
2026-03-01 08:03 job r0 succeeds for 2026-03-01 08:00
2026-03-01 09:03 job r1 succeeds for 2026-03-01 09:00
2026-03-01 10:03 job r2 succeeds for 2026-03-01 10:00
2026-03-01 11:03 job r3 succeeds for 2026-03-01 11:00
2026-03-01 12:03 job r4 succeeds for 2026-03-01 12:00
2026-03-01 13:03 job r5 succeeds for 2026-03-01 13:00
2026-03-01 14:03 job r6 succeeds for 2026-03-01 14:00
2026-03-01 15:03 job r7 succeeds for 2026-03-01 15:00
2026-03-01 16:03 job r8 succeeds for 2026-03-01 16:00
2026-03-01 17:03 job r9 succeeds for 2026-03-01 17:00
2026-03-01 18:03 job r10 succeeds for 2026-03-01 18:00
2026-03-01 19:03 job r11 succeeds for 2026-03-01 19:00
2026-03-01 20:03 job r12 succeeds for 2026-03-01 20:00
2026-03-01 21:03 job r13 succeeds for 2026-03-01 21:00
2026-03-01 22:03 job r14 succeeds for 2026-03-01 22:00
2026-03-01 23:03 job r15 succeeds for 2026-03-01 23:00
2026-03-02 00:03 job r16 succeeds for 2026-03-02 00:00
2026-03-02 01:03 job r17 succeeds for 2026-03-02 01:00
2026-03-02 02:03 job r18 succeeds for 2026-03-02 02:00
2026-03-02 03:03 job r19 succeeds for 2026-03-02 03:00
2026-03-02 04:03 job r20 succeeds for 2026-03-02 04:00
2026-03-02 05:03 job r21 succeeds for 2026-03-02 05:00
2026-03-02 06:03 job r22 succeeds for 2026-03-02 06:00
2026-03-02 07:03 job r23 succeeds for 2026-03-02 07:00
2026-03-02 08:03 job r24 succeeds for 2026-03-02 08:00
2026-03-02 09:03 job r25 succeeds for 2026-03-02 09:00
2026-03-02 10:03 job r26 succeeds for 2026-03-02 10:00
2026-03-02 11:03 job r27 succeeds for 2026-03-02 11:00
2026-03-02 12:03 job r28 succeeds for 2026-03-02 12:00
2026-03-02 13:03 job r29 succeeds for 2026-03-02 13:00
2026-03-02 14:03 job r30 succeeds for 2026-03-02 14:00
2026-03-02 15:03 job r31 succeeds for 2026-03-02 15:00
2026-03-02 16:03 job r32 succeeds for 2026-03-02 16:00
2026-03-02 17:03 job r33 succeeds for 2026-03-02 17:00
2026-03-02 18:03 job r34 succeeds for 2026-03-02 18:00
2026-03-02 19:03 job r35 succeeds for 2026-03-02 19:00
2026-03-02 19:04 tick
---
Nothing is said.
