//! What a person at a terminal sees of the binary.

mod demo;
