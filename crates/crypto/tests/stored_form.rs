//! The stored form of a signing key: what is read, and what is refused.

use doorward_engine::crypto::KeyError;

use crate::fixture::{P256, RFC7515, RFC8037, RSA_1024, RSA_4096, RSA_4104, halves, key, parse, stored};

#[test]
fn either_separator_is_read() {
    for text in [RFC7515, RFC8037] {
        let classic = text.replace('|', ";");
        assert_eq!(key(&classic).public(), key(text).public());
        assert!(key(&classic).verify(b"message", &key(text).sign(b"message").unwrap()));
    }
}

#[test]
fn the_public_half_is_shown_as_stored() {
    for text in [RFC7515, RFC8037] {
        assert_eq!(key(text).public().spki, text.split('|').next().unwrap());
    }
}

#[test]
fn garbage_is_refused() {
    let (public, private) = RFC7515.split_once('|').unwrap();
    let cases = [
        String::new(),
        "|".into(),
        ";".into(),
        "||".into(),
        "a|b".into(),
        "AAAA|AAAA".into(),
        "MAA=|MAA=".into(),
        "MIIA|MIIA".into(),
        "\u{0}\u{ff}|\u{2028}".into(),
        public.into(),
        private.into(),
        format!("|{RFC7515}"),
        format!("{RFC7515}|"),
        format!("{RFC7515}|{private}"),
        format!("{RFC7515}\n"),
        format!(" {RFC7515}"),
        format!("{private}|{public}"),
        format!("{public}|{public}"),
        RFC7515.replace('|', "\n"),
        RFC7515.replace('/', "_").replace('+', "-"),
    ];
    for text in cases {
        assert_eq!(parse(&text).unwrap_err(), KeyError::Form, "{text:?}");
    }
}

#[test]
fn the_longest_is_4096_bits() {
    let key = key(RSA_4096);
    assert!(key.verify(b"message", &key.sign(b"message").unwrap()));
}

#[test]
fn other_kinds_and_sizes_are_refused() {
    for text in [P256, RSA_1024, RSA_4104] {
        assert_eq!(parse(text).unwrap_err(), KeyError::Form);
    }
}

/// A key for RSA-PSS differs in one byte of its object identifier, and must not sign RS256.
#[test]
fn the_algorithm_is_the_identifiers() {
    let (public, private) = halves(RFC7515);
    let pss = |der: &[u8]| {
        let at = der.windows(9).position(|w| w == b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01").unwrap();
        let mut der = der.to_vec();
        der[at + 8] = 0x0a;
        der
    };
    assert_eq!(parse(&stored(&pss(&public), &pss(&private))).unwrap_err(), KeyError::Form);
    assert_eq!(parse(&stored(&public, &pss(&private))).unwrap_err(), KeyError::Form);
    assert_eq!(parse(&stored(&pss(&public), &private)).unwrap_err(), KeyError::Form);
}

#[test]
fn halves_of_different_keys_are_refused() {
    let rsa = halves(RFC7515);
    let ed25519 = halves(RFC8037);
    let mut others = rsa.0.clone();
    // A byte in the middle of the modulus.
    others[100] ^= 1;
    assert_eq!(parse(&stored(&others, &rsa.1)).unwrap_err(), KeyError::Mismatch);
    assert_eq!(parse(&stored(&rsa.0, &ed25519.1)).unwrap_err(), KeyError::Mismatch);
    assert_eq!(parse(&stored(&ed25519.0, &rsa.1)).unwrap_err(), KeyError::Mismatch);

    let mut seed = ed25519.1.clone();
    *seed.last_mut().unwrap() ^= 1;
    assert_eq!(parse(&stored(&ed25519.0, &seed)).unwrap_err(), KeyError::Mismatch);
}

#[test]
fn a_damaged_private_half_is_refused() {
    let (public, private) = halves(RFC7515);
    // The tail of the private numbers, which no comparison with the public half can see.
    for at in private.len() - 600..private.len() {
        let mut damaged = private.clone();
        damaged[at] ^= 1;
        assert!(parse(&stored(&public, &damaged)).is_err(), "byte {at}");
    }
    for text in [RFC7515, RFC8037] {
        let (public, private) = halves(text);
        let longer = |der: &[u8]| [der, &[0]].concat();
        assert_eq!(parse(&stored(&public, &longer(&private))).unwrap_err(), KeyError::Form);
        assert_eq!(parse(&stored(&longer(&public), &private)).unwrap_err(), KeyError::Form);
        for cut in 0..private.len() {
            assert_eq!(parse(&stored(&public, &private[..cut])).unwrap_err(), KeyError::Form, "cut to {cut}");
        }
        for cut in 0..public.len() {
            assert_eq!(parse(&stored(&public[..cut], &private)).unwrap_err(), KeyError::Form, "cut to {cut}");
        }
    }
}

/// PKCS #8 of version 2 (RFC 5958) carries the public half too, and it has to be the right one.
#[test]
fn a_private_half_with_its_public_one_inside() {
    let (public, private) = halves(RFC8037);
    let point = &public[12..];
    let seed = &private[16..];
    let inside = |point: &[u8]| {
        let head = b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
        [&head[..], seed, b"\x81\x21\x00", point].concat()
    };
    assert_eq!(key(&stored(&public, &inside(point))).public(), key(RFC8037).public());
    assert_eq!(parse(&stored(&public, &inside(&[0; 32]))).unwrap_err(), KeyError::Form);
}

#[test]
fn only_padded_standard_base64_is_read() {
    let (public, private) = RFC8037.split_once('|').unwrap();
    assert!(public.ends_with('='));
    assert_eq!(parse(&format!("{}|{private}", public.trim_end_matches('='))).unwrap_err(), KeyError::Form);
    let (start, end) = private.split_at(32);
    assert_eq!(parse(&format!("{public}|{start}\n{end}")).unwrap_err(), KeyError::Form);
}
