//! `vectors/tokens/refresh.json`: what a refresh token holds.

use doorward_crypto::AwsLc;
use doorward_engine::flow::{Env, Flow as _, Seen, Step};
use doorward_engine::hash::{Hash1, Hash2};
use doorward_engine::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::record::{Change, Write};
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use doorward_engine::time::{Lifetime, Millis};
use serde::Deserialize;

use crate::vectors::keys::TestKeys;
use crate::vectors::report::{Case, Report, same, unknown};
use crate::vectors::sealed::{entropy, row, unseal};
use crate::vectors::text::Text;

const FILE: &str = include_str!("../../../../vectors/tokens/refresh.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: Text,
    refresh_key: String,
    plaintext: Option<String>,
    #[serde(default)]
    anti_csrf: bool,
    anti_csrf_sent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    error: Option<String>,
    #[serde(default)]
    handle: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    tenant: String,
    parent: Option<String>,
    #[serde(default)]
    hash1: String,
    #[serde(default)]
    hash2: String,
}

/// What a successor says; it repeats nearly all that its predecessor says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Successor {
    session_handle: String,
    user_id: String,
    parent_refresh_token_hash1: String,
    tenant_id: Option<String>,
}

/// Runs the file.
pub fn run() -> Report {
    run_some(None)
}

/// Runs the cases with this flag.
pub fn run_flagged(flag: &str) -> Report {
    run_some(Some(flag))
}

fn run_some(flag: Option<&str>) -> Report {
    let keys = TestKeys::read();
    Report::of_flag("refresh.json", FILE, flag, |case| match (&keys, case.op) {
        (Ok(keys), "refresh.open") => open(case, keys),
        (Ok(_), op) => unknown(op),
        (Err(error), _) => Err(error.clone()),
    })
}

fn open(case: &Case<'_>, keys: &TestKeys) -> Result<(), String> {
    let (input, expect): (Input, Expect) = case.read()?;
    let app = AppId::default();
    let token = Secret::new(input.token.as_str()?);
    let key = keys.refresh(&input.refresh_key)?;
    if let Some(plaintext) = &input.plaintext {
        same("the plaintext", unseal(&token, &key)?, plaintext.clone())?;
    }
    let ring = keys.ring(&app, &["ed25519"], &input.refresh_key, None)?;
    // Without a grace nothing is written for a current token, and its successor is random.
    let policy = Policy { grace: Lifetime::ZERO, ..Policy::default() };
    let now = Millis::saturating(1_767_225_600_000);
    let env = Env { now, policy: &policy, keys: &ring, crypto: &AwsLc, entropy: &entropy(None)? };
    let request = RefreshRequest {
        app: app.clone(),
        token: token.clone(),
        anti_csrf_sent: input.anti_csrf_sent.map(Secret::new),
        anti_csrf: input.anti_csrf,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    };
    let asked = match Refresh::start(request.clone(), &env) {
        Step::Load(asked, _) => asked,
        Step::Done(Refreshed::Unauthorised(deny)) => {
            return same("the outcome", Some(deny.code()), expect.error.as_deref());
        }
        step => return Err(format!("started with {step:?}")),
    };
    same("the outcome", None, expect.error)?;
    let session = SessionKey {
        app,
        tenant: TenantId::parse(&expect.tenant).map_err(|error| error.to_string())?,
        handle: SessionHandle::parse(&expect.handle).map_err(|error| error.to_string())?,
    };
    same("the row", &asked, &session)?;
    let user = UserId::parse_or_empty(&expect.user).map_err(|error| error.to_string())?;
    let hash2 = Hash2::parse(&expect.hash2).ok_or("a hash2 that is none")?;
    let resumed = |current| match Refresh::start(request.clone(), &env) {
        Step::Load(_, flow) => {
            let row = row(session.clone(), user.clone(), current, now);
            Ok(flow.resume(Seen::Row(Some(row)), &env))
        }
        step => Err(format!("started with {step:?}")),
    };
    // As the current token: what it holds goes into its successor.
    let Step::Done(Refreshed::Issued(issued)) = resumed(hash2)? else { return Err("its hash2 is another".to_owned()) };
    let successor: Successor =
        serde_json::from_str(&unseal(&issued.refresh, &key)?).map_err(|error| format!("its successor: {error}"))?;
    same("handle", successor.session_handle, expect.handle)?;
    same("user", successor.user_id, expect.user)?;
    same("tenant", successor.tenant_id.unwrap_or("public".to_owned()), expect.tenant)?;
    same("hash1", successor.parent_refresh_token_hash1, expect.hash1.clone())?;
    same("hash1 in the access token", issued.access.claims.parent, Hash1::parse(&expect.hash1))?;
    // As a child of the current token: its parent counts.
    let Some(parent) = expect.parent else { return Ok(()) };
    let parent = Hash1::parse(&parent).ok_or("a parent that is none")?.stored(&AwsLc);
    match resumed(parent)? {
        Step::Commit(Write::Succeed(succession), _) => match succession.change {
            Change::Advance { to, .. } => same("the promoted hash2", to.to_text(), expect.hash2),
            change => Err(format!("its parent is current, and {change:?} is written")),
        },
        step => Err(format!("its parent is current, and this follows: {step:?}")),
    }
}
