//! One pass over all tables.
//!
//! Any part of it may be done again: a row that is there stays, unless the one that comes is newer. So a copy that was
//! interrupted goes on behind the last key that its target has noted.

use std::collections::BTreeSet;

use doorward_engine::time::Millis;

use super::outcome::{Copied, CopyError, TableCount};
use super::progress::{Mark, Progress};
use super::side::{PAGE, Side, key_of};
use super::table::{APPS, SESSIONS, TABLES, Table};
use super::{RawRow, Ties, Value, keys};

/// Pages between two notes of how far it has come.
const PAGES_A_NOTE: u32 = 10;

/// What becomes of sessions that only the target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They stay; of two rows that are equally new the target's holds.
    Add,
    /// They are deleted, in the apps that the source has; of two rows that are equally new the source's holds.
    Mirror,
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// In this table.
    pub table: &'static Table,
    /// Whether its rows are in place, and those are sought that the source doesn't have.
    pub seeks_others: bool,
    /// Rows that are done.
    pub done: u64,
    /// Rows that there are.
    pub total: u64,
}

/// Is told of every step.
pub type Watch<'a> = dyn FnMut(Step) + Send + 'a;

/// Copies all that is in one database into another.
///
/// Nothing may use the two meanwhile: a session that is refreshed in the source behind the copy's back is out of date in
/// the target. That it happened is found at the end, as a rule, and is an error.
pub async fn copy(
    from: Side<'_>,
    to: Side<'_>,
    mode: Mode,
    now: Millis,
    watch: &mut Watch<'_>,
) -> Result<Copied, CopyError> {
    if from.name == to.name {
        return Err(CopyError::Same);
    }
    let pass = Pass { from, to, mode, now };
    let (tables, left_out) = pass.shared_tables().await?;
    if let Some(app) = keys::conflict(from, to).await? {
        return Err(CopyError::OtherKeys(app));
    }
    let mark = pass.mark().await?;
    let (mut progress, resumed) = pass.begin(mark, &tables).await?;
    let first = tables.iter().position(|table| table.name == progress.table).unwrap_or_default();
    let mut counts: Vec<TableCount> = tables.iter().map(|table| TableCount::of(table)).collect();
    for (table, count) in tables.iter().zip(&mut counts).skip(first) {
        count.written = pass.copy_table(table, &mut progress, watch).await?;
    }
    for (table, count) in tables.iter().zip(&mut counts) {
        if mode == Mode::Mirror && table.mirrored {
            count.deleted = pass.delete_others(table, watch).await?;
        }
        count.in_source = pass.count(from, table).await?;
        count.in_target = pass.count(to, table).await?;
    }
    if pass.mark().await? != mark {
        return Err(CopyError::UsedMeanwhile);
    }
    for &TableCount { what, in_source, in_target, .. } in &counts {
        if in_target < in_source {
            return Err(CopyError::Missing { what, in_source, in_target });
        }
    }
    progress.done = true;
    pass.note(&progress).await?;
    Ok(Copied { tables: counts, left_out, resumed })
}

impl TableCount {
    fn of(table: &Table) -> Self {
        Self { what: table.what, in_source: 0, in_target: 0, written: 0, deleted: 0 }
    }
}

struct Pass<'a> {
    from: Side<'a>,
    to: Side<'a>,
    mode: Mode,
    now: Millis,
}

