//! A request's body, whole.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use std::time::Duration;
use tokio::time::timeout;

use super::refusal::Plain;
use crate::room::{NoRoom, Place};

/// Reads a body of at most so many bytes, in at most so much time, while its place can hold it.
pub(super) async fn read(body: Incoming, limit: usize, within: Duration, place: &mut Place) -> Result<Bytes, Plain> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // One that says that it is too long is refused before it was sent.
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Plain::BODY);
    }
    timeout(within, collect(body, limit, place)).await.unwrap_or(Err(Plain::SLOW))
}

async fn collect(mut body: Incoming, limit: usize, place: &mut Place) -> Result<Bytes, Plain> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // What comes behind a chunked body (trailers) means nothing here.
        let Ok(data) = frame.map_err(|_| Plain::BROKEN)?.into_data() else { continue };
        let length = first.len() + all.len() + data.len();
        if length > limit {
            return Err(Plain::BODY);
        }
        place.fit(length).map_err(|NoRoom| Plain::ROOM)?;
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            // Most bodies come in one piece, and are handed on as they are; others are put together here.
            if all.is_empty() {
                all.extend_from_slice(&first);
                first.clear();
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
