Failures of more runs than are kept are reported in whatever order they are listed after a gap
# Forty Jobs of one label failed while kigen was away; the list shows the latest first.
batch prod/ml/sweep
zone UTC

2026-11-20 07:59 job before created
2026-11-20 08:00 tick
2026-11-20 12:00 job j40 fails Error made 2026-11-20 09:40 at 2026-11-20 09:40
2026-11-20 12:00 job j39 fails Error made 2026-11-20 09:39 at 2026-11-20 09:39
2026-11-20 12:00 job j38 fails Error made 2026-11-20 09:38 at 2026-11-20 09:38
2026-11-20 12:00 job j37 fails Error made 2026-11-20 09:37 at 2026-11-20 09:37
2026-11-20 12:00 job j36 fails Error made 2026-11-20 09:36 at 2026-11-20 09:36
2026-11-20 12:00 job j35 fails Error made 2026-11-20 09:35 at 2026-11-20 09:35
2026-11-20 12:00 job j34 fails Error made 2026-11-20 09:34 at 2026-11-20 09:34
2026-11-20 12:00 job j33 fails Error made 2026-11-20 09:33 at 2026-11-20 09:33
2026-11-20 12:00 job j32 fails Error made 2026-11-20 09:32 at 2026-11-20 09:32
2026-11-20 12:00 job j31 fails Error made 2026-11-20 09:31 at 2026-11-20 09:31
2026-11-20 12:00 job j30 fails Error made 2026-11-20 09:30 at 2026-11-20 09:30
2026-11-20 12:00 job j29 fails Error made 2026-11-20 09:29 at 2026-11-20 09:29
2026-11-20 12:00 job j28 fails Error made 2026-11-20 09:28 at 2026-11-20 09:28
2026-11-20 12:00 job j27 fails Error made 2026-11-20 09:27 at 2026-11-20 09:27
2026-11-20 12:00 job j26 fails Error made 2026-11-20 09:26 at 2026-11-20 09:26
2026-11-20 12:00 job j25 fails Error made 2026-11-20 09:25 at 2026-11-20 09:25
2026-11-20 12:00 job j24 fails Error made 2026-11-20 09:24 at 2026-11-20 09:24
2026-11-20 12:00 job j23 fails Error made 2026-11-20 09:23 at 2026-11-20 09:23
2026-11-20 12:00 job j22 fails Error made 2026-11-20 09:22 at 2026-11-20 09:22
2026-11-20 12:00 job j21 fails Error made 2026-11-20 09:21 at 2026-11-20 09:21
2026-11-20 12:00 job j20 fails Error made 2026-11-20 09:20 at 2026-11-20 09:20
2026-11-20 12:00 job j19 fails Error made 2026-11-20 09:19 at 2026-11-20 09:19
2026-11-20 12:00 job j18 fails Error made 2026-11-20 09:18 at 2026-11-20 09:18
2026-11-20 12:00 job j17 fails Error made 2026-11-20 09:17 at 2026-11-20 09:17
2026-11-20 12:00 job j16 fails Error made 2026-11-20 09:16 at 2026-11-20 09:16
2026-11-20 12:00 job j15 fails Error made 2026-11-20 09:15 at 2026-11-20 09:15
2026-11-20 12:00 job j14 fails Error made 2026-11-20 09:14 at 2026-11-20 09:14
2026-11-20 12:00 job j13 fails Error made 2026-11-20 09:13 at 2026-11-20 09:13
2026-11-20 12:00 job j12 fails Error made 2026-11-20 09:12 at 2026-11-20 09:12
2026-11-20 12:00 job j11 fails Error made 2026-11-20 09:11 at 2026-11-20 09:11
2026-11-20 12:00 job j10 fails Error made 2026-11-20 09:10 at 2026-11-20 09:10
2026-11-20 12:00 job j9 fails Error made 2026-11-20 09:09 at 2026-11-20 09:09
2026-11-20 12:00 job j8 fails Error made 2026-11-20 09:08 at 2026-11-20 09:08
2026-11-20 12:00 job j7 fails Error made 2026-11-20 09:07 at 2026-11-20 09:07
2026-11-20 12:00 job j6 fails Error made 2026-11-20 09:06 at 2026-11-20 09:06
2026-11-20 12:00 job j5 fails Error made 2026-11-20 09:05 at 2026-11-20 09:05
2026-11-20 12:00 job j4 fails Error made 2026-11-20 09:04 at 2026-11-20 09:04
2026-11-20 12:00 job j3 fails Error made 2026-11-20 09:03 at 2026-11-20 09:03
2026-11-20 12:00 job j2 fails Error made 2026-11-20 09:02 at 2026-11-20 09:02
2026-11-20 12:00 job j1 fails Error made 2026-11-20 09:01 at 2026-11-20 09:01
2026-11-20 12:00 gap since 2026-11-20 08:00
2026-11-20 12:00 tick
# Listed once more, after the tick: nothing is new.
2026-11-20 13:00 job j1 fails Error made 2026-11-20 09:01 at 2026-11-20 09:01
---
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j40 of 2026-11-20 09:40:00
    id bf54024d-001d-54a6-987c-cc7b8d15af73
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j39 of 2026-11-20 09:39:00
    id 95ab2d13-34c7-56bb-859f-49069cdc6be9
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j38 of 2026-11-20 09:38:00
    id babe9b53-fa84-593f-bca4-58c69e76f018
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j37 of 2026-11-20 09:37:00
    id 1797a54d-20bb-512f-9745-7eb2f1d0fd8b
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j36 of 2026-11-20 09:36:00
    id 72a730b1-bc3a-5c41-89cd-af9109bb866a
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j35 of 2026-11-20 09:35:00
    id de27e6b4-4e96-5ade-b4ec-f311efc72490
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j34 of 2026-11-20 09:34:00
    id dcccb0b1-f1a6-5c9a-b956-9ad670ac5c82
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j33 of 2026-11-20 09:33:00
    id 0857f9cd-7d63-5468-a0c1-4b467fa52a93
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j32 of 2026-11-20 09:32:00
    id 689e8dae-fbb3-5c22-bf9c-f24b9695f613
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j31 of 2026-11-20 09:31:00
    id f4602e81-90ab-56b3-8545-6b5186ab2672
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j30 of 2026-11-20 09:30:00
    id 793d85cc-8441-5f51-8f39-1f554426a5c2
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j29 of 2026-11-20 09:29:00
    id d5f76660-0648-59bf-a833-7efe6f2f7e0c
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j28 of 2026-11-20 09:28:00
    id 4b3305f9-c369-5887-ae8f-be957911dab3
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j27 of 2026-11-20 09:27:00
    id a9d21c06-0a17-51d2-ab0b-c0892907c75f
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j26 of 2026-11-20 09:26:00
    id eed57e9c-330c-513b-a278-732ae4a61516
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j25 of 2026-11-20 09:25:00
    id f08b50ea-9bf5-5bb4-ac82-43209bc815a1
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j24 of 2026-11-20 09:24:00
    id bc6146e5-3921-5c6a-9955-6748ec8e89db
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j23 of 2026-11-20 09:23:00
    id 61524dcf-46ff-55ac-a7ae-89a1d51cf0f0
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j22 of 2026-11-20 09:22:00
    id 50634f8e-c499-5ff5-8c1b-ea5b3685516f
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j21 of 2026-11-20 09:21:00
    id 370b5dae-a6db-5ad5-9f90-744516a72087
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j20 of 2026-11-20 09:20:00
    id de009c88-c3f2-5b5b-bce1-569712be19d4
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j19 of 2026-11-20 09:19:00
    id 49c1e676-a90e-5f3e-9b63-569179f1e9ad
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j18 of 2026-11-20 09:18:00
    id a2ec7095-f69e-5c99-b267-2cd38ca10cc6
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j17 of 2026-11-20 09:17:00
    id 3584c5e6-ad80-58ef-90c1-e084ce87d86f
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j16 of 2026-11-20 09:16:00
    id f5f89a33-e682-59a1-96ab-73c871b969f7
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j15 of 2026-11-20 09:15:00
    id 5bec80d7-21c5-52b1-8913-f3308a8dfdbe
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j14 of 2026-11-20 09:14:00
    id 3f69254b-4f7c-5f9c-ba4c-b40ff864109a
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j13 of 2026-11-20 09:13:00
    id 0b566f28-11b5-5308-b890-fa8cbc7dfc1d
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j12 of 2026-11-20 09:12:00
    id b31d9070-c353-5d89-a7a8-5451f9827a28
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j11 of 2026-11-20 09:11:00
    id 6364ac0c-0157-571c-ac86-a29c14fdfa72
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j10 of 2026-11-20 09:10:00
    id 80a9a115-8985-53de-ad40-45cf41ca09ca
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j9 of 2026-11-20 09:09:00
    id f1c57ef4-6c92-5366-b955-19519a434565
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j8 of 2026-11-20 09:08:00
    id 0d519b0e-da41-557d-ba12-bece9dc4fb3c
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j7 of 2026-11-20 09:07:00
    id ac1e009f-0126-525f-8541-b75932366ebb
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j6 of 2026-11-20 09:06:00
    id 475f9ca6-b37a-5233-b371-13e9099ada1c
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j5 of 2026-11-20 09:05:00
    id c7884459-b127-56f5-a925-393d10febcc9
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j4 of 2026-11-20 09:04:00
    id 90c289e1-d284-5508-b53f-10f75076f247
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j3 of 2026-11-20 09:03:00
    id 7e1f6d53-97d6-5821-a9e9-c5499f074537
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j2 of 2026-11-20 09:02:00
    id b455e022-4e79-5c7f-a40c-eaafdb96d4ff
2026-11-20 12:00:00 RUN FAILED, prod/ml/sweep
    Error, exit code unknown, 1 attempts, no error text
    job j1 of 2026-11-20 09:01:00
    id 90280d25-5dfd-50c9-a307-f7697c3a5d4e
