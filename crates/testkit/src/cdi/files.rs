//! The folder of the recorded scenarios, read as a whole and held against its index.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cdi::json::Json;
use crate::cdi::scenario::Scenario;

/// Reads all scenarios of a folder. A file that isn't in its `index.json`, or is there with other versions or another
/// number of requests, is an error.
pub fn read_all(folder: &Path) -> Result<Vec<Scenario>, String> {
    let mut listed = index(folder)?;
    let mut scenarios = Vec::new();
    for file in files(folder)? {
        let scenario = Scenario::read(&text(&folder.join(&file))?).map_err(|error| format!("{file}: {error}"))?;
        let entry = (scenario.versions.clone(), scenario.exchanges().count());
        match listed.remove(&file) {
            Some(known) if known == entry => scenarios.push(scenario),
            known => return Err(format!("{file} has {entry:?}, and the index says {known:?}")),
        }
    }
    match listed.keys().next() {
        Some(missing) => Err(format!("{missing} is in the index, and not there")),
        None => Ok(scenarios),
    }
}

/// The files of the index, each with its versions and its number of requests.
fn index(folder: &Path) -> Result<BTreeMap<String, (Vec<String>, usize)>, String> {
    let index = Json::parse(&text(&folder.join("index.json"))?)?;
    let entries = index.items().ok_or("the index is no list")?.iter().map(|entry| {
        let versions = entry.get("cdi")?.items()?.iter().map(|version| version.text().map(str::to_owned));
        let steps = usize::try_from(entry.get("steps")?.integer()?).ok()?;
        Some((entry.get("file")?.text()?.to_owned(), (versions.collect::<Option<_>>()?, steps)))
    });
    entries.collect::<Option<_>>().ok_or_else(|| "an entry of the index is not whole".into())
}

/// The scenario files, as `FOLDER/NAME.json`, in order.
fn files(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for version in fs::read_dir(folder).map_err(failed)? {
        let version = version.map_err(failed)?;
        if !version.path().is_dir() {
            continue;
        }
        for file in fs::read_dir(version.path()).map_err(failed)? {
            let (folder, file) = (version.file_name(), file.map_err(failed)?.file_name());
            files.push(format!("{}/{}", folder.to_string_lossy(), file.to_string_lossy()));
        }
    }
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
