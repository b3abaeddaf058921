01:30 on the day on which clocks go back: Kubernetes fires twice, and the first window counts
batch prod/dwh/report
zone UTC

2026-10-30 20:00 cronjob "30 1 * * *" zone America/New_York
2026-10-30 20:00 objective complete-by "0 6 * * *"
2026-11-01 05:30 job first created for 2026-11-01 05:30
2026-11-01 05:40 job first fails
2026-11-01 06:30 job second created for 2026-11-01 06:30
2026-11-01 06:40 job second succeeds
2026-11-01 11:01 tick
2026-11-02 11:01 tick
---
2026-11-01 05:40:00 RUN FAILED, complete-by of prod/dwh/report (America/New_York)
    BackoffLimitExceeded, exit code unknown, 1 attempts, no error text
    job first of 2026-11-01 05:30:00
    id d598a472-4eb1-5179-ad3c-c5287e33032c
2026-11-02 11:01:00 MISSED the deadline 2026-11-02 11:00:00, complete-by of prod/dwh/report (America/New_York)
    because it never started, expected 2026-11-02 06:30:00
    miss 1 of incident 7cfd1037-8bae-5513-a343-61b466589388
    1 successes before, the last ended 2026-11-01 06:40:00
    id 9032fd07-af94-5f89-836c-1135436b0142
