//! Whether two JSON texts say the same (`spec/modern-core.md` 7.4): numbers compare as doubles, the order of members means
//! nothing, and a member that is null differs from one that is absent. No tree of values is built.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Levels that are looked into; what lies deeper is the same if it is written alike. Each level is read anew, so this
/// bounds the time too.
const DEPTH: u32 = 64;

/// Whether both texts say the same. A text that isn't JSON is the same as nothing but itself.
pub(crate) fn json_equal(a: &str, b: &str) -> bool {
    equal(a, b, DEPTH)
}

fn equal(a: &str, b: &str, depth: u32) -> bool {
    let (a, b) = (a.trim_ascii(), b.trim_ascii());
    if a == b {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => same::<BTreeMap<String, &RawValue>>(a, b, |a, b| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && equal(a.1.get(), b.1.get(), depth))
        }),
        (Some(b'['), Some(b'[')) => same::<Vec<&RawValue>>(a, b, |a, b| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a.get(), b.get(), depth))
        }),
        (Some(b'"'), Some(b'"')) => same::<String>(a, b, |a, b| a == b),
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => same::<&RawValue>(
            a,
            b,
            |a, b| matches!((a.get().parse::<f64>(), b.get().parse::<f64>()), (Ok(a), Ok(b)) if a == b),
        ),
        _ => false,
    }
}

/// Reads both texts and compares what they are.
fn same<'a, T: Deserialize<'a>>(a: &'a str, b: &'a str, is_same: impl Fn(&T, &T) -> bool) -> bool {
    matches!((serde_json::from_str(a), serde_json::from_str(b)), (Ok(a), Ok(b)) if is_same(&a, &b))
}
