A run that failed explains the miss of its deadline after more successes than there are runs kept
batch prod/dwh/report
zone UTC

2026-11-17 00:10 cronjob "0 * * * *"
2026-11-17 00:10 objective complete-by "30 * * * *" grace 40h
2026-11-17 01:00 job j01 created for 2026-11-17 01:00
2026-11-17 01:05 job j01 fails
2026-11-17 02:10 job j02 succeeds for 2026-11-17 02:00
2026-11-17 03:10 job j03 succeeds for 2026-11-17 03:00
2026-11-17 04:10 job j04 succeeds for 2026-11-17 04:00
2026-11-17 05:10 job j05 succeeds for 2026-11-17 05:00
2026-11-17 06:10 job j06 succeeds for 2026-11-17 06:00
2026-11-17 07:10 job j07 succeeds for 2026-11-17 07:00
2026-11-17 08:10 job j08 succeeds for 2026-11-17 08:00
2026-11-17 09:10 job j09 succeeds for 2026-11-17 09:00
2026-11-17 10:10 job j10 succeeds for 2026-11-17 10:00
2026-11-17 11:10 job j11 succeeds for 2026-11-17 11:00
2026-11-17 12:10 job j12 succeeds for 2026-11-17 12:00
2026-11-17 13:10 job j13 succeeds for 2026-11-17 13:00
2026-11-17 14:10 job j14 succeeds for 2026-11-17 14:00
2026-11-17 15:10 job j15 succeeds for 2026-11-17 15:00
2026-11-17 16:10 job j16 succeeds for 2026-11-17 16:00
2026-11-17 17:10 job j17 succeeds for 2026-11-17 17:00
2026-11-17 18:10 job j18 succeeds for 2026-11-17 18:00
2026-11-17 19:10 job j19 succeeds for 2026-11-17 19:00
2026-11-17 20:10 job j20 succeeds for 2026-11-17 20:00
2026-11-17 21:10 job j21 succeeds for 2026-11-17 21:00
2026-11-17 22:10 job j22 succeeds for 2026-11-17 22:00
2026-11-17 23:10 job j23 succeeds for 2026-11-17 23:00
2026-11-18 00:10 job j24 succeeds for 2026-11-18 00:00
2026-11-18 01:10 job j25 succeeds for 2026-11-18 01:00
2026-11-18 02:10 job j26 succeeds for 2026-11-18 02:00
2026-11-18 03:10 job j27 succeeds for 2026-11-18 03:00
2026-11-18 04:10 job j28 succeeds for 2026-11-18 04:00
2026-11-18 05:10 job j29 succeeds for 2026-11-18 05:00
2026-11-18 06:10 job j30 succeeds for 2026-11-18 06:00
2026-11-18 07:10 job j31 succeeds for 2026-11-18 07:00
2026-11-18 08:10 job j32 succeeds for 2026-11-18 08:00
2026-11-18 09:10 job j33 succeeds for 2026-11-18 09:00
2026-11-18 10:10 job j34 succeeds for 2026-11-18 10:00
2026-11-18 11:10 job j35 succeeds for 2026-11-18 11:00
2026-11-18 17:31 tick
---
2026-11-17 01:05:00 RUN FAILED, complete-by of prod/dwh/report (UTC, grace 2400m00s)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j01 of 2026-11-17 01:00:00
    id 5a18ea8e-fd4b-5fa0-8052-6357513a0729
2026-11-18 17:31:00 MISSED the deadline 2026-11-17 01:30:00, complete-by of prod/dwh/report (UTC, grace 2400m00s)
    because it failed: BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    miss 1 of incident 62aed59c-b5c3-585f-8cef-a2e6e7fe1c51
    job j01 of 2026-11-17 01:00:00
    id fd191269-e27d-5d7c-bf39-499144720f06
