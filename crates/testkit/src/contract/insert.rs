use doorward_engine::payload::JsonText;
use doorward_engine::session::record::{SessionLimits, Write};
use doorward_service::store::Store;

use super::given::*;

pub(super) async fn a_row_that_is_not_there_is_none(store: &dyn Store) {
    insert(store, &row("one")).await;
    assert_eq!(load(store, &key("other")).await, None);
}

pub(super) async fn a_row_comes_back_as_it_was_written(store: &dyn Store) {
    let bare = row("bare");
    let mut full = row("full");
    full.prev = Some(hash(2));
    full.rotated_at = Some(at(NOW - 10));
    full.window = Some(window(NOW - 5, 3, 4));
    full.use_static_key = true;
    full.limits = SessionLimits {
        access_lifetime: Some(millis(1)),
        refresh_lifetime: Some(millis(2)),
        absolute_end: Some(doorward_engine::time::Millis::MAX),
    };
    for row in [bare, full] {
        insert(store, &row).await;
        assert_eq!(load(store, &row.key).await, Some(row));
    }
}

pub(super) async fn the_second_insert_sees_the_first_row(store: &dyn Store) {
    let first = row("one");
    insert(store, &first).await;
    let mut second = row("one");
    second.current = hash(2);
    second.user = user("bob");
    lost(store, Write::Insert(Box::new(second)), Some(&first)).await;
    // What a caller does whose acknowledgement was lost: it finds its own row.
    lost(store, Write::Insert(Box::new(first.clone())), Some(&first)).await;
}

pub(super) async fn an_expired_row_still_takes_its_place(store: &dyn Store) {
    let mut expired = row("one");
    expired.expires_at = at(1);
    insert(store, &expired).await;
    lost(store, Write::Insert(Box::new(row("one"))), Some(&expired)).await;
}

pub(super) async fn apps_and_tenants_are_kept_apart(store: &dyn Store) {
    let places = [("public", "public"), ("public", "shop"), ("other", "public"), ("other", "shop")];
    let rows: Vec<_> = (1..)
        .zip(places)
        .map(|(number, (app, tenant))| {
            let mut row = row_at(key_in(app, tenant, "one"));
            row.current = hash(number);
            row
        })
        .collect();
    for row in &rows {
        insert(store, row).await;
    }
    for row in &rows {
        assert_eq!(load(store, &row.key).await.as_ref(), Some(row));
    }
}

pub(super) async fn odd_texts_come_back_unchanged(store: &dyn Store) {
    let long = "h".repeat(255);
    let texts =
        ["a'b", "a\"b", "a\\b", "%_", "--", ";", "?1", "$1", " ", "\t\r\n", "é", "e\u{301}", "😀", "\u{202e}", &long];
    for (number, text) in (1..).zip(texts) {
        let mut row = row(text);
        row.current = hash(number);
        row.user = user(if text == long { "" } else { text });
        row.payload = payload(r#"{ "a" : "\u0000'\"é😀", "n": 1.0e400, "big":123456789012345678901234567890 }"#);
        row.data = JsonText::from_stored(" [1.50,\n\"\\u0000'\"] ");
        insert(store, &row).await;
        assert_eq!(load(store, &row.key).await, Some(row), "{text:?}");
    }
    // Neither case nor Unicode's equivalences make two texts one.
    assert_eq!(load(store, &key("É")).await, None);
    assert_eq!(load(store, &key("A'B")).await, None);
}

pub(super) async fn an_expired_row_comes_back(store: &dyn Store) {
    let mut expired = row("one");
    expired.expires_at = at(1);
    expired.limits.absolute_end = Some(at(1));
    insert(store, &expired).await;
    assert_eq!(load(store, &expired.key).await, Some(expired));
}
