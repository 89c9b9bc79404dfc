//! What answers carry.

use doorward_engine::id::UserId;
use doorward_engine::secret::Secret;
use doorward_engine::time::Millis;
use doorward_wire::fdi::cookie_name::TokenKind;
use doorward_wire::fdi::cors::EXPOSE_HEADERS;
use doorward_wire::fdi::front_token::FrontToken;
use doorward_wire::fdi::response::{Edits, How};
use doorward_wire::fdi::site::Site;
use serde_json::{Value, json};

use super::input::{self, method, millis};

pub(crate) fn run(op: &str, input: &Value, _expect: &Value) -> Option<Value> {
    Some(match op {
        "edits.render" => {
            let site = input::site(&input["site"]).unwrap();
            let edits = collect(&site, &input["steps"]);
            let rendered = edits.render(&site, millis(&input["now"]));
            let rendered: Value = rendered
                .iter()
                .map(|edit| {
                    let how = match edit.how {
                        How::Append => "append",
                        How::Set => "set",
                        How::AddToList => "add_to_list",
                    };
                    let is_ours = edit.how == How::Set && edit.name != "cache-control";
                    assert!(!is_ours || EXPOSE_HEADERS.contains(&edit.name), "{} is not among the exposed", edit.name);
                    json!([edit.name, edit.value.expose(), how])
                })
                .collect();
            json!({ "edits": rendered })
        }
        "edits.expose" => {
            let site = input::site(&json!({ "api_domain": "https://example.com" })).unwrap();
            let rendered = collect(&site, &input["steps"]).render(&site, Millis::default());
            let list = rendered.iter().find(|edit| edit.how == How::AddToList).unwrap();
            let existing = input["existing"].as_array().unwrap();
            json!({ "value": list.merged_into(existing.iter().map(|line| line.as_str().unwrap())) })
        }
        _ => return None,
    })
}

fn collect(site: &Site, steps: &Value) -> Edits {
    let mut edits = Edits::new(site);
    assert!(edits.is_empty());
    for step in steps.as_array().unwrap() {
        let word = |at: usize| step[at].as_str().unwrap();
        let kind = || if word(1) == "access" { TokenKind::Access } else { TokenKind::Refresh };
        match word(0) {
            "write_access" => {
                let front = FrontToken::build(&UserId::parse("u").unwrap(), Millis::saturating(1), "{}").unwrap();
                edits.write_access_token(method(word(1)), Secret::new(word(2)), front);
                assert!(edits.carries_token());
            }
            "write_refresh" => edits.write_refresh_token(method(word(1)), Secret::new(word(2)), millis(&step[3])),
            "write_anti_csrf" => edits.write_anti_csrf(Secret::new(word(1))),
            "clear" => edits.clear(method(word(1))),
            "clear_all" => {
                edits.clear_all();
                assert!(!edits.carries_token());
            }
            "clear_older" => edits.clear_older_domain(kind()),
            "clear_legacy" => edits.clear_legacy_cookie(),
            other => panic!("no step `{other}`"),
        }
        assert!(!edits.is_empty());
    }
    edits
}
