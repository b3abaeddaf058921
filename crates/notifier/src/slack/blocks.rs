//! A message as Slack's blocks, and as the line that a phone's lock screen shows. Pure.

use kigen_text::error::shown;
use slack_morphism::prelude::*;

use crate::clean::{escape, escape_code};
use crate::language::phrase;
use crate::render::{Chart, Fact, Form, Message, Tone};

/// The most characters of a section's text, counted as Slack counts them: in UTF-16 units (its limit is 3,000).
const SECTION_UNITS_MAX: usize = 2_900;
/// The most of the line that a lock screen shows, in UTF-16 units.
const FALLBACK_UNITS_MAX: usize = 1_000;
/// The most of the first section, beside those whom it notifies.
const HEAD_UNITS_MAX: usize = 1_500;
/// The most of one paragraph, of one command, and of another fact.
const LINE_UNITS_MAX: usize = 1_300;
const CODE_UNITS_MAX: usize = 700;
const FACT_UNITS_MAX: usize = 300;
/// How many sections the paragraphs have.
const PROSE_SECTIONS_MAX: usize = 1;
/// The most of all sections together, in UTF-16 units: of about 13,200 Slack refuses a message, which it documents nowhere.
const BLOCKS_UNITS_MAX: usize = 11_900;
/// The most of a chart's texts, in characters. Source: "Data visualization block".
const CHART_TITLE_CHARS_MAX: usize = 50;
const CHART_LABEL_CHARS_MAX: usize = 20;
/// Ends a text that was cut.
const ELLIPSIS: char = '…';

/// The text of notifications, which show no blocks.
pub(super) fn fallback(message: &Message) -> String {
    let (mark, headline) = (mark(message.tone), headline(message));
    let brief = message.brief.as_ref().map_or(String::new(), |brief| format!(": {}", escape(brief)));
    let owner = message.owner.as_ref().map_or(String::new(), |owner| format!(" · {}", escape(owner)));
    let text =
        cut(format!("{mark} {headline}{brief}{owner} ({})", escape(&message.context)), FALLBACK_UNITS_MAX);
    format!("{text}{}", mentions(message))
}

/// Those whom it notifies, after a space.
fn mentions(message: &Message) -> String {
    message.mentions.iter().map(|mention| format!(" {}", mention.markup())).collect()
}

/// Begins with the state: colours are not seen everywhere.
fn headline(message: &Message) -> String {
    phrase!(message.language, "with-state", state = &message.state, headline = escape(&message.headline))
}

fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Missed => ":red_circle:",
        Tone::Recovered => ":large_green_circle:",
        Tone::Unknown => ":large_yellow_circle:",
        Tone::Failed => ":large_orange_circle:",
        Tone::AtRisk => ":warning:",
    }
}

/// Sections for the headline, the paragraphs, the error and the facts, within what Slack accepts of a message.
pub(super) fn blocks(message: &Message) -> Vec<SlackBlock> {
    let head = format!("{} *{}*\n{}", mark(message.tone), headline(message), escape(&message.context));
    let mut sections = vec![format!("{}{}", cut(head, HEAD_UNITS_MAX), mentions(message))];
    let paragraphs =
        message.paragraphs.iter().chain(&message.to_do).map(|text| cut_prose(escape(text), LINE_UNITS_MAX));
    sections.extend(packed(paragraphs).into_iter().take(PROSE_SECTIONS_MAX));
    sections.extend(message.error.iter().map(|error| format!("```{}```", fitting(error))));
    let facts = message.facts.iter().map(|Fact { label, value, form }| {
        let label = phrase!(message.language, "fact", label = label);
        match form {
            Form::Code => format!("*{label}* `{}`", cut(escape_code(value), CODE_UNITS_MAX)),
            // As it stands an address would be no link.
            Form::Address if is_address(value) => format!("*{label}* <{}>", escape(value)),
            Form::Text | Form::Address => format!("*{label}* {}", cut_prose(escape(value), FACT_UNITS_MAX)),
        }
    });
    sections.extend(packed(facts));
    let mut left = BLOCKS_UNITS_MAX;
    let section = |text: String| {
        left = left.checked_sub(text.encode_utf16().count())?;
        // Verbatim: Slack makes no links or mentions of what only looks like them.
        let text = SlackBlockMarkDownText::new(text).with_verbatim(true);
        Some(SlackBlock::Section(SlackSectionBlock::new().with_text(SlackBlockText::MarkDown(text))))
    };
    let sections = sections.into_iter().filter(|text| !text.is_empty()).map_while(section);
    let mut blocks: Vec<SlackBlock> = sections.collect();
    let chart = message.chart.as_ref().map(chart_block);
    // Rather a message without a chart than one without its commands.
    let length = |chart: &SlackBlock| serde_json::to_string(chart).map_or(usize::MAX, |text| text.len());
    blocks.extend(chart.filter(|chart| length(chart) <= left));
    blocks
}

