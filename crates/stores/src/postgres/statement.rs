//! Statements as they are written here, and what becomes of them for one database.
//!
//! In a text, `{session_info}` is that table of this database, other words in braces are pieces that depend on which
//! columns it has, and `$handle` is a parameter. So each statement can be read, and lists its parameters once.

use super::names::{Names, Table, quote};

/// What `session_info` has room for, beside what it had in every release that can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// `prev_refresh_token_hash_2` and `refresh_token_rotated_at`, which upstream has since 12.1.
    pub(super) rotation: bool,
    /// `window_at`, `window_no` and `window_count`, which are ours.
    pub(super) windows: bool,
    /// `access_lifetime`, `refresh_lifetime` and `absolute_end`, which are ours.
    pub(super) limits: bool,
    /// `tenant_configs.is_first_factors_null`, which upstream has since 9.1, and the two tables of factors.
    pub(super) factors: bool,
    /// The table `user_last_active`.
    pub(super) last_active: bool,
    /// Advisory locks, and the hash that upstream names them by.
    pub(super) advisory_locks: bool,
}

/// A statement of this database.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    sql: String,
    /// The parameters, `$1` first.
    parameters: Vec<&'static str>,
}

impl Statement {
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) fn parameters(&self) -> &[&'static str] {
        &self.parameters
    }
}

/// Writes statements for a database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub(super) names: &'a Names,
    pub(super) room: Room,
}

/// Pieces of statements: how they are called, and their text where the columns are there, and where they are not.
struct Piece {
    name: &'static str,
    with: &'static str,
    without: &'static str,
    needs: fn(&Room) -> bool,
}

const fn piece(name: &'static str, needs: fn(&Room) -> bool, with: &'static str, without: &'static str) -> Piece {
    Piece { name, with, without, needs }
}

const ROTATION: fn(&Room) -> bool = |room| room.rotation;
const WINDOWS: fn(&Room) -> bool = |room| room.windows;
const LIMITS: fn(&Room) -> bool = |room| room.limits;
const FACTORS: fn(&Room) -> bool = |room| room.factors;
const ALWAYS: fn(&Room) -> bool = |_| true;

const PIECES: &[Piece] = &[
    piece("key", ALWAYS, "app_id = $app AND tenant_id = $tenant AND session_handle = $handle", ""),
    // In the order of `crate::sql::row::Columns`, as `postgres::read` takes them.
    piece(
        "columns",
        ALWAYS,
        "tenant_id, session_handle, user_id, refresh_token_hash_2, {prev}, {rotated_at}, {window}, expires_at, \
         created_at_time, jwt_user_payload, session_data, use_static_key, {limits}",
        "",
    ),
    piece("prev", ROTATION, "prev_refresh_token_hash_2", "NULL::VARCHAR"),
    piece("rotated_at", ROTATION, "refresh_token_rotated_at", "NULL::BIGINT"),
    piece("window", WINDOWS, "window_at, window_no, window_count", "NULL::BIGINT, NULL::BIGINT, NULL::BIGINT"),
    piece(
        "limits",
        LIMITS,
        "access_lifetime, refresh_lifetime, absolute_end",
        "NULL::BIGINT, NULL::BIGINT, NULL::BIGINT",
    ),
    piece(
        "alive",
        LIMITS,
        "expires_at >= $now AND (absolute_end IS NULL OR absolute_end > $now)",
        "expires_at >= $now",
    ),
    // 0 is any window, 1 is none, 2 is this one.
    piece(
        "window_stands",
        WINDOWS,
        "CASE $guard::BIGINT WHEN 0 THEN TRUE WHEN 1 THEN window_at IS NULL OR window_at < COALESCE({rotated_at}, 0) \
         ELSE window_at = $guard_at AND window_no = $guard_no AND window_count = $guard_count END",
        "$guard::BIGINT < 2",
    ),
    piece("payload", ALWAYS, "COALESCE(jwt_user_payload, '{}')", ""),
    // 0 is any payload, 1 is this one, 2 is one that has none of these texts in it.
    piece(
        "payload_stands",
        ALWAYS,
        "CASE $payload_guard::BIGINT WHEN 0 THEN TRUE WHEN 1 THEN {payload} = $payload ELSE NOT EXISTS \
         (SELECT 1 FROM unnest($lacked::TEXT[]) AS lacked WHERE strpos({payload}, lacked) > 0) END",
        "",
    ),
    piece(
        "stands",
        ALWAYS,
        "{key} AND {alive} AND refresh_token_hash_2 = $current AND {window_stands} AND {payload_stands}",
        "",
    ),
    piece(
        "move_prev",
        ROTATION,
        ", prev_refresh_token_hash_2 = COALESCE($prev, refresh_token_hash_2), refresh_token_rotated_at = $now",
        "",
    ),
    piece("set_window", WINDOWS, ", window_at = $at, window_no = $no, window_count = $count", ""),
    piece(
        "keep_or_set_window",
        WINDOWS,
        ", window_at = COALESCE($at, window_at), window_no = COALESCE($no, window_no), \
         window_count = COALESCE($count, window_count)",
        "",
    ),
    piece("clear_window", WINDOWS, ", window_at = NULL, window_no = NULL, window_count = NULL", ""),
    // `LEAST` leaves nulls out. 9007199254740991 is `Millis::MAX`.
    piece(
        "extended",
        LIMITS,
        "LEAST($now + LEAST($lifetime::BIGINT, refresh_lifetime), absolute_end, 9007199254740991)",
        "LEAST($now + $lifetime::BIGINT, 9007199254740991)",
    ),
    piece("insert_rotation", ROTATION, ", prev_refresh_token_hash_2, refresh_token_rotated_at", ""),
    piece("rotation_values", ROTATION, ", $prev, $rotated_at", ""),
    piece("insert_window", WINDOWS, ", window_at, window_no, window_count", ""),
    piece("window_values", WINDOWS, ", $at, $no, $count", ""),
    piece("insert_limits", LIMITS, ", access_lifetime, refresh_lifetime, absolute_end", ""),
    piece("limit_values", LIMITS, ", $access_lifetime, $refresh_lifetime, $absolute_end", ""),
    // Of the table that a statement calls `tenants`.
    piece(
        "factors",
        FACTORS,
        "is_first_factors_null, \
         ARRAY(SELECT factor_id::TEXT FROM {tenant_first_factors} AS factors \
         WHERE factors.connection_uri_domain = '' AND factors.app_id = tenants.app_id \
         AND factors.tenant_id = tenants.tenant_id ORDER BY factor_id), \
         ARRAY(SELECT factor_id::TEXT FROM {tenant_required_secondary_factors} AS factors \
         WHERE factors.connection_uri_domain = '' AND factors.app_id = tenants.app_id \
         AND factors.tenant_id = tenants.tenant_id ORDER BY factor_id)",
        "NULL::BOOLEAN, NULL::TEXT[], NULL::TEXT[]",
    ),
    piece("insert_factors", FACTORS, ", is_first_factors_null", ""),
    piece("factor_values", FACTORS, ", $no_first_factors", ""),
    piece("set_factors", FACTORS, ", is_first_factors_null = EXCLUDED.is_first_factors_null", ""),
    // False where another holds the lock: then nothing is written, and the caller tries again. The lock is taken when a
    // transaction asks for it and given back when that ends. Needs `pg_try_advisory_xact_lock` and `hashtext`.
    piece(
        "locked",
        |room| room.advisory_locks,
        "pg_try_advisory_xact_lock(hashtext($lock))",
        "$lock::TEXT IS NOT NULL",
    ),
];

