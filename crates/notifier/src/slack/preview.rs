//! A message of each kind as a page that looks like Slack, drawn from the very blocks that would be posted. Pure.
//!
//! The pages use nothing from outside: no script, no font, no picture.

use std::fmt::Write;

use serde_json::Value as Json;

use super::blocks::{blocks, fallback};
use crate::language::Language;
use crate::render::Message;
use crate::samples::{Sample, samples};

/// The pages' style: Slack's colours and sizes on a desktop.
const STYLE: &str = include_str!("preview.css");

/// A page, with its path below the folder of the preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Such as `ja/missed-failed.html`.
    pub path: String,
    /// HTML.
    pub html: String,
}

/// A page for each message in each language, and one for each language with all of them.
#[must_use]
pub fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    for language in Language::all() {
        let mut all = String::new();
        for sample in samples() {
            let html = conversation(&sample, language);
            let _ = writeln!(all, "<h2>{}</h2>\n{html}", sample.name);
            let path = format!("{}/{}.html", language.tag(), sample.name);
            pages.push(Page { path, html: page(language, sample.name, &html) });
        }
        let path = format!("{}.html", language.tag());
        pages.push(Page { path, html: page(language, "kigen", &all) });
    }
    pages
}

fn page(language: Language, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n{body}</body>\n</html>\n",
        language.tag()
    )
}

/// The message as a phone's lock screen shows it, as the channel does, and its replies.
fn conversation(sample: &Sample, language: Language) -> String {
    let messages = sample.messages(language);
    let mut html = String::new();
    let Some((first, replies)) = messages.split_first() else { return html };
    let _ = writeln!(html, "<div class=\"phone\"><b>#alerts</b> kigen: {}</div>", mrkdwn(&fallback(first)));
    html.push_str(&post(first, "post"));
    for reply in replies {
        html.push_str(&post(reply, "post reply"));
    }
    html
}

fn post(message: &Message, class: &str) -> String {
    let blocks: Vec<String> = blocks(message)
        .iter()
        .map(|block| match serde_json::to_value(block) {
            Ok(block) => of_block(&block),
            Err(error) => unknown(&error.to_string()),
        })
        .collect();
    format!(
        "<div class=\"{class}\"><div class=\"avatar\">k</div><div class=\"content\"><div class=\"author\"><b>kigen</b> \
         <span class=\"app\">APP</span></div>\n{}</div></div>\n",
        blocks.concat()
    )
}

/// A block of Slack's Block Kit.
fn of_block(block: &Json) -> String {
    let text = block["text"]["text"].as_str();
    match (block["type"].as_str(), block["text"]["type"].as_str(), text) {
        (Some("section"), Some("mrkdwn"), Some(text)) => {
            format!("<div class=\"section\">{}</div>\n", mrkdwn(text))
        }
        (Some("data_visualization"), ..) => chart(block).unwrap_or_else(|| unknown(&block.to_string())),
        _ => unknown(&block.to_string()),
    }
}

/// A chart of lines; `None`: it is another one.
fn chart(block: &Json) -> Option<String> {
    let (title, chart) = (block["title"].as_str()?, &block["chart"]);
    let series = chart["series"].as_array().filter(|_| chart["type"] == "line")?;
    let labels = chart["axis_config"]["categories"].as_array()?;
    let values = |series: &Json| -> Option<Vec<f64>> {
        series["data"].as_array()?.iter().map(|point| point["value"].as_f64()).collect()
    };
    let lines: Vec<Vec<f64>> = series.iter().map(values).collect::<Option<_>>()?;
    let (low, high) = lines
        .iter()
        .flatten()
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let steps = labels.len().max(2) - 1;
    let x = |nth: usize| 44 + nth * 400 / steps;
    let y = |value: f64| 12.0 + 80.0 * (high - value) / (high - low).max(1.0);
    let text =
        |x: usize, y: f64, what: &str| format!("<text x=\"{x}\" y=\"{y:.0}\">{}</text>", escaped(what));
    let mut svg = String::from("<svg width=\"520\" height=\"120\" viewBox=\"0 0 520 120\">");
    for (nth, (line, one)) in lines.iter().zip(series).enumerate() {
        let points = line.iter().enumerate().map(|(nth, value)| format!("{},{:.0}", x(nth), y(*value)));
        let points = points.collect::<Vec<_>>().join(" ");
        let _ = write!(svg, "<polyline class=\"line{nth}\" points=\"{points}\"/>");
        svg.push_str(&text(x(steps) + 4, y(*line.last()?), one["name"].as_str()?));
    }
    svg.push_str(&text(4, y(high) + 4.0, &high.to_string()));
    svg.push_str(&text(4, y(low) + 4.0, &low.to_string()));
    for nth in [0, labels.len() / 2, labels.len().saturating_sub(1)] {
        svg.push_str(&text(x(nth).saturating_sub(12), 112.0, labels.get(nth)?.as_str()?));
    }
    let axis = chart["axis_config"]["y_label"].as_str().unwrap_or_default();
    let (title, axis) = (escaped(title), escaped(axis));
    Some(format!("<div class=\"chart\"><b>{title}</b> <small>{axis}</small><br>\n{svg}</svg></div>\n"))
}

