//! What each version of the interface means, as facts with names (`spec/modern-core.md` 0.3, 1.8, 3.13).
//!
//! A version is looked up once per request, and nobody behind it asks for a number again. Differences of meaning go down
//! as values of a [`Policy`].

use doorward_engine::policy::{Policy, Rotation, StoreCheck, Theft};
use doorward_engine::token::version::AccessVersion;

use super::version::{CdiVersion, Requested};

/// What one version means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Its number.
    pub version: CdiVersion,
    /// The format of the access tokens that it gets.
    pub access_version: AccessVersion,
    /// When a successor becomes current, unless a setting says so.
    pub rotation: Rotation,
    /// Who ends a session whose refresh token was judged stolen.
    pub theft: Theft,
    /// What a check against the row does to a token that the row has left behind.
    pub store_check: StoreCheck,
    /// Which public keys stand in the answers of create, verify and handshake.
    pub key_infos: KeyInfos,
    /// `idRefreshToken` beside the refresh token.
    pub id_refresh_token: bool,
    /// POST `/recipe/handshake` exists.
    pub handshake: bool,
    /// `useDynamicSigningKey` at create; where it is ignored, a setting decides.
    pub create_key: Field,
    /// `useDynamicSigningKey` at refresh; where it is ignored, the session's own choice stays.
    pub refresh_key: Field,
    /// `useStaticSigningKey` at `/recipe/jwt`; where it is ignored, the key is static.
    pub jwt_key: Field,
    /// `checkDatabase` at verify; where it is ignored, a setting decides.
    pub check_database: Field,
    /// `accessTokenValidity` at create and refresh.
    pub access_validity: Field,
    /// Claims of Doorward's own are refused in a payload that is created, regenerated or updated.
    pub checks_reserved: bool,
    /// `tenantId` in `session` and in GET session.
    pub shows_tenant: bool,
    /// `recipeUserId` there.
    pub shows_recipe_user: bool,
    /// A path may name another tenant than `public`.
    pub path_tenants: bool,
    /// What belongs to an app refuses another tenant in the path.
    pub app_gate: bool,
    /// POST `/recipe/session/verify` does so too.
    pub verify_gate: bool,
    /// The first generation of tenant answers shows factors.
    pub tenant_factors: bool,
    /// `recentTokenReuseSubtype` in refused refreshes.
    pub reuse_subtype: bool,
    /// `payloadUpdateAvailable` in verify, where the store was asked.
    pub payload_update: bool,
}

/// Which public keys an answer carries (`spec/modern-core.md` 3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyInfos {
    /// None.
    Absent,
    /// The one that signs.
    Signing,
    /// That, and the list of those that verify.
    List,
}

/// What becomes of a field of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// It isn't looked at.
    Ignored,
    /// It may be there.
    Optional,
    /// It must be there.
    Required,
}

/// The first one. Each of the others is one before it, with what it changed.
const V2_7: Dialect = Dialect {
    version: CdiVersion::new(2, 7),
    access_version: AccessVersion::V2,
    rotation: Rotation::OnUse,
    theft: Theft::Reported,
    store_check: StoreCheck::Renews,
    key_infos: KeyInfos::Signing,
    id_refresh_token: true,
    handshake: true,
    create_key: Field::Ignored,
    refresh_key: Field::Ignored,
    jwt_key: Field::Ignored,
    check_database: Field::Ignored,
    access_validity: Field::Ignored,
    checks_reserved: false,
    shows_tenant: false,
    shows_recipe_user: false,
    path_tenants: false,
    app_gate: false,
    verify_gate: false,
    tenant_factors: false,
    reuse_subtype: false,
    payload_update: false,
};

const V2_9: Dialect = Dialect { key_infos: KeyInfos::List, ..V2_7 };

const V2_21: Dialect = Dialect {
    access_version: AccessVersion::V3,
    key_infos: KeyInfos::Absent,
    id_refresh_token: false,
    handshake: false,
    create_key: Field::Optional,
    jwt_key: Field::Optional,
    check_database: Field::Required,
    checks_reserved: true,
    ..V2_9
};

const V3_0: Dialect = Dialect {
    access_version: AccessVersion::V4,
    refresh_key: Field::Optional,
    shows_tenant: true,
    path_tenants: true,
    ..V2_21
};

const V4_0: Dialect = Dialect { access_version: AccessVersion::V5, shows_recipe_user: true, ..V3_0 };

const V5_0: Dialect = Dialect { refresh_key: Field::Required, app_gate: true, tenant_factors: true, ..V4_0 };

const V5_6: Dialect = Dialect {
    rotation: Rotation::OnRefresh,
    theft: Theft::Ends,
    store_check: StoreCheck::Reports,
    access_validity: Field::Optional,
    verify_gate: true,
    reuse_subtype: true,
    payload_update: true,
    ..V5_0
};

/// All that are spoken, oldest first. `tests/dialects.txt` shows them with every fact.
static DIALECTS: [Dialect; 25] = [
    V2_7.at(2, 7),
    V2_7.at(2, 8),
    V2_9.at(2, 9),
    V2_9.at(2, 10),
    V2_9.at(2, 11),
    V2_9.at(2, 12),
    V2_9.at(2, 13),
    V2_9.at(2, 14),
    V2_9.at(2, 15),
    V2_9.at(2, 16),
    V2_9.at(2, 17),
    V2_9.at(2, 18),
    V2_9.at(2, 19),
    V2_9.at(2, 20),
    V2_21.at(2, 21),
    V3_0.at(3, 0),
    V3_0.at(3, 1),
    V4_0.at(4, 0),
    V5_0.at(5, 0),
    V5_0.at(5, 1),
    V5_0.at(5, 2),
    V5_0.at(5, 3),
    V5_0.at(5, 4),
    V5_0.at(5, 5),
    V5_6.at(5, 6),
];

impl Dialect {
    const fn at(self, major: u8, minor: u8) -> Self {
        Self { version: CdiVersion::new(major, minor), ..self }
    }

    /// All that are spoken, oldest first.
    pub fn all() -> &'static [Self] {
        &DIALECTS
    }

    /// The dialect of a version.
    pub fn of(version: CdiVersion) -> &'static Self {
        Self::last_where(|dialect| dialect.version <= version)
    }

    /// The dialect of an endpoint that answers any version: the newest that isn't newer than what was asked for.
    pub fn nearest(requested: Requested<'_>) -> &'static Self {
        Self::last_where(|dialect| requested.cmp_to(dialect.version).is_ge())
    }

    fn last_where(holds: impl Fn(&Self) -> bool) -> &'static Self {
        let [oldest, ..] = &DIALECTS;
        DIALECTS.iter().rev().find(|dialect| holds(dialect)).unwrap_or(oldest)
    }

    /// An app's rules as they hold for a caller of this version. `rotation` is the setting, if there is one.
    pub fn policy(&self, app: &Policy, rotation: Option<Rotation>) -> Policy {
        Policy {
            access_version: self.access_version,
            rotation: rotation.unwrap_or(self.rotation),
            theft: self.theft,
            store_check: self.store_check,
            ..*app
        }
    }
}
