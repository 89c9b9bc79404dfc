use doorward_engine::payload::Payload;
use doorward_engine::session::record::{
    Change, LACKED_TEXTS, PayloadGuard, Row, SessionLimits, Succession, Window, WindowGuard, Write,
};
use doorward_engine::time::{Lifetime, Millis};
use doorward_service::store::Store;

use super::given::*;

/// A row whose `current` moved 10 seconds ago, with a window that was opened then, later, before, or never.
fn moved_row(handle: &str, window: Option<Window>) -> Row {
    let mut row = row(handle);
    row.prev = Some(hash(9));
    row.rotated_at = Some(at(NOW - 10_000));
    row.window = window;
    row
}

pub(super) async fn every_change_under_every_guard(store: &dyn Store) {
    let same_moment = window(NOW - 10_000, 1, 2);
    let fresh = window(NOW - 9_999, 1, 2);
    let stale = window(NOW - 10_001, 1, 2);
    // (stored, guard, whether it holds)
    let guards = [
        (None, WindowGuard::Any, true),
        (None, WindowGuard::Absent, true),
        (None, WindowGuard::Is(fresh), false),
        (Some(fresh), WindowGuard::Any, true),
        (Some(fresh), WindowGuard::Absent, false),
        (Some(fresh), WindowGuard::Is(fresh), true),
        (Some(fresh), WindowGuard::Is(Window { opened_at: at(NOW), ..fresh }), false),
        (Some(fresh), WindowGuard::Is(Window { number: 2, ..fresh }), false),
        (Some(fresh), WindowGuard::Is(Window { count: 3, ..fresh }), false),
        (Some(same_moment), WindowGuard::Absent, false),
        (Some(stale), WindowGuard::Any, true),
        (Some(stale), WindowGuard::Absent, true),
        (Some(stale), WindowGuard::Is(stale), true),
        (Some(stale), WindowGuard::Is(fresh), false),
    ];
    let next = window(NOW, 2, 3);
    let lifetime = millis(500_000);
    let changes = [
        Change::Stay { window: None },
        Change::Stay { window: Some(next) },
        Change::Advance { to: hash(2), prev: None, lifetime, window: None },
        Change::Advance { to: hash(2), prev: Some(hash(3)), lifetime, window: Some(next) },
        Change::Displace { to: hash(2) },
    ];
    let mut number = 0;
    for (stored, guard, holds) in guards {
        for change in changes {
            for use_static_key in [None, Some(true), Some(false)] {
                number += 1;
                let mut before = moved_row(&format!("row-{number}"), stored);
                before.use_static_key = number % 2 == 0;
                insert(store, &before).await;
                let write = Write::Succeed(Succession {
                    key: before.key.clone(),
                    now: now(),
                    current: hash(1),
                    window: guard,
                    payload: PayloadGuard::Any,
                    change,
                    use_static_key,
                });
                if holds {
                    assert_eq!(
                        applied(store, write.clone()).await,
                        after(&before, change, use_static_key),
                        "{write:?}"
                    );
                } else {
                    lost(store, write, Some(&before)).await;
                }
            }
        }
    }
}

/// What the changes of the case above make of its rows.
fn after(before: &Row, change: Change, use_static_key: Option<bool>) -> Row {
    let before = Row { use_static_key: use_static_key.unwrap_or(before.use_static_key), ..before.clone() };
    match change {
        Change::Stay { window: None } => before,
        Change::Stay { window } => Row { window, ..before },
        Change::Advance { to, prev, window, .. } => Row {
            current: to,
            prev: Some(prev.unwrap_or(hash(1))),
            rotated_at: Some(now()),
            expires_at: at(NOW + 500_000),
            window,
            ..before
        },
        Change::Displace { to } => Row { current: to, window: None, ..before },
    }
}

pub(super) async fn a_window_counts_from_zero_before_the_first_move(store: &dyn Store) {
    let mut before = row("one");
    before.window = Some(window(0, 1, 1));
    insert(store, &before).await;
    let write = Succession { window: WindowGuard::Absent, ..advance(&before.key, 2) };
    lost(store, Write::Succeed(write), Some(&before)).await;
}

pub(super) async fn another_current_loses_and_sees_the_row(store: &dyn Store) {
    let before = row("one");
    insert(store, &before).await;
    let write = Succession { current: hash(7), ..advance(&before.key, 2) };
    lost(store, Write::Succeed(write), Some(&before)).await;
}

pub(super) async fn a_row_that_is_not_there_is_none(store: &dyn Store) {
    lost(store, Write::Succeed(advance(&key("one"), 2)), None).await;
}

/// Ends of a row, and whether it is alive at [`NOW`].
pub(super) const ENDS: [(u64, Option<u64>, bool); 6] = [
    (NOW, None, true),
    (NOW - 1, None, false),
    (NOW + 1, Some(NOW + 1), true),
    (NOW + 1, Some(NOW), false),
    (NOW + 1, Some(NOW - 1), false),
    (NOW - 1, Some(NOW + 1), false),
];

/// A row with one of [`ENDS`].
pub(super) fn ending(handle: usize, expires_at: u64, absolute_end: Option<u64>) -> Row {
    let mut row = row(&handle.to_string());
    row.expires_at = at(expires_at);
    row.limits.absolute_end = absolute_end.map(at);
    row
}

