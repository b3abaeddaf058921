//! Tests of the calendar: against Kubernetes' library, around clock changes, and what a wrong crontab is answered with.

mod environment;
mod later;
mod messages;
mod readings;
mod timetables;
mod vectors;
