//! The table of all options, as data (`spec/modern-core.md` 10.2 and 10.3, and our own).

pub(crate) mod access;
pub(crate) mod elsewhere;
pub(crate) mod postgresql;
pub(crate) mod server;
pub(crate) mod sessions;
pub(crate) mod upstream;

use super::option::OptionSpec;

/// Options of one topic, in the order in which an operator reads them.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) title: &'static str,
    pub(crate) options: &'static [&'static OptionSpec],
}

/// All topics.
pub(crate) static TOPICS: &[Topic] = &[
    Topic { title: "Where it listens, and for how long it waits", options: server::listen::ALL },
    Topic { title: "Sessions and their tokens", options: sessions::ALL },
    Topic { title: "Who may call", options: access::ALL },
    Topic { title: "Logs and metrics", options: server::watch::ALL },
    Topic { title: "Where sessions are kept", options: server::store::ALL },
    Topic { title: "PostgreSQL", options: postgresql::ALL },
    Topic { title: "Recipes that Doorward doesn't have", options: upstream::ALL },
];

/// Every option there is, those without effect too.
pub(crate) fn all() -> impl Iterator<Item = &'static OptionSpec> {
    TOPICS.iter().flat_map(|topic| topic.options).copied().chain(elsewhere::ALL)
}

/// The option of a name, which may be its former one.
pub(crate) fn find(name: &str) -> Option<&'static OptionSpec> {
    all().find(|option| option.name == name || option.former == Some(name))
}
