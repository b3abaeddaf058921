//! The languages of messages: each is a file of Fluent messages in `messages`, named by its tag.
//!
//! A sentence is one message, so that each language has its own order of words; text from a cluster is an argument, which Fluent
//! never reads as markup.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// Each language's tag, and its messages.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/languages.rs"));
/// The language that has each message.
const FIRST: &str = "en";

static CATALOGS: LazyLock<BTreeMap<&str, Catalog>> = LazyLock::new(|| {
    let catalog = |(tag, text): &(&'static str, &'static str)| (*tag, Catalog::of(tag, text));
    FILES.iter().map(catalog).collect()
});

/// The messages of a language.
struct Catalog {
    bundle: FluentBundle<FluentResource>,
}

impl Catalog {
    /// What cannot be read of a file is missing, and shown in English: a test reads each file.
    fn of(tag: &str, text: &str) -> Self {
        let (resource, _) = read(text);
        let tag: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Marks around arguments would be in what a reader copies.
        bundle.set_use_isolating(false);
        let _ = bundle.add_builtins();
        let _ = bundle.add_resource(resource);
        Self { bundle }
    }

    /// `None`: it has no such message.
    fn text(&self, id: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "the message {id}: {errors:?}");
        Some(text)
    }
}

/// A file's messages, and what cannot be read of it.
fn read(text: &str) -> (FluentResource, Vec<String>) {
    match FluentResource::try_new(text.to_owned()) {
        Ok(resource) => (resource, Vec::new()),
        Err((resource, errors)) => (resource, errors.iter().map(ToString::to_string).collect()),
    }
}

/// A language of messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Language(&'static str);

impl Language {
    /// English, in which each message is.
    pub const ENGLISH: Self = Self(FIRST);

    /// The language with this tag, such as `ja`; `None`: there is no file of it.
    #[must_use]
    pub fn named(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.0 == tag)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FILES.iter().map(|(tag, _)| Self(tag))
    }

    /// Its tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.0
    }

    /// A message with its arguments.
    pub(crate) fn text(self, id: &str, arguments: FluentArgs<'_>) -> String {
        let of = |tag: &str| CATALOGS.get(tag)?.text(id, &arguments);
        let text = of(self.0).or_else(|| of(FIRST));
        debug_assert!(text.is_some(), "there is no message {id}");
        text.unwrap_or_else(|| id.to_owned())
    }

    /// Sentences one after the other.
    pub(crate) fn sentences(self, sentences: impl IntoIterator<Item = String>) -> String {
        let between = self.text("between-sentences", FluentArgs::new());
        sentences.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(&between)
    }

    /// Names or phrases one after the other.
    pub(crate) fn list(self, items: &[String]) -> String {
        items.join(&self.text("between-items", FluentArgs::new()))
    }

    /// `a and b`
    pub(crate) fn all_of(self, items: &[String]) -> String {
        items.join(&self.text("between-all-of", FluentArgs::new()))
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// An argument of a message: a number if the message chooses by it.
pub(crate) fn argument<'a>(value: impl Into<FluentValue<'a>>) -> FluentValue<'a> {
    value.into()
}

