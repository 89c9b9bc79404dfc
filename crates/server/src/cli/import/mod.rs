//! `doorward import`: everything that one database holds, into another.

mod show;
mod url;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Args;
use doorward_stores::transfer::{Copied, Mode, Side, copy};

use self::show::Show;
use self::url::Place;
use crate::terminal::say;
use crate::world;

/// From where, and to where.
#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// The database to copy from: sqlite:FOLDER, sqlite:FILE.db, or postgresql://user:password@host/database. Nothing in it
    /// is changed. Other users of the machine see flags; they don't see environment variables.
    #[arg(long, value_name = "URL", env = "DOORWARD_IMPORT_FROM", hide_env_values = true)]
    from: String,
    /// The database to copy to. What is missing of it is made.
    #[arg(long, value_name = "URL", env = "DOORWARD_IMPORT_TO", hide_env_values = true)]
    to: String,
    /// What the names of the tables begin with in the PostgreSQL database to copy from
    /// (`postgresql_table_names_prefix`).
    #[arg(long, value_name = "PREFIX")]
    from_prefix: Option<String>,
    /// What the names of the tables begin with in the PostgreSQL database to copy to.
    #[arg(long, value_name = "PREFIX")]
    to_prefix: Option<String>,
    /// Deletes sessions of the target that the source doesn't have: those that ended in the source since an earlier copy,
    /// or while the source was used instead of the target.
    #[arg(long)]
    mirror: bool,
}

impl ImportArgs {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let from = Place::parse("--from", &self.from, self.from_prefix)?;
        let to = Place::parse("--to", &self.to, self.to_prefix)?;
        let source = from.open_source().await?;
        let target = to.open_target().await?;
        let mode = if self.mirror { Mode::Mirror } else { Mode::Add };
        let mut show = Show::new(std::io::stderr().is_terminal());
        let copied = copy(
            Side { name: from.name(), tables: &*source },
            Side { name: to.name(), tables: &*target },
            mode,
            world::machine().clock.now(),
            &mut |step| show.step(step),
        )
        .await;
        show.end();
        // Whatever came of it: what was written is to be found there.
        let closed = target.close().await;
        source.close().await?;
        report(&copied?, mode);
        closed?;
        Ok(ExitCode::SUCCESS)
    }
}

fn report(copied: &Copied, mode: Mode) {
    if copied.resumed {
        say("Went on where an earlier copy was interrupted.");
    }
    for count in copied.tables.iter().filter(|count| count.in_source > 0 || count.deleted > 0) {
        let mut line = format!("{}: {} in the source, {} in the target", count.what, count.in_source, count.in_target);
        let what_was_done = [(count.written, "written"), (count.deleted, "deleted")];
        for (rows, done) in what_was_done.into_iter().filter(|(rows, _)| *rows > 0) {
            line.push_str(&format!(", {rows} {done}"));
        }
        say(&line);
    }
    for (what, rows) in &copied.left_out {
        say(&format!("{what}: the target has no place for them, so {rows} were left out"));
    }
    let others = copied.tables.iter().any(|count| count.what == "sessions" && count.in_target > count.in_source);
    if others && mode == Mode::Add {
        say(
            "The target has sessions that the source doesn't have. If they ended in the source, delete them with --mirror.",
        );
    }
}
