//! stub
/// stub
#[derive(Debug)]
pub struct Policy;
