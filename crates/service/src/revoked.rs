//! The sessions that this process ended, while access tokens of theirs may still be alive: logout takes effect at once
//! here, without a query per request.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use doorward_engine::id::{SessionKey, UserId};
use doorward_engine::time::Millis;

/// Ended sessions that are remembered. Beyond it those whose tokens end first are forgotten; their tokens then last for
/// the rest of their life, as those of sessions that another process ended.
const LIMIT: usize = 100_000;

/// Which sessions ended, and until when that matters.
#[derive(Debug)]
pub(crate) struct Revoked {
    limit: usize,
    memory: RwLock<Memory>,
    /// So that nothing is locked while nothing was revoked, which is nearly always.
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Memory {
    ended: HashMap<SessionKey, Millis>,
    /// Users whose sessions were to end, and nobody knows whether they did.
    doubted: HashMap<UserId, Millis>,
}

impl Default for Revoked {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl Revoked {
    fn with_limit(limit: usize) -> Self {
        Self { limit, memory: RwLock::default(), count: AtomicUsize::new(0) }
    }

    /// Remembers that sessions ended; no access token of theirs lives longer than `until`.
    pub(crate) fn add(&self, keys: &[SessionKey], now: Millis, until: Millis) {
        if keys.is_empty() {
            return;
        }
        self.change(|memory| keys.iter().for_each(|key| remember(&mut memory.ended, key, self.limit, now, until)));
    }

    /// Remembers that a user's sessions may have ended, or not: an answer didn't come. The store knows.
    pub(crate) fn doubt(&self, user: &UserId, now: Millis, until: Millis) {
        self.change(|memory| remember(&mut memory.doubted, user, self.limit, now, until));
    }

    /// Forgets a session that didn't end after all.
    pub(crate) fn forget(&self, key: &SessionKey) {
        self.change(|memory| {
            memory.ended.remove(key);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Memory)) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut memory);
        self.count.store(memory.ended.len() + memory.doubted.len(), Ordering::Release);
    }

    /// Whether this process ended no session lately, and tried to end none. Nothing is locked.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether this process ended the session.
    pub(crate) fn contains(&self, key: &SessionKey) -> bool {
        self.memory.read().unwrap_or_else(PoisonError::into_inner).ended.contains_key(key)
    }

