//! How often memory is asked for: a count that may only go down.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use anyhow::Result;
use doorward::{Algorithm, Clock as _, SystemClock};
use doorward_engine::token::access;

use crate::given::Keys;
use crate::report::Report;
use crate::sdk::App;

/// Committed counts. Lower them with the code that makes it so.
const VERIFY: u64 = 9;
const GET_SESSION: u64 = 18;
const GET_SESSION_CACHED: u64 = 8;

const REQUESTS: usize = 64;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe by its interface; this one only counts")]
// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

fn count() {
    // A thread that ends may allocate after its count is gone.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

/// Runs something twice, and returns what each of its operations allocated the second time, rounded up.
fn allocations(operations: usize, mut run: impl FnMut() -> Result<()>) -> Result<u64> {
    run()?;
    let before = COUNT.get();
    run()?;
    Ok((COUNT.get() - before).div_ceil(operations as u64))
}

pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let keys = Keys::make(Algorithm::Rs256)?;
    let (token, now) = (keys.token()?, SystemClock.now());
    let verify = allocations(REQUESTS, || {
        for _ in 0..REQUESTS {
            black_box(access::verify(black_box(&token), keys.ring(), now, keys.policy())?);
        }
        Ok(())
    })?;
    let (plain, cached) = (App::open(REQUESTS, 0)?, App::open(REQUESTS, 4 * REQUESTS)?);
    let get_session = allocations(REQUESTS, || plain.get_sessions())?;
    let get_session_cached = allocations(REQUESTS, || cached.get_sessions())?;
    report.topic("allocations: how often memory is asked for, a count that may only go down");
    report.ratchet("access-token verification", verify, VERIFY);
    report.ratchet("get_session", get_session, GET_SESSION);
    report.ratchet("get_session, cache on", get_session_cached, GET_SESSION_CACHED);
    Ok(())
}
