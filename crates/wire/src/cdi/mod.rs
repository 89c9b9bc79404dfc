//! The backend interface (CDI) of SuperTokens core, versions 2.7 to 5.6 (`spec/modern-core.md`).

pub mod version;
