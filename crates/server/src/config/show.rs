//! What holds, and where it was set, for an operator to read.

use super::error::MASK;
use super::{Effective, Loaded};

impl Loaded {
    /// One line an option: name, value and origin. Secrets are masked.
    pub(crate) fn lines(&self) -> Vec<String> {
        let widest = self.effective.iter().map(|one| one.option.name.len()).max().unwrap_or_default();
        let shown: Vec<String> = self.effective.iter().map(Effective::shown).collect();
        let widest_value = shown.iter().map(String::len).filter(|len| *len <= 40).max().unwrap_or_default();
        let rows = self.effective.iter().zip(&shown);
        rows.map(|(one, value)| format!("{:widest$}  {value:widest_value$}  {}", one.option.name, one.origin)).collect()
    }
}

impl Effective {
    fn shown(&self) -> String {
        match &self.value {
            None => "-".to_owned(),
            Some(_) if self.option.is_secret => MASK.to_owned(),
            Some(value) => {
                let text = value.to_string();
                if text.is_empty() { "\"\"".to_owned() } else { text }
            }
        }
    }
}
