//! Dates as HTTP writes them.

use alloc::format;
use alloc::string::String;

use doorward_engine::time::Millis;

const DAY_SECS: u64 = 24 * 60 * 60;

/// Writes a moment like `Thu, 01 Jan 1970 00:00:00 GMT`. One after the year 9999 becomes its last second, for the
/// format has four digits.
pub fn http_date(moment: Millis) -> String {
    const LAST_SECOND: u64 = 253_402_300_799;
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let secs = moment.as_secs().min(LAST_SECOND);
    let (days, time) = (secs / DAY_SECS, secs % DAY_SECS);
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&WEEKDAYS, days % 7),
        name(&MONTHS, month),
        time / 3600,
        time / 60 % 60,
        time % 60,
    )
}

/// Returns year, month (from 0) and day (from 1) of a number of days after the epoch.
const fn civil(mut days: u64) -> (u64, u64, u64) {
    // The Gregorian calendar repeats every 400 years, which have 146 097 days; what is left takes few steps.
    let mut year = 1970 + days / 146_097 * 400;
    days %= 146_097;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 0;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}
