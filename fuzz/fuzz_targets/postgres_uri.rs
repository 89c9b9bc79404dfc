//! A connection URI: read, or refused, and its password is shown in neither case.
#![no_main]

use doorward_stores::postgres::Postgres;
use libfuzzer_sys::fuzz_target;

const PASSWORD: &str = "correct-horse-battery-staple";

fuzz_target!(|text: &str| {
    judge(text);
    let uri = format!("postgresql://app:{PASSWORD}{text}");
    let shown = judge(&uri);
    assert!(!shown.contains(PASSWORD), "{uri} shows {shown}");
});

fn judge(uri: &str) -> String {
    match Postgres::options().uri(uri) {
        Ok(options) => format!("{} {options:?}", options.place()),
        Err(error) => format!("{error} {error:?}"),
    }
}
