//! What a kubeconfig states: its proxy; and how an error names the kubeconfig and the context in use.

use std::error::Error;
use std::io;

use kube::config::{Kubeconfig, KubeconfigError};

use crate::error::ShipperError;
use crate::settings::Access;

/// The source of the credentials, for an error message.
pub(crate) fn describe(access: &Access) -> String {
    let context = |context: &Option<String>| {
        context
            .as_ref()
            .map_or_else(|| "the current context".to_owned(), |context| format!("the context `{context}`"))
    };
    match access {
        Access::Inferred { context: chosen } => match std::env::var("KUBECONFIG") {
            Ok(files) => format!("{} of $KUBECONFIG ({files})", context(chosen)),
            Err(_) => format!("{} of ~/.kube/config", context(chosen)),
        },
        Access::Kubeconfig { path, context: chosen } => {
            format!("{} of the kubeconfig {}", context(chosen), path.display())
        }
        Access::Url(_) => "the configured URL".to_owned(),
    }
}

/// A command that shows the same configuration.
pub(crate) fn check_command(access: &Access) -> String {
    match access {
        Access::Inferred { .. } => "kubectl config view --minify".to_owned(),
        Access::Kubeconfig { path, .. } => {
            format!("kubectl --kubeconfig {} config view --minify", path.display())
        }
        Access::Url(url) => format!("curl {url}/version"),
    }
}

/// The name of the context that is used; `None`: there is no kubeconfig that has one, as in a pod or with an API server that is
/// given by its URL.
pub fn context_name(access: &Access) -> Option<String> {
    let file = match access {
        Access::Inferred { context: Some(context) } | Access::Kubeconfig { context: Some(context), .. } => {
            return Some(context.clone());
        }
        Access::Inferred { context: None } => Kubeconfig::read(),
        Access::Kubeconfig { path, context: None } => Kubeconfig::read_from(path),
        Access::Url(_) => return None,
    };
    // A file that cannot be read is reported when the cluster is watched.
    file.ok()?.current_context.filter(|context| !context.is_empty())
}

/// The error that the kubeconfig does not exist, if that is why it cannot be used.
pub(crate) fn missing(access: &Access, error: &(dyn Error + 'static)) -> Option<ShipperError> {
    let path = match error.downcast_ref::<KubeconfigError>()? {
        KubeconfigError::ReadConfig(error, path) if error.kind() == io::ErrorKind::NotFound => {
            path.display().to_string()
        }
        // There is no home directory either.
        KubeconfigError::FindPath => "~/.kube/config".to_owned(),
        _ => return None,
    };
    let is_inferred = matches!(access, Access::Inferred { .. });
    let is_of_environment = is_inferred && std::env::var_os("KUBECONFIG").is_some();
    let named_by = if is_of_environment { " ($KUBECONFIG)" } else { "" };
    let elsewhere = match access {
        Access::Inferred { context: None } => {
            ", or run kigen in a pod of the cluster, where it uses the service account"
        }
        Access::Inferred { .. } | Access::Kubeconfig { .. } | Access::Url(_) => "",
    };
    Some(ShipperError::NoKubeconfig { path, named_by, elsewhere })
}

/// The `proxy-url` of a context's cluster; by default of the current context.
pub(crate) fn proxy_of(file: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let name = context.or(file.current_context.as_deref())?;
    let context = file.contexts.iter().find(|context| context.name == name)?.context.as_ref()?;
    let cluster = file.clusters.iter().find(|cluster| cluster.name == context.cluster)?.cluster.as_ref()?;
    cluster.proxy_url.clone().filter(|url| !url.is_empty())
}
