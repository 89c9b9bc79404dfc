//! What is copied from one database into another.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

/// All cases, for two kinds of databases that `with` opens.
macro_rules! cases {
    ($name:ident: $with:expr) => {
        cases! {
            $name: $with,
            every_column_comes_over,
            an_interrupted_copy_goes_on,
            another_source_starts_anew,
            the_newer_row_holds,
            names_and_activity_are_merged,
            other_keys_are_refused,
            a_used_source_is_not_added_again,
            a_mirror_has_no_others,
            a_source_that_is_used_meanwhile_is_found,
            a_database_is_not_its_own_target,
        }
    };
    ($name:ident: $with:expr, $($case:ident,)*) => {
        mod $name {
            use super::*;

            $(#[test]
            fn $case() {
                $with(async |from: Arc<dyn Tables>, to: Arc<dyn Tables>| $crate::transfer::$case((&*from, &*to)).await);
            })*

            #[test]
            fn a_session_goes_on_in_the_target() {
                $with($crate::transfer::tokens::a_session_goes_on_in_the_target);
            }
        }
    };
}
#[cfg(feature = "postgres")]
mod docs;
mod given;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod tokens;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use doorward_service::store::Selector;
use doorward_stores::transfer::{Copied, CopyError, Mode, RawRow, Side, Step, TABLES, Tables, Ties, Value, copy};
use doorward_testkit::contract::given::{key_in, now};
use futures_util::FutureExt as _;

use self::given::*;

/// Both databases are empty: the one that is copied from, and the one that is copied to.
type Pair<'a> = (&'a dyn Tables, &'a dyn Tables);

pub(super) async fn every_column_comes_over((from, to): Pair<'_>) {
    fill(from, 1203).await;
    let before = dump(from).await;
    let copied = copy_all(from, to, Mode::Add).await.unwrap();
    assert_eq!(dump(to).await, before);
    assert_eq!(dump(from).await, before, "the source is as it was");
    let sessions = copied.tables.last().unwrap();
    assert_eq!((sessions.what, sessions.in_source, sessions.in_target), ("sessions", 1204, 1204));
    assert_eq!((sessions.written, sessions.deleted, copied.resumed), (1204, 0, false));
    assert_eq!(copied.tables.len(), TABLES.len());

    let again = copy_all(from, to, Mode::Add).await.unwrap();
    assert!(again.tables.iter().all(|count| count.written == 0), "{again:?}");
    assert_eq!(dump(to).await, before);
}

/// Sets a flag when so many sessions are done.
fn stop_at(stop: &AtomicBool, sessions: u64) -> impl FnMut(Step) + Send {
    move |step| {
        stop.fetch_or(step.table.name == "session_info" && step.done >= sessions, Ordering::SeqCst);
    }
}

/// Polls until the flag is set, or to the end.
async fn until<T>(stop: &AtomicBool, future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    poll_fn(
        |context| {
            if stop.load(Ordering::SeqCst) { Poll::Ready(None) } else { future.poll_unpin(context).map(Some) }
        },
    )
    .await
}

/// Copies until so many sessions are done, and drops what is under way.
async fn interrupted((from, to): Pair<'_>, sessions: u64) {
    let stop = AtomicBool::new(false);
    let mut watch = stop_at(&stop, sessions);
    let (from, to) = (Side { name: "source", tables: from }, Side { name: "target", tables: to });
    let mut copying = pin!(copy(from, to, Mode::Add, now(), &mut watch));
    assert_eq!(until(&stop, &mut copying).await, None, "it is interrupted");
}

pub(super) async fn an_interrupted_copy_goes_on((from, to): Pair<'_>) {
    fill(from, 9000).await;
    interrupted((from, to), 6000).await;
    assert!(to.count(table("session_info")).await.unwrap() < 9001);
    let mut seen = Vec::new();
    let sides = (Side { name: "source", tables: from }, Side { name: "target", tables: to });
    let copied = copy(sides.0, sides.1, Mode::Add, now(), &mut |step| seen.push(step)).await;
    let Copied { tables, resumed, .. } = copied.unwrap();
    assert!(resumed);
    let sessions = seen.iter().filter(|step| step.table.name == "session_info");
    let done: Vec<(u64, u64)> = sessions.map(|step| (step.done, step.total)).collect();
    assert!(done[0].0 >= 5000 && done.is_sorted() && done.last() == Some(&(9001, 9001)), "{done:?}");
    let sessions = tables.last().unwrap();
    assert_eq!((sessions.in_source, sessions.in_target), (9001, 9001));
    assert!(sessions.written <= 9001 - 6000, "{sessions:?}");
    assert_eq!(dump(to).await, dump(from).await);
}

