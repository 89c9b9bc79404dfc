//! What Doorward's own tests share.
#![forbid(unsafe_code)]

pub mod cdi;
pub mod contract;
pub mod fakes;
pub mod machine;
pub mod model;
pub mod simulator;
pub mod vectors;
