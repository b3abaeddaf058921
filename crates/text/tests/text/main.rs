//! What is kept of what programs print, what is hidden in it, and how much work that is.

mod cases;
mod controls;
mod hostile;
mod printed;
mod secrets;
