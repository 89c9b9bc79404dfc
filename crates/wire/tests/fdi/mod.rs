//! The browser interface.

mod properties;
mod secrets;
mod vectors;
