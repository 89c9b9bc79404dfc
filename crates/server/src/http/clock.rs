//! When a connection has waited long enough.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::Limits;
use super::pace::{Pace, Phase};

/// Watches the time of one connection. Its timer is set when it has run out, and not at every request.
pub(super) struct Clock {
    read_timeout: Duration,
    idle_timeout: Duration,
    /// Where the connection stood when it was last looked at.
    seen: (Phase, u32),
    /// When it began to stand there.
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Clock {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            read_timeout: limits.read_timeout,
            idle_timeout: limits.idle_timeout,
            seen: (Phase::Idle, 0),
            since: Instant::now(),
            timer: Box::pin(sleep(limits.idle_timeout)),
        }
    }

    /// Is ready, with the phase, when the connection has been in one for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, pace: &Pace) -> Poll<Phase> {
        let phase = pace.phase();
        let seen = (phase, pace.answered());
        if seen != self.seen {
            (self.seen, self.since) = (seen, Instant::now());
        }
        let end = match phase {
            Phase::Idle => Some(self.since + self.idle_timeout),
            Phase::Head => Some(self.since + self.read_timeout),
            Phase::Busy => None,
        };
        if let Some(end) = end.filter(|end| *end < self.timer.deadline()) {
            self.timer.as_mut().reset(end);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            match end {
                Some(end) if end <= now => return Poll::Ready(phase),
                Some(end) => self.timer.as_mut().reset(end),
                None => self.timer.as_mut().reset(now + self.idle_timeout),
            }
        }
    }
}
