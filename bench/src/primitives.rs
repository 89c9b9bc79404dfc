//! What the cryptography costs by itself, as the product calls it.

use std::hint::black_box;

use anyhow::{Result, ensure};
use doorward::Algorithm;
use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Crypto as _, SigningKey};

use crate::cli::Run;
use crate::compare::{cpu_nanos, median};
use crate::given::Keys;
use crate::report::{Report, nanos};

/// The rounds of a stored refresh token (`spec/modern-core.md` 7.6).
const PBKDF2_ROUNDS: u32 = 100;

pub(crate) fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let rounds = run.or_quick(100, 20);
    report.topic("primitives: processor time of one call");
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
        let keys = Keys::make(algorithm)?;
        let (sign, verify) = pair(&*keys.key, rounds)?;
        report.fact(&format!("{} sign, verify", algorithm.name()), &format!("{}, {}", nanos(sign), nanos(verify)));
    }
    let derive = times(rounds, 20, || {
        black_box(AwsLc.pbkdf2_sha512(black_box(&[7; 260]), &[1; 64], PBKDF2_ROUNDS));
        Ok(())
    })?;
    report.fact("PBKDF2-HMAC-SHA512, 100 rounds: once per refresh token", &nanos(derive));
    Ok(())
}

fn pair(key: &dyn SigningKey, rounds: usize) -> Result<(f64, f64)> {
    let message = [b'a'; 600];
    let signature = key.sign(&message)?;
    let sign = times(rounds, 4, || {
        black_box(key.sign(black_box(&message))?);
        Ok(())
    })?;
    let verify = times(rounds, 20, || {
        ensure!(key.verify(black_box(&message), &signature), "a signature is wrong");
        Ok(())
    })?;
    Ok((sign, verify))
}

/// The median over rounds of what one call takes.
fn times(rounds: usize, calls: usize, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let all = (0..rounds).map(|_| cpu_nanos(calls, || (0..calls).try_for_each(|_| call())));
    Ok(median(all.collect::<Result<_>>()?))
}
