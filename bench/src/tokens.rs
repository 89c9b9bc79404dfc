//! Verifying and minting an access token, against the bare signature.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::{Algorithm, Clock as _, SystemClock};
use doorward_engine::crypto::SigningKey;
use doorward_engine::token::access;

use crate::cli::Run;
use crate::compare::{compare, cpu_nanos};
use crate::given::Keys;
use crate::report::Report;

const TOKENS: usize = 64;
const MINTS: usize = 8;

/// A token as the bare verification takes it: what was signed, and the signature.
#[derive(Debug)]
pub(crate) struct Bare {
    message: String,
    signature: Vec<u8>,
}

impl Bare {
    pub(crate) fn of(token: &str) -> Result<Self> {
        let (message, signature) = token.rsplit_once('.').context("a token has a signature")?;
        Ok(Self { message: message.to_owned(), signature: URL_SAFE_NO_PAD.decode(signature)? })
    }

    /// Verifies some, and returns what one takes in nanoseconds.
    pub(crate) fn verify_all(all: &[Self], key: &dyn SigningKey) -> Result<f64> {
        cpu_nanos(all.len(), || {
            for bare in all {
                ensure!(key.verify(black_box(bare.message.as_bytes()), &bare.signature), "a signature is wrong");
            }
            Ok(())
        })
    }
}

pub(crate) fn verify(run: &Run, report: &mut Report) -> Result<()> {
    let keys = Keys::make(Algorithm::Rs256)?;
    let tokens: Vec<String> = (0..TOKENS).map(|_| keys.token()).collect::<Result<_>>()?;
    let bare: Vec<Bare> = tokens.iter().map(|token| Bare::of(token)).collect::<Result<_>>()?;
    let now = SystemClock.now();
    let compared = compare(
        run.or_quick(400, 60),
        || {
            cpu_nanos(TOKENS, || {
                for token in &tokens {
                    black_box(access::verify(black_box(token), keys.ring(), now, keys.policy())?);
                }
                Ok(())
            })
        },
        || Bare::verify_all(&bare, &*keys.key),
    )?;
    let bytes = tokens.first().map_or(0, String::len);
    report.topic(&format!("verify: an access token of {bytes} bytes / its bare RS256 signature"));
    report.times("access-token verification", 1.15, compared);
    Ok(())
}

pub(crate) fn mint(run: &Run, report: &mut Report) -> Result<()> {
    let keys = Keys::make(Algorithm::Rs256)?;
    let token = keys.token()?;
    let (message, _) = token.rsplit_once('.').context("a token has a signature")?;
    let compared = compare(
        run.or_quick(150, 25),
        || {
            let begun = (0..MINTS).map(|_| keys.begin()).collect::<Result<Vec<_>>>()?;
            cpu_nanos(MINTS, || {
                for begun in begun {
                    black_box(keys.issue(begun)?.access.unsigned.sign()?);
                }
                Ok(())
            })
        },
        || {
            cpu_nanos(MINTS, || {
                for _ in 0..MINTS {
                    black_box(keys.key.sign(black_box(message.as_bytes()))?);
                }
                Ok(())
            })
        },
    )?;
    report.topic("mint: from a stored row to a signed access token / the bare RS256 signature");
    report.times("access-token mint", 1.05, compared);
    Ok(())
}
