//! Whatever comes in: no panic, and nothing is accepted that was not made here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_engine::id::{AppId, KeyId, SessionHandle, TenantId, UserId};
use doorward_engine::payload::{JsonText, Payload};
use doorward_engine::secret::Secret;
use doorward_engine::session::Deny;
use doorward_engine::session::create::NewSession;
use doorward_engine::session::refresh::Refreshed;
use doorward_engine::token::access;
use doorward_engine::token::anti_csrf::{AntiCsrfError, Check};
use proptest::prelude::*;

use crate::given::{Given, now, payload, session_with};

/// A change of one place in a text of bytes.
#[derive(Clone, Debug)]
enum Change {
    Replace(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Double(prop::sample::Index, prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<prop::sample::Index>;
    let byte = || prop_oneof![9 => prop::sample::select(b"AZaz09+/-_=.{}\" \n\0".to_vec()), 1 => any::<u8>()];
    let change = prop_oneof![
        (at(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (at(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at().prop_map(Change::Remove),
        (at(), at()).prop_map(|(from, to)| Change::Double(from, to)),
    ];
    prop::collection::vec(change, 1..4)
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        match *change {
            Change::Replace(at, byte) => *at.get_mut(&mut bytes) = byte,
            Change::Insert(at, byte) => bytes.insert(at.index(bytes.len()), byte),
            Change::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Change::Double(from, to) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let piece = bytes.get(from.min(to)..from.max(to)).unwrap().to_vec();
                bytes.extend_from_slice(&piece);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Texts that look a little like tokens.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        r"[A-Za-z0-9+/=_-]{0,80}\.[A-Za-z0-9+/=_-]{0,80}\.[A-Za-z0-9+/=_-]{0,80}",
        r"eyJ[A-Za-z0-9_-]{0,120}\.eyJ[A-Za-z0-9_-]{0,120}\.[A-Za-z0-9_-]{86}",
        r"[A-Za-z0-9+/]{40}([A-Za-z0-9+/]{4}){0,40}(==)?\.[0-9a-f]{64}\.(V2|V1|v2)",
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

/// What may stand around and inside of JSON.
fn json_like() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1e3".to_owned()),
        Just("-0.0".to_owned()),
        Just(r#""\ud800""#.to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        ".{0,10}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        ".{0,6}",
    ];
    let name = prop_oneof![
        prop::sample::select(vec!["a", "b", "sub", "exp", r"\u0073ub", "nbf", "stt", "iss", "aud", "tId", ""])
            .prop_map(str::to_owned),
        "[a-z]{1,5}",
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec(("[a-z]{0,2}", inner), 0..3).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    });
    prop_oneof![
        4 => ("[ \n]{0,2}", prop::collection::vec((name, value), 0..5), "[ \n]{0,2}").prop_map(|(before, members, after)| {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
            format!("{before}{{{}}}{after}", members.join(","))
        }),
        1 => ".*",
    ]
}

#[test]
fn an_absent_empty_or_foreign_anti_csrf_value_is_refused() {
    let given = Given::default();
    let held = given.create(NewSession { anti_csrf: true, ..session_with(Payload::default()) }).anti_csrf.unwrap();
    let [same, empty, foreign] = [held.expose(), "", "d3b07384-d9a0-4c9b-8f0a-0123456789ab"].map(Secret::new);
    let prefix = Secret::new(held.expose().get(..35).unwrap());
    assert_eq!(Check::Token(Some(&same)).judge(Some(&held)), Ok(()));
    assert_eq!(Check::Token(None).judge(Some(&held)), Err(AntiCsrfError::Missing));
    for wrong in [empty, foreign, prefix] {
        assert_eq!(Check::Token(Some(&wrong)).judge(Some(&held)), Err(AntiCsrfError::Mismatch));
        assert_eq!(Check::Token(Some(&wrong)).judge(None), Err(AntiCsrfError::NotInToken));
        assert_eq!(Check::Off.judge(Some(&held)), Ok(()));
    }
    assert_eq!(Check::Token(None).judge(None), Err(AntiCsrfError::NotInToken));
    assert_eq!(Check::Off.judge(None), Ok(()));
}

/// In a header that others use too, a token of another kind is none of ours, and a bad one of ours is still ours.
#[test]
fn a_token_of_another_kind_is_told_from_a_bad_one_of_ours() {
    let given = Given::default();
    let token = given.create(session_with(Payload::default())).access.unsigned.sign().unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let with_header = |header: &str| format!("{}.e30.x", URL_SAFE_NO_PAD.encode(header));
    for ours in [
        token.clone(),
        format!("{signed}.forged"),
        with_header(r#"{"kid":"d-1","typ":"JWT","version":"3","alg":"RS256"}"#),
    ] {
        assert!(access::looks_like_access_token(&ours), "{ours}");
    }
    for other in [
        "",
        "opaque",
        signed,
        &format!("{token}.x"),
        &with_header(r#"{"kid":"d-1","typ":"JWT","alg":"RS256"}"#),
        &with_header(r#"{"kid":"d-1","typ":"at+jwt","version":"5","alg":"RS256"}"#),
        &with_header(r#"{"typ":"JWT","version":"5","alg":"HS256"}"#),
        &with_header(r#"["JWT","RS256","d-1","5"]"#),
        given.create(session_with(Payload::default())).refresh.expose(),
    ] {
        assert!(!access::looks_like_access_token(other), "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_is_an_access_token(text in texts()) {
        let given = Given::default();
        prop_assert!(access::verify(&text, &given.ring, now(), &given.policy).is_err());
        let _ = access::looks_like_access_token(&text);
    }

    #[test]
    fn no_changed_access_token_is_one(changes in changes(), with in prop::sample::select(vec!["ed25519", "rsa"])) {
        let given = Given::signing_with(with);
        let issued = given.create(session_with(payload(r#"{"role":"editor"}"#)));
        let token = issued.access.unsigned.sign().unwrap();
        let changed = changed(&token, &changes);
        let read = access::verify(&changed, &given.ring, now(), &given.policy);
        prop_assert_eq!(read.is_ok(), changed == token, "{}", changed);
    }

    #[test]
    fn no_text_is_a_refresh_token(text in texts()) {
        let given = Given::default();
        let row = given.create(session_with(Payload::default())).row;
        let outcome = given.refresh(&Secret::new(text), &row);
        prop_assert!(matches!(outcome, Refreshed::Unauthorised(Deny::MalformedToken(_))));
    }

    /// It isn't theft either: nobody's session ends because of garbage.
    #[test]
    fn no_changed_refresh_token_is_one(changes in changes()) {
        let given = Given::default();
        let issued = given.create(session_with(Payload::default()));
        let changed = changed(issued.refresh.expose(), &changes);
        let is_same = changed == issued.refresh.expose();
        let outcome = given.refresh(&Secret::new(changed), &issued.row);
        prop_assert_eq!(matches!(outcome, Refreshed::Issued(_)), is_same);
        prop_assert!(is_same || matches!(outcome, Refreshed::Unauthorised(Deny::MalformedToken(_))));
    }

    #[test]
    fn a_payload_that_is_accepted_comes_through_whole(text in json_like()) {
        let Ok(payload) = Payload::parse(&text, 4096) else { return Ok(()) };
        prop_assert_eq!(payload.as_str(), &text);
        let given = Given::default();
        let issued = given.create(session_with(payload));
        let token = issued.access.unsigned.sign().unwrap();
        let read = access::verify(&token, &given.ring, now(), &given.policy);
        prop_assert!(read.is_ok(), "{} for {}", read.unwrap_err(), text);
        let read = read.unwrap();
        // The text of the members, blanks around them aside, stands in the token as it was given.
        let inner = text.trim_ascii().strip_prefix('{').unwrap().strip_suffix('}').unwrap().trim_ascii();
        let end = format!("{inner}}}");
        prop_assert!(read.json.as_str().ends_with(&end));
        prop_assert_eq!(read, issued.access.claims);
    }

    /// Rows of other programs hold what they like.
    #[test]
    fn a_stored_payload_never_makes_a_token_that_is_refused(text in json_like()) {
        let Some(payload) = Payload::from_stored(&text) else { return Ok(()) };
        let given = Given::default();
        let issued = given.create(session_with(payload));
        let read = access::verify(&issued.access.unsigned.sign().unwrap(), &given.ring, now(), &given.policy);
        prop_assert!(read.is_ok(), "{} for {}", read.unwrap_err(), text);
        let read = read.unwrap();
        prop_assert_eq!(read.user.as_str(), "u1");
    }

    #[test]
    fn an_update_that_is_accepted_can_be_stored(stored in json_like(), update in json_like()) {
        let (Some(stored), Some(update)) = (Payload::from_stored(&stored), Payload::from_stored(&update)) else {
            return Ok(());
        };
        if let Ok(merged) = stored.merged(&update, 4096) {
            prop_assert_eq!(Payload::parse(merged.as_str(), 4096), Ok(merged));
        }
    }

    #[test]
    fn identifiers_keep_their_text_or_are_refused(text in ".*") {
        if let Ok(handle) = SessionHandle::parse(&text) {
            prop_assert_eq!(handle.as_str(), &text);
            let _ = handle.tenant();
        }
        if let Ok(user) = UserId::parse(&text) {
            prop_assert_eq!(user.as_str(), &text);
        }
        if let Ok(key) = KeyId::parse(&text) {
            prop_assert_eq!(key.as_str(), &text);
        }
        for folded in [TenantId::parse(&text).map(|id| id.to_string()), AppId::parse(&text).map(|id| id.to_string())] {
            prop_assert!(folded.is_err() || folded == Ok(text.to_ascii_lowercase()));
        }
        let _ = JsonText::parse(&text, 100);
    }
}
