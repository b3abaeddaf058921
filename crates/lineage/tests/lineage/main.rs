//! The impact of an incident, by itself and beside a naive judge in Python over random worlds.

mod graph;
mod incidents;
mod random;
mod world;
