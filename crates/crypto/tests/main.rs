//! What Doorward's cryptography must do, seen from outside.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod fixture;
mod generated;
mod known_answers;
mod oracle;
mod refresh_token;
mod signing;
mod stored_form;
