//! Random bytes of the operating system's quality.

use aws_lc_rs::rand;

/// The random source gave nothing. Nothing may be issued then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the random source failed")]
pub struct RandomError;

/// Fills the buffer with bytes that nobody can predict. After an error the buffer's content must not be used.
pub fn fill(bytes: &mut [u8]) -> Result<(), RandomError> {
    rand::fill(bytes).map_err(|_| RandomError)
}
