//! The end of a term, which interrupts whatever its leader waits for.

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::kubernetes::lease::Term;

/// Why a term ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TermEnd {
    /// The process stops.
    Stopped,
    /// The Lease is no longer held for sure.
    Lost,
    /// The log has records of a newer kigen, which may lead instead.
    Newer,
}

/// Resolves at the end of the term, for each clone.
pub(super) type EndOfTerm<'a> = Shared<BoxFuture<'a, TermEnd>>;

/// The end of `term`, or without a Lease that of the process.
pub(super) fn end_of_term<'a>(
    term: Option<&Term>,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> EndOfTerm<'a> {
    let lost = term.map(Term::lost);
    let lost = async move {
        match lost {
            Some(lost) => lost.await,
            None => std::future::pending().await,
        }
    };
    let end = async move {
        tokio::select! {
            biased;
            () = shutdown => TermEnd::Stopped,
            () = lost => TermEnd::Lost,
        }
    };
    end.boxed().shared()
}
