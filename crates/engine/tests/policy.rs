//! What an operator may set, and what it comes to.

use doorward_engine::policy::{Policy, PolicyError, PolicyWarning};
use doorward_engine::session::create::{NewLimits, NewSession};
use doorward_engine::session::record::SessionLimits;
use doorward_engine::session::refresh::Refreshed;
use doorward_engine::time::{Lifetime, Millis};
use proptest::prelude::*;

use crate::given::{Given, entropy, later, now, session};

const SECOND: Lifetime = Lifetime::from_secs(1);
const MINUTE: Lifetime = Lifetime::from_minutes(1);
const HOUR: Lifetime = Lifetime::from_hours(1);
const DAY: Lifetime = Lifetime::from_hours(24);

fn with(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    change(&mut policy);
    policy
}

fn millis(count: u64) -> Lifetime {
    Lifetime::from_millis(count)
}

#[test]
fn the_default_is_allowed_without_a_warning() {
    assert_eq!(Policy::default().check(), Ok(Vec::new()));
    assert_eq!(Policy::default().window(&SessionLimits::default()), Lifetime::from_secs(30));
}

#[test]
fn each_setting_has_its_range() {
    let century = Lifetime::from_hours(24 * 36_500);
    let over = |lifetime: Lifetime| lifetime.plus(millis(1));
    type Set = fn(&mut Policy, Lifetime);
    let settings: [(&str, Set, Lifetime, Lifetime); 6] = [
        ("access_lifetime", |policy, value| policy.access_lifetime = value, SECOND, Lifetime::from_hours(24_000)),
        ("refresh_lifetime", |policy, value| policy.refresh_lifetime = value, SECOND, century),
        ("grace", |policy, value| policy.grace = value, Lifetime::ZERO, Lifetime::from_secs(300)),
        ("key_interval", |policy, value| policy.key_interval = value, HOUR, century),
        ("idle_limit", |policy, value| policy.idle_limit = Some(value), SECOND, century),
        ("absolute_limit", |policy, value| policy.absolute_limit = Some(value), SECOND, century),
    ];
    for (name, set, least, most) in settings {
        let below = (least > Lifetime::ZERO).then(|| millis(least.as_millis() - 1));
        for wrong in [Some(over(most)), below, Some(millis(u64::MAX))].into_iter().flatten() {
            let refused = with(|policy| set(policy, wrong)).check().unwrap_err();
            assert_eq!(refused, PolicyError::Range { setting: name, value: wrong, least, most });
            assert!(refused.to_string().starts_with(name), "{refused}");
        }
        for right in [least, most] {
            let policy = with(|policy| {
                policy.access_lifetime = SECOND;
                policy.refresh_lifetime = century;
                set(policy, right);
            });
            // A range is one thing, being longer than an access token another.
            let refused = policy.check().err();
            assert!(!matches!(refused, Some(PolicyError::Range { .. })), "{name} {right}: {refused:?}");
        }
    }
}

#[test]
fn no_session_ends_before_its_access_token() {
    type Set = fn(&mut Policy, Lifetime);
    let settings: [(&str, Set); 3] = [
        ("refresh_lifetime", |policy, value| policy.refresh_lifetime = value),
        ("idle_limit", |policy, value| policy.idle_limit = Some(value)),
        ("absolute_limit", |policy, value| policy.absolute_limit = Some(value)),
    ];
    for (setting, set) in settings {
        for value in [HOUR, MINUTE] {
            let refused = with(|policy| set(policy, value)).check().unwrap_err();
            assert_eq!(refused, PolicyError::NotLonger { setting, value, access: HOUR });
        }
        assert!(with(|policy| set(policy, HOUR.plus(millis(1)))).check().is_ok());
    }
}

#[test]
fn jitter_takes_all_at_most() {
    assert_eq!(with(|policy| policy.jitter_per_mille = 1001).check(), Err(PolicyError::Jitter));
    assert!(with(|policy| policy.jitter_per_mille = 1000).check().is_ok());
}