pub(super) async fn another_source_starts_anew((from, to): Pair<'_>) {
    fill(from, 6000).await;
    interrupted((from, to), 5500).await;
    let (from, to) = (Side { name: "another", tables: from }, Side { name: "target", tables: to });
    let copied = copy(from, to, Mode::Add, now(), &mut |_| {}).await.unwrap();
    assert!(!copied.resumed);
    assert_eq!(dump(to.tables).await, dump(from.tables).await);
}

/// Columns that differ from those of a session that nothing happened to.
type Changes = &'static [(&'static str, i64)];

/// What a session may have become in the source and in the target, and whose holds: `'s'` or `'t'`, where the target is
/// added to, and where it shall be a mirror.
const RIVALS: &[(&str, Changes, Changes, char, char)] = &[
    ("nothing happened", &[], &[], 't', 's'),
    ("the source refreshed", &[("refresh_token_rotated_at", 9)], &[], 's', 's'),
    ("the target refreshed", &[], &[("refresh_token_rotated_at", 9)], 't', 't'),
    ("both, the source last", &[("refresh_token_rotated_at", 9)], &[("refresh_token_rotated_at", 8)], 's', 's'),
    ("both, the target last", &[("refresh_token_rotated_at", 8)], &[("refresh_token_rotated_at", 9)], 't', 't'),
    ("an old core refreshed", &[("expires_at", 9)], &[], 's', 's'),
    (
        "an old core refreshed, and so did the target",
        &[("expires_at", 9)],
        &[("refresh_token_rotated_at", 8)],
        't',
        't',
    ),
    ("the source opened a window", &[("window_at", 9), ("window_no", 1)], &[], 's', 's'),
    (
        "the target's window is the next",
        &[("window_at", 9), ("window_no", 1)],
        &[("window_at", 9), ("window_no", 2)],
        't',
        't',
    ),
    (
        "the target's window counted",
        &[("window_at", 9), ("window_count", 1)],
        &[("window_at", 9), ("window_count", 2)],
        't',
        't',
    ),
];

pub(super) async fn the_newer_row_holds((from, to): Pair<'_>) {
    let sessions = table("session_info");
    let of = |number: usize, changes: &[(&str, i64)], whose: char| {
        let mut all = vec![("session_data", text(whose))];
        all.extend(changes.iter().map(|(name, later)| {
            (
                *name,
                Value::Integer(if *name == "window_no" || *name == "window_count" { *later } else { now_plus(*later) }),
            )
        }));
        session(["public", "public", &format!("h-{number}")], &all)
    };
    let theirs: Vec<RawRow> = RIVALS.iter().enumerate().map(|(number, rival)| of(number, rival.1, 's')).collect();
    let ours: Vec<RawRow> = RIVALS.iter().enumerate().map(|(number, rival)| of(number, rival.2, 't')).collect();
    from.write(sessions, theirs, Ties::Stay).await.unwrap();
    for mode in [Mode::Add, Mode::Mirror] {
        let keys = ours.iter().map(|row| row[..3].to_vec()).collect();
        to.delete(sessions, keys).await.unwrap();
        to.write(sessions, ours.clone(), Ties::Stay).await.unwrap();
        copy_all(from, to, mode).await.unwrap();
        let held = rows(to, "session_info").await;
        for (row, (what, _, _, added, mirrored)) in held.iter().zip(RIVALS) {
            let whose = if mode == Mode::Add { *added } else { *mirrored };
            assert_eq!(row[5], text(whose), "{what}, {mode:?}");
        }
    }
}

fn now_plus(later: i64) -> i64 {
    i64::try_from(now().as_u64()).unwrap() + 10_000 + later
}

pub(super) async fn names_and_activity_are_merged((from, to): Pair<'_>) {
    let cases: &[(&str, RawRow, RawRow, char)] = &[
        ("apps", vec![text("a"), Value::Integer(2)], vec![text("a"), Value::Integer(1)], 't'),
        ("apps", vec![text("b"), Value::Integer(1)], vec![text("b"), Value::Integer(2)], 's'),
        ("apps", vec![text("c"), Value::Integer(1)], vec![text("c"), Value::Null], 's'),
        ("apps", vec![text("d"), Value::Null], vec![text("d"), Value::Integer(1)], 't'),
        ("user_last_active", active("a", 1), active("a", 2), 't'),
        ("user_last_active", active("b", 2), active("b", 1), 's'),
        ("key_value", value("a", "s", 1), value("a", "t", 2), 't'),
        ("key_value", value("b", "s", 2), value("b", "t", 1), 's'),
        ("key_value", value("c", "s", 1), value("c", "t", 1), 't'),
    ];
    for (name, theirs, ours, _) in cases {
        from.write(table(name), vec![theirs.clone()], Ties::Stay).await.unwrap();
        to.write(table(name), vec![ours.clone()], Ties::Stay).await.unwrap();
    }
    copy_all(from, to, Mode::Add).await.unwrap();
    for (name, theirs, ours, whose) in cases {
        let expected = if *whose == 's' { theirs } else { ours };
        assert!(rows(to, name).await.contains(expected), "{name}");
    }
}

