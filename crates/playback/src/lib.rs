//! An in-process Kubernetes API that plays a recorded or generated history.
