//! Numbered migrations: which ones a database has, and which it lacks.

use doorward_service::store::StoreError;

/// A step from one schema version to the next. Once released, its text never changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    /// Its number, from 1 without gaps.
    pub(crate) version: u32,
    /// Its statements.
    pub(crate) sql: &'static str,
}

impl Migration {
    /// A checksum of its text (64-bit FNV-1a, in hex): it finds a text that was changed by mistake, not by an enemy.
    pub(crate) fn checksum(&self) -> String {
        // Line ends are left out: a checkout may change them.
        let bytes = self.sql.bytes().filter(|byte| *byte != b'\r');
        let sum = bytes
            .fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("{sum:016x}")
    }
}

/// Returns the migrations that a database lacks, given the versions and checksums of those that it has, in order.
pub(crate) fn missing<'a>(known: &'a [Migration], found: &[(u32, String)]) -> Result<&'a [Migration], StoreError> {
    if let Some((newest, _)) = found.last() {
        let known = known.last().map_or(0, |migration| migration.version);
        if *newest > known {
            return Err(StoreError::Newer { found: *newest, known });
        }
    }
    for (migration, (version, checksum)) in known.iter().zip(found) {
        if migration.version != *version {
            return Err(StoreError::Corrupt(format!(
                "schema version {} is missing below {version}",
                migration.version
            )));
        }
        if migration.checksum() != *checksum {
            return Err(StoreError::Corrupt(format!("schema version {version} isn't the one that this release makes")));
        }
    }
    known.get(found.len()..).ok_or_else(|| StoreError::Corrupt("schema versions are listed twice".to_owned()))
}
