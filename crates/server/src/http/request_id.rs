//! A name for each request, so that what is logged for one can be told from what is logged for others.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Drawn once, so that the names of two runs of the server differ.
static RUN: LazyLock<u32> = LazyLock::new(|| {
    let [a, b, c, d, ..] = RandomState::new().hash_one(0).to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
});

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The name of a request: never taken from the client, who could make ours look like another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(u32);

impl RequestId {
    pub(super) fn next() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a future as part of the request.
    pub(super) async fn scope<T>(self, future: impl Future<Output = T>) -> T {
        CURRENT.scope(self, future).await
    }

    /// The request that is being answered here, if one is.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_get().ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}{:08x}", *RUN, self.0)
    }
}
