//! GET `/recipe/multitenancy/tenant/list` and `/app/list`, both generations (`spec/modern-core.md` 5.2).

use alloc::vec::Vec;

use serde::Serialize;

use super::answer::Answer;
use super::dialect::Dialect;
use super::route::Generation;
use super::status::Status;
use super::tenant::{Shown, Tenant};

#[derive(Serialize)]
struct Tenants<'a> {
    status: Status,
    tenants: Vec<Shown<'a>>,
}

/// Lists the tenants of an app.
pub fn render<'a>(tenants: impl Iterator<Item = Tenant<'a>>, generation: Generation, dialect: &Dialect) -> Answer {
    Answer::json(&Tenants { status: Status::Ok, tenants: shown(tenants, generation, dialect) })
}

#[derive(Serialize)]
struct Apps<'a> {
    status: Status,
    apps: Vec<App<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct App<'a> {
    app_id: &'a str,
    tenants: Vec<Shown<'a>>,
}

/// Lists apps, each with its tenants.
pub fn render_apps<'a, T: Iterator<Item = Tenant<'a>>>(
    apps: impl Iterator<Item = (&'a str, T)>,
    generation: Generation,
    dialect: &Dialect,
) -> Answer {
    let apps = apps.map(|(app_id, tenants)| App { app_id, tenants: shown(tenants, generation, dialect) });
    Answer::json(&Apps { status: Status::Ok, apps: apps.collect() })
}

fn shown<'a>(tenants: impl Iterator<Item = Tenant<'a>>, generation: Generation, dialect: &Dialect) -> Vec<Shown<'a>> {
    tenants.map(|tenant| tenant.shown(generation, dialect)).collect()
}
