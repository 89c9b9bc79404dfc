//! `config.example.yaml`, which is also what the documents say about options.

use std::collections::BTreeSet;
use std::fs;

use crate::process::{doorward, said};

const FILE: &str = include_str!("../../../config.example.yaml");

/// Name and value of each line that `config show` writes.
fn shown(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap(), words.next().unwrap())
        })
        .collect()
}

#[test]
fn the_committed_file_is_the_one_that_the_code_writes() {
    let written = said(doorward(["config", "example"]));
    assert_eq!(written.out, FILE, "run: doorward config example > config.example.yaml");
}

#[test]
fn with_all_its_lines_it_is_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    let is_option =
        |line: &&str| line.strip_prefix("# ").is_some_and(|line| line.split(": ").next().is_some_and(is_name));
    let lines: Vec<&str> = FILE.lines().filter(is_option).map(|line| &line[2..]).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    let without = said(doorward(["config", "show"]));
    let mut command = doorward(["config", "show", "--config"]);
    command.arg(&path);
    let with = said(command);
    assert_eq!((with.code, with.err.as_str()), (Some(0), ""));
    assert_eq!(shown(&with.out), shown(&without.out));
    let named: BTreeSet<&str> = lines.iter().filter_map(|line| line.split(':').next()).collect();
    let all: BTreeSet<&str> = shown(&without.out).iter().map(|(name, _)| *name).collect();
    assert_eq!(named, all);
    let mut command = doorward(["config", "check", "--config"]);
    command.arg(&path);
    assert_eq!(said(command).out, "the configuration is good\n");
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
