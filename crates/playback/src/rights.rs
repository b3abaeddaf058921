//! What a client may do, by the rules of its Roles: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/>.

use axum::http::Method;

/// A rule of a Role or ClusterRole: what it lists, it allows. No rule allows all (`*`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Such as `list`.
    pub verbs: Vec<String>,
    /// The API groups; that of Pods is empty.
    pub groups: Vec<String>,
    /// Plurals, those of subresources such as `pods/log`.
    pub resources: Vec<String>,
    /// The only objects that it allows; of none: all.
    pub names: Vec<String>,
}

/// What a request needs, as Kubernetes derives it from its method and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Right {
    verb: &'static str,
    group: String,
    resource: String,
    /// Empty for all objects and for one that is created.
    name: String,
}

impl Right {
    /// `None`: the path is of no resource, such as `/version`.
    pub(crate) fn of(method: &Method, path: &str, is_watch: bool) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, rest) = match parts.as_slice() {
            ["api", _version, rest @ ..] => ("", rest),
            ["apis", group, _version, rest @ ..] => (*group, rest),
            _ => return None,
        };
        // A namespace is an object itself if nothing within it is named.
        let within = match rest {
            ["namespaces", _namespace, within @ ..] if !within.is_empty() => within,
            rest => rest,
        };
        let (resource, name) = match within {
            [resource] => ((*resource).to_owned(), ""),
            [resource, name] => ((*resource).to_owned(), *name),
            [resource, name, subresource] => (format!("{resource}/{subresource}"), *name),
            _ => return None,
        };
        let verb = match method.as_str() {
            "GET" if is_watch => "watch",
            "GET" if name.is_empty() => "list",
            "GET" => "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            _ => "delete",
        };
        Some(Self { verb, group: group.to_owned(), resource, name: name.to_owned() })
    }

    /// Whether one of the rules grants it.
    pub(crate) fn is_granted(&self, rules: &[Rule]) -> bool {
        rules.iter().any(|rule| {
            rule.verbs.iter().any(|verb| verb == self.verb)
                && rule.groups.contains(&self.group)
                && rule.resources.contains(&self.resource)
                && (rule.names.is_empty() || rule.names.contains(&self.name))
        })
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}