/// A message of a language: `phrase!(language, "missed-headline", name = name, clock = clock)`.
macro_rules! phrase {
    ($language:expr, $id:expr $(, $name:ident = $value:expr)* $(,)?) => {{
        #[allow(unused_mut, reason = "a message may have no arguments")]
        let mut arguments = fluent_bundle::FluentArgs::new();
        $(arguments.set(stringify!($name), $crate::language::argument($value));)*
        $language.text($id, arguments)
    }};
}
pub(crate) use phrase;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    /// The arguments of a message: those that it shows, and those that it only chooses by.
    #[derive(Debug, Default)]
    struct Arguments {
        shown: BTreeSet<String>,
        chosen_by: BTreeSet<String>,
    }

    impl Arguments {
        fn of(pattern: &Pattern<&str>) -> Self {
            let mut found = Self::default();
            found.add(pattern);
            found
        }

        fn add(&mut self, pattern: &Pattern<&str>) {
            for element in &pattern.elements {
                match element {
                    PatternElement::TextElement { .. } => {}
                    PatternElement::Placeable { expression: Expression::Inline(inline) } => {
                        self.shown.extend(variable(inline));
                    }
                    PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                        self.chosen_by.extend(variable(selector));
                        variants.iter().for_each(|variant| self.add(&variant.value));
                    }
                }
            }
        }
    }

    fn variable(inline: &InlineExpression<&str>) -> Option<String> {
        match inline {
            InlineExpression::VariableReference { id } => Some(id.name.to_owned()),
            InlineExpression::FunctionReference { arguments, .. } => {
                arguments.positional.first().and_then(variable)
            }
            _ => None,
        }
    }

    /// The messages of a file by id.
    fn messages(tag: &str) -> BTreeMap<String, Arguments> {
        let (_, text) = FILES.iter().find(|(known, _)| *known == tag).expect("a file");
        let (resource, errors) = read(text);
        assert!(errors.is_empty(), "{tag}.ftl: {errors:?}");
        let mut messages = BTreeMap::new();
        for entry in resource.entries() {
            if let Entry::Message(message) = entry {
                let pattern = message.value.as_ref().expect("a message has a text");
                let id = message.id.name.to_owned();
                assert!(
                    messages.insert(id.clone(), Arguments::of(pattern)).is_none(),
                    "{tag}.ftl: {id} twice"
                );
            }
        }
        messages
    }

    /// Each shows all that English shows, with no argument that is not there.
    #[test]
    fn each_language_has_each_message_with_its_arguments() {
        let english = messages(FIRST);
        for language in Language::all() {
            let own = messages(language.tag());
            let ids =
                |messages: &BTreeMap<String, Arguments>| messages.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(ids(&own), ids(&english), "{language:?}.ftl");
            for (id, of_english) in &english {
                let Arguments { shown, chosen_by } = &own[id];
                let known: BTreeSet<_> = of_english.shown.union(&of_english.chosen_by).collect();
                let unknown = shown.union(chosen_by).find(|name| !known.contains(name));
                assert_eq!(unknown, None, "{language:?}.ftl: {id} has an argument that no message is given");
                let missing = of_english.shown.iter().find(|name| !shown.contains(*name));
                assert_eq!(missing, None, "{language:?}.ftl: {id} lacks an argument");
            }
        }
    }

    #[test]
    fn each_message_is_used_and_each_that_is_used_is_there() {
        fn sources(folder: &Path, text: &mut String) {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    sources(&path, text);
                } else {
                    text.push_str(&std::fs::read_to_string(&path).expect("a source"));
                }
            }
        }
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let english = messages(FIRST);
        let unused: Vec<&String> = english.keys().filter(|id| !text.contains(&format!("\"{id}\""))).collect();
        assert!(unused.is_empty(), "no source names these: {unused:?}");
        for call in text.split("phrase!(").skip(1) {
            let literal = call.split(&['"', ')']).nth(1).filter(|_| call.find('"') < call.find(')'));
            let Some(id) = literal.filter(|_| !call[..call.find('"').unwrap_or(0)].contains('(')) else {
                continue;
            };
            let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(!is_id || english.contains_key(id), "en.ftl has no message {id}");
        }
    }

    #[test]
    fn a_text_from_a_cluster_is_no_markup_of_fluent() {
        let text = phrase!(Language::ENGLISH, "run-failed-headline", name = "{ $x }{\"\"} <b>");
        assert_eq!(text, "{ $x }{\"\"} <b> failed");
    }

    #[test]
    fn english_counts_as_english_does() {
        let of = |misses: u32| phrase!(Language::ENGLISH, "misses-in-a-row", misses = misses);
        let ordinals: Vec<String> = [2, 3, 11, 12, 13, 21, 22, 103, 111]
            .into_iter()
            .map(|misses| of(misses).split(' ').nth(3).unwrap_or_default().to_owned())
            .collect();
        assert_eq!(ordinals, ["2nd", "3rd", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th"]);
    }
}
