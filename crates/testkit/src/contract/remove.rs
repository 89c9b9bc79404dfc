use doorward_engine::flow::Seen;
use doorward_engine::id::SessionKey;
use doorward_engine::session::record::{Removal, Row, Write};
use doorward_service::store::{Selector, Store, UserSelector};

use super::given::*;
use super::succession::{ENDS, ending};

async fn remove(store: &dyn Store, which: Selector) -> Vec<SessionKey> {
    let mut removed = store.remove(which).await.expect("a removal");
    removed.sort();
    removed
}

async fn left(store: &dyn Store, rows: &[Row]) -> Vec<SessionKey> {
    let mut left = Vec::new();
    for row in rows {
        left.extend(load(store, &row.key).await.map(|row| row.key));
    }
    left
}

pub(super) async fn removal_hangs_on_current(store: &dyn Store) {
    let before = row("one");
    insert(store, &before).await;
    let removal = |current| Write::Remove(Removal { key: before.key.clone(), current });
    lost(store, removal(hash(2)), Some(&before)).await;
    assert_eq!(commit(store, removal(hash(1))).await, Seen::Applied(before.clone()));
    lost(store, removal(hash(1)), None).await;
}

pub(super) async fn an_expired_row_can_be_removed(store: &dyn Store) {
    let mut before = row("one");
    before.expires_at = at(1);
    insert(store, &before).await;
    let removal = Removal { key: before.key.clone(), current: hash(1) };
    assert_eq!(commit(store, Write::Remove(removal)).await, Seen::Applied(before.clone()));
    insert(store, &before).await;
    assert_eq!(remove(store, Selector::Keys(vec![before.key.clone()])).await, [before.key]);
}

pub(super) async fn keys_that_were_there_come_back(store: &dyn Store) {
    let rows = [row("a"), row("b"), row("c"), row_at(key_in("other", "shop", "a"))];
    for row in &rows {
        insert(store, row).await;
    }
    assert_eq!(remove(store, Selector::Keys(vec![key("b")])).await, [key("b")]);
    let which =
        vec![key("a"), key("b"), key("none"), key("a"), key_in("other", "shop", "a"), key_in("other", "shop", "c")];
    assert_eq!(remove(store, Selector::Keys(which)).await, [key_in("other", "shop", "a"), key("a")]);
    assert_eq!(left(store, &rows).await, [key("c")]);
    assert_eq!(remove(store, Selector::Keys(vec![key("a")])).await, []);
}

pub(super) async fn no_keys_remove_nothing(store: &dyn Store) {
    insert(store, &row("a")).await;
    assert_eq!(remove(store, Selector::Keys(Vec::new())).await, []);
    assert_eq!(left(store, &[row("a")]).await, [key("a")]);
}

/// Two sessions of alice in each of two tenants, one of them expired, and one that another user, another app has.
async fn some_rows(store: &dyn Store) -> Vec<Row> {
    let mut rows: Vec<Row> = [("public", "a"), ("public", "b"), ("shop", "a"), ("shop", "b")]
        .map(|(tenant, handle)| row_at(key_in("public", tenant, handle)))
        .into();
    rows[3].expires_at = at(1);
    rows.push(row_at(key_in("other", "public", "a")));
    rows.push(Row { user: user("alice2"), ..row("c") });
    for row in &rows {
        insert(store, row).await;
    }
    rows
}

pub(super) async fn a_user_loses_all_sessions(store: &dyn Store) {
    let rows = some_rows(store).await;
    let which = Selector::User { user: user_in(None, "alice"), alive_at: None, except: None };
    let expected = [key("a"), key("b"), key_in("public", "shop", "a"), key_in("public", "shop", "b")];
    assert_eq!(remove(store, which.clone()).await, expected);
    assert_eq!(left(store, &rows).await, [key_in("other", "public", "a"), key("c")]);
    assert_eq!(remove(store, which).await, []);
}

pub(super) async fn a_user_loses_the_sessions_of_one_tenant(store: &dyn Store) {
    let rows = some_rows(store).await;
    let which = Selector::User { user: user_in(Some("shop"), "alice"), alive_at: None, except: None };
    assert_eq!(remove(store, which).await, [key_in("public", "shop", "a"), key_in("public", "shop", "b")]);
    assert_eq!(left(store, &rows).await, [key("a"), key("b"), key_in("other", "public", "a"), key("c")]);

    let user = UserSelector { app: app("other"), ..user_in(None, "alice") };
    assert_eq!(
        remove(store, Selector::User { user, alive_at: None, except: None }).await,
        [key_in("other", "public", "a")]
    );
}

pub(super) async fn one_session_stays(store: &dyn Store) {
    let rows = some_rows(store).await;
    let which = |tenant, stays: &str| Selector::User {
        user: user_in(tenant, "alice"),
        alive_at: None,
        except: Some(key(stays).handle),
    };
    assert_eq!(remove(store, which(Some("public"), "a")).await, [key("b")]);
    assert_eq!(remove(store, which(Some("public"), "none")).await, [key("a")]);
    // The handle stays in whichever tenant it is.
    assert_eq!(remove(store, which(None, "b")).await, [key_in("public", "shop", "a")]);
    assert_eq!(left(store, &rows).await, [key_in("public", "shop", "b"), key_in("other", "public", "a"), key("c")]);
}

pub(super) async fn only_living_sessions_go_where_that_is_asked(store: &dyn Store) {
    let mut alive = Vec::new();
    for (number, (expires_at, absolute_end, is_alive)) in ENDS.into_iter().enumerate() {
        let row = ending(number, expires_at, absolute_end);
        insert(store, &row).await;
        if is_alive {
            alive.push(row.key);
        }
    }
    alive.sort();
    let which = |alive_at| Selector::User { user: user_in(None, "alice"), alive_at, except: None };
    assert_eq!(remove(store, which(Some(now()))).await, alive);
    assert_eq!(remove(store, which(Some(now()))).await, []);
    assert_eq!(remove(store, which(None)).await.len(), ENDS.len() - alive.len());
}