#[test]
fn a_grace_that_windows_cannot_last_is_warned_of() {
    let short = |grace| with(|policy| (policy.access_lifetime, policy.grace) = (MINUTE, grace));
    let (tenth, grace) = (Lifetime::from_secs(6), Lifetime::from_secs(30));
    assert_eq!(short(grace).check(), Ok(vec![PolicyWarning::GraceOverTenth { grace, window: tenth }]));
    assert_eq!(short(grace).window(&SessionLimits::default()), tenth);
    assert_eq!(short(tenth).check(), Ok(Vec::new()));
    assert_eq!(short(tenth).window(&SessionLimits::default()), tenth);
    assert_eq!(short(SECOND).window(&SessionLimits::default()), SECOND);
}

#[test]
fn no_grace_is_warned_of() {
    assert_eq!(with(|policy| policy.grace = Lifetime::ZERO).check(), Ok(vec![PolicyWarning::NoGrace]));
}

#[test]
fn refusals_and_warnings_are_one_plain_line() {
    let refused = with(|policy| policy.grace = Lifetime::from_secs(301)).check().unwrap_err();
    assert_eq!(refused.to_string(), "grace is 301 s, and must be between 0 s and 300 s");
    let refused = with(|policy| policy.idle_limit = Some(MINUTE)).check().unwrap_err();
    assert_eq!(refused.to_string(), "idle_limit is 60 s, and must be longer than access_lifetime (3600 s)");
    let policy = with(|policy| (policy.access_lifetime, policy.grace) = (SECOND, SECOND));
    let warnings: Vec<String> = policy.check().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["grace is 1 s, more than a tenth of access_lifetime: succession windows last 100 ms"]);
}

fn given(change: impl FnOnce(&mut Policy)) -> Given {
    Given { policy: with(change), ..Given::default() }
}

fn limited(limits: NewLimits) -> NewSession {
    NewSession { limits, ..session() }
}

/// The ends of access token and session of a session that is created now and refreshed then.
fn ends(given: &Given, new: NewSession, at: Millis) -> [(Millis, Millis); 2] {
    let first = given.create(new);
    assert_eq!(first.refresh_expires_at, first.row.expires_at);
    let refreshing = Given { now: at, ..given.clone() };
    let Refreshed::Issued(second) = refreshing.refresh(&first.refresh, &first.row) else { panic!("not refreshed") };
    [
        (first.access.claims.expires_at, first.refresh_expires_at),
        (second.access.claims.expires_at, second.refresh_expires_at),
    ]
}

fn at(lifetime: Lifetime) -> Millis {
    now().after(lifetime)
}

#[test]
fn without_limits_a_refresh_extends() {
    let then = later(1_800_000);
    let lifetime = Lifetime::from_hours(2400);
    let expected = [(at(HOUR), at(lifetime)), (then.after(HOUR), then.after(lifetime))];
    assert_eq!(ends(&given(|_| ()), session(), then), expected);
}

#[test]
fn an_absolute_limit_clamps_session_and_access_token() {
    let given = given(|policy| policy.absolute_limit = Some(DAY));
    let then = at(DAY).before(MINUTE);
    assert_eq!(ends(&given, session(), then), [(at(HOUR), at(DAY)), (at(DAY), at(DAY))]);
}

#[test]
fn an_absolute_end_is_final_even_for_a_row_that_says_otherwise() {
    let given = given(|policy| policy.absolute_limit = Some(DAY));
    let mut issued = given.create(session());
    issued.row.expires_at = Millis::MAX;
    for (then, alive) in [(at(DAY).before(millis(1)), true), (at(DAY), false), (at(DAY).after(HOUR), false)] {
        assert_eq!(issued.row.is_alive(then), alive);
    }
}

#[test]
fn an_idle_limit_clamps_the_session_and_moves_with_each_refresh() {
    let idle = Lifetime::from_hours(2);
    let given = given(|policy| policy.idle_limit = Some(idle));
    let then = at(HOUR);
    assert_eq!(ends(&given, session(), then), [(at(HOUR), at(idle)), (then.after(HOUR), then.after(idle))]);
    let issued = given.create(session());
    assert!(issued.row.is_alive(at(idle)));
    assert!(!issued.row.is_alive(at(idle).after(millis(1))));
}

