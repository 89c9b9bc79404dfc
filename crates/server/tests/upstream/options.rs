//! Its options.

use doorward_engine::time::Lifetime;

use crate::config::{in_environment, loaded, settings, wrong};

#[test]
fn it_is_an_address() {
    for (url, expected) in [
        ("http://core:3567", "http://core:3567"),
        ("' https://core.example/base/ '", "https://core.example/base"),
        ("http://[::1]:3567/", "http://[::1]:3567"),
    ] {
        let upstream = settings(&format!("upstream_core: {url}\nupstream_core_timeout_ms: 5\n")).upstream.unwrap();
        assert_eq!((upstream.url.as_str(), upstream.timeout), (expected, Lifetime::from_millis(5)));
        assert!(upstream.api_key.is_none());
    }
    let environment = [("DOORWARD_UPSTREAM_CORE", "http://core"), ("DOORWARD_UPSTREAM_CORE_API_KEY", "its-own")];
    assert_eq!(in_environment(environment).upstream.unwrap().api_key.unwrap().expose(), "its-own");
}

#[test]
fn anything_else_is_refused() {
    for url in [
        "core.example:3567",
        "ftp://core",
        "http://core:99999",
        "http://core:",
        "http://:80",
        "/core",
        "http://core/?a=b",
        "http://core/#a",
        "http://u:secret@core",
        "http://core /",
    ] {
        // What may hold a password isn't shown.
        let shown = if url.contains('@') { "********" } else { url };
        let refusal = format!(
            "upstream_core = {shown} (config.yaml, line 1): it must be http://host:port or https://host:port, perhaps \
             with a path behind it, and nothing else"
        );
        assert_eq!(wrong(&format!("upstream_core: '{url}'")), [refusal]);
    }
    let key =
        |line: usize, refusal: &str| format!("upstream_core_api_key = ******** (config.yaml, line {line}): {refusal}");
    assert_eq!(wrong("upstream_core_api_key: k"), [key(1, "it means nothing without upstream_core")]);
    let refusal = key(2, "it must be of letters, digits and signs of ASCII, without blanks");
    assert_eq!(wrong("upstream_core: http://core\nupstream_core_api_key: 'a key'"), [refusal]);
}

#[test]
fn its_key_is_not_for_everybody() {
    const OURS: &str = "upstream_core: http://core\nupstream_core_api_key: its-own\n";
    let warning = "upstream_core_api_key is set and no api_keys are: everybody who reaches the port uses that core with its \
                   key. Set api_keys, or leave the key to the callers";
    for rest in ["", "host: 127.0.0.1", "ip_allow_regex: '10\\.0\\.0\\.9'"] {
        assert_eq!(loaded(&format!("{OURS}{rest}\n")).warnings, [warning], "{rest}");
    }
    for fine in [&format!("{OURS}api_keys: abcdefghijklmnopqrst-1\n"), "upstream_core: http://core\n"] {
        assert!(loaded(fine).warnings.is_empty(), "{fine}");
    }
}
