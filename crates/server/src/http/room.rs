//! How much memory the bodies of all requests may take at once.
//!
//! They come before it is known who sends them. A limit for each doesn't bound what thousands of connections hold.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::refusal::Plain;

/// The least that there is for bodies.
const LEAST_BYTES: usize = 64 << 20;

/// As many of the longest bodies have a place in any case.
const LONGEST_BODIES: usize = 4;

/// A body of so many bytes needs no place: a connection's buffer isn't much smaller.
const SMALL_BYTES: usize = 16 << 10;

/// The memory for bodies.
#[derive(Debug)]
pub(super) struct Room(Semaphore);

impl Room {
    /// Room for bodies of at most so many bytes each.
    pub(super) fn new(body_bytes: usize) -> Self {
        let bytes = body_bytes.saturating_mul(LONGEST_BODIES).max(LEAST_BYTES);
        Self(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS)))
    }

    /// A place for a body of which nothing has come.
    pub(super) const fn place(&self) -> Place<'_> {
        Place { room: self, held: None }
    }
}

/// What one request has of it, until it is answered.
#[derive(Debug)]
pub(super) struct Place<'a> {
    room: &'a Room,
    held: Option<SemaphorePermit<'a>>,
}

impl Place<'_> {
    /// Makes it large enough for so many bytes that are here. Where there is no room the request is refused at once: two
    /// that wait for each other's bytes would wait in vain.
    pub(super) fn fit(&mut self, bytes: usize) -> Result<(), Plain> {
        let held = self.held.as_ref().map_or(0, SemaphorePermit::num_permits);
        if bytes <= SMALL_BYTES.max(held) {
            return Ok(());
        }
        let more = u32::try_from(bytes - held).map_err(|_| Plain::ROOM)?;
        let more = self.room.0.try_acquire_many(more).map_err(|_| Plain::ROOM)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}