impl Writer<'_> {
    /// Writes a statement.
    pub(super) fn statement(&self, template: &'static str) -> Statement {
        let mut statement = Statement { sql: String::with_capacity(2 * template.len()), parameters: Vec::new() };
        self.write(template, &mut statement);
        statement
    }

    fn write(&self, template: &'static str, into: &mut Statement) {
        let mut rest = template;
        while let Some(at) = rest.find(['{', '$']) {
            let (before, from) = rest.split_at(at);
            into.sql.push_str(before);
            rest = match from.strip_prefix('{').and_then(|from| from.split_once('}')) {
                Some((word, after)) => {
                    self.word(word, into);
                    after
                }
                None => parameter(from.trim_start_matches('$'), into),
            };
        }
        into.sql.push_str(rest);
    }

    fn word(&self, word: &'static str, into: &mut Statement) {
        if word.is_empty() {
            // An empty JSON object.
            into.sql.push_str("{}");
            return;
        }
        let named = |name: &str| Table::ALL.into_iter().find(|table| table.name() == name);
        if let Some(piece) = PIECES.iter().find(|piece| piece.name == word) {
            let text = if (piece.needs)(&self.room) { piece.with } else { piece.without };
            self.write(text, into);
        } else if let Some(table) = named(word) {
            into.sql.push_str(&self.names.quoted(table));
        } else if let Some(constraint) = word.strip_prefix("constraint ") {
            // `<table>_<rest>`: the longest table name that it begins with.
            let table = Table::ALL.into_iter().filter(|table| constraint.starts_with(table.name()));
            if let Some(table) = table.max_by_key(|table| table.name().len()) {
                let rest = constraint.get(table.name().len()..).unwrap_or_default();
                into.sql.push_str(&quote(&format!("{}{rest}", self.names.bare(table))));
            }
        } else if let Some(text) = word.strip_prefix("text ") {
            let name = named(text).map_or(self.names.schema(), |table| self.names.bare(table));
            into.sql.push_str(&format!("'{}'", name.replace('\'', "''")));
        } else if let Some(index) = word.strip_prefix("index ") {
            into.sql.push_str(&quote(&format!("{}{index}", self.names.prefix())));
        }
    }
}

/// Writes a parameter by its number, and returns what stands behind it.
fn parameter(from: &'static str, into: &mut Statement) -> &'static str {
    let end = from.find(|letter: char| !(letter.is_ascii_lowercase() || letter == '_')).unwrap_or(from.len());
    let (name, after) = from.split_at(end);
    let known = into.parameters.iter().position(|known| *known == name);
    let number = known.unwrap_or_else(|| {
        into.parameters.push(name);
        into.parameters.len() - 1
    });
    into.sql.push('$');
    into.sql.push_str(&(number + 1).to_string());
    after
}
