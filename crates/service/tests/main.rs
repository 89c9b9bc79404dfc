//! The service's tests, through its public interface.

mod memory;
mod simulation;
