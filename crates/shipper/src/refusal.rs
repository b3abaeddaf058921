//! Refusals (403) that may pass: an API server that has just started refuses for seconds what it grants, until it has read the
//! roles. What to grant is advice only for a refusal that lasts.
//!
//! ```text
//!              refused: may pass           refused for long enough: lasts
//!  granted ──────────────────────> refused ───────────────────────────────> reported
//!     ^                              │                                         │
//!     └──────────────────────────────┴──────────────── granted ────────────────┘
//! ```

use std::time::{Duration, Instant as RealInstant};

/// What is logged of a refusal that may pass.
pub(crate) const MAY_PASS: &str = "kigen tries again: that may pass, since an API server that has just started refuses for seconds \
                                   what it grants";

/// The refusals of one request in a row.
#[derive(Debug)]
pub(crate) struct Refusal {
    passes_within: Duration,
    since: Option<RealInstant>,
    is_reported: bool,
}

/// What a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The first one.
    MayPass,
    /// The first one after the time in which it passes.
    Lasts,
    /// A further one.
    Known,
}

impl Refusal {
    /// None so far; one that lasts for this long does not pass.
    pub(crate) fn new(passes_within: Duration) -> Self {
        Self { passes_within, since: None, is_reported: false }
    }

    /// The request was refused.
    pub(crate) fn refused(&mut self, now: RealInstant) -> Refused {
        let Some(since) = self.since else {
            self.since = Some(now);
            return Refused::MayPass;
        };
        if self.is_reported || now.duration_since(since) < self.passes_within {
            return Refused::Known;
        }
        self.is_reported = true;
        Refused::Lasts
    }

    /// The request was granted.
    pub(crate) fn granted(&mut self) {
        self.since = None;
        self.is_reported = false;
    }

    /// Whether the refusal lasts, by what was refused so far.
    pub(crate) fn lasts(&self) -> bool {
        self.is_reported
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_may_pass_and_is_reported_once_if_it_lasts() {
        let begin = RealInstant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut refusal = Refusal::new(Duration::from_secs(5));
        let mut refused = |seconds| refusal.refused(after(seconds));
        assert_eq!(
            [0, 4, 5, 60].map(&mut refused),
            [Refused::MayPass, Refused::Known, Refused::Lasts, Refused::Known]
        );
        assert!(refusal.lasts());
        refusal.granted();
        assert!(!refusal.lasts());
        assert_eq!(refusal.refused(after(70)), Refused::MayPass, "another refusal");
    }
}
