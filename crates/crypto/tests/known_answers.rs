//! Published vectors: FIPS 180-4, RFC 4231, the GCM specification's test cases, RFC 7515 A.2 and RFC 8037 A.4. PBKDF2
//! with SHA-512 has none in an RFC; its answers here were computed with a second implementation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_crypto::AwsLc;
use doorward_engine::crypto::{Algorithm, Crypto as _, PublicNumbers};

use crate::fixture;

#[test]
fn sha256() {
    let million = "a".repeat(1_000_000);
    let cases = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ];
    for (message, digest) in cases {
        assert_eq!(hex::encode(AwsLc.sha256(message.as_bytes())), digest);
    }
}

#[test]
fn hmac_sha256() {
    let cases: [(&[u8], &str, &str); 4] = [
        (&[0x0b; 20], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            &[0xaa; 131],
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (b"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ];
    for (key, message, tag) in cases {
        assert_eq!(hex::encode(AwsLc.hmac_sha256(key, &[message.as_bytes()])), tag);
    }
}

#[test]
fn hmac_parts_are_one_message() {
    let whole = AwsLc.hmac_sha256(b"Jefe", &[b"what do ya want for nothing?"]);
    assert_eq!(AwsLc.hmac_sha256(b"Jefe", &[b"what do ya ", b"", b"want for", b" nothing?"]), whole);
    assert_ne!(AwsLc.hmac_sha256(b"Jefe", &[b"want for", b"what do ya ", b" nothing?"]), whole);
    assert_eq!(AwsLc.hmac_sha256(b"", &[]), AwsLc.hmac_sha256(b"", &[b""]));
}

#[test]
fn pbkdf2_sha512() {
    let cases = [
        ("password", "salt", 1, "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"),
        ("password", "salt", 2, "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c"),
        ("password", "salt", 4096, "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5"),
        (
            "passwordPASSWORDpassword",
            "saltSALTsaltSALTsaltSALTsaltSALTsalt",
            4096,
            "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71",
        ),
    ];
    for (password, salt, rounds, derived) in cases {
        assert_eq!(hex::encode(AwsLc.pbkdf2_sha512(password.as_bytes(), salt.as_bytes(), rounds)), derived);
    }
}

#[test]
fn pbkdf2_takes_no_rounds_as_one() {
    assert_eq!(AwsLc.pbkdf2_sha512(b"password", b"salt", 0), AwsLc.pbkdf2_sha512(b"password", b"salt", 1));
}

/// Test cases 13, 14 and 15 of the specification: those with a 256-bit key and no additional data.
#[test]
fn aes256_gcm() {
    let cases = [
        ("00".repeat(32), "00".repeat(12), String::new(), "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            "00".repeat(32),
            "00".repeat(12),
            "00".repeat(16),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            "feffe9928665731c6d6a8f9467308308".repeat(2),
            "cafebabefacedbaddecaf888".into(),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b391aafd255"
                .into(),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c",
        ),
    ];
    for (key, iv, plaintext, sealed) in cases {
        let key = hex::decode(key).unwrap().try_into().unwrap();
        let iv = hex::decode(iv).unwrap().try_into().unwrap();
        let plaintext = hex::decode(plaintext).unwrap();
        assert_eq!(hex::encode(AwsLc.aes256_gcm_seal(&key, iv, &plaintext)), sealed);
        assert_eq!(AwsLc.aes256_gcm_open(&key, iv, &hex::decode(sealed).unwrap()), Some(plaintext));
    }
}

#[test]
fn aes256_gcm_opens_nothing_that_was_changed() {
    let (key, iv, plaintext) = ([7; 32], [9; 12], b"what is sealed");
    let sealed = AwsLc.aes256_gcm_seal(&key, iv, plaintext);
    assert_eq!(sealed.len(), plaintext.len() + 16);
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(AwsLc.aes256_gcm_open(&key, iv, &changed), None, "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert_eq!(AwsLc.aes256_gcm_open(&key, iv, &sealed[..length]), None, "cut to {length}");
    }
    assert_eq!(AwsLc.aes256_gcm_open(&[8; 32], iv, &sealed), None);
    assert_eq!(AwsLc.aes256_gcm_open(&key, [8; 12], &sealed), None);
}

const RFC7515_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt\
    _O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0Gar\
    ZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIh\
    WkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

#[test]
fn rs256() {
    let key = fixture::key(fixture::RFC7515);
    let message =
        b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc1\
        9yb290Ijp0cnVlfQ";
    let signature = key.sign(message).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(&signature), RFC7515_SIGNATURE);
    assert!(key.verify(message, &signature));
    assert_eq!(key.algorithm(), Algorithm::Rs256);
    let PublicNumbers::Rsa { n, e } = key.public().numbers else { panic!("an RSA key shows RSA numbers") };
    assert_eq!((n.len(), e.as_str()), (342, "AQAB"));
    assert!(n.starts_with("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQ") && n.ends_with("gb54h4FRWyuXpoQ"));
}

#[test]
fn eddsa() {
    let key = fixture::key(fixture::RFC8037);
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = key.sign(message).unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(&signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    assert!(key.verify(message, &signature));
    assert_eq!(key.algorithm(), Algorithm::EdDsa);
    assert_eq!(
        key.public().numbers,
        PublicNumbers::Ed25519 { x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into() }
    );
}
