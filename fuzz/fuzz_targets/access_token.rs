//! An access token of any version: what it says is read, and nothing else.
#![no_main]

use doorward_engine::policy::Policy;
use doorward_engine::token::access;
use doorward_engine::token::version::AccessVersion;
use doorward_fuzz::{NOW, ring};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|token: &str| {
    let (keys, policy) = (ring(), Policy { oldest_access_version: AccessVersion::V1, ..Policy::default() });
    let seen = access::peek(token, &policy);
    match access::verify(token, &keys, NOW, &policy) {
        Ok(claims) => {
            assert_eq!(seen.as_ref(), Ok(&claims), "who verifies sees what anybody sees");
            let payload = claims.payload();
            let _ = payload.check_reserved(AccessVersion::V5);
            let _ = format!("{claims:?} {payload:?}");
        }
        Err(error) => drop(error.to_string()),
    }
    let newest = Policy { oldest_access_version: AccessVersion::V5, ..policy };
    if let Ok(claims) = access::verify(token, &keys, NOW, &newest) {
        assert_eq!(claims.version, AccessVersion::V5);
    }
});
