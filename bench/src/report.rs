//! What is printed, and what is made of the gates.

use std::process::ExitCode;

use crate::compare::Comparison;

/// A gate that is missed by less than this is a matter of the day.
const TOLERANCE: f64 = 1.15;

/// A budget.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gate {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints as it goes, and counts what was missed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    missed: Vec<String>,
}

impl Report {
    pub(crate) fn topic(&self, title: &str) {
        println!("\n{title}");
    }

    /// A figure without a gate.
    pub(crate) fn fact(&self, name: &str, value: &str) {
        println!("  {name:<58} {value}");
    }

    /// A ratio with its gate, and the absolute figures behind it.
    pub(crate) fn gate(&mut self, name: &str, ratio: f64, gate: Gate, figures: &str) {
        let (sign, limit, excess) = match gate {
            Gate::AtMost(limit) => ("<=", limit, ratio / limit),
            Gate::AtLeast(limit) => (">=", limit, limit / ratio),
        };
        let verdict = if excess <= 1.0 {
            "ok"
        } else if excess <= TOLERANCE {
            "missed, within 15 %"
        } else {
            self.missed.push(format!("{name}: {ratio:.2}, and {sign} {limit} is the budget"));
            "MISSED"
        };
        println!("  {name:<58} {ratio:.3}  {sign} {limit}  {verdict}\n      {figures}");
    }

    /// A ratio of times.
    pub(crate) fn times(&mut self, name: &str, at_most: f64, compared: Comparison) {
        let figures = format!("{} against {}", nanos(compared.ours_nanos), nanos(compared.floor_nanos));
        self.gate(name, compared.ratio, Gate::AtMost(at_most), &figures);
    }

    /// A ratio of times without a gate, beside the one that has it.
    pub(crate) fn beside(&self, name: &str, compared: Comparison) {
        let Comparison { ours_nanos, floor_nanos, ratio } = compared;
        self.fact(name, &format!("{ratio:.3}\n      {} against {}", nanos(ours_nanos), nanos(floor_nanos)));
    }

    /// A ratio of rates.
    pub(crate) fn rates(&mut self, name: &str, at_least: f64, compared: Comparison) {
        let figures = format!("{} against {}", per_second(compared.ours_nanos), per_second(compared.floor_nanos));
        self.gate(name, 1.0 / compared.ratio, Gate::AtLeast(at_least), &figures);
    }

    /// A count that may only go down.
    pub(crate) fn ratchet(&mut self, name: &str, found: u64, committed: u64) {
        let verdict = match found {
            _ if found > committed => {
                self.missed.push(format!("{name}: {found}, and {committed} were committed"));
                "MISSED"
            }
            _ if found < committed => "better: commit the lower number",
            _ => "ok",
        };
        println!("  {name:<58} {found}  <= {committed}  {verdict}");
    }

    /// Ends the run: 1 if a gate was missed.
    pub(crate) fn finish(self) -> ExitCode {
        if self.missed.is_empty() {
            println!("\nno budget is missed by more than 15 %");
            return ExitCode::SUCCESS;
        }
        println!("\n{} missed by more than 15 %:", self.missed.len());
        for missed in self.missed {
            println!("  {missed}");
        }
        ExitCode::FAILURE
    }
}

/// A time with three digits or so.
pub(crate) fn nanos(nanos: f64) -> String {
    match nanos {
        _ if nanos < 1e3 => format!("{nanos:.0} ns"),
        _ if nanos < 1e6 => format!("{:.2} us", nanos / 1e3),
        _ => format!("{:.1} ms", nanos / 1e6),
    }
}

/// A rate, from what one takes.
pub(crate) fn per_second(nanos: f64) -> String {
    format!("{:.0}/s", 1e9 / nanos)
}
