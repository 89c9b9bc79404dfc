//! A configuration file: read, or refused in words.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use doorward_server::config::{self, Sources};
use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("doorward-fuzz-{}.yaml", std::process::id())));

fuzz_target!(|data: &[u8]| {
    std::fs::write(&*FILE, data).expect("a file");
    match config::load(&Sources { file: Some(FILE.clone()), ..Sources::default() }) {
        Ok(loaded) => drop(format!("{loaded:?} {}", loaded.warnings.join("\n"))),
        Err(error) => assert!(!error.to_string().trim().is_empty(), "a refusal without a word"),
    }
});
