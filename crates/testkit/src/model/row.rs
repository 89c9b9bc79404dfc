//! The shared row, with tokens as small numbers, so that states are cheap to copy and to compare.

use doorward_engine::flow::Seen;
use doorward_engine::session::record::{Row, Window, Write};
use doorward_engine::time::Millis;
use doorward_service::memory::Memory;
use doorward_service::store::Store as _;
use futures_util::FutureExt as _;

use super::tokens::{TokenId, Tokens};

/// The lineage columns of the row. Everything else in it never changes here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lineage {
    /// The current refresh token.
    pub current: TokenId,
    /// The one before it.
    pub prev: Option<TokenId>,
    /// When `current` last moved, in milliseconds.
    pub rotated_at: Option<u64>,
    /// The latest window: start, number, count.
    pub window: Option<(u64, u8, u8)>,
    /// The end of the session, in milliseconds.
    pub expires_at: u64,
}

impl Lineage {
    /// Reads a row whose tokens are all known.
    pub fn of(row: &Row, tokens: &Tokens) -> Self {
        Self {
            current: tokens.stored(&row.current),
            prev: row.prev.as_ref().map(|prev| tokens.stored(prev)),
            rotated_at: row.rotated_at.map(Millis::as_u64),
            window: row.window.map(|window| (window.opened_at.as_u64(), window.number, window.count)),
            expires_at: row.expires_at.as_u64(),
        }
    }

    /// Writes it back into a row.
    pub fn to_row(&self, like: &Row, tokens: &Tokens) -> Row {
        Row {
            current: tokens.get(self.current).stored,
            prev: self.prev.map(|prev| tokens.get(prev).stored),
            rotated_at: self.rotated_at.map(Millis::saturating),
            window: self.window.map(|(opened_at, number, count)| Window {
                opened_at: Millis::saturating(opened_at),
                number,
                count,
            }),
            expires_at: Millis::saturating(self.expires_at),
            ..like.clone()
        }
    }
}

/// Carries a write out on a row, by the rules of the memory store.
pub fn carry_out(row: Option<Row>, write: Write) -> (Seen, Option<Row>) {
    let (store, key) = (Memory::new(), write.key().clone());
    let run = async {
        if let Some(row) = row {
            store.commit(Write::Insert(Box::new(row))).await?;
        }
        let seen = store.commit(write).await?;
        Ok::<_, doorward_service::store::StoreError>((seen, store.load(&key).await?))
    };
    run.now_or_never().expect("the memory store answers at once").expect("the memory store never fails")
}
