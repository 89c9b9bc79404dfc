//! What each version means, all in one text: whoever changes a version's behaviour changes that text, and it is read.

use doorward_engine::policy::{Policy, Rotation, StoreCheck, Theft};
use doorward_wire::cdi::dialect::{Dialect, Field, KeyInfos};
use doorward_wire::cdi::version::{CdiVersion, Requested};

const COMMITTED: &str = include_str!("../dialects.txt");

/// Writes the text anew instead of comparing it.
const UPDATE: &str = "UPDATE_DIALECTS";

#[test]
fn versions_mean_what_the_committed_table_says() {
    let table = table();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dialects.txt"), &table).unwrap();
        return;
    }
    assert!(table == COMMITTED, "tests/dialects.txt says otherwise; {UPDATE}=1 writes it anew:\n{table}");
}

fn table() -> String {
    let rows: Vec<_> = Dialect::all().iter().map(facts).collect();
    let mut text = String::new();
    for (at, (name, _)) in rows[0].iter().enumerate() {
        text += &format!("{}  {name}\n", letter(at));
    }
    let mut lines = vec![[String::new()].into_iter().chain((0..rows[0].len()).map(letter)).collect::<Vec<_>>()];
    for (dialect, facts) in Dialect::all().iter().zip(&rows) {
        let values = facts.iter().map(|(_, value)| (*value).to_owned());
        lines.push([dialect.version.to_string()].into_iter().chain(values).collect());
    }
    let widths: Vec<usize> =
        (0..lines[0].len()).map(|column| lines.iter().map(|line| line[column].len()).max().unwrap()).collect();
    for line in lines {
        let cells: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text += &format!("\n{}", cells.join("  ").trim_end());
    }
    text + "\n"
}

fn letter(at: usize) -> String {
    char::from(b'A' + u8::try_from(at).unwrap()).to_string()
}

/// All facts but the number. It names each field, so that a new one can't be forgotten.
fn facts(dialect: &Dialect) -> Vec<(&'static str, &'static str)> {
    let Dialect {
        version: _,
        access_version,
        rotation,
        theft,
        store_check,
        key_infos,
        id_refresh_token,
        handshake,
        create_key,
        refresh_key,
        jwt_key,
        check_database,
        access_validity,
        checks_reserved,
        shows_tenant,
        shows_recipe_user,
        path_tenants,
        app_gate,
        verify_gate,
        tenant_factors,
        reuse_subtype,
        payload_update,
    } = *dialect;
    let yes = |holds: bool| if holds { "yes" } else { "-" };
    let field = |field: Field| match field {
        Field::Ignored => "-",
        Field::Optional => "may",
        Field::Required => "must",
    };
    let access_version = ["V1", "V2", "V3", "V4", "V5"][access_version as usize];
    let rotation = match rotation {
        Rotation::OnUse => "on use",
        Rotation::OnRefresh => "on refresh",
    };
    let theft = match theft {
        Theft::Reported => "reported",
        Theft::Ends => "ends",
    };
    let store_check = match store_check {
        StoreCheck::Renews => "renews",
        StoreCheck::Reports => "reports",
    };
    let key_infos = match key_infos {
        KeyInfos::Absent => "-",
        KeyInfos::Signing => "one",
        KeyInfos::List => "list",
    };
    vec![
        ("format of access tokens", access_version),
        ("when a successor becomes current", rotation),
        ("theft", theft),
        ("check against the row", store_check),
        ("public keys in answers", key_infos),
        ("idRefreshToken", yes(id_refresh_token)),
        ("POST /recipe/handshake", yes(handshake)),
        ("useDynamicSigningKey at create", field(create_key)),
        ("useDynamicSigningKey at refresh", field(refresh_key)),
        ("useStaticSigningKey at /recipe/jwt", field(jwt_key)),
        ("checkDatabase at verify", field(check_database)),
        ("accessTokenValidity at create and refresh", field(access_validity)),
        ("reserved claims refused", yes(checks_reserved)),
        ("tenantId shown", yes(shows_tenant)),
        ("recipeUserId shown", yes(shows_recipe_user)),
        ("tenants in paths", yes(path_tenants)),
        ("what is an app's refuses tenants", yes(app_gate)),
        ("verify refuses tenants", yes(verify_gate)),
        ("factors in the first generation of tenants", yes(tenant_factors)),
        ("recentTokenReuseSubtype", yes(reuse_subtype)),
        ("payloadUpdateAvailable", yes(payload_update)),
    ]
}

#[test]
fn every_version_has_its_dialect() {
    let versions: Vec<CdiVersion> = Dialect::all().iter().map(|dialect| dialect.version).collect();
    assert_eq!(versions.len(), 25);
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    assert_eq!(versions.last(), Some(&CdiVersion::NEWEST));
    for version in versions {
        assert_eq!(Dialect::of(version).version, version);
        assert_eq!(CdiVersion::parse(&version.to_string()), Some(version));
    }
}

#[test]
fn an_endpoint_without_version_takes_the_nearest() {
    let cases = [
        ("0", "2.7"),
        ("2.6", "2.7"),
        ("2.22", "2.21"),
        ("3.2", "3.1"),
        ("5", "5.0"),
        ("5.4.0", "5.4"),
        ("5.5.9", "5.5"),
        ("9", "5.6"),
    ];
    for (requested, nearest) in cases {
        let dialect = Dialect::nearest(Requested::parse(requested).unwrap());
        assert_eq!(dialect.version.to_string(), nearest, "{requested}");
    }
}

#[test]
fn a_setting_overrides_when_successors_become_current() {
    let app = Policy { jitter_per_mille: 7, ..Policy::default() };
    let newest = Dialect::of(CdiVersion::NEWEST);
    assert_eq!(newest.policy(&app, None).rotation, Rotation::OnRefresh);
    assert_eq!(newest.policy(&app, Some(Rotation::OnUse)).rotation, Rotation::OnUse);
    assert_eq!(newest.policy(&app, None).jitter_per_mille, 7);
}