    /// Whether only the store knows if a session of this user's is alive.
    pub(crate) fn doubts(&self, user: &UserId, now: Millis) -> bool {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        memory.doubted.get(user).is_some_and(|until| *until > now)
    }
}

fn remember<T: Clone + Eq + Hash>(all: &mut HashMap<T, Millis>, one: &T, limit: usize, now: Millis, until: Millis) {
    if all.len() >= limit && !all.contains_key(one) {
        make_room(all, limit, now);
    }
    all.insert(one.clone(), until);
}

/// Forgets those whose tokens have ended, and if that isn't a tenth of the limit, those whose tokens end first, until it
/// is. It looks at all of them, but only once for each tenth of the limit that is added, so the cost of adding
/// one is constant on average.
fn make_room<T>(ended: &mut HashMap<T, Millis>, limit: usize, now: Millis) {
    ended.retain(|_, until| *until > now);
    let kept = limit.saturating_sub((limit / 10).max(1));
    let Some(last) = ended.len().saturating_sub(kept).checked_sub(1) else { return };
    let mut ends: Vec<Millis> = ended.values().copied().collect();
    let (earlier, &mut end, _) = ends.select_nth_unstable(last);
    // Many may end at once: of these only as many as needed.
    let mut at_end = 1 + earlier.iter().filter(|earlier| **earlier == end).count();
    ended.retain(|_, until| {
        let goes = *until < end || (*until == end && at_end > 0);
        at_end -= usize::from(goes && *until == end);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use doorward_testkit::contract::given::key;

    use super::*;

    const LIMIT: usize = 100;

    fn at(millis: usize) -> Millis {
        Millis::saturating(millis as u64)
    }

    fn keys(numbers: std::ops::Range<usize>) -> Vec<SessionKey> {
        numbers.map(|number| key(&number.to_string())).collect()
    }

    fn len(revoked: &Revoked) -> usize {
        let len = revoked.memory.read().unwrap().ended.len();
        assert_eq!(revoked.count.load(Ordering::Acquire), len);
        len
    }

    fn has_all(revoked: &Revoked, numbers: std::ops::Range<usize>) -> bool {
        keys(numbers).iter().all(|key| revoked.contains(key))
    }

    fn has_none(revoked: &Revoked, numbers: std::ops::Range<usize>) -> bool {
        !keys(numbers).iter().any(|key| revoked.contains(key))
    }

    #[test]
    fn the_newest_stay_and_the_oldest_tenth_goes_at_once() {
        let revoked = Revoked::with_limit(LIMIT);
        for number in 0..LIMIT {
            revoked.add(&keys(number..number + 1), at(0), at(1000 + number));
        }
        assert_eq!(len(&revoked), LIMIT);
        assert!(has_all(&revoked, 0..LIMIT));

        revoked.add(&keys(0..LIMIT), at(0), at(1000 + LIMIT));
        assert!(has_all(&revoked, 0..LIMIT), "those that are there need no room");

        let revoked = Revoked::with_limit(LIMIT);
        for number in 0..1000 {
            revoked.add(&keys(number..number + 1), at(0), at(1000 + number));
            assert!(len(&revoked) <= LIMIT);
            assert!(has_all(&revoked, (number + 1).saturating_sub(LIMIT * 9 / 10)..number + 1), "{number}");
            if number == LIMIT {
                assert_eq!(len(&revoked), 91);
                assert!(has_none(&revoked, 0..10));
            }
        }
    }

    #[test]
    fn of_many_that_end_at_once_only_a_tenth_goes() {
        let revoked = Revoked::with_limit(LIMIT);
        revoked.add(&keys(0..5), at(0), at(1000));
        revoked.add(&keys(5..LIMIT), at(0), at(1001));
        revoked.add(&keys(LIMIT..LIMIT + 1), at(0), at(1001));
        assert_eq!(len(&revoked), 91);
        assert!(has_none(&revoked, 0..5));
        revoked.add(&keys(0..LIMIT * 5), at(0), at(1002));
        assert!(len(&revoked) <= LIMIT);
    }

    #[test]
    fn what_is_over_goes_first_and_is_enough_when_it_makes_room() {
        let revoked = Revoked::with_limit(LIMIT);
        revoked.add(&keys(0..30), at(0), at(1000));
        revoked.add(&keys(30..LIMIT), at(0), at(2000));
        revoked.add(&keys(LIMIT..LIMIT + 1), at(1000), at(3000));
        assert_eq!(len(&revoked), 71);
        assert!(has_all(&revoked, 30..LIMIT + 1));
    }

    #[test]
    fn a_user_is_doubted_until_the_tokens_have_ended() {
        let revoked = Revoked::with_limit(2);
        let users: Vec<UserId> = ["ada", "bob", "carol"].map(|name| UserId::parse(name).unwrap()).into();
        assert!(revoked.is_empty());
        revoked.doubt(&users[0], at(0), at(1000));
        assert!(!revoked.is_empty());
        assert!(revoked.doubts(&users[0], at(999)) && !revoked.doubts(&users[0], at(1000)));
        assert!(!revoked.doubts(&users[1], at(0)));
        for user in &users {
            revoked.doubt(user, at(0), at(2000));
        }
        assert_eq!(users.iter().filter(|user| revoked.doubts(user, at(0))).count(), 2, "the limit holds here too");
    }

    #[test]
    fn the_smallest_limit_holds() {
        let revoked = Revoked::with_limit(1);
        revoked.add(&keys(0..3), at(0), at(1000));
        assert_eq!(len(&revoked), 1);
        assert!(has_all(&revoked, 2..3));
    }
}
