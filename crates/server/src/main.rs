//! Doorward's one binary.
#![forbid(unsafe_code)]

mod cli;
mod demo;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            terminal::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
