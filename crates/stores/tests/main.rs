//! The stores' tests, through their public interface.

mod contract;