/// The ends and the deadlines as two lines. A title has at most 50 characters, a label and a name 20.
fn chart_block(chart: &Chart) -> SlackBlock {
    let short = |text: &str, max: usize| text.chars().take(max).collect::<String>();
    let labels: Vec<String> =
        chart.points.iter().map(|(label, _)| short(label, CHART_LABEL_CHARS_MAX)).collect();
    let series = |name: &str, value: &dyn Fn(i64) -> i64| {
        let points = labels.iter().zip(&chart.points);
        let point = |(label, (_, minutes)): (&String, &(String, i64))| {
            SlackChartDataPoint::new(label.clone(), value(*minutes).into())
        };
        SlackChartDataSeries::new(short(name, CHART_LABEL_CHARS_MAX), points.map(point).collect())
    };
    let series = vec![series(&chart.results, &|minutes| minutes), series(&chart.deadlines, &|_| 0)];
    let axis =
        SlackChartAxisConfig::new(labels.clone()).with_y_label(short(&chart.axis, CHART_TITLE_CHARS_MAX));
    let lines = SlackChart::Line(SlackSeriesChart::new(series, axis));
    SlackDataVisualizationBlock::new(short(&chart.title, CHART_TITLE_CHARS_MAX), lines).into()
}

/// Lines in as few sections as they fit into, none cut.
fn packed(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in lines {
        let units = line.encode_utf16().count();
        let last = sections.last_mut();
        match last.filter(|last| last.encode_utf16().count() + 1 + units <= SECTION_UNITS_MAX) {
            Some(last) => {
                last.push('\n');
                last.push_str(&line);
            }
            None => sections.push(line),
        }
    }
    sections
}

/// A paragraph that fits, cut within no code.
fn cut_prose(text: String, units_max: usize) -> String {
    let units = text.encode_utf16().count();
    let text = cut(text, units_max);
    if units <= units_max || text.matches('`').count().is_multiple_of(2) {
        return text;
    }
    match text.rfind('`') {
        Some(code) => format!("{}{ELLIPSIS}", &text[..code]),
        None => text,
    }
}

/// Whether a text is the address of a page and nothing more: a `|` would give it another text.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_graphic() && !"<>|`".contains(c);
    text.len() <= LINE_UNITS_MAX && rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain))
}

/// The lines of an error that explain most and fit into a section's code block after escaping, which makes a text up to
/// five times as long.
fn fitting(error: &str) -> String {
    let max = SECTION_UNITS_MAX - "``````".len();
    let escaped = escape_code(error);
    let fits = escaped.encode_utf16().count() <= max;
    if fits { escaped } else { cut(escape_code(&shown(error, max / "&amp;".len())), max) }
}

/// The beginning of an escaped text that fits, cut within no character and no entity.
fn cut(text: String, units_max: usize) -> String {
    if text.encode_utf16().count() <= units_max {
        return text;
    }
    let mut units = ELLIPSIS.len_utf16();
    let fits = |&(_, c): &(usize, char)| {
        units += c.len_utf16();
        units <= units_max
    };
    let end = text.char_indices().take_while(fits).last().map_or(0, |(at, c)| at + c.len_utf8());
    let kept = &text[..end];
    // Each `&` of an escaped text begins an entity.
    let kept = match kept.rfind('&') {
        Some(entity) if !kept[entity..].contains(';') => &kept[..entity],
        _ => kept,
    };
    format!("{kept}{ELLIPSIS}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_becomes_a_link_and_none_with_another_text() {
        assert!(is_address("https://wiki.example.com/recommend?a=1&b=2"));
        for text in
            ["https://", "https://a.example|b", "https://a b", "<!channel>", "wiki/recommend", "ftp://a"]
        {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_cut_by_the_units_that_slack_counts_and_within_no_entity() {
        assert_eq!(cut("a &amp; b".to_owned(), 9), "a &amp; b");
        for units_max in 3..8 {
            assert_eq!(cut("a &amp; b".to_owned(), units_max), "a …", "{units_max}");
        }
        assert_eq!(cut("a &amp; b".to_owned(), 8), "a &amp;…");
        // Each of these is two units.
        assert_eq!(cut("🔴🔴🔴".to_owned(), 6), "🔴🔴🔴");
        assert_eq!(cut("🔴🔴🔴".to_owned(), 5), "🔴🔴…");
        assert_eq!(cut("🔴🔴🔴".to_owned(), 4), "🔴…");
        let error = fitting(&"🔴".repeat(4_000));
        assert!(error.encode_utf16().count() <= SECTION_UNITS_MAX - 6, "{}", error.encode_utf16().count());
    }
}
