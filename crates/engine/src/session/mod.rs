//! What may happen to a session, a file per use case.

pub mod record;
