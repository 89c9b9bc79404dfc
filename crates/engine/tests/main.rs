//! The engine's tests, through its public interface.

mod model;
