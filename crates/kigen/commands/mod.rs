//! The commands, one file each; the roles are wired together in [`up`].

pub(crate) mod archive;
pub(crate) mod calendar;
pub(crate) mod clusters;
pub(crate) mod crontab;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod generate;
pub(crate) mod impact;
pub(crate) mod lineage;
pub(crate) mod mutes;
pub(crate) mod notify;
pub(crate) mod objectives;
pub(crate) mod replay;
pub(crate) mod skip;
pub(crate) mod slack_manifest;
pub(crate) mod status;
pub(crate) mod topics;
pub(crate) mod up;
