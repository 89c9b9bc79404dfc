//! Names of apps and tenants, and the settings that are stored with them.

use doorward_wire::cdi::{core_config, tenant_name};

#[test]
fn names_of_tenants() {
    let long = "x".repeat(65);
    let cases = [
        ("t1", Ok("t1")),
        (" Trim ", Ok("trim")),
        ("UPPER", Ok("upper")),
        ("recipes", Ok("recipes")),
        ("", Err("tenantId should not be an empty String")),
        (" \t", Err("tenantId should not be an empty String")),
        ("recipe", Err("Cannot use 'recipe' as a tenantId")),
        ("HELLO", Err("Cannot use 'hello' as a tenantId")),
        ("appid-x", Err("tenantId must not start with 'appid-'")),
        ("a_b", Err("tenantId can only contain letters, numbers and hyphens")),
        ("Über", Err("tenantId can only contain letters, numbers and hyphens")),
        // It would fold to `k`.
        ("\u{212a}", Err("tenantId can only contain letters, numbers and hyphens")),
        ("t\u{a0}", Err("tenantId can only contain letters, numbers and hyphens")),
        (&long, Err("tenantId can only have 64 characters")),
    ];
    for (given, expected) in cases {
        let name = tenant_name::tenant(given);
        match expected {
            Ok(expected) => assert_eq!(name.unwrap().as_str(), expected, "{given}"),
            Err(text) => assert_eq!(name.unwrap_err().text, text, "{given}"),
        }
    }
}

#[test]
fn names_of_apps() {
    assert_eq!(tenant_name::app(" Recipe ").unwrap().as_str(), "recipe");
    for (given, text) in [
        ("", "appId should not be an empty String"),
        ("appid-x", "appId must not start with 'appid-'"),
        ("a_b", "appId can only contain letters, numbers and hyphens"),
    ] {
        assert_eq!(tenant_name::app(given).unwrap_err().text, text);
    }
}

#[test]
fn changes_are_laid_over_settings() {
    let cases = [
        ("{}", "{}", "{}"),
        (r#"{"a":1}"#, r#"{"b":1e3}"#, r#"{"a":1,"b":1e3}"#),
        (r#"{"a":1,"b":2}"#, r#"{"a":null}"#, r#"{"b":2}"#),
        (r#"{"a":1}"#, r#"{"a":"x","a":"y"}"#, r#"{"a":"y"}"#),
        ("{}", r#"{"a":null}"#, "{}"),
        (r#"{ "a" : [1, 2] }"#, r#"{"\"":1}"#, r#"{"a":[1, 2],"\"":1}"#),
    ];
    for (stored, changes, expected) in cases {
        assert_eq!(core_config::changed(stored, changes).unwrap(), expected, "{stored} {changes}");
    }
    assert!(core_config::changed("[]", "{}").is_err());
}
