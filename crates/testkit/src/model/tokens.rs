//! The tokens that appeared in an exploration, each known by a small number.

use std::collections::HashMap;
use std::fmt;

use doorward_engine::hash::Hash2;
use doorward_engine::secret::Secret;

/// A refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(u16);

/// An access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessId(u16);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{}", self.0)
    }
}

/// What is known of a refresh token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its text.
    pub text: Secret,
    /// Its hash as rows have it.
    pub stored: Hash2,
    /// The token that was presented for it.
    pub parent: Option<TokenId>,
    /// The anti-CSRF value that must come with it.
    pub anti_csrf: Option<Secret>,
}

/// What is known of an access token.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its text.
    pub text: Secret,
    /// Whether it names a parent: then its first use asks the store.
    pub has_parent: bool,
    /// Its end, in milliseconds.
    pub expires_at: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Tokens {
    refresh: Vec<Token>,
    by_text: HashMap<String, TokenId>,
    by_stored: HashMap<String, TokenId>,
    access: Vec<Access>,
    access_by_text: HashMap<String, AccessId>,
}

impl Tokens {
    /// Learns a refresh token; one that is known keeps its number.
    pub fn learn(&mut self, token: Token) -> TokenId {
        if let Some(known) = self.by_text.get(token.text.expose()) {
            return *known;
        }
        let id = TokenId(u16::try_from(self.refresh.len()).expect("fewer than 65,536 refresh tokens"));
        self.by_text.insert(token.text.expose().to_owned(), id);
        self.by_stored.insert(token.stored.to_text(), id);
        self.refresh.push(token);
        id
    }

    /// Learns an access token.
    pub fn learn_access(&mut self, access: Access) -> AccessId {
        if let Some(known) = self.access_by_text.get(access.text.expose()) {
            return *known;
        }
        let id = AccessId(u16::try_from(self.access.len()).expect("fewer than 65,536 access tokens"));
        self.access_by_text.insert(access.text.expose().to_owned(), id);
        self.access.push(access);
        id
    }

    /// The refresh token of a number.
    pub fn get(&self, id: TokenId) -> &Token {
        &self.refresh[usize::from(id.0)]
    }

    /// The access token of a number.
    pub fn access(&self, id: AccessId) -> &Access {
        &self.access[usize::from(id.0)]
    }

    /// The refresh token of a stored hash. Every hash in a row is of a token that was handed out.
    pub fn stored(&self, hash: &Hash2) -> TokenId {
        self.by_stored[hash.as_str()]
    }
}
