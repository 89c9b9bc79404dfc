//! Bytes to Doorward's types and back.
//!
//! [`fdi`] is the interface between browsers (or apps) and an application: cookies, headers, statuses. Nothing here
//! reads a clock, draws a random number or knows whether a session is alive: it is `no_std` and says what stands in a
//! request and how an answer is written.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub mod cdi;
pub mod fdi;
