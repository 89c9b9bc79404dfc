//! What Doorward's own tests share.
#![forbid(unsafe_code)]

pub mod vectors;
pub mod contract;
