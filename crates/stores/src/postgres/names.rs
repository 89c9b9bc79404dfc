//! What the tables are called: upstream's names, a schema, a prefix, and the two names that old releases let one choose
//! (`spec/modern-core.md` 9.2).

use super::option_error::OptionError;

/// What PostgreSQL keeps of a name; the rest is cut off.
const NAME_BYTES: usize = 63;

/// A table of upstream's that is read or written here. The last three belong to other recipes and are only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Apps,
    Tenants,
    KeyValue,
    SessionInfo,
    SigningKeys,
    StaticKeys,
    TenantConfigs,
    FirstFactors,
    RequiredFactors,
    LastActive,
    UserIdMapping,
    UserIds,
    RecipeUsers,
}

impl Table {
    /// All of them, each behind those that it refers to.
    pub(super) const ALL: [Self; 13] = [
        Self::Apps,
        Self::Tenants,
        Self::KeyValue,
        Self::SessionInfo,
        Self::SigningKeys,
        Self::StaticKeys,
        Self::TenantConfigs,
        Self::FirstFactors,
        Self::RequiredFactors,
        Self::LastActive,
        Self::UserIdMapping,
        Self::UserIds,
        Self::RecipeUsers,
    ];

    /// Its name where nobody chose another.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Apps => "apps",
            Self::Tenants => "tenants",
            Self::KeyValue => "key_value",
            Self::SessionInfo => "session_info",
            Self::SigningKeys => "session_access_token_signing_keys",
            Self::StaticKeys => "jwt_signing_keys",
            Self::TenantConfigs => "tenant_configs",
            Self::FirstFactors => "tenant_first_factors",
            Self::RequiredFactors => "tenant_required_secondary_factors",
            Self::LastActive => "user_last_active",
            Self::UserIdMapping => "userid_mapping",
            Self::UserIds => "app_id_to_user_id",
            Self::RecipeUsers => "all_auth_recipe_users",
        }
    }
}

/// How an operator had the tables named. An empty text is none.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    pub(super) schema: String,
    pub(super) prefix: String,
    pub(super) key_value: String,
    pub(super) session_info: String,
}

/// The names of all tables, as the database has them.
#[derive(Clone, Debug)]
pub(super) struct Names {
    schema: String,
    prefix: String,
    /// In the order of [`Table::ALL`].
    tables: Vec<(Table, String)>,
}

impl Names {
    pub(super) fn new(naming: &Naming) -> Result<Self, OptionError> {
        let schema = identifier("postgresql_table_schema", &naming.schema)?;
        let prefix = match naming.prefix.as_str() {
            "" => String::new(),
            prefix => identifier("postgresql_table_names_prefix", prefix)? + "_",
        };
        let chosen = |table| match table {
            Table::KeyValue => ("postgresql_key_value_table_name", naming.key_value.as_str()),
            Table::SessionInfo => ("postgresql_session_info_table_name", naming.session_info.as_str()),
            _ => ("", ""),
        };
        let tables = Table::ALL.map(|table| match chosen(table) {
            (_, "") => Ok((table, format!("{prefix}{}", table.name()))),
            (option, name) => Ok((table, identifier(option, name)?)),
        });
        let tables: Vec<(Table, String)> = tables.into_iter().collect::<Result<_, OptionError>>()?;
        if tables.iter().any(|(_, name)| name.len() > NAME_BYTES) {
            return Err(OptionError::new(
                "postgresql_table_names_prefix",
                format!("makes table names that are longer than {NAME_BYTES} bytes"),
            ));
        }
        Ok(Self { schema, prefix, tables })
    }

    /// The schema, without quotes.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// What stands before the names of tables and indexes, without quotes.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The name of a table, without quotes and schema.
    pub(super) fn bare(&self, table: Table) -> &str {
        self.tables.iter().find(|(known, _)| *known == table).map_or("", |(_, name)| name)
    }

    /// The name of a table as it stands in a statement.
    pub(super) fn quoted(&self, table: Table) -> String {
        format!("{}.{}", quote(&self.schema), quote(self.bare(table)))
    }
}

/// Puts quotes around a name that has none in it.
pub(super) fn quote(name: &str) -> String {
    format!("\"{name}\"")
}

/// Reads a name as upstream has it read, which writes names without quotes: PostgreSQL then folds letters. One that could
/// not be written so is taken as it is, and so is one that the operator put quotes around.
fn identifier(option: &'static str, text: &str) -> Result<String, OptionError> {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let name = match inside {
        Some(inside) => inside.to_owned(),
        None if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$') => {
            text.to_ascii_lowercase()
        }
        None => text.to_owned(),
    };
    if name.is_empty() || name.len() > NAME_BYTES || name.contains(['"', '\0']) {
        return Err(OptionError::new(option, format!("must be a name of 1 to {NAME_BYTES} bytes without quotes")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(schema: &str, prefix: &str, key_value: &str) -> Result<Names, OptionError> {
        let owned = str::to_owned;
        Names::new(&Naming {
            schema: owned(schema),
            prefix: owned(prefix),
            key_value: owned(key_value),
            session_info: String::new(),
        })
    }

    #[test]
    fn names_are_read_as_upstream_has_them() {
        let cases = [
            (("public", "", ""), r#""public"."session_info""#, r#""public"."key_value""#),
            (("Mine", "App1", ""), r#""mine"."app1_session_info""#, r#""mine"."app1_key_value""#),
            // Given names get the schema, and no prefix.
            (("mine", "app", "Old_KV"), r#""mine"."app_session_info""#, r#""mine"."old_kv""#),
            ((r#""Mine""#, "", ""), r#""Mine"."session_info""#, r#""Mine"."key_value""#),
            (("my-schema", "é", ""), r#""my-schema"."é_session_info""#, r#""my-schema"."é_key_value""#),
        ];
        for ((schema, prefix, key_value), session_info, other) in cases {
            let names = names(schema, prefix, key_value).unwrap();
            assert_eq!(
                (names.quoted(Table::SessionInfo), names.quoted(Table::KeyValue)),
                (session_info.into(), other.into())
            );
        }
    }

    #[test]
    fn names_that_cannot_be_are_refused_by_option() {
        let cases = [
            (("", "", ""), "postgresql_table_schema"),
            (("a\"; DROP TABLE x; --", "", ""), "postgresql_table_schema"),
            (("public", "\"", ""), "postgresql_table_names_prefix"),
            (("public", &"p".repeat(40), ""), "postgresql_table_names_prefix"),
            (("public", "", &"k".repeat(64)), "postgresql_key_value_table_name"),
        ];
        for ((schema, prefix, key_value), option) in cases {
            assert_eq!(names(schema, prefix, key_value).unwrap_err().option(), option);
        }
    }
}
