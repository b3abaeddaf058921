//! The archive beside the embedded log: days, faults, crashes and a bucket.

mod bucket;
mod crash;
mod days;
mod disk;
mod faults;
mod kafka;
mod support;
