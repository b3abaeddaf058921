A mute is of a batch, an objective, an owner, a namespace or the cluster
batch prod/dwh/report
zone Asia/Tokyo

2026-11-19 07:00 cronjob "0 8 * * *" zone Asia/Tokyo
2026-11-19 07:00 objective complete-by "0 12 * * *" owner dwh-team
2026-11-19 07:00 objective complete-by "0 13 * * *" named other owner web-team
2026-11-19 08:00 daily 1 runs of 50m
2026-11-20 07:00 mute a of dwh/report/other until 2026-11-20 14:00
2026-11-21 07:00 mute b of owner:dwh-team until 2026-11-21 14:00
2026-11-22 07:00 mute c of namespace:ml until 2026-11-22 14:00
2026-11-20 12:01 tick
2026-11-20 13:01 tick
2026-11-20 13:30 job one succeeds made 2026-11-20 13:10 for 2026-11-20 08:00
2026-11-21 12:01 tick
2026-11-21 13:01 tick
2026-11-21 13:30 job two succeeds made 2026-11-21 13:10 for 2026-11-21 08:00
2026-11-22 12:01 tick
2026-11-22 13:01 tick
---
2026-11-20 12:01:00 MISSED the deadline 2026-11-20 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-20 08:00:00
    miss 1 of incident 2c98e889-db86-5234-95c0-c82f93bcda41
    1 successes before, the last ended 2026-11-19 08:50:00
    id 50538135-6692-5f1d-ab95-eee803cbf150
2026-11-20 13:01:00 muted: the deadline 2026-11-20 13:00:00, other, never_started
2026-11-20 13:30:00 RECOVERED 90m00s after the deadline, complete-by of prod/dwh/report (Asia/Tokyo)
    1 missed since 2026-11-20 12:00:00, incident 2c98e889-db86-5234-95c0-c82f93bcda41 is over
    job one of 2026-11-20 08:00:00
    id 925e0663-c145-5299-8af3-8be777590ade
2026-11-21 12:01:00 muted: the deadline 2026-11-21 12:00:00, complete-by, never_started
2026-11-21 13:01:00 MISSED the deadline 2026-11-21 13:00:00, other of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-21 08:00:00
    miss 1 of incident 97db4c03-3878-556f-9aa5-a479eaaa7b70
    2 successes before, the last ended 2026-11-20 13:30:00
    id 377a8127-78c5-5a3d-9663-8e84f61a43cf
2026-11-21 13:30:00 RECOVERED 30m00s after the deadline, other of prod/dwh/report (Asia/Tokyo)
    1 missed since 2026-11-21 13:00:00, incident 97db4c03-3878-556f-9aa5-a479eaaa7b70 is over
    job two of 2026-11-21 08:00:00
    id 1854d2bd-4b2c-5bd8-86a3-9f928e1fd66a
2026-11-22 12:01:00 MISSED the deadline 2026-11-22 12:00:00, complete-by of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 08:00:00
    miss 1 of incident 65c11ff5-af8b-5602-bd55-43081240ba07
    3 successes before, the last ended 2026-11-21 13:30:00
    id 0ff78ad1-cf13-582e-901e-ede006996e2d
2026-11-22 13:01:00 MISSED the deadline 2026-11-22 13:00:00, other of prod/dwh/report (Asia/Tokyo)
    because it never started, expected 2026-11-22 08:00:00
    miss 1 of incident 8700a42c-fba9-585e-a992-aaf2712e0d24
    3 successes before, the last ended 2026-11-21 13:30:00
    id b1ddae15-41e9-5d34-8b06-a9bf2c8cff50
