//! Which key signs, which verify, and what is published (`spec/modern-core.md` 7.8).

use std::collections::BTreeMap;

use doorward_crypto::AwsLc;
use doorward_engine::crypto::KeyError;
use doorward_engine::id::AppId;
use doorward_engine::key::ring::{KeyRing, PUBLISHED_BEFORE_SIGNING, RingError};
use doorward_engine::policy::Policy;
use doorward_engine::secret::Secret;
use doorward_engine::time::{Lifetime, Millis};
use doorward_engine::token::access;
use doorward_testkit::vectors::keys::TestKeys;
use proptest::prelude::*;

use crate::given::{self, Given, later, now, ring_of, session, stored_key};

const HOUR: u64 = 3_600_000;
const WEEK: u64 = 168 * HOUR;

fn signer(ring: &KeyRing, at: Millis) -> Millis {
    ring.signer(at, &Policy::default(), false).created_at
}

#[test]
fn a_new_key_signs_a_minute_after_it_is_published() {
    let made = later(WEEK - 120_000);
    let ring = ring_of(&[now(), made]);
    for (after, signs) in [(0, now()), (59_999, now()), (60_000, made), (120_000, made)] {
        assert_eq!(signer(&ring, made.after(Lifetime::from_millis(after))), signs, "{after} ms after it was made");
    }
}

#[test]
fn a_new_key_signs_at_once_if_no_other_can() {
    assert_eq!(signer(&ring_of(&[now()]), now()), now());
    let made = later(WEEK);
    assert_eq!(signer(&ring_of(&[now(), made]), made), made);
    // The old one may sign until its interval ends, to the millisecond.
    let made = later(WEEK - 30_000);
    assert_eq!(signer(&ring_of(&[now(), made]), later(WEEK - 1)), now());
    assert_eq!(signer(&ring_of(&[now(), made]), later(WEEK)), made);
}

#[test]
fn after_a_clock_that_went_back_the_older_key_signs_while_it_may() {
    let made = later(WEEK - 60_000);
    let ring = ring_of(&[now(), made]);
    assert_eq!(signer(&ring, later(WEEK - 2 * HOUR)), now());
    assert!(!ring.wants_key(later(WEEK - 2 * HOUR), &Policy::default()));
    // A key from the future verifies, and signs where it is the only one.
    let ring = ring_of(&[made]);
    assert_eq!(signer(&ring, now()), made);
    assert!(ring.verifier("d-1767830340000", now(), &Policy::default()).is_some());
}

#[test]
fn a_key_is_wanted_a_minute_before_the_end_and_overdue_at_it() {
    let (ring, policy) = (ring_of(&[now()]), Policy::default());
    assert!(!ring.wants_key(later(WEEK - 60_000), &policy));
    assert!(ring.wants_key(later(WEEK - 60_000 + 1), &policy));
    assert!(!ring.is_overdue(later(WEEK - 1), &policy));
    assert!(ring.is_overdue(later(WEEK), &policy));
}

#[test]
fn a_key_verifies_for_its_interval_and_two_access_lifetimes() {
    let (ring, policy) = (ring_of(&[now()]), Policy::default());
    let id = "d-1767225600000";
    let end = later(WEEK + 2 * HOUR);
    assert_eq!(policy.key_lifetime(), end.since(now()));
    assert!(ring.verifier(id, end, &policy).is_some());
    assert!(ring.verifier(id, end.after(Lifetime::from_millis(1)), &policy).is_none());
    // What upkeep deletes is exactly what verifies no more.
    assert!(now() >= KeyRing::outlived(end, &policy));
    assert!(now() < KeyRing::outlived(end.after(Lifetime::from_millis(1)), &policy));
}

