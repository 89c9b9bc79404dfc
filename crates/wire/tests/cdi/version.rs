//! The header `cdi-version`.

use doorward_wire::cdi::version::{CdiVersion, Requested};

#[test]
fn headers_are_numbers_with_points() {
    for good in ["5.4", " 5.4", "5.4\t", "0", "5.4.0", "05.4", "2147483647.1"] {
        assert!(Requested::parse(good).is_some(), "{good:?}");
    }
    for bad in
        ["", " ", "v5.4", "abc", "5.", ".5", "5..4", "5.4,3.1", "-1", "+5", "2147483648", "999999999999.1", "5.4 5"]
    {
        assert_eq!(Requested::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn only_the_plain_spelling_is_spoken() {
    for (text, is_spoken) in
        [("5.4", true), (" 5.4 ", true), ("5.4.0", false), ("05.4", false), ("5.04", false), ("2.6", false)]
    {
        assert_eq!(Requested::parse(text).unwrap().spoken().is_some(), is_spoken, "{text}");
    }
}

#[test]
fn numbers_are_compared_and_not_texts() {
    let cases = [
        ("2.10", "2.9", ">"),
        ("2.9", "2.10", "<"),
        ("5.4.0", "5.4", "="),
        ("5.6.1", "5.6", ">"),
        ("5", "5.0", "="),
        ("05.4", "5.4", "="),
        ("300.0", "5.6", ">"),
    ];
    for (requested, version, expected) in cases {
        let order = Requested::parse(requested).unwrap().cmp_to(CdiVersion::parse(version).unwrap());
        let sign = ["<", "=", ">"][usize::try_from(order as i8 + 1).unwrap()];
        assert_eq!(sign, expected, "{requested} and {version}");
    }
}
