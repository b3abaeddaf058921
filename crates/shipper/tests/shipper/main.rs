//! The shipper's tests, in one binary.

mod announced_failures;
mod api_server_outage;
mod batches;
mod cluster_identity;
mod cluster_objectives;
mod containers;
mod credentials;
mod cron_job_edits;
mod decoding;
mod explained;
mod file_objectives;
mod interrupted_streams;
mod lease;
mod missing_parts;
mod odd_answers;
mod pod_logs;
mod pods;
mod quiet_streams;
mod quotas;
mod recordings;
mod restored_store;
mod role;
mod startup_errors;
mod status_writer;
mod support;
mod ticks;
