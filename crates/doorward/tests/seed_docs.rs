//! The tables of the documents name tests; each of them is there.

use std::collections::BTreeSet;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The texts between single backticks that read like the name of a test.
fn named(text: &str) -> BTreeSet<String> {
    let is_name = |word: &&str| {
        (word.starts_with("seed_") || word.starts_with("case_"))
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    text.split('`').filter(is_name).map(str::to_owned).collect()
}

/// The names of the tests in the files of this crate.
fn written(prefix: &str) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for pair in lines.windows(2) {
            let is_test = ["#[test]", "#[tokio::test]", "#[tokio::test("].iter().any(|mark| pair[0].starts_with(mark));
            let Some((_, rest)) = pair[1].split_once("fn ").filter(|_| is_test) else { continue };
            let name = rest.split('(').next().unwrap();
            if name.starts_with(prefix) {
                tests.insert(name.to_owned());
            }
        }
    }
    tests
}

fn document(name: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/docs/{name}")).unwrap()
}

#[test]
fn seed_docs_every_line_of_get_session_names_a_test_that_is_there() {
    let text = document("get-session.md");
    let (named, written) = (named(&text), written("seed_"));
    assert_eq!(named.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new(), "named, and not there");
    let unnamed: Vec<_> = written.difference(&named).filter(|name| !name.starts_with("seed_docs_")).collect();
    assert_eq!(unnamed, Vec::<&String>::new(), "there, and not named");
    // Each line of each table ends with the name of its test.
    let mut lines = 0;
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| The document")) {
        let last = line.trim_end_matches('|').rsplit('|').next().unwrap();
        assert!(last.contains("`seed_"), "{line}");
        lines += 1;
    }
    assert!(lines > 40, "{lines}");
    for number in 0..5 {
        assert!(text.contains(&format!("\n## 00{number} ")), "a section for each document");
    }
}

#[test]
fn seed_docs_every_case_of_security_names_a_test_that_is_there() {
    let text = document("security.md");
    let (named, written) = (named(&text), written("case_"));
    assert_eq!(named.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new(), "named, and not there");
    assert_eq!(written.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "there, and not named");
}
