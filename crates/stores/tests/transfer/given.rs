//! Databases with rows of every kind, and what they hold.

use doorward_stores::transfer::{
    Copied, CopyError, Kind, Mode, RawRow, Side, TABLES, Table, Tables, Ties, Value, copy,
};
use doorward_testkit::contract::given::*;

pub(super) fn table(name: &str) -> &'static Table {
    TABLES.into_iter().find(|table| table.name == name).unwrap()
}

pub(super) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A row of `session_info`, by what differs between sessions.
pub(super) fn session(place: [&str; 3], changes: &[(&str, Value)]) -> RawRow {
    let value = |name: &str| match name {
        "app_id" => text(place[0]),
        "tenant_id" => text(place[1]),
        "session_handle" => text(place[2]),
        "user_id" => text("alice"),
        "refresh_token_hash_2" => text(hash(1).as_str()),
        "expires_at" => Value::Integer(NOW as i64 + 1000),
        "created_at_time" => Value::Integer(NOW as i64 - 1000),
        "use_static_key" => Value::Boolean(false),
        _ => Value::Null,
    };
    let changed = |name: &str| changes.iter().find(|(changed, _)| *changed == name).map(|(_, value)| value.clone());
    table("session_info")
        .columns
        .iter()
        .map(|column| changed(column.name).unwrap_or_else(|| value(column.name)))
        .collect()
}

/// Fills a database: in each table some rows with a value in every column, and some with nulls where there may be any.
pub(super) async fn fill(side: &dyn Tables, sessions: usize) {
    let odd = "é'\"\\ \u{1f600}\n{}";
    let write = async |name: &str, rows: Vec<RawRow>| {
        side.write(table(name), rows, Ties::Yield).await.unwrap();
    };
    write(
        "apps",
        vec![
            vec![text("other"), Value::Integer(1_600_000_000_000)],
            vec![text("bare"), Value::Null],
            vec![text("public"), Value::Integer(7)],
        ],
    )
    .await;
    write(
        "tenants",
        vec![
            vec![text("other"), text("shop"), Value::Integer(1_600_000_000_001)],
            vec![text("other"), text("public"), Value::Null],
            vec![text("public"), text("shop-1"), Value::Integer(9)],
            vec![text("public"), text("public"), Value::Integer(8)],
        ],
    )
    .await;
    let config = |app: &str, tenant: &str, config: Value, flags: [Value; 4]| {
        [vec![text(""), text(app), text(tenant), config], flags.to_vec()].concat()
    };
    let (yes, no) = (Value::Boolean(true), Value::Boolean(false));
    write(
        "tenant_configs",
        vec![
            config(
                "other",
                "shop",
                text(format!("{{ \"a\": \"{odd}\"}} ")),
                [yes.clone(), no.clone(), Value::Null, no.clone()],
            ),
            config("public", "public", text("{}"), [Value::Null, Value::Null, Value::Null, yes.clone()]),
            config("public", "shop-1", Value::Null, [no.clone(), yes.clone(), yes, Value::Null]),
        ],
    )
    .await;
    for (name, factors) in
        [("tenant_first_factors", ["otp-email", "custom"]), ("tenant_required_secondary_factors", ["totp", odd])]
    {
        let rows = factors.map(|factor| vec![text(""), text("other"), text("shop"), text(factor)]);
        write(name, rows.to_vec()).await;
    }
    let named =
        |tenant: &str, name: &str, value: Value, at: Value| vec![text("public"), text(tenant), text(name), value, at];
    write(
        "key_value",
        vec![
            named("public", "refresh_token_key", text("1000:73616c74:6b6579"), Value::Integer(5)),
            named("public", "empty", text(""), Value::Null),
            named("shop-1", odd, Value::Null, Value::Integer(i64::MAX)),
            named("shop-1", "text", text(odd), Value::Integer(0)),
        ],
    )
    .await;
    write(
        "session_access_token_signing_keys",
        vec![
            vec![text("public"), Value::Integer(10), text("public|private")],
            vec![text("public"), Value::Integer(20), text("public;private")],
            vec![text("other"), Value::Integer(10), Value::Null],
        ],
    )
    .await;
    write(
        "jwt_signing_keys",
        vec![
            vec![text("public"), text("s-1"), text("public|private"), text("RS256"), Value::Integer(10)],
            vec![text("public"), text("unknown"), text("x"), text("XX"), Value::Null],
        ],
    )
    .await;
    write(
        "user_last_active",
        vec![
            vec![text("public"), text("alice"), Value::Integer(30)],
            vec![text("other"), text(odd), Value::Integer(40)],
        ],
    )
    .await;
    let numbered = |number: usize| {
        let place = ["public", if number.is_multiple_of(3) { "shop-1" } else { "public" }, &format!("handle-{number}")];
        session(place, &[("user_id", text(format!("user-{}", number % 10)))])
    };
    let mut rows: Vec<RawRow> = (0..sessions).map(numbered).collect();
    let full: Vec<(&str, Value)> = table("session_info")
        .columns
        .iter()
        .zip(1_u32..)
        .skip(3)
        .map(|(column, number)| match column.kind {
            Kind::Text => (column.name, text(format!("{odd}{number}"))),
            Kind::Integer => (column.name, Value::Integer(NOW as i64 + i64::from(number))),
            Kind::Boolean => (column.name, Value::Boolean(true)),
        })
        .collect();
    rows.push(session(["other", "shop", odd], &full));
    write("session_info", rows).await;
}

/// All rows of all tables, in order.
pub(super) async fn dump(side: &dyn Tables) -> Vec<(&'static str, RawRow)> {
    let mut all = Vec::new();
    for table in TABLES {
        all.extend(rows(side, table.name).await.into_iter().map(|row| (table.name, row)));
    }
    all
}

/// All rows of a table, in order; none where there is no such table.
pub(super) async fn rows(side: &dyn Tables, name: &str) -> Vec<RawRow> {
    let table = table(name);
    if side.columns(table).await.unwrap().is_empty() {
        return Vec::new();
    }
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = side.page(table, after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last[..table.key].to_vec());
        rows.extend(page);
    }
    rows.sort();
    rows
}

/// Copies everything, and looks at nothing on the way.
pub(super) async fn copy_all(from: &dyn Tables, to: &dyn Tables, mode: Mode) -> Result<Copied, CopyError> {
    let (from, to) = (Side { name: "source", tables: from }, Side { name: "target", tables: to });
    copy(from, to, mode, now(), &mut |_| {}).await
}
