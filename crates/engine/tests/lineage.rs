//! The cases of `vectors/lineage`.

use doorward_testkit::vectors::lineage;

#[test]
fn every_row_of_the_table() {
    let reports = lineage::run();
    for report in &reports {
        assert!(report.is_clean(), "{report}");
    }
    assert!(reports.iter().map(|report| report.passed()).sum::<usize>() >= 75);
}
