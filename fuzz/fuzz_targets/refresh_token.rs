//! A refresh token: as it comes, and with a seal that opens around whatever bytes.
#![no_main]

use doorward_engine::entropy::Entropy;
use doorward_engine::flow::{Env, Flow, Seen, Step};
use doorward_engine::id::AppId;
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::session::refresh::{Refresh, RefreshRequest, Refreshed, handle_of};
use doorward_fuzz::{Gullible, NOW, base64, ring};
use libfuzzer_sys::fuzz_target;

/// What the inner nonce has to be for the token to hold together.
const NONCE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        judge(text);
    }
    judge(&format!("{}.{NONCE}.V2", base64(&[b"twelve bytes", data].concat())));
});

fn judge(text: &str) {
    let (keys, policy, token) = (ring(), Policy::default(), Secret::new(text));
    let handle = handle_of(&token, &keys, &Gullible);
    let entropy = Entropy::new([7; _]);
    let env = Env { now: NOW, policy: &policy, keys: &keys, crypto: &Gullible, entropy: &entropy };
    let request = RefreshRequest {
        app: AppId::default(),
        token,
        anti_csrf_sent: None,
        anti_csrf: false,
        use_static_key: None,
        access_lifetime_once: None,
        tentative: false,
    };
    match Refresh::start(request, &env) {
        Step::Done(Refreshed::Unauthorised(_)) => assert!(handle.is_none(), "a token that is none has no session"),
        Step::Done(_) => panic!("nobody has looked for the row yet"),
        // There is no such row, whatever was tried first.
        Step::Load(key, flow) => {
            assert_eq!(handle.as_ref(), Some(&key.handle));
            assert!(matches!(flow.resume(Seen::Row(None), &env), Step::Done(Refreshed::Unauthorised(_))));
        }
        Step::Commit(write, flow) => {
            assert_eq!(handle.as_ref(), Some(&write.key().handle));
            assert!(matches!(flow.resume(Seen::Row(None), &env), Step::Done(Refreshed::Unauthorised(_))));
        }
    }
}
