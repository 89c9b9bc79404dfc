//! How far a copy has come: a bar on a terminal, a line now and then elsewhere.

use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines about one table.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Show {
    bar: Option<ProgressBar>,
    what: &'static str,
    last_line: Instant,
}

impl Show {
    pub(super) fn new(is_terminal: bool) -> Self {
        let bar = is_terminal.then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, what: "", last_line: Instant::now() }
    }

    /// Says that so many rows are done.
    pub(super) fn progress(&mut self, what: &'static str, done: u64, total: u64) {
        let is_new = self.what != what;
        self.what = what;
        match &self.bar {
            Some(bar) => {
                if is_new {
                    bar.reset_eta();
                    bar.set_message(what);
                }
                bar.set_length(total);
                bar.set_position(done);
            }
            None if total > 0 && (done >= total || self.last_line.elapsed() >= LINE_EVERY) => {
                self.last_line = Instant::now();
                // Nobody is left to be told when the terminal is gone.
                let _ = writeln!(std::io::stderr(), "{what}: {done} of {total}");
            }
            None => {}
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
