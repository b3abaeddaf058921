//! Whose results a batch reads, as a user writes it: `ml/recommend, dwh/prices`.

use kigen_model::objective::{Objective, ReadBatch};

use crate::name::{NAME_RULE, is_kubernetes_name};

/// Reads the annotation of a CronJob in this namespace: names with commas between them, each `NAMESPACE/NAME`, or the name of a batch
/// of the same namespace. They are sorted, and each is there once.
///
/// # Errors
/// What to write instead.
pub fn annotated(text: &str, namespace: &str) -> Result<Vec<ReadBatch>, String> {
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    all(&names, namespace)
}

/// Reads names as [`annotated`] does.
pub(crate) fn all(names: &[&str], namespace: &str) -> Result<Vec<ReadBatch>, String> {
    let mut sources = names.iter().map(|name| one(name, namespace)).collect::<Result<Vec<_>, _>>()?;
    sources.sort();
    sources.dedup();
    match sources.len() {
        0 => Err("it names no batch: write `NAMESPACE/NAME`, several with commas between them".to_owned()),
        1..=Objective::READS_MAX => Ok(sources),
        more => Err(format!("it names {more} batches: at most {} may be named", Objective::READS_MAX)),
    }
}

fn one(name: &str, namespace: &str) -> Result<ReadBatch, String> {
    let (namespace, batch) = name.split_once('/').unwrap_or((namespace, name));
    if !is_kubernetes_name(namespace) || !is_kubernetes_name(batch) {
        return Err(format!("`{name}` is no batch: write `NAMESPACE/NAME`; {NAME_RULE}"));
    }
    Ok(ReadBatch { namespace: namespace.to_owned(), batch: batch.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_names_batches_of_its_own_namespace_and_of_others() {
        let read = annotated(" prices,ml/recommend, ,dwh/prices", "dwh").expect("names");
        let names: Vec<String> =
            read.iter().map(|source| format!("{}/{}", source.namespace, source.batch)).collect();
        assert_eq!(names, ["dwh/prices", "ml/recommend"]);
    }

    #[test]
    fn what_names_no_batch_is_refused_with_what_to_write() {
        for (text, part) in [
            ("", "it names no batch"),
            (" , ", "it names no batch"),
            ("shop/ml/recommend", "`shop/ml/recommend` is no batch"),
            ("ml/Recommend!", "`ml/Recommend!` is no batch"),
            ("ml/", "`ml/` is no batch"),
        ] {
            let error = annotated(text, "dwh").expect_err(text);
            assert!(error.contains(part), "{error}");
        }
        let many: Vec<String> = (0..=Objective::READS_MAX).map(|nth| format!("b{nth}")).collect();
        let error = annotated(&many.join(","), "dwh").expect_err("too many");
        assert_eq!(error, "it names 65 batches: at most 64 may be named");
    }
}
