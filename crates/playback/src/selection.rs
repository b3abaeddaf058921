//! The objects that a request selects.

use crate::history::Change;
use crate::resource::Resource;

/// Objects of a resource, of one namespace or all, with one name or any, with a label or without.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    /// A label that they have.
    pub(crate) label: Option<String>,
}

impl Selection {
    /// Whether it selects the object of a change. A label of an object is never removed in a history.
    pub(crate) fn contains(&self, change: &Change) -> bool {
        let is_equal =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        is_equal(&self.namespace, change.namespace())
            && is_equal(&self.name, change.name())
            && self.label.as_ref().is_none_or(|label| change.has_label(label))
    }
}