/// A block that this page cannot draw is seen, also by the test.
fn unknown(what: &str) -> String {
    format!("<div class=\"unknown\">{}</div>\n", escaped(what))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Slack's markup, in which `&`, `<` and `>` of the text are entities: as HTML has them, too.
fn mrkdwn(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_start = html.is_empty() || html.ends_with([' ', '\n', '>']);
        let (piece, length) = fenced(rest)
            .or_else(|| code(rest))
            .or_else(|| reference(rest))
            .or_else(|| bold(rest).filter(|_| is_start))
            .or_else(|| emoji(rest))
            .unwrap_or_else(|| (if c == '\n' { "<br>\n".to_owned() } else { c.to_string() }, c.len_utf8()));
        html.push_str(&piece);
        rest = &rest[length..];
    }
    html
}

/// The HTML of a piece at the beginning of a text, and how long the piece is, in bytes.
type Piece = (String, usize);

fn fenced(text: &str) -> Option<Piece> {
    let (code, _) = text.strip_prefix("```")?.split_once("```")?;
    Some((format!("<pre>{code}</pre>"), code.len() + 6))
}

fn code(text: &str) -> Option<Piece> {
    let (code, _) = text.strip_prefix('`')?.split_once('`')?;
    let is_one_line = !code.is_empty() && !code.contains('\n');
    is_one_line.then(|| (format!("<code>{code}</code>"), code.len() + 2))
}

/// A link or a mention.
fn reference(text: &str) -> Option<Piece> {
    let (inner, _) = text.strip_prefix('<')?.split_once('>')?;
    let html = match inner.strip_prefix(['@', '!']) {
        Some(who) => format!("<span class=\"mention\">@{who}</span>"),
        None => {
            let (address, label) = inner.split_once('|').unwrap_or((inner, inner));
            format!("<a href=\"{}\">{label}</a>", address.replace('"', "%22"))
        }
    };
    Some((html, inner.len() + 2))
}

fn bold(text: &str) -> Option<Piece> {
    let (inner, after) = text.strip_prefix('*')?.split_once('*')?;
    let is_bold = !inner.is_empty()
        && !inner.contains('\n')
        && !inner.starts_with(' ')
        && !inner.ends_with(' ')
        && !after.starts_with(char::is_alphanumeric);
    is_bold.then(|| (format!("<b>{inner}</b>"), inner.len() + 2))
}

fn emoji(text: &str) -> Option<Piece> {
    let emojis = [
        (":red_circle:", "🔴"),
        (":large_green_circle:", "🟢"),
        (":large_yellow_circle:", "🟡"),
        (":large_orange_circle:", "🟠"),
        (":warning:", "⚠️"),
    ];
    let (name, emoji) = emojis.into_iter().find(|(name, _)| text.starts_with(name))?;
    Some((format!("<span class=\"emoji\">{emoji}</span>"), name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slacks_markup_is_drawn_as_slack_does() {
        for (text, html) in [
            ("*Look:* `kubectl *x*`", "<b>Look:</b> <code>kubectl *x*</code>"),
            ("5 * 3 *and* 2*3*4", "5 * 3 <b>and</b> 2*3*4"),
            ("```a\n<b> `c````", "<pre>a\n<b> `c</pre>`"),
            (
                "&lt;!channel&gt; <!here> <@U1>",
                "&lt;!channel&gt; <span class=\"mention\">@here</span> <span class=\"mention\">@U1</span>",
            ),
            ("<https://a/b?c=1&amp;d=2>", "<a href=\"https://a/b?c=1&amp;d=2\">https://a/b?c=1&amp;d=2</a>"),
            (":warning: a\nb", "<span class=\"emoji\">⚠️</span> a<br>\nb"),
        ] {
            assert_eq!(mrkdwn(text), html, "{text}");
        }
    }

    /// A page that cannot draw a block would show less than Slack does.
    #[test]
    fn each_page_draws_all_blocks_with_nothing_from_outside() {
        let pages = pages();
        assert_eq!(pages.len(), Language::all().count() * (samples().len() + 1));
        for Page { path, html } in pages {
            assert!(!html.contains("class=\"unknown\""), "{path}");
            for outside in ["<script", "<img", "<link", "url(", "@import"] {
                assert!(!html.contains(outside), "{path}: {outside}");
            }
        }
    }
}
