//! What a run did otherwise than expected, as a message has it.

use kigen_model::expectation::{Broken, Limit};

use crate::clean::clean;
use crate::language::{Language, phrase};
use crate::time_text::exact_span;

/// All that is broken, with what is usual.
pub(super) fn broken_text(language: Language, broken: &[Broken]) -> String {
    let texts = broken.iter().map(|broken| {
        let usual = match broken {
            Broken::Duration { usual, of_runs, .. } => {
                usual.map(|usual| (exact_span(language, usual), *of_runs))
            }
            Broken::Number { usual, of_runs, .. } => usual.map(|usual| (usual.to_string(), *of_runs)),
        };
        let text = rule_text(language, broken);
        match usual {
            Some((usual, runs)) => {
                phrase!(language, "broken-usual", broken = text, runs = runs, usual = usual)
            }
            None => text,
        }
    });
    texts.collect::<Vec<_>>().join(&phrase!(language, "between-broken"))
}

/// The first thing that is broken, in a few words.
pub(super) fn brief_broken(language: Language, broken: &[Broken]) -> String {
    broken.first().map_or_else(String::new, |broken| rule_text(language, broken))
}

/// What is broken, without what is usual.
fn rule_text(language: Language, broken: &Broken) -> String {
    let (name, was, limit) = match broken {
        Broken::Duration { took, min, .. } => {
            let (took, min) = (exact_span(language, *took), exact_span(language, *min));
            return phrase!(language, "broken-duration", took = took, min = min);
        }
        Broken::Number { name, was, limit, .. } => (clean(name), was, limit),
    };
    let Some(was) = was.map(|was| was.to_string()) else {
        return phrase!(language, "broken-unreported", name = name);
    };
    match limit {
        Limit::Reported => phrase!(language, "broken-unreported", name = name),
        Limit::Min(min) => {
            phrase!(language, "broken-min", name = name, was = was, limit = min.to_string())
        }
        Limit::Max(max) => {
            phrase!(language, "broken-max", name = name, was = was, limit = max.to_string())
        }
        Limit::DropMax { percent } => {
            phrase!(language, "broken-drop", name = name, was = was, percent = *percent)
        }
    }
}
