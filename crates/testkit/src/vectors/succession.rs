//! `vectors/tokens/succession.json`: the successors of refresh tokens, frozen as v1.

use doorward_crypto::AwsLc;
use doorward_engine::flow::{Env, Flow as _, Seen, Step};
use doorward_engine::hash::Hash1;
use doorward_engine::id::{AppId, SessionHandle, SessionKey, TenantId, UserId};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::record::Window;
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed};
use doorward_engine::time::Millis;
use serde::Deserialize;

use crate::vectors::keys::TestKeys;
use crate::vectors::report::{Case, Report, same, unknown};
use crate::vectors::sealed::{entropy, row, unseal};

const FILE: &str = include_str!("../../../../vectors/tokens/succession.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    refresh_key: String,
    succession_secret: Option<String>,
    app: String,
    presented: String,
    window: u8,
    anti_csrf: bool,
    entropy: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    token: String,
    plaintext: String,
    hash1: String,
    hash2: String,
    anti_csrf: Option<String>,
}

/// What the presented token says, for its row.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Presented {
    session_handle: String,
    user_id: String,
    tenant_id: Option<String>,
    anti_csrf_token: Option<String>,
}

/// Runs the file.
pub fn run() -> Report {
    let keys = TestKeys::read();
    Report::of("succession.json", FILE, |case| match (&keys, case.op) {
        (Ok(keys), "succession.derive") => derive(case, keys),
        (Ok(_), op) => unknown(op),
        (Err(error), _) => Err(error.clone()),
    })
}

fn derive(case: &Case<'_>, keys: &TestKeys) -> Result<(), String> {
    let (input, expect): (Input, Expect) = case.read()?;
    let text = |error: doorward_engine::id::IdError| error.to_string();
    let app = AppId::parse(&input.app).map_err(text)?;
    let key = keys.refresh(&input.refresh_key)?;
    let ring = keys.ring(&app, &["ed25519"], &input.refresh_key, input.succession_secret.as_deref())?;
    let policy = Policy::default();
    let now = Millis::saturating(1_767_225_600_000);
    let entropy = entropy(input.entropy.as_deref())?;
    let env = Env { now, policy: &policy, keys: &ring, crypto: &AwsLc, entropy: &entropy };

    let token = Secret::new(input.presented);
    let held: Presented = serde_json::from_str(&unseal(&token, &key)?).map_err(|error| error.to_string())?;
    let session = SessionKey {
        app: app.clone(),
        tenant: TenantId::parse(held.tenant_id.as_deref().unwrap_or("public")).map_err(text)?,
        handle: SessionHandle::parse(&held.session_handle).map_err(text)?,
    };
    let user = UserId::parse_or_empty(&held.user_id).map_err(text)?;
    let mut row = row(session, user, Hash1::of(token.expose(), &AwsLc).stored(&AwsLc), now);
    row.window = Some(Window { opened_at: now, number: input.window, count: input.window });

    let request = RefreshRequest {
        app,
        token,
        anti_csrf_sent: held.anti_csrf_token.map(Secret::new),
        anti_csrf: input.anti_csrf,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    };
    let flow = match Refresh::start(request, &env) {
        Step::Commit(_, flow) | Step::Load(_, flow) => flow,
        Step::Done(outcome) => return Err(format!("started with {outcome:?}")),
    };
    let Step::Done(Refreshed::Issued(issued)) = flow.resume(Seen::Row(Some(row)), &env) else {
        return Err("nothing was issued for an open window".to_owned());
    };
    same("the plaintext", unseal(&issued.refresh, &key)?, expect.plaintext)?;
    same("the token", issued.refresh.expose(), expect.token.as_str())?;
    same("hash1", issued.access.claims.own.as_str(), expect.hash1.as_str())?;
    same("hash2", issued.access.claims.own.stored(&AwsLc).to_text(), expect.hash2)?;
    same("anti_csrf", issued.anti_csrf.as_ref().map(Secret::expose), expect.anti_csrf.as_deref())?;
    let in_access = issued.access.claims.anti_csrf.as_ref().map(Secret::expose);
    same("anti_csrf in the access token", in_access, expect.anti_csrf.as_deref())
}
