//! The service's tests, through its public interface.

mod keys;
mod memory;
