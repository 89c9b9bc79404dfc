//! The `core_config` of apps and tenants, laid over what the process has (`spec/modern-core.md` 5.2, 10.1).

use std::collections::BTreeMap;

use doorward_engine::id::{AppId, TenantId};
use serde_json::value::RawValue;

use super::build;
use super::option::{OptionSpec, Scope};
use super::options;
use super::together::{Contradiction, contradictions};
use super::value::{Raw, Value, Values};
use crate::settings::{AppSettings, BadCoreConfig, Settings, TenantSettings};

impl Settings {
    /// Lays the `core_config` of an app (of its tenant `public`) over the base: a JSON object of option names and values.
    pub fn app(&self, _app: &AppId, core_config: &str) -> Result<AppSettings, BadCoreConfig> {
        let (values, _) = laid_over(&self.base.values, core_config)?;
        build::app(values).map_err(invalid)
    }

    /// Returns a stored `core_config` without the options that aren't known here. A newer core may have written them, and no
    /// app is closed for that; whoever sets one here is told.
    pub fn known(core_config: &str) -> String {
        let Ok(mut members) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(core_config) else {
            return core_config.to_owned();
        };
        members.retain(|name, _| options::find(name).is_some());
        serde_json::to_string(&members).unwrap_or_else(|_| core_config.to_owned())
    }

    /// Lays the `core_config` of another tenant over its app's.
    pub fn tenant(
        &self,
        app: &AppSettings,
        _tenant: &TenantId,
        core_config: &str,
    ) -> Result<TenantSettings, BadCoreConfig> {
        let (values, own) = laid_over(&app.values, core_config)?;
        for option in own {
            if option.scope == Scope::App && values.get(option) != app.values.get(option) {
                let name = option.name;
                return Err(invalid(format!("You cannot set different values for {name} for the same appId")));
            }
        }
        Ok(build::tenant(&values))
    }
}

fn invalid(text: String) -> BadCoreConfig {
    BadCoreConfig(format!("Invalid core config: {text}"))
}

/// Returns the values with those of the `core_config` over them, and which options it has.
fn laid_over(under: &Values, core_config: &str) -> Result<(Values, Vec<&'static OptionSpec>), BadCoreConfig> {
    let members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(core_config).map_err(|_| invalid("it must be a JSON object".to_owned()))?;
    let mut given = Vec::new();
    for (name, json) in members {
        let option = options::find(&name).ok_or_else(|| invalid(format!("Invalid config key: {name}")))?;
        if option.scope == Scope::Base && option.has_effect {
            return Err(invalid(format!("{name} can only be set via the core's base config setting")));
        }
        given.push((option, raw(json.get())));
    }
    let mut values = under.clone();
    let mut own = Vec::new();
    for (option, raw) in given {
        let value: Option<Value> = raw.typed(option).map_err(invalid)?;
        if let Some(value) = value {
            values.set(option, value);
            own.push(option);
        }
    }
    match contradictions(&values).into_iter().next() {
        Some(Contradiction { text, .. }) => Err(invalid(text)),
        None => Ok((values, own)),
    }
}

/// A JSON value as a raw one. Numbers keep their spelling.
fn raw(json: &str) -> Raw {
    match json.as_bytes().first() {
        Some(b'n') => Raw::Null,
        Some(b't') => Raw::Bool(true),
        Some(b'f') => Raw::Bool(false),
        Some(b'"') => serde_json::from_str(json).map_or(Raw::Nested, Raw::Text),
        Some(b'[' | b'{') | None => Raw::Nested,
        Some(_) => Raw::Number(json.to_owned()),
    }
}
