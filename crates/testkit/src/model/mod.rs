//! Every interleaving of tabs, a thief and two nodes on the engine's real steps, to a fixed depth.
//!
//! - [`scenario`]: who takes part, with which settings, and which conditions of design rule 3 are kept;
//! - [`steps`]: the engine itself, one load or commit at a time, on one shared row ([`row`]);
//! - [`world`]: the state of everything, and what may happen next;
//! - [`rules`]: what must hold after every step;
//! - [`explore`]: the search.
//!
//! A world is small: tokens are numbers ([`tokens`]), a request under way is the number of its run. Nothing in it is a
//! stand-in for a rule of the engine: each run is the engine's own `start` and `resume`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken assumption must stop the test that made it"
)]

pub mod explore;
pub mod row;
pub mod rules;
pub mod scenario;
pub mod steps;
pub mod tokens;
pub mod world;