#[test]
fn the_key_set_shows_the_public_half_newest_first() {
    let keys = TestKeys::read().unwrap();
    let ring = keys.ring(&AppId::default(), &["ed25519", "stranger", "rsa"], "upstream", None).unwrap();
    let text = serde_json::to_string(&ring.jwks(now(), &Policy::default())).unwrap();
    let shown = ["rsa", "ed25519", "stranger"].map(|name| keys.signing(name).unwrap().jwk.clone());
    assert_eq!(text, format!(r#"{{"keys":[{}]}}"#, shown.join(",")));

    // The oldest one goes first.
    let text = serde_json::to_string(&ring.jwks(later(WEEK - HOUR + 1), &Policy::default())).unwrap();
    assert_eq!(text, format!(r#"{{"keys":[{}]}}"#, shown[..2].join(",")));
    let text = serde_json::to_string(&ring.jwks(later(2 * WEEK), &Policy::default())).unwrap();
    assert_eq!(text, r#"{"keys":[]}"#);
}

#[test]
fn keys_that_are_none_make_no_ring() {
    let refresh = || Secret::new("x".repeat(64));
    let ring = |keys: Vec<(Millis, Secret)>| KeyRing::new(&AppId::default(), keys, refresh(), None, &AwsLc);
    assert_eq!(ring(Vec::new()).unwrap_err(), RingError::Empty);
    assert_eq!(ring(vec![(now(), Secret::new("garbage"))]).unwrap_err(), RingError::Key(KeyError::Form));
    let (public, _) = stored_key("rsa").expose().split_once('|').map(|(p, k)| (p.to_owned(), k.to_owned())).unwrap();
    let (_, private) =
        stored_key("stranger").expose().split_once('|').map(|(p, k)| (p.to_owned(), k.to_owned())).unwrap();
    let mixed = Secret::new(format!("{public}|{private}"));
    assert_eq!(ring(vec![(now(), mixed)]).unwrap_err(), RingError::Key(KeyError::Mismatch));
}

#[test]
fn a_ring_does_not_print_its_keys() {
    let printed = format!("{:?} {:#?}", ring_of(&[now()]), Given::default().env());
    let stored = stored_key("ed25519");
    let (public, private) = stored.expose().split_once('|').unwrap();
    let refresh = TestKeys::read().unwrap().refresh("upstream").unwrap();
    for secret in [public, private, refresh.expose(), "abab", "cdcd"] {
        assert!(!printed.contains(secret));
    }
}

/// Some hours of an app's life: how long until the next request, or back.
#[derive(Clone, Copy, Debug)]
enum Pace {
    Ahead(u64),
    Back(u64),
}

fn paces(interval: u64, access: u64) -> impl Strategy<Value = Vec<Pace>> {
    let ahead = prop_oneof![
        4 => 0..120_000_u64,
        4 => 0..=interval / 4,
        2 => 0..=interval,
        1 => interval - 60_000..=interval + 60_000,
        1 => 0..=3 * (interval + access),
    ];
    let pace = prop_oneof![9 => ahead.prop_map(Pace::Ahead), 1 => (0..=access).prop_map(Pace::Back)];
    prop::collection::vec(pace, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Keys are made and deleted as the service does it; time goes as it likes.
    #[test]
    fn no_live_token_fails_for_rotation(
        (interval, access, paces) in (1..=720_u64, prop_oneof![1_000..7_200_000_u64, 1..=1_000 * 24 * HOUR])
            .prop_flat_map(|(hours, access)| (Just(hours * HOUR), Just(access), paces(hours * HOUR, access)))
    ) {
        let policy = Policy {
            key_interval: Lifetime::from_millis(interval),
            access_lifetime: Lifetime::from_millis(access),
            refresh_lifetime: Lifetime::from_hours(24 * 1001),
            ..Policy::default()
        };
        let (mut at, mut latest, mut created) = (now(), now(), vec![now()]);
        let mut tokens: Vec<(Millis, String)> = Vec::new();
        let (mut uptime, mut made_at) = (0, BTreeMap::from([(now(), 0)]));
        for pace in paces {
            at = match pace {
                Pace::Ahead(millis) => {
                    uptime += millis;
                    at.after(Lifetime::from_millis(millis))
                }
                // By more than an access lifetime, and tokens would live again whose key was deleted long after them.
                Pace::Back(millis) => at.before(Lifetime::from_millis(millis)).max(latest.before(policy.access_lifetime)),
            };
            latest = latest.max(at);
            let newest = *created.iter().max().unwrap();
            if ring_of(&created).wants_key(at, &policy) {
                let made = at.max(newest.after(Lifetime::from_millis(1)));
                created.push(made);
                made_at.insert(made, uptime);
            }
            let newest = *created.iter().max().unwrap();
            created.retain(|made| *made >= KeyRing::outlived(at, &policy) || *made == newest);
            let ring = ring_of(&created);

            let given = Given { now: at, policy, ring: ring.clone(), entropy: given::entropy(1) };
            let issued = given.create(session());
            let signed_by = ring.signer(at, &policy, false).created_at;
            // By a clock that doesn't go back: what counts is how long others could read it.
            let published = uptime - made_at[&signed_by];
            let older_can = created.iter().any(|made| *made < signed_by && at < made.after(policy.key_interval));
            prop_assert!(
                Lifetime::from_millis(published) >= PUBLISHED_BEFORE_SIGNING || !older_can,
                "a key signs {published} ms after it was made, and an older one could"
            );
            tokens.push((issued.access.claims.expires_at, issued.access.unsigned.sign().unwrap()));

            for (end, token) in &tokens {
                if at < *end {
                    let verified = access::verify(token, &ring, at, &policy);
                    prop_assert!(verified.is_ok(), "a live token: {}", verified.unwrap_err());
                }
            }
            // What is published is what verifies, and the key that signs is among it.
            let shown = ring.jwks(at, &policy).keys;
            prop_assert!(shown.iter().any(|key| key.kid == ring.signer(at, &policy, false).id.as_str()));
        }
    }
}
