//! Doorward's one binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    match doorward_server::cli::run() {
        Ok(code) => code,
        Err(error) => {
            doorward_server::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
