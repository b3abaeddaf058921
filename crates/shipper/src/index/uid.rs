//! An object's UID, small: there are as many of these as there are objects in the cluster.

use std::fmt;

use uuid::Uuid;

/// An object's UID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Uid {
    /// As Kubernetes gives them.
    Uuid(Uuid),
    /// Any other text.
    Text(Box<str>),
}

impl Uid {
    pub(super) fn of(text: &str) -> Self {
        let uuid = Uuid::try_parse(text).ok();
        // A UUID in another notation would come back as another text.
        let uuid = uuid.filter(|uuid| uuid.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text);
        uuid.map_or_else(|| Self::Text(text.into()), Self::Uuid)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(uuid) => uuid.as_hyphenated().fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_printed_as_it_was_given_in_any_notation() {
        let uuid = "0b9c1ad2-52f5-4c5e-9d5c-6a1ff30c2f9e";
        assert!(matches!(Uid::of(uuid), Uid::Uuid(_)));
        let upper = uuid.to_uppercase();
        let simple = uuid.replace('-', "");
        for text in [uuid, &upper, &simple, &format!("{{{uuid}}}"), "file", ""] {
            assert_eq!(Uid::of(text).to_string(), text);
        }
    }
}
