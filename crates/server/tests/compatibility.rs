//! `docs/compatibility.md` says what the tables say: it is made from the dialects, the routes and the deviations.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use doorward_wire::cdi::route::Endpoint;

const DIALECTS: &str = include_str!("../../wire/tests/dialects.txt");
const DEVIATIONS: &str = include_str!("../../../vectors/deviations.json");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");

/// Writes the page anew instead of comparing it.
const UPDATE: &str = "UPDATE_DOCS";

const BEGINNING: &str = "# Compatibility

*A test makes this page from the table of versions, the routes and the list of deviations; `UPDATE_DOCS=1 cargo test -p
doorward-server compatibility` writes it anew.*

Doorward speaks the backend interface (CDI) of SuperTokens core, versions 2.7 to 5.6, as core 12.1.1 does: about 5,000 requests
with the answers of that service are part of the tests (`vectors/cdi`), and each difference is listed below. The official SDKs
run on it unmodified: `supertokens-node` 24 (Express 5, and without a framework), `supertokens-python` 0.31 (FastAPI) and
`supertokens-golang` 0.25 (net/http) pass one list of flows with every release (`compat/sdk`).

Recipes other than sessions, JWT, OpenID and tenants are answered 404; with `upstream_core` they, `/user/id`, `/users/count` and
the last word on `/user/remove` are [a core's behind it](server.md#a-core-behind-it). Apps and tenants are made freely, without a
licence. No telemetry is ever sent. The `Host` header means nothing: apps and tenants of connection URI domains, which core finds by
it, are not served.

## Endpoints

Each also below `/appid-<app>`, `/<tenant>` and both, with or without a `/` at its end, and below the base path.

";

const VERSIONS: &str = "
## Versions

What a version means here; `-` is no, or not there. A request without a version is answered as the newest one, unless
`supertokens_max_cdi_version` says otherwise.

```
";

const DIFFERENCES: &str = "```

## Deviations

Requests of the recorded suite that are answered differently, and why: each on purpose. `vectors/cdi` has the requests and core's answers
under these names. What is about the grace is so only with a grace: `refresh_token_rotation_grace_period: 0` is core's strict behaviour.

| what, and why | where it shows |
|---|---|
";

fn page() -> String {
    let mut page = BEGINNING.to_owned();
    for (path, _) in Endpoint::ALL {
        writeln!(page, "- `{path}`").unwrap();
    }
    page += VERSIONS;
    page += DIALECTS;
    page += DIFFERENCES;
    let listed: Vec<serde_json::Value> = serde_json::from_str(DEVIATIONS).unwrap();
    let mut whys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in &listed {
        let scenarios = whys.entry(entry["why"].as_str().unwrap()).or_default();
        let scenario = entry["scenario"].as_str().unwrap();
        if !scenarios.contains(&scenario) {
            scenarios.push(scenario);
        }
    }
    for (why, scenarios) in whys {
        let scenarios: Vec<String> = scenarios.iter().map(|scenario| format!("`{scenario}`")).collect();
        writeln!(page, "| {why} | {} |", scenarios.join(" ")).unwrap();
    }
    page
}

#[test]
fn the_page_says_what_the_tables_say() {
    let page = page();
    // Who reads it has the repository and nothing else.
    for nowhere in ["decisions.md", "spec/", "shared/", "design rule"] {
        assert!(!page.contains(nowhere), "the page sends its readers to {nowhere}");
    }
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(PAGE, &page).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(PAGE).unwrap();
    assert!(page == committed, "docs/compatibility.md says otherwise; {UPDATE}=1 writes it anew");
}
