//! What a database has room for, and what it knows beside sessions.

/// What `session_info` has room for, beside what it had in every release that can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// `prev_refresh_token_hash_2` and `refresh_token_rotated_at`, which upstream has since 12.1.
    pub(crate) rotation: bool,
    /// `window_at`, `window_no` and `window_count`, which are ours.
    pub(crate) windows: bool,
    /// `access_lifetime`, `refresh_lifetime` and `absolute_end`, which are ours.
    pub(crate) limits: bool,
    /// `tenant_configs.is_first_factors_null`, which upstream has since 9.1, and the two tables of factors.
    pub(crate) factors: bool,
    /// The table `user_last_active`.
    pub(crate) last_active: bool,
    /// The table `userid_mapping`, which SuperTokens' recipes of users have.
    pub(crate) named_users: bool,
    /// `app_id_to_user_id.primary_or_recipe_user_id`, which they have since 7.0.
    pub(crate) linked_users: bool,
    /// The same column of `all_auth_recipe_users`, which newer releases may have stopped to write.
    pub(crate) old_linked_users: bool,
    /// Advisory locks, and the hash that upstream names them by.
    pub(crate) advisory_locks: bool,
}

impl Room {
    /// Whether the database knows which user another one is linked to.
    pub(crate) const fn knows_primaries(self) -> bool {
        self.named_users && (self.linked_users || self.old_linked_users)
    }
}
