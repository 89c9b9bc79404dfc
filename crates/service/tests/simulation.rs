//! A seeded simulation over the real service: see `doorward_testkit::simulator`.
//!
//! `DOORWARD_SEEDS=n` runs n seeds; `DOORWARD_SEED=n` runs seed n alone and prints its log.
#![expect(clippy::panic, clippy::print_stdout, reason = "a failing seed is shown with all that happened")]

use doorward_testkit::simulator::run::simulate;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn check(seed: u64) {
    let end = simulate(seed);
    if let Some(broken) = &end.broken {
        end.lines.iter().for_each(|line| println!("{line}"));
        panic!("seed {seed}: {broken}");
    }
    // Too little going on would show nothing.
    let count = |word: &str| end.lines.iter().filter(|line| line.contains(word)).count();
    assert!(count("created") > 0 && count("refreshed") > 1, "seed {seed}: {:?}", end.lines);
}

#[test]
fn honest_users_stay_signed_in_whatever_goes_wrong() {
    match number("DOORWARD_SEED") {
        Some(seed) => {
            simulate(seed).lines.iter().for_each(|line| println!("{line}"));
            check(seed);
        }
        None => (0..number("DOORWARD_SEEDS").unwrap_or(300)).for_each(check),
    }
}

#[test]
fn one_seed_ends_one_way() {
    for seed in 0..40 {
        assert_eq!(simulate(seed), simulate(seed), "seed {seed}");
    }
    assert_ne!(simulate(1).digest, simulate(2).digest);
}
