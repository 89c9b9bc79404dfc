//! How far a copy has come, kept in its target.

use doorward_engine::id::{AppId, TenantId};
use doorward_engine::time::Millis;
use doorward_service::store::StoreResult;

use super::{RawRow, Tables};

/// A row of `key_value`; [`super::table::KEY_VALUE`] leaves it out.
const NAME: &str = "doorward_import";

/// What is noted. A note that can't be read is none.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Progress {
    /// The source's name.
    pub(super) source: String,
    /// What the source's sessions were like.
    pub(super) mark: Mark,
    /// Whether the target shall be the source's mirror.
    pub(super) mirror: bool,
    /// The table that is being copied.
    pub(super) table: String,
    /// The key of the last row of it that was copied.
    pub(super) after: Option<RawRow>,
    /// How many rows of it were copied.
    pub(super) rows: u64,
    /// Whether it came to its end.
    pub(super) done: bool,
}

/// What changes when a session of a database is made, refreshed or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Mark {
    /// How many sessions there are.
    pub(super) sessions: u64,
    /// The latest end of one.
    pub(super) latest_end: Option<i64>,
}

impl Progress {
    pub(super) async fn load(target: &dyn Tables) -> StoreResult<Option<Self>> {
        let note = target.value(AppId::default(), TenantId::default(), NAME).await?;
        Ok(note.and_then(|note| serde_json::from_str(&note).ok()))
    }

    pub(super) async fn save(&self, target: &dyn Tables, now: Millis) -> StoreResult<()> {
        // INVARIANT: it is made of texts, numbers and lists of them, so it can be written as JSON.
        let note = serde_json::to_string(self).unwrap_or_default();
        target.put_value(AppId::default(), TenantId::default(), NAME, note, now).await
    }
}
