//! Names as Kubernetes allows them.

/// Whether Kubernetes accepts this name for an object: a DNS subdomain by RFC 1123.
#[must_use]
pub fn is_kubernetes_name(name: &str) -> bool {
    let is_end = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_within = |letter: u8| is_end(letter) || letter == b'-' || letter == b'.';
    let bytes = name.as_bytes();
    (1..=253).contains(&bytes.len())
        && bytes.iter().all(|letter| is_within(*letter))
        && [bytes.first(), bytes.last()].into_iter().flatten().all(|letter| is_end(*letter))
}

/// The rule of [`is_kubernetes_name`], for a message about a name that breaks it.
pub const NAME_RULE: &str = "Kubernetes allows lower-case letters, digits, `-` and `.`, 1 to 253 characters";
