//! A value with the line on which a file has it.

use serde::Deserialize;
use serde_saphyr::Spanned;

/// A value, and its line if it was read from YAML.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Located<T>(Spanned<T>);

impl<T> Located<T> {
    pub(crate) fn value(&self) -> &T {
        &self.0.value
    }

    pub(crate) fn into_value(self) -> T {
        self.0.value
    }

    /// Counted from 1; 0 where it was not read from YAML.
    pub(crate) fn line(&self) -> u64 {
        self.0.referenced.line()
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}
