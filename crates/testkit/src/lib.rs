//! What Doorward's own tests share.
#![forbid(unsafe_code)]

pub mod contract;
