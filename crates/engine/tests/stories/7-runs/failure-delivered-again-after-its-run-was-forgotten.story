A failure is reported once, though its Job is delivered again version by version after it was forgotten
# 33 Jobs of one label failed while kigen was away.
batch prod/ml/sweep
zone UTC

2026-11-20 07:59 job before created
2026-11-20 08:00 tick
2026-11-20 12:00 job j01 fails Error made 2026-11-20 09:01 at 2026-11-20 09:01
2026-11-20 12:00 job j02 fails Error made 2026-11-20 09:02 at 2026-11-20 09:02
2026-11-20 12:00 job j03 fails Error made 2026-11-20 09:03 at 2026-11-20 09:03
2026-11-20 12:00 job j04 fails Error made 2026-11-20 09:04 at 2026-11-20 09:04
2026-11-20 12:00 job j05 fails Error made 2026-11-20 09:05 at 2026-11-20 09:05
2026-11-20 12:00 job j06 fails Error made 2026-11-20 09:06 at 2026-11-20 09:06
2026-11-20 12:00 job j07 fails Error made 2026-11-20 09:07 at 2026-11-20 09:07
2026-11-20 12:00 job j08 fails Error made 2026-11-20 09:08 at 2026-11-20 09:08
2026-11-20 12:00 job j09 fails Error made 2026-11-20 09:09 at 2026-11-20 09:09
2026-11-20 12:00 job j10 fails Error made 2026-11-20 09:10 at 2026-11-20 09:10
2026-11-20 12:00 job j11 fails Error made 2026-11-20 09:11 at 2026-11-20 09:11
2026-11-20 12:00 job j12 fails Error made 2026-11-20 09:12 at 2026-11-20 09:12
2026-11-20 12:00 job j13 fails Error made 2026-11-20 09:13 at 2026-11-20 09:13
2026-11-20 12:00 job j14 fails Error made 2026-11-20 09:14 at 2026-11-20 09:14
2026-11-20 12:00 job j15 fails Error made 2026-11-20 09:15 at 2026-11-20 09:15
2026-11-20 12:00 job j16 fails Error made 2026-11-20 09:16 at 2026-11-20 09:16
2026-11-20 12:00 job j17 fails Error made 2026-11-20 09:17 at 2026-11-20 09:17
2026-11-20 12:00 job j18 fails Error made 2026-11-20 09:18 at 2026-11-20 09:18
2026-11-20 12:00 job j19 fails Error made 2026-11-20 09:19 at 2026-11-20 09:19
2026-11-20 12:00 job j20 fails Error made 2026-11-20 09:20 at 2026-11-20 09:20
2026-11-20 12:00 job j21 fails Error made 2026-11-20 09:21 at 2026-11-20 09:21
2026-11-20 12:00 job j22 fails Error made 2026-11-20 09:22 at 2026-11-20 09:22
2026-11-20 12:00 job j23 fails Error made 2026-11-20 09:23 at 2026-11-20 09:23
2026-11-20 12:00 job j24 fails Error made 2026-11-20 09:24 at 2026-11-20 09:24
2026-11-20 12:00 job j25 fails Error made 2026-11-20 09:25 at 2026-11-20 09:25
2026-11-20 12:00 job j26 fails Error made 2026-11-20 09:26 at 2026-11-20 09:26
2026-11-20 12:00 job j27 fails Error made 2026-11-20 09:27 at 2026-11-20 09:27
2026-11-20 12:00 job j28 fails Error made 2026-11-20 09:28 at 2026-11-20 09:28
2026-11-20 12:00 job j29 fails Error made 2026-11-20 09:29 at 2026-11-20 09:29
2026-11-20 12:00 job j30 fails Error made 2026-11-20 09:30 at 2026-11-20 09:30
2026-11-20 12:00 job j31 fails Error made 2026-11-20 09:31 at 2026-11-20 09:31
2026-11-20 12:00 job j32 fails Error made 2026-11-20 09:32 at 2026-11-20 09:32
2026-11-20 12:00 job j33 fails Error made 2026-11-20 09:33 at 2026-11-20 09:33
2026-11-20 12:01 tick
2026-11-20 13:00 job j01 runs stale
2026-11-20 13:01 job j01 fails Error at 2026-11-20 09:01
---
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j01 of 2026-11-20 09:01:00
    id 2091889b-a0d0-5b8b-ac74-7347a0996f66
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j02 of 2026-11-20 09:02:00
    id a4c691b0-ca8b-5b56-902a-026bfb833cb3
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j03 of 2026-11-20 09:03:00
    id 1e7d2052-05ef-58f1-a6a4-d95446f9fa1b
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j04 of 2026-11-20 09:04:00
    id f279eb69-8273-5627-8059-4f88a774223b
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j05 of 2026-11-20 09:05:00
    id 3ead2a85-11eb-57a3-8d65-40532beb12a7
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j06 of 2026-11-20 09:06:00
    id 4cc60567-b4ce-53e1-9306-3f2ad78c51a3
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j07 of 2026-11-20 09:07:00
    id 66fee773-1e13-51e8-b899-d2e9f126d116
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j08 of 2026-11-20 09:08:00
    id 7498cd23-78f2-592a-98cf-94287298134e
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j09 of 2026-11-20 09:09:00
    id 5e9a43f1-2270-5be4-994f-d8b9e58227b2
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j10 of 2026-11-20 09:10:00
    id 80a9a115-8985-53de-ad40-45cf41ca09ca
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j11 of 2026-11-20 09:11:00
    id 6364ac0c-0157-571c-ac86-a29c14fdfa72
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j12 of 2026-11-20 09:12:00
    id b31d9070-c353-5d89-a7a8-5451f9827a28
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j13 of 2026-11-20 09:13:00
    id 0b566f28-11b5-5308-b890-fa8cbc7dfc1d
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j14 of 2026-11-20 09:14:00
    id 3f69254b-4f7c-5f9c-ba4c-b40ff864109a
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j15 of 2026-11-20 09:15:00
    id 5bec80d7-21c5-52b1-8913-f3308a8dfdbe
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j16 of 2026-11-20 09:16:00
    id f5f89a33-e682-59a1-96ab-73c871b969f7
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j17 of 2026-11-20 09:17:00
    id 3584c5e6-ad80-58ef-90c1-e084ce87d86f
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j18 of 2026-11-20 09:18:00
    id a2ec7095-f69e-5c99-b267-2cd38ca10cc6
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j19 of 2026-11-20 09:19:00
    id 49c1e676-a90e-5f3e-9b63-569179f1e9ad
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j20 of 2026-11-20 09:20:00
    id de009c88-c3f2-5b5b-bce1-569712be19d4
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j21 of 2026-11-20 09:21:00
    id 370b5dae-a6db-5ad5-9f90-744516a72087
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j22 of 2026-11-20 09:22:00
    id 50634f8e-c499-5ff5-8c1b-ea5b3685516f
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j23 of 2026-11-20 09:23:00
    id 61524dcf-46ff-55ac-a7ae-89a1d51cf0f0
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j24 of 2026-11-20 09:24:00
    id bc6146e5-3921-5c6a-9955-6748ec8e89db
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j25 of 2026-11-20 09:25:00
    id f08b50ea-9bf5-5bb4-ac82-43209bc815a1
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j26 of 2026-11-20 09:26:00
    id eed57e9c-330c-513b-a278-732ae4a61516
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j27 of 2026-11-20 09:27:00
    id a9d21c06-0a17-51d2-ab0b-c0892907c75f
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j28 of 2026-11-20 09:28:00
    id 4b3305f9-c369-5887-ae8f-be957911dab3
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j29 of 2026-11-20 09:29:00
    id d5f76660-0648-59bf-a833-7efe6f2f7e0c
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j30 of 2026-11-20 09:30:00
    id 793d85cc-8441-5f51-8f39-1f554426a5c2
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j31 of 2026-11-20 09:31:00
    id f4602e81-90ab-56b3-8545-6b5186ab2672
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j32 of 2026-11-20 09:32:00
    id 689e8dae-fbb3-5c22-bf9c-f24b9695f613
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j33 of 2026-11-20 09:33:00
    id 0857f9cd-7d63-5468-a0c1-4b467fa52a93
