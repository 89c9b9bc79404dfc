//! How much memory may be taken at once by what is being received, from all sides together.
//!
//! A limit for each message doesn't bound what thousands of connections hold.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The memory.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    bytes: Arc<Semaphore>,
    small: usize,
}

/// What one message has of it, until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Room,
    held: Option<OwnedSemaphorePermit>,
}

/// There is none left.
#[derive(Debug)]
pub(crate) struct NoRoom;

impl Room {
    /// Room for so many bytes. A message of at most `small` bytes needs none.
    pub(crate) fn new(bytes: usize, small: usize) -> Self {
        Self { bytes: Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))), small }
    }

    /// A place for a message of which nothing has come.
    pub(crate) fn place(&self) -> Place {
        Place { room: self.clone(), held: None }
    }
}

impl Place {
    /// Makes it large enough for so many bytes that are here. Where there is no room it says so at once: two that wait for
    /// each other's bytes would wait in vain.
    pub(crate) fn fit(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if bytes <= self.room.small.max(held) {
            return Ok(());
        }
        let more = u32::try_from(bytes - held).map_err(|_| NoRoom)?;
        let more = Arc::clone(&self.room.bytes).try_acquire_many_owned(more).map_err(|_| NoRoom)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}
