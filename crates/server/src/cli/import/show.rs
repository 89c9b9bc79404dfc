//! How far a copy has come: a bar on a terminal, a line now and then elsewhere.

use std::io::Write as _;
use std::time::{Duration, Instant};

use doorward_stores::transfer::Step;
use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines about one table.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Show {
    bar: Option<ProgressBar>,
    /// What the last step was about.
    about: (&'static str, bool),
    last_line: Instant,
}

impl Show {
    pub(super) fn new(is_terminal: bool) -> Self {
        let bar = is_terminal.then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {eta}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, about: ("", false), last_line: Instant::now() }
    }

    /// Says that so many rows are done.
    pub(super) fn step(&mut self, step: Step) {
        let Step { table, seeks_others, done, total } = step;
        let about = (table.what, seeks_others);
        let is_new = self.about != about;
        self.about = about;
        let what = if seeks_others { format!("{}, compared", table.what) } else { table.what.to_owned() };
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
