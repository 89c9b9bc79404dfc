//! The log of a run.

use std::cell::RefCell;
use std::rc::Rc;

/// What happened, and whether a rule was broken.
#[derive(Clone, Debug, Default)]
pub struct Log(Rc<RefCell<(Vec<String>, Option<String>)>>);

impl Log {
    /// Adds a line.
    pub fn add(&self, line: String) {
        self.0.borrow_mut().0.push(line);
    }

    /// Adds a line that says which rule was broken. The first one counts.
    pub fn broken(&self, line: String) {
        self.add(format!("BROKEN: {line}"));
        self.0.borrow_mut().1.get_or_insert(line);
    }

    /// The lines, and the first rule that was broken.
    pub fn end(&self) -> (Vec<String>, Option<String>) {
        self.0.borrow().clone()
    }
}
