//! What every store must do, as cases that run against any of them.
//!
//! A store's own tests call [`run`], and [`run_directory`] where it is a [`Directory`], with a function that gives a fresh,
//! empty store. The cases need no runtime and start
//! no threads: whoever tests a store that needs a runtime drives the future of [`run`] with it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed expectation is what this suite reports"
)]

mod contention;
mod directory;
pub mod given;
mod insert;
mod keys;
mod life;
mod list;
mod remove;
mod succession;
mod update;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use doorward_service::directory::Directory;
use doorward_service::store::{BoxFuture, Store};
use futures_util::FutureExt as _;

/// One thing that every store must do.
pub struct Case<S: ?Sized = dyn Store> {
    /// Its name: what holds.
    pub name: &'static str,
    check: fn(Arc<S>) -> BoxFuture<'static, ()>,
}

impl<S: ?Sized> Case<S> {
    /// Checks it on an empty store, and panics if it doesn't hold.
    pub async fn check(&self, store: Arc<S>) {
        (self.check)(store).await;
    }
}

impl<S: ?Sized> fmt::Debug for Case<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

macro_rules! cases {
    ($($module:ident::$case:ident,)*) => {
        &[$(Case {
            name: concat!(stringify!($module), "::", stringify!($case)),
            check: |store| Box::pin(async move { $module::$case(&*store).await }),
        },)*]
    };
}

/// All cases of a [`Store`].
pub const CASES: &[Case] = cases![
    insert::a_row_that_is_not_there_is_none,
    insert::a_row_comes_back_as_it_was_written,
    insert::the_second_insert_sees_the_first_row,
    insert::an_expired_row_still_takes_its_place,
    insert::apps_and_tenants_are_kept_apart,
    insert::odd_texts_come_back_unchanged,
    insert::an_expired_row_comes_back,
    succession::every_change_under_every_guard,
    succession::every_change_under_every_payload_guard,
    succession::every_text_that_a_payload_must_lack_counts,
    succession::a_window_counts_from_zero_before_the_first_move,
    succession::another_current_loses_and_sees_the_row,
    succession::a_row_that_is_not_there_is_none,
    succession::a_dead_row_is_shown_and_not_written,
    succession::the_end_is_clamped_by_the_row,
    succession::the_same_write_twice_sees_the_first,
    update::replaces_what_is_given,
    update::hangs_on_the_payload_that_was_seen,
    update::a_dead_row_is_shown_and_not_written,
    update::a_row_that_is_not_there_is_none,
    remove::removal_hangs_on_current,
    remove::an_expired_row_can_be_removed,
    remove::keys_that_were_there_come_back,
    remove::no_keys_remove_nothing,
    remove::a_user_loses_all_sessions,
    remove::a_user_loses_the_sessions_of_one_tenant,
    remove::one_session_stays,
    remove::only_living_sessions_go_where_that_is_asked,
    list::is_ordered_by_tenant_and_handle,
    list::is_read_in_pages,
    list::shows_one_tenant,
    list::shows_expired_rows,
    keys::an_app_starts_without,
    keys::a_signing_key_hangs_on_the_newest_seen,
    keys::two_first_keys_agree_on_one,
    keys::one_moment_makes_one_key,
    keys::the_refresh_key_is_made_once,
    keys::the_static_key_is_made_once,
    keys::apps_have_their_own,
    keys::old_ones_are_deleted,
    life::sweep_deletes_at_most_its_limit,
    life::sweep_spares_the_last_moment,
    life::sweep_looks_at_all_apps,
    life::a_closed_store_says_so,
    contention::one_of_many_moves_wins,
    contention::one_of_many_inserts_wins,
    contention::one_of_many_removals_wins,
    contention::racing_key_makers_agree,
    contention::racing_static_key_makers_agree,
    contention::a_dropped_write_happens_whole_or_not_at_all,
];

/// All cases of a [`Directory`].
pub const DIRECTORY_CASES: &[Case<dyn Directory>] = cases![
    directory::public_is_there,
    directory::a_tenant_comes_back_as_it_was_written,
    directory::a_tenant_is_new_once,
    directory::settings_are_replaced,
    directory::no_factors_differ_from_none,
    directory::an_unset_tenant_has_no_settings,
    directory::what_belongs_to_no_tenant_is_refused,
    directory::a_removed_tenant_takes_what_it_has,
    directory::a_removed_app_takes_what_it_has,
    directory::public_is_emptied_and_stays,
    directory::many_sessions_go_with_their_tenant,
    directory::a_value_is_kept_for_its_tenant,
    directory::the_last_activity_counts,
    directory::living_sessions_are_counted,
    directory::a_closed_directory_says_so,
];

/// Runs all cases of a store, each on a fresh one, and panics at the end with the names of those that failed.
///
/// `name` is what the report calls the store; `open` gives an empty one.
pub async fn run(name: &str, open: impl AsyncFn() -> Arc<dyn Store>) {
    run_cases(name, CASES, open).await;
}

/// Runs all cases of a directory, as [`run`] does those of a store.
pub async fn run_directory(name: &str, open: impl AsyncFn() -> Arc<dyn Directory>) {
    run_cases(name, DIRECTORY_CASES, open).await;
}

async fn run_cases<S: Store + ?Sized>(name: &str, cases: &[Case<S>], open: impl AsyncFn() -> Arc<S>) {
    let mut failed = Vec::new();
    for case in cases {
        let store = open().await;
        if AssertUnwindSafe(case.check(Arc::clone(&store))).catch_unwind().await.is_err() {
            failed.push(case.name);
        }
        store.close().await.expect("a store that is closed");
    }
    assert!(failed.is_empty(), "{} of {} cases failed on `{name}`: {}", failed.len(), cases.len(), failed.join(", "));
}
