//! The server against its recorded twin, and what a person at a terminal sees of the binary.

mod cdi;
mod conformance;
mod demo;
