//! What is printed for a person.

use std::io::Write as _;

/// Prints a line that is the program's result, not its log.
pub(crate) fn say(line: &str) {
    // Nobody is left to be told when the terminal is gone.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints why the program stops, in one line.
pub fn say_error(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "doorward: {error:#}");
}
