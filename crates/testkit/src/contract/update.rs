use doorward_engine::id::SessionKey;
use doorward_engine::payload::JsonText;
use doorward_engine::session::record::{Row, Update, Write};
use doorward_service::store::Store;

use super::given::*;
use super::succession::{ENDS, ending};

fn update(key: &SessionKey) -> Update {
    Update { key: key.clone(), now: now(), seen: None, payload: None, data: None }
}

pub(super) async fn replaces_what_is_given(store: &dyn Store) {
    let mut before = row("one");
    before.window = Some(window(NOW, 1, 1));
    insert(store, &before).await;

    assert_eq!(applied(store, Write::Update(update(&before.key))).await, before);

    let new_payload = payload(r#"{"role":"reader"}"#);
    let write = Update { payload: Some(new_payload.clone()), ..update(&before.key) };
    let with_payload = Row { payload: new_payload, ..before };
    assert_eq!(applied(store, Write::Update(write)).await, with_payload);

    let new_data = JsonText::from_stored("null");
    let write = Update { data: Some(new_data.clone()), ..update(&with_payload.key) };
    assert_eq!(applied(store, Write::Update(write)).await, Row { data: new_data, ..with_payload });
}

pub(super) async fn hangs_on_the_payload_that_was_seen(store: &dyn Store) {
    let before = row("one");
    insert(store, &before).await;
    let write = |seen: &str| {
        let payload = Some(payload(r#"{"role":"reader"}"#));
        Write::Update(Update { seen: Some(self::payload(seen)), payload, ..update(&before.key) })
    };
    // Text for text: the same members with other white space are another payload.
    lost(store, write(r#"{"role": "editor"}"#), Some(&before)).await;
    lost(store, write("{}"), Some(&before)).await;
    let after = applied(store, write(r#"{"role":"editor"}"#)).await;
    lost(store, write(r#"{"role":"editor"}"#), Some(&after)).await;
}

pub(super) async fn a_dead_row_is_shown_and_not_written(store: &dyn Store) {
    for (number, (expires_at, absolute_end, alive)) in ENDS.into_iter().enumerate() {
        let before = ending(number, expires_at, absolute_end);
        insert(store, &before).await;
        let write = Write::Update(Update { payload: Some(payload("{}")), ..update(&before.key) });
        if alive {
            applied(store, write).await;
        } else {
            lost(store, write, Some(&before)).await;
        }
    }
}

pub(super) async fn a_row_that_is_not_there_is_none(store: &dyn Store) {
    lost(store, Write::Update(update(&key("one"))), None).await;
}
