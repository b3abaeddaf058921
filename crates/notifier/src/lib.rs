//! Alerts to Slack: rendered purely, delivered once.
