//! The objects that a request selects.

use crate::resource::Resource;

/// Objects of a resource, of one namespace or all, with one name or any.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

impl Selection {
    pub(crate) fn contains(&self, namespace: &str, name: &str) -> bool {
        let is_equal =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        is_equal(&self.namespace, namespace) && is_equal(&self.name, name)
    }
}