fn active(user: &str, at: i64) -> RawRow {
    vec![text("public"), text(user), Value::Integer(at)]
}

fn value(name: &str, value: &str, at: i64) -> RawRow {
    vec![text("public"), text("public"), text(name), text(value), Value::Integer(at)]
}

pub(super) async fn other_keys_are_refused((from, to): Pair<'_>) {
    fill(from, 3).await;
    let theirs: &[(&str, RawRow)] = &[
        ("key_value", value("refresh_token_key", "another", 5)),
        ("session_access_token_signing_keys", vec![text("public"), Value::Integer(10), text("another")]),
        ("jwt_signing_keys", vec![text("public"), text("s-1"), text("another"), text("RS256"), Value::Null]),
    ];
    for (name, row) in theirs {
        to.write(table(name), vec![row.clone()], Ties::Stay).await.unwrap();
        let before = dump(to).await;
        for mode in [Mode::Add, Mode::Mirror] {
            assert_eq!(copy_all(from, to, mode).await, Err(CopyError::OtherKeys("public".to_owned())), "{name}");
        }
        assert_eq!(dump(to).await, before, "nothing was written");
        to.delete(table(name), vec![row[..table(name).key].to_vec()]).await.unwrap();
    }
    // Keys of other names, and of other apps, are in nobody's way.
    let beside = vec![text("public"), Value::Integer(15), text("another")];
    to.write(table("session_access_token_signing_keys"), vec![beside.clone()], Ties::Stay).await.unwrap();
    copy_all(from, to, Mode::Add).await.unwrap();
    assert!(rows(to, "session_access_token_signing_keys").await.contains(&beside));
}

pub(super) async fn a_used_source_is_not_added_again((from, to): Pair<'_>) {
    fill(from, 20).await;
    copy_all(from, to, Mode::Add).await.unwrap();
    let ended = key_in("public", "public", "handle-1");
    from.remove(Selector::Keys(vec![ended])).await.unwrap();
    assert_eq!(copy_all(from, to, Mode::Add).await, Err(CopyError::UsedSince));

    let copied = copy_all(from, to, Mode::Mirror).await.unwrap();
    assert_eq!(copied.tables.last().unwrap().deleted, 1);
    assert_eq!(dump(to).await, dump(from).await);
}

pub(super) async fn a_mirror_has_no_others((from, to): Pair<'_>) {
    fill(from, 20).await;
    fill(to, 1200).await;
    to.write(table("apps"), vec![vec![text("theirs"), Value::Null]], Ties::Stay).await.unwrap();
    to.write(table("tenants"), vec![vec![text("theirs"), text("public"), Value::Null]], Ties::Stay).await.unwrap();
    let theirs = session(["theirs", "public", "one"], &[]);
    to.write(table("session_info"), vec![theirs.clone()], Ties::Stay).await.unwrap();
    let factor = vec![text(""), text("other"), text("shop"), text("sms")];
    to.write(table("tenant_first_factors"), vec![factor], Ties::Stay).await.unwrap();

    let copied = copy_all(from, to, Mode::Mirror).await.unwrap();
    let count = |what: &str| *copied.tables.iter().find(|count| count.what == what).unwrap();
    assert_eq!((count("sessions").deleted, count("first factors of tenants").deleted), (1180, 1));
    assert_eq!((count("sessions").in_source, count("sessions").in_target), (21, 22));
    assert_eq!(rows(to, "tenant_first_factors").await, rows(from, "tenant_first_factors").await);
    let mut expected = rows(from, "session_info").await;
    expected.push(theirs);
    expected.sort();
    assert_eq!(rows(to, "session_info").await, expected, "an app that the source lacks keeps its sessions");
}

pub(super) async fn a_source_that_is_used_meanwhile_is_found((from, to): Pair<'_>) {
    fill(from, 1500).await;
    let stop = AtomicBool::new(false);
    let mut watch = stop_at(&stop, 500);
    let (source, target) = (Side { name: "source", tables: from }, Side { name: "target", tables: to });
    let mut copying = pin!(copy(source, target, Mode::Add, now(), &mut watch));
    assert_eq!(until(&stop, &mut copying).await, None);
    from.write(table("session_info"), vec![session(["public", "public", "a-late-one"], &[])], Ties::Stay)
        .await
        .unwrap();
    assert_eq!(copying.await, Err(CopyError::UsedMeanwhile));
}

pub(super) async fn a_database_is_not_its_own_target((from, _): Pair<'_>) {
    let side = Side { name: "source", tables: from };
    assert_eq!(copy(side, side, Mode::Add, now(), &mut |_| {}).await, Err(CopyError::Same));
}