impl Pass<'_> {
    /// Returns the tables that both have, and what there is of others.
    async fn shared_tables(&self) -> Result<(Vec<&'static Table>, Vec<(&'static str, u64)>), CopyError> {
        let (mut shared, mut left_out) = (Vec::new(), Vec::new());
        for table in TABLES {
            let theirs = self.from.tables.columns(table).await.map_err(|error| self.from.failed(error))?;
            let ours = self.to.tables.columns(table).await.map_err(|error| self.to.failed(error))?;
            let has_key = table.key_columns().iter().all(|column| theirs.contains(&column));
            if !has_key && (!theirs.is_empty() || std::ptr::eq(table, &SESSIONS)) {
                return Err(CopyError::NoSessions(self.from.name.to_owned()));
            }
            match theirs.iter().find(|column| !ours.contains(column)) {
                _ if theirs.is_empty() => {}
                None => shared.push(table),
                Some(_) if ours.is_empty() => match self.count(self.from, table).await? {
                    0 => {}
                    rows => left_out.push((table.what, rows)),
                },
                Some(column) => return Err(CopyError::NoColumn { table: table.name, column: column.name }),
            }
        }
        Ok((shared, left_out))
    }

    /// Returns where to begin, and whether that is where an earlier copy was interrupted.
    async fn begin(&self, mark: Mark, tables: &[&'static Table]) -> Result<(Progress, bool), CopyError> {
        let start = Progress {
            source: self.from.name.to_owned(),
            mark,
            mirror: self.mode == Mode::Mirror,
            table: String::new(),
            after: None,
            rows: 0,
            done: false,
        };
        let earlier = Progress::load(self.to.tables).await.map_err(|error| self.to.failed(error))?;
        let Some(earlier) = earlier.filter(|earlier| earlier.source == start.source) else { return Ok((start, false)) };
        if earlier.mark != mark && self.mode == Mode::Add {
            return Err(CopyError::UsedSince);
        }
        let goes_on = !earlier.done
            && (earlier.mark, earlier.mirror) == (mark, start.mirror)
            && tables.iter().any(|table| table.name == earlier.table);
        Ok(if goes_on { (earlier, true) } else { (start, false) })
    }

    /// Copies a table from where the last copy of it was interrupted, and returns how many rows were written.
    async fn copy_table(
        &self,
        table: &'static Table,
        progress: &mut Progress,
        watch: &mut Watch<'_>,
    ) -> Result<u64, CopyError> {
        if progress.table != table.name {
            table.name.clone_into(&mut progress.table);
            progress.after = None;
            progress.rows = 0;
        }
        let ties = if self.mode == Mode::Mirror { Ties::Yield } else { Ties::Stay };
        let total = self.count(self.from, table).await?;
        let mut written = 0;
        let mut watch = |done| watch(Step { table, seeks_others: false, done, total });
        watch(progress.rows);
        for number in 1_u32.. {
            let rows = self.page(self.from, table, progress.after.clone()).await?;
            let Some(last) = rows.last() else { break };
            progress.after = Some(key_of(table, last));
            progress.rows += count(&rows);
            written += self.to.tables.write(table, rows, ties).await.map_err(|error| self.to.failed(error))?;
            if number % PAGES_A_NOTE == 0 {
                self.note(progress).await?;
            }
            watch(progress.rows);
        }
        self.note(progress).await?;
        Ok(written)
    }

    /// Deletes the target's rows that the source has not, in the apps that the source has.
    async fn delete_others(&self, table: &'static Table, watch: &mut Watch<'_>) -> Result<u64, CopyError> {
        let apps = self.apps().await?;
        let app_column = table.columns.iter().position(|column| column.name == "app_id");
        let total = self.count(self.to, table).await?;
        let (mut after, mut deleted, mut done) = (None, 0, 0);
        loop {
            let rows = self.page(self.to, table, after).await?;
            let Some(last) = rows.last() else { return Ok(deleted) };
            after = Some(key_of(table, last));
            done += count(&rows);
            let is_shared = |row: &&RawRow| app_column.and_then(|at| row.get(at)).is_some_and(|app| apps.contains(app));
            let keys: Vec<RawRow> = rows.iter().filter(is_shared).map(|row| key_of(table, row)).collect();
            let absent = self.from.tables.absent(table, keys).await.map_err(|error| self.from.failed(error))?;
            if !absent.is_empty() {
                deleted += self.to.tables.delete(table, absent).await.map_err(|error| self.to.failed(error))?;
            }
            watch(Step { table, seeks_others: true, done, total });
        }
    }

    async fn apps(&self) -> Result<BTreeSet<Value>, CopyError> {
        let (mut apps, mut after) = (BTreeSet::new(), None);
        loop {
            let rows = self.page(self.from, &APPS, after).await?;
            let Some(last) = rows.last() else { return Ok(apps) };
            after = Some(key_of(&APPS, last));
            apps.extend(rows.into_iter().filter_map(|row| row.into_iter().next()));
        }
    }

    async fn mark(&self) -> Result<Mark, CopyError> {
        let sessions = self.count(self.from, &SESSIONS).await?;
        let latest_end = self.from.tables.latest_end().await.map_err(|error| self.from.failed(error))?;
        Ok(Mark { sessions, latest_end })
    }

    async fn count(&self, side: Side<'_>, table: &'static Table) -> Result<u64, CopyError> {
        side.tables.count(table).await.map_err(|error| side.failed(error))
    }

    async fn page(
        &self,
        side: Side<'_>,
        table: &'static Table,
        after: Option<RawRow>,
    ) -> Result<Vec<RawRow>, CopyError> {
        side.tables.page(table, after, PAGE).await.map_err(|error| side.failed(error))
    }

    async fn note(&self, progress: &Progress) -> Result<(), CopyError> {
        progress.save(self.to.tables, self.now).await.map_err(|error| self.to.failed(error))
    }
}

fn count(rows: &[RawRow]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}
