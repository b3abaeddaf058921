33 Jobs that failed are each reported once, also when all are listed again
# A list shows every Job that still exists, those that kigen has forgotten, too.
batch prod/dwh/report
zone UTC

2026-11-17 00:00 objective complete-by "0 6 * * *" of-jobs in-a-file
2026-11-17 01:01 job j01 fails
2026-11-17 01:02 job j02 fails
2026-11-17 01:03 job j03 fails
2026-11-17 01:04 job j04 fails
2026-11-17 01:05 job j05 fails
2026-11-17 01:06 job j06 fails
2026-11-17 01:07 job j07 fails
2026-11-17 01:08 job j08 fails
2026-11-17 01:09 job j09 fails
2026-11-17 01:10 job j10 fails
2026-11-17 01:11 job j11 fails
2026-11-17 01:12 job j12 fails
2026-11-17 01:13 job j13 fails
2026-11-17 01:14 job j14 fails
2026-11-17 01:15 job j15 fails
2026-11-17 01:16 job j16 fails
2026-11-17 01:17 job j17 fails
2026-11-17 01:18 job j18 fails
2026-11-17 01:19 job j19 fails
2026-11-17 01:20 job j20 fails
2026-11-17 01:21 job j21 fails
2026-11-17 01:22 job j22 fails
2026-11-17 01:23 job j23 fails
2026-11-17 01:24 job j24 fails
2026-11-17 01:25 job j25 fails
2026-11-17 01:26 job j26 fails
2026-11-17 01:27 job j27 fails
2026-11-17 01:28 job j28 fails
2026-11-17 01:29 job j29 fails
2026-11-17 01:30 job j30 fails
2026-11-17 01:31 job j31 fails
2026-11-17 01:32 job j32 fails
2026-11-17 01:33 job j33 fails
2026-11-17 01:34 job j34 fails
2026-11-17 03:00 job j01 fails at 2026-11-17 01:01 more
2026-11-17 03:00 job j02 fails at 2026-11-17 01:02 more
2026-11-17 03:00 job j03 fails at 2026-11-17 01:03 more
2026-11-17 03:00 job j33 fails at 2026-11-17 01:33 more
2026-11-17 03:10 job j01 fails at 2026-11-17 01:01
2026-11-17 04:00 job last fails
---
2026-11-17 01:01:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j01 of 2026-11-17 01:01:00
    id 5a18ea8e-fd4b-5fa0-8052-6357513a0729
2026-11-17 01:02:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j02 of 2026-11-17 01:02:00
    id a9d9058f-4e68-5cd3-a941-48ebfedf3284
2026-11-17 01:03:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j03 of 2026-11-17 01:03:00
    id a42e0672-716d-5234-8008-7afcb78903af
2026-11-17 01:04:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j04 of 2026-11-17 01:04:00
    id 7890d243-0b3c-5e3e-8734-1f5b987588f3
2026-11-17 01:05:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j05 of 2026-11-17 01:05:00
    id 75a566af-1fd5-5162-b662-1bce402aab8f
2026-11-17 01:06:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j06 of 2026-11-17 01:06:00
    id cc8bec45-c50c-525e-bc0e-5112eba9da3e
2026-11-17 01:07:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j07 of 2026-11-17 01:07:00
    id 64bbc297-8ac8-5430-8964-99a4c6dcfa98
2026-11-17 01:08:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j08 of 2026-11-17 01:08:00
    id c1717713-885b-5c42-ae12-c399487462f6
2026-11-17 01:09:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j09 of 2026-11-17 01:09:00
    id c10ade0d-3bfb-5d6f-8c37-caa637251a20
2026-11-17 01:10:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j10 of 2026-11-17 01:10:00
    id 33e405be-432c-5944-8585-01fb6f16eea7
2026-11-17 01:11:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j11 of 2026-11-17 01:11:00
    id 043cdcb6-1167-54b6-a437-a15ae080ae5b
2026-11-17 01:12:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j12 of 2026-11-17 01:12:00
    id 1ebcffd8-de2a-55a8-8660-769eeaf071d9
2026-11-17 01:13:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j13 of 2026-11-17 01:13:00
    id e3f194e8-ab10-5cc2-8e8e-8cd2e758d62f
2026-11-17 01:14:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j14 of 2026-11-17 01:14:00
    id 62a71260-32e8-53ac-89ce-724509b4a4b6
2026-11-17 01:15:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j15 of 2026-11-17 01:15:00
    id e3ed8b08-e936-5bd3-be58-7fbd9369b2c8
2026-11-17 01:16:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j16 of 2026-11-17 01:16:00
    id f84fe559-cd68-526d-b399-873af2938dc6
2026-11-17 01:17:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j17 of 2026-11-17 01:17:00
    id c73e8e1f-8484-5e51-8304-7f8bb4c6ff5e
2026-11-17 01:18:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j18 of 2026-11-17 01:18:00
    id c9c5f599-f576-5f8f-8514-b96c1c72813e
2026-11-17 01:19:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j19 of 2026-11-17 01:19:00
    id 573d4248-1c5a-53e3-9938-eda9e72a695a
2026-11-17 01:20:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j20 of 2026-11-17 01:20:00
    id fdc64850-6f70-5e3f-a21b-5e3ebd73887c
2026-11-17 01:21:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j21 of 2026-11-17 01:21:00
    id 2b50a781-5303-52ec-84a8-fbad4d5b05ca
2026-11-17 01:22:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j22 of 2026-11-17 01:22:00
    id 6b7d1370-5ef4-5132-bfaa-a2c577626fbd
2026-11-17 01:23:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j23 of 2026-11-17 01:23:00
    id 84531eec-1f27-52a5-a0ed-ce9acc698f9d
2026-11-17 01:24:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j24 of 2026-11-17 01:24:00
    id d892db98-6d9e-5485-9e96-c06dbc15a98b
2026-11-17 01:25:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j25 of 2026-11-17 01:25:00
    id 33603c92-5d46-50f6-a577-cff2c18dec05
2026-11-17 01:26:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j26 of 2026-11-17 01:26:00
    id 9b8ea2d7-3e2d-56e0-8460-4a4ebba57e2f
2026-11-17 01:27:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j27 of 2026-11-17 01:27:00
    id 592372bc-c54d-5c67-8c85-373ec4120cc1
2026-11-17 01:28:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j28 of 2026-11-17 01:28:00
    id dd762043-d621-5e90-8b0a-12374d20f769
2026-11-17 01:29:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j29 of 2026-11-17 01:29:00
    id afece14d-3e15-5824-88ea-0804dbe2da62
2026-11-17 01:30:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j30 of 2026-11-17 01:30:00
    id 8939186f-c9f7-5e0e-bf9a-dbea29aa7492
2026-11-17 01:31:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j31 of 2026-11-17 01:31:00
    id 650217f3-531f-5e96-8706-fc9fc104351a
2026-11-17 01:32:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j32 of 2026-11-17 01:32:00
    id a013a15f-f175-5867-94e0-0732f97114c9
2026-11-17 01:33:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j33 of 2026-11-17 01:33:00
    id a0edcda1-f7ef-5331-8bb4-0150f33be9d7
2026-11-17 01:34:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job j34 of 2026-11-17 01:34:00
    id d4109640-029f-5baf-8343-7f24454fc47d
2026-11-17 04:00:00 RUN FAILED, complete-by of prod/dwh/report (UTC)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job last of 2026-11-17 04:00:00
    id b63fec50-1764-5912-afc6-b204f59b0bf2
