//! Tests of the binary and of several crates together, in one test binary: each links RocksDB and librdkafka.

mod bad_input;
mod chaos;
mod cluster_name;
mod clusters;
mod crontab;
mod demo;
mod deploy;
mod doctor;
mod dry_run;
mod examples;
mod failures;
mod health;
mod inspection;
mod kafka_outage;
mod kubectl;
mod network;
mod objectives;
mod pod;
mod printing;
mod registry;
mod replay;
mod resync;
mod support;
mod up;
mod upgrade;
