//! What goes back to a caller (`spec/modern-core.md` 1.8).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What the body is.
    pub content: Content,
    /// The body.
    pub body: Vec<u8>,
    /// The header `Cache-Control`, for the few that may be kept.
    pub cache_control: Option<String>,
}

/// What a body is. SDKs read one that begins with `text` as a message, any other as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// A message.
    Text,
}

impl Content {
    /// The header `Content-Type`.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Json => "application/json;charset=UTF-8",
            Self::Text => "text/html;charset=UTF-8",
        }
    }
}

impl Answer {
    /// A JSON answer: one line.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(mut body) => {
                body.push(b'\n');
                Self { status: 200, content: Content::Json, body, cache_control: None }
            }
            // Texts as names, numbers and raw JSON can always be written. Were it otherwise, the caller must see a fault.
            Err(_) => Self::message(500, "the answer could not be written"),
        }
    }

    /// A message with status 200.
    pub fn text(text: &str) -> Self {
        Self::message(200, text)
    }

    /// A message.
    pub fn message(status: u16, text: &str) -> Self {
        let mut body = Vec::with_capacity(text.len() + 1);
        body.extend_from_slice(text.as_bytes());
        body.push(b'\n');
        Self { status, content: Content::Text, body, cache_control: None }
    }
}

/// A request that isn't answered: its caller made a mistake, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What the caller reads.
    pub text: Cow<'static, str>,
}

impl Refusal {
    /// No such path, or not at this version.
    pub const NOT_FOUND: Self = Self::fixed(404, "Not found");
    /// The path has no such method.
    pub const METHOD: Self = Self::fixed(405, "Method not supported");
    /// A method that HTTP doesn't know.
    pub const UNKNOWN_METHOD: Self = Self::fixed(501, "Method not implemented");
    /// A key is needed, and another one or none came.
    pub const API_KEY: Self = Self::fixed(401, "Invalid API key");
    /// The peer's address isn't let in.
    pub const ADDRESS: Self = Self::fixed(403, "Forbidden");
    /// A path that can't be read.
    pub const PATH: Self = Self::fixed(400, "Invalid path");
    /// A body that is no JSON object.
    pub const JSON: Self = Self::fixed(400, "Invalid Json Input");
    /// The header `cdi-version` is not a version.
    pub const VERSION: Self = Self::fixed(400, "cdi-version header is invalid");
    /// What belongs to the app was asked for under a tenant.
    pub const APP_SPECIFIC: Self = Self::fixed(403, "Only public tenantId can call this app specific API");
    /// What belongs to the whole server was asked for under an app or tenant.
    pub const BASE_ONLY: Self =
        Self::fixed(403, "you can call this only from the base connection uri domain, public app and tenant");
    /// A payload with a claim of Doorward's own.
    pub const PROTECTED_FIELD: Self = Self::fixed(400, "The user payload contains protected field");

    /// A refusal with a text that is always the same.
    pub const fn fixed(status: u16, text: &'static str) -> Self {
        Self { status, text: Cow::Borrowed(text) }
    }

    /// Bad input.
    pub fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, text: text.into() }
    }

    /// A field of a body that is absent or of another type.
    pub fn field(name: &str) -> Self {
        Self::bad(format!("Field name '{name}' is invalid in JSON input"))
    }

    /// A version that isn't spoken.
    pub fn version(text: &str) -> Self {
        Self::bad(format!("cdi-version {text} not supported"))
    }

    /// There is no such app, or no such tenant in it. The first name, of a host, is always empty here.
    pub fn unknown_tenant(app: &str, tenant: &str) -> Self {
        Self::bad(format!(
            "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId \
             combination not found: (, {app}, {tenant})"
        ))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::message(refusal.status, &refusal.text)
    }
}
