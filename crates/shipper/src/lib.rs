//! Kubernetes to events.
