//! Rows to write.

use anyhow::{Result, ensure};
use doorward::{Algorithm, SessionHandle, Sqlite, Store as _};
use doorward_crypto::random;
use doorward_engine::flow::Seen;
use doorward_engine::hash::Hash2;
use doorward_engine::session::record::{Row, Write};
use doorward_engine::time::Lifetime;
use futures_util::future::try_join_all;

use crate::given::Keys;

/// Writes that wait at once while a file is filled.
const AT_ONCE: usize = 1024;

/// Makes sessions as they are created, a millisecond apart.
pub(crate) fn rows(count: usize) -> Result<Vec<Row>> {
    let template = Keys::make(Algorithm::EdDsa)?.begin()?.row;
    (0..count)
        .map(|number| {
            let mut row = template.clone();
            let mut bytes = [0; 10];
            random::fill(&mut bytes)?;
            let moment = row.created_at.after(Lifetime::from_millis(number as u64));
            row.key.handle = SessionHandle::make(moment, bytes, &row.key.tenant);
            row.current = hash(0);
            Ok(row)
        })
        .collect()
}

/// A stored hash that stands for the number.
pub(super) fn hash(number: u64) -> Hash2 {
    let text = format!("{number:064x}");
    // 64 hex digits are a hash, so the other one is never made.
    Hash2::parse(&text).unwrap_or_else(|| hash(0))
}

pub(super) async fn fill(store: &Sqlite, rows: &[Row]) -> Result<()> {
    for rows in rows.chunks(AT_ONCE) {
        let writes = rows.iter().map(|row| store.commit(Write::Insert(Box::new(row.clone()))));
        for seen in try_join_all(writes).await? {
            ensure!(matches!(seen, Seen::Applied(_)), "a row was there before it was inserted");
        }
    }
    Ok(())
}