pub(super) async fn a_dead_row_is_shown_and_not_written(store: &dyn Store) {
    for (number, (expires_at, absolute_end, alive)) in ENDS.into_iter().enumerate() {
        let before = ending(number, expires_at, absolute_end);
        assert_eq!(before.is_alive(now()), alive, "what the engine says of case {number}");
        insert(store, &before).await;
        let write = Write::Succeed(advance(&before.key, 2));
        if alive {
            applied(store, write).await;
        } else {
            lost(store, write, Some(&before)).await;
        }
    }
}

pub(super) async fn the_end_is_clamped_by_the_row(store: &dyn Store) {
    let lifetimes = [0, 1, 1000, Millis::MAX.as_u64() - NOW, Millis::MAX.as_u64(), u64::MAX].map(Lifetime::from_millis);
    let own = [None, Some(0), Some(999), Some(Millis::MAX.as_u64())];
    let ends = [None, Some(NOW + 1), Some(NOW + 500), Some(NOW + 5000), Some(Millis::MAX.as_u64())];
    let mut number = 0;
    for lifetime in lifetimes {
        for refresh_lifetime in own.map(|own| own.map(millis)) {
            for absolute_end in ends.map(|end| end.map(at)) {
                number += 1;
                let mut before = row(&number.to_string());
                before.limits = SessionLimits { access_lifetime: Some(millis(7)), refresh_lifetime, absolute_end };
                insert(store, &before).await;
                let change = Change::Advance { to: hash(2), prev: None, lifetime, window: None };
                let write = Write::Succeed(Succession { change, ..advance(&before.key, 2) });
                let end = before.limits.end(now(), lifetime);
                assert_eq!(applied(store, write).await.expires_at, end, "{:?} with {lifetime:?}", before.limits);
            }
        }
    }
}

/// Texts that a payload must not have in it, as many as a guard names.
fn lacks(texts: [&'static str; 2]) -> PayloadGuard {
    let [first, second] = texts;
    PayloadGuard::Lacks([first, first, first, first, first, first, first, first, second, second])
}

pub(super) async fn every_change_under_every_payload_guard(store: &dyn Store) {
    let escaped = r#"{"\u0073ub":"100 % \"_\" ÄÖ"}"#;
    // (stored, guard, whether it holds)
    let guards = [
        (r#"{"role":"sub"}"#, PayloadGuard::Any, true),
        (r#"{"role":"sub"}"#, PayloadGuard::Is(payload(r#"{"role":"sub"}"#)), true),
        (r#"{"role":"sub"}"#, PayloadGuard::Is(payload(r#"{"role": "sub"}"#)), false),
        (r#"{"role":"sub"}"#, PayloadGuard::Is(payload("{}")), false),
        ("{}", PayloadGuard::Is(payload("{}")), true),
        ("{}", lacks(["\"sub\"", "\"exp\""]), true),
        // Wherever the text is, and in its own case only.
        (r#"{"role":"sub"}"#, lacks(["\"sub\"", "\"exp\""]), false),
        (r#"{"a":{"exp":1}}"#, lacks(["\"sub\"", "\"exp\""]), false),
        (r#"{"a":"sub","exp":1}"#, lacks(["\"sub\"", "\"exp\""]), false),
        (r#"{"Sub":1,"rsub":1,"subs":"exp "}"#, lacks(["\"sub\"", "\"exp\""]), true),
        // Nothing in a text has a meaning of its own.
        (escaped, lacks(["\"sub\"", "\\u00"]), false),
        (escaped, lacks(["\\u0074", "\"%\""]), true),
        (escaped, lacks(["\"su_\"", "1%0"]), true),
        (escaped, lacks(["100 %", "1%0"]), false),
        (escaped, lacks(["\"sub\"", "Ö"]), false),
        (escaped, lacks(["ä", "ö"]), true),
    ];
    let lifetime = millis(500_000);
    let changes = [
        Change::Stay { window: Some(window(NOW, 2, 3)) },
        Change::Advance { to: hash(2), prev: None, lifetime, window: None },
        Change::Displace { to: hash(2) },
    ];
    for (number, (stored, guard, holds)) in guards.into_iter().enumerate() {
        for (kind, change) in changes.into_iter().enumerate() {
            let mut before = row(&format!("row-{number}-{kind}"));
            before.payload = Payload::from_stored(stored).expect("an object");
            insert(store, &before).await;
            let write = Succession { payload: guard.clone(), change, ..advance(&before.key, 2) };
            if holds {
                assert_eq!(applied(store, Write::Succeed(write)).await, after(&before, change, None), "{stored}");
            } else {
                lost(store, Write::Succeed(write), Some(&before)).await;
            }
        }
    }
}

pub(super) async fn every_text_that_a_payload_must_lack_counts(store: &dyn Store) {
    for place in 0..LACKED_TEXTS {
        let before = row(&place.to_string());
        insert(store, &before).await;
        let mut texts = ["nowhere"; LACKED_TEXTS];
        texts[place] = "\"editor\"";
        let write = Succession { payload: PayloadGuard::Lacks(texts), ..advance(&before.key, 2) };
        lost(store, Write::Succeed(write), Some(&before)).await;
    }
}

pub(super) async fn the_same_write_twice_sees_the_first(store: &dyn Store) {
    let before = row("one");
    insert(store, &before).await;
    let write = Write::Succeed(advance(&before.key, 2));
    let after = applied(store, write.clone()).await;
    lost(store, write, Some(&after)).await;
}
