//! `/ee/license`: there are no licences here, and none is needed (`spec/modern-core.md` 2.5).

use super::answer::{Answer, Refusal};
use super::input::Object;
use super::status::Status;

/// Reads the body of a PUT: whether it brings a key.
pub fn parse(body: &[u8]) -> Result<bool, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(false);
    }
    let object = Object::parse(body)?;
    if !object.has("licenseKey") {
        return Err(Refusal::bad("Field name 'licenseKey' is missing in JSON input"));
    }
    object.string("licenseKey").map(|_| true)
}

/// Answers a PUT: a key is of no use without the features that it would open.
pub fn render_put(has_key: bool) -> Answer {
    let status = if has_key { Status::MissingEnterprise } else { Status::Ok };
    status.answer()
}

/// Answers a GET.
pub fn render_get() -> Answer {
    Status::NoLicense.answer()
}

/// Answers a DELETE.
pub fn render_delete() -> Answer {
    Status::Ok.answer()
}
