//! What a run must have done, from a spec or an annotation to the model.

use std::collections::BTreeMap;

use kigen_model::expectation::{Expectation, NumberRule};
use kigen_model::objective::Objective;
use kigen_model::reported::{METRIC_NAME_BYTES_MAX, METRICS_MAX, Number};

use crate::duration;
use crate::spec::{ExpectSpec, MetricSpec};
use crate::strict::Strict;

/// Reads what stands under `expect` in a file, as an annotation has it, in YAML's flow style.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn annotated(text: &str) -> Result<Expectation, String> {
    let spec: Strict<ExpectSpec> = serde_saphyr::from_str(text).map_err(|error| {
        let text = error.without_snippet().to_string();
        text.rsplit_once(" at line ").map_or(text.clone(), |(text, _)| text.to_owned())
    })?;
    read(&spec.0).map_err(|faults| {
        let texts: Vec<String> = faults.into_iter().map(|(_, text)| text).collect();
        texts.join("; ")
    })
}

/// Reads what is expected.
///
/// # Errors
/// Each fault, with its line, where it was read from a file.
pub(crate) fn read(spec: &ExpectSpec) -> Result<Expectation, Vec<(u64, String)>> {
    let mut faults = Vec::new();
    let seconds = 1..=Objective::MIN_DURATION_MAX_S;
    let min_duration = spec.min_duration.as_ref().and_then(|text| {
        let read = duration::parse(text.value(), &seconds);
        if read.is_none() {
            let advice = duration::advice(&seconds);
            faults.push((text.line(), format!("`minDuration` is `{}`: {advice}", text.value())));
        }
        read
    });
    let given = spec.metrics.iter().flatten();
    let mut metrics = BTreeMap::new();
    for (name, rule) in given {
        match number_rule(name, rule.value()) {
            Ok(rule) => {
                metrics.insert(name.clone(), rule);
            }
            Err(text) => faults.push((rule.line(), text)),
        }
    }
    if metrics.len() > METRICS_MAX {
        let text = format!("`metrics` has {} names: a run can report {METRICS_MAX}", metrics.len());
        faults.push((0, text));
    }
    if faults.is_empty() && min_duration.is_none() && metrics.is_empty() {
        faults.push((0, "`expect` names nothing: add `minDuration` or `metrics`".to_owned()));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Expectation { min_duration, metrics, counts: spec.counts.unwrap_or(false) })
}

fn number_rule(name: &str, spec: &MetricSpec) -> Result<NumberRule, String> {
    if !(1..=METRIC_NAME_BYTES_MAX).contains(&name.len()) || name.contains(char::is_control) {
        return Err(format!(
            "kigen reads no number of the name `{}`: write one of at most {METRIC_NAME_BYTES_MAX} bytes",
            name.escape_debug()
        ));
    }
    let number = |field: &str, value: Option<f64>| {
        let number = |value| Number::new(value).ok_or_else(|| format!("`{field}` of `{name}` is not finite"));
        value.map(number).transpose()
    };
    let (min, max) = (number("min", spec.min)?, number("max", spec.max)?);
    if let (Some(min), Some(max)) = (min, max)
        && min.value() > max.value()
    {
        return Err(format!("`min` of `{name}` is above its `max`: {min} and {max}"));
    }
    let drop_max_percent = spec.drop_max.as_deref().map(|text| {
        let percent =
            text.strip_suffix('%').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let percent =
            percent.and_then(|digits| digits.parse().ok()).filter(|percent| (1..=99).contains(percent));
        percent.ok_or_else(|| format!("`dropMax` of `{name}` is `{text}`: write 1% to 99%"))
    });
    let over = spec.over.map_or(Ok(NumberRule::OVER_DEFAULT), |over| {
        let runs = u32::try_from(over).ok().filter(|over| (1..=NumberRule::OVER_MAX).contains(over));
        runs.ok_or_else(|| format!("`over` of `{name}` is {over}: write 1 to {}", NumberRule::OVER_MAX))
    })?;
    Ok(NumberRule { min, max, drop_max_percent: drop_max_percent.transpose()?, over })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let read = annotated(text).map(|expectation| format!("{expectation:?}"));
        expected.assert_eq(&read.unwrap_or_else(|fault| fault));
    }

    #[test]
    fn an_annotation_has_what_a_file_has_under_expect() {
        check(
            "{minDuration: 5m, metrics: {rows: {min: 1000, dropMax: 20%, over: 7}, auc: {max: 1, min: 0.7}, x: {}}, counts: true}",
            &expect![[
                r#"Expectation { min_duration: Some(TimeDelta { secs: 300, nanos: 0 }), metrics: {"auc": NumberRule { min: Some(Number(0.7)), max: Some(Number(1.0)), drop_max_percent: None, over: 14 }, "rows": NumberRule { min: Some(Number(1000.0)), max: None, drop_max_percent: Some(20), over: 7 }, "x": NumberRule { min: None, max: None, drop_max_percent: None, over: 14 }}, counts: true }"#
            ]],
        );
        check(
            "minDuration: 5m",
            &expect![
                "Expectation { min_duration: Some(TimeDelta { secs: 300, nanos: 0 }), metrics: {}, counts: false }"
            ],
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_write() {
        check("{}", &expect!["`expect` names nothing: add `minDuration` or `metrics`"]);
        check("", &expect!["`expect` names nothing: add `minDuration` or `metrics`"]);
        check("5m", &expect!["expected mapping start"]);
        check(
            "{minDuration: 0s, metrics: {rows: {dropMax: 20, over: 65}, auc: {min: 2, max: 1}}}",
            &expect![
                "`minDuration` is `0s`: write a number with s, m, h or d, at most 31d; `min` of `auc` is above its `max`: 2 and 1; `over` of `rows` is 65: write 1 to 64"
            ],
        );
        check(
            "{metrics: {rows: {mim: 1}}}",
            &expect!["unknown field `mim`, expected one of min, max, dropMax, over"],
        );
        check(
            "{metrics: {rows: {min: .inf}, a: {over: 0}, b: {dropMax: 100%}, c: {dropMax: +1%}}}",
            &expect![
                "`over` of `a` is 0: write 1 to 64; `dropMax` of `b` is `100%`: write 1% to 99%; `dropMax` of `c` is `+1%`: write 1% to 99%; `min` of `rows` is not finite"
            ],
        );
        check(
            "{metrics: {\"\": {min: 1}}}",
            &expect!["kigen reads no number of the name ``: write one of at most 64 bytes"],
        );
        check("{metrics: {rows: {min: many}}}", &expect!["invalid floating point"]);
        check("{metrics: [", &expect!["unclosed bracket '['"]);
    }
}
