//! Runs the cases of one file and collects what failed.

use core::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The form of a file of cases (`vectors/README.md`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    schema: String,
    #[serde(rename = "notes")]
    _notes: Vec<String>,
    #[serde(borrow)]
    tests: Vec<Test<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test<'a> {
    id: u32,
    op: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(borrow)]
    input: &'a RawValue,
    #[serde(borrow)]
    expect: &'a RawValue,
}

/// One case: what is done, with what, and what must come of it.
#[derive(Debug)]
pub struct Case<'a> {
    /// What is done.
    pub op: &'a str,
    input: &'a str,
    expect: &'a str,
}

impl Case<'_> {
    /// Reads input and expectation; a member that the runner doesn't know is a failure.
    pub fn read<I: DeserializeOwned, E: DeserializeOwned>(&self) -> Result<(I, E), String> {
        let input = serde_json::from_str(self.input).map_err(|error| format!("its input: {error}"))?;
        let expect = serde_json::from_str(self.expect).map_err(|error| format!("its expectation: {error}"))?;
        Ok((input, expect))
    }
}

/// How the cases of a file went.
#[derive(Clone, Debug, Default)]
pub struct Report {
    file: &'static str,
    passed: usize,
    failures: Vec<String>,
}

impl Report {
    /// Runs every case of a file's text.
    pub fn of(file: &'static str, text: &str, run: impl FnMut(&Case<'_>) -> Result<(), String>) -> Self {
        Self::of_flag(file, text, None, run)
    }

    /// Runs the cases with this flag, or all without one.
    pub(crate) fn of_flag(
        file: &'static str,
        text: &str,
        flag: Option<&str>,
        mut run: impl FnMut(&Case<'_>) -> Result<(), String>,
    ) -> Self {
        let mut report = Self { file, ..Self::default() };
        let read = match serde_json::from_str::<File<'_>>(text) {
            Ok(read) if read.schema == "doorward-vectors-1" => read,
            Ok(read) => return report.fail(format!("{file}: schema {} is not known here", read.schema)),
            Err(error) => return report.fail(format!("{file}: {error}")),
        };
        for (place, test) in read.tests.iter().enumerate() {
            if flag.is_some_and(|flag| !test.flags.iter().any(|has| has == flag)) {
                continue;
            }
            let case = Case { op: &test.op, input: test.input.get(), expect: test.expect.get() };
            let numbered = u32::try_from(place + 1) == Ok(test.id);
            let result = if numbered { run(&case) } else { Err(format!("its place is {}", place + 1)) };
            match result {
                Ok(()) => report.passed += 1,
                Err(why) => report = report.fail(format!("{file} {} ({}, {}): {why}", test.id, test.op, test.about)),
            }
        }
        report
    }

    fn fail(mut self, why: String) -> Self {
        self.failures.push(why);
        self
    }

    /// How many cases went as they must.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// Whether there were cases, and every one went as it must.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.passed > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} passed, {} failed", self.file, self.passed, self.failures.len())?;
        self.failures.iter().try_for_each(|failure| writeln!(f, "  {failure}"))
    }
}

/// Compares what came with what must come.
pub(crate) fn same<T: PartialEq + fmt::Debug>(what: &str, got: T, want: T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what} is {got:?}, and must be {want:?}")) }
}

/// The answer to an operation that the runner doesn't know.
pub(crate) fn unknown(op: &str) -> Result<(), String> {
    Err(format!("operation {op} is not known here"))
}
