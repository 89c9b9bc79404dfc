//! Pieces of the statements on `session_info` and on tenants, as far as they depend on which columns there are.

use super::room::Room;

/// Pieces of statements: how they are called, and their text where the columns are there, and where they are not.
pub(super) struct Piece {
    pub(super) name: &'static str,
    pub(super) with: &'static str,
    pub(super) without: &'static str,
    pub(super) needs: fn(&Room) -> bool,
}

pub(super) const fn piece(
    name: &'static str,
    needs: fn(&Room) -> bool,
    with: &'static str,
    without: &'static str,
) -> Piece {
    Piece { name, with, without, needs }
}

const ROTATION: fn(&Room) -> bool = |room| room.rotation;
const WINDOWS: fn(&Room) -> bool = |room| room.windows;
const LIMITS: fn(&Room) -> bool = |room| room.limits;
const FACTORS: fn(&Room) -> bool = |room| room.factors;
const ALWAYS: fn(&Room) -> bool = |_| true;

pub(super) const PIECES: &[Piece] = &[
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
