//! stub
/// stub
#[derive(Debug)]
pub struct KeyRing;