#[test]
fn an_idle_limit_longer_than_the_refresh_lifetime_counts_for_nothing() {
    let given = given(|policy| (policy.idle_limit, policy.refresh_lifetime) = (Some(DAY), Lifetime::from_hours(2)));
    assert_eq!(ends(&given, session(), now())[0].1, at(Lifetime::from_hours(2)));
}

#[test]
fn a_session_of_its_own_is_shorter_never_longer() {
    let given = given(|policy| policy.absolute_limit = Some(DAY));
    let then = later(60_000);
    let own =
        |access, refresh, absolute| limited(NewLimits { access_lifetime: access, refresh_lifetime: refresh, absolute });
    let shorter = own(Some(MINUTE), Some(HOUR), Some(Lifetime::from_minutes(30)));
    let end = at(Lifetime::from_minutes(30));
    assert_eq!(ends(&given, shorter, then), [(at(MINUTE), end), (then.after(MINUTE), end)]);

    let idle = own(None, Some(Lifetime::from_hours(3)), None);
    let (first, second) = (at(Lifetime::from_hours(3)), then.after(Lifetime::from_hours(3)));
    assert_eq!(ends(&given, idle, then), [(at(HOUR), first), (then.after(HOUR), second)]);

    let longer = own(Some(DAY), Some(Lifetime::from_hours(9999)), Some(Lifetime::from_hours(9999)));
    assert_eq!(ends(&given, longer, then), [(at(HOUR), at(DAY)), (then.after(HOUR), at(DAY))]);
}

#[test]
fn limits_of_one_session_are_stored_with_it() {
    let new = NewLimits { access_lifetime: Some(MINUTE), refresh_lifetime: Some(DAY), absolute: Some(DAY) };
    let row = given(|_| ()).create(limited(new)).row;
    assert_eq!((row.limits.access_lifetime, row.limits.refresh_lifetime), (Some(MINUTE), Some(DAY)));
    assert_eq!(row.limits.absolute_end, Some(at(DAY)));
}

proptest! {
    #[test]
    fn jitter_only_shortens_and_no_more_than_was_set(
        per_mille in 0..=1000_u16,
        access in 1_000..86_400_000_u64,
        seed in any::<u8>(),
        drawn in any::<[u8; 4]>(),
    ) {
        let mut given = given(|policy| (policy.jitter_per_mille, policy.access_lifetime) = (per_mille, millis(access)));
        given.entropy = entropy(seed);
        given.entropy.jitter = drawn;
        let end = given.create(session()).access.claims.expires_at;
        let least = access - access * u64::from(per_mille) / 1000;
        prop_assert!(end <= later(access));
        // The claim is in whole seconds.
        prop_assert!(end.as_secs() >= later(least).as_secs());
    }

    #[test]
    fn no_access_token_outlives_its_session(
        access in 1..100_000_000_u64,
        refresh in prop::option::of(1..100_000_000_u64),
        absolute in prop::option::of(1..100_000_000_u64),
        after in 0..100_000_000_u64,
    ) {
        let given = given(|policy| policy.access_lifetime = millis(access));
        let new = limited(NewLimits {
            access_lifetime: None,
            refresh_lifetime: refresh.map(millis),
            absolute: absolute.map(millis),
        });
        let first = given.create(new);
        prop_assert!(first.access.claims.expires_at <= first.row.expires_at);
        let refreshing = Given { now: later(after), ..given.clone() };
        match refreshing.refresh(&first.refresh, &first.row) {
            Refreshed::Issued(second) => {
                prop_assert!(second.access.claims.expires_at <= second.refresh_expires_at);
                prop_assert!(absolute.is_none_or(|end| second.refresh_expires_at <= later(end)));
            }
            outcome => prop_assert!(false, "{outcome:?}"),
        }
    }
}
