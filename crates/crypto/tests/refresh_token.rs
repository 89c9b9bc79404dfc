//! The worked example of `spec/modern-core.md` 7.5: if one of these bytes moves, every live session ends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_crypto::AwsLc;
use doorward_engine::crypto::Crypto as _;
use doorward_engine::hash::Hash1;

const IV: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

const DERIVED: &str = "a0817fc455a86f5ad2743839976b34b90cc439f5dae7be15d58f546a344a38f9";

const PLAINTEXT: &str = "{\"sessionHandle\":\"11111111-1111-4111-8111-111111111111\",\"userId\":\"u1\",\
    \"nonce\":\"db8055e0e0307d5a016bec4dc338d69875eb0fb7e614a8b125b08fb082095d98\"}";

const TOKEN: &str = "AAECAwQFBgcICQoLgo91u09MhIET3N6fILDLGRhHPnL0e7gXSOwRZBXyzyvvKFoour+ItGogrtbY7HhJeV8Xzpg71BTCOExy3SuT\
    +Y8n6E85n2uU+LccCqmS1zc4sb/cLkekmytcPt3GylRmDGIaJLGgDQ2ru/OyzYEv7U57E1AA477cEckDDBf+APlwHimHTHSsryYmseD2QksmRoZ1N//G\
    2weWWibBN7cv76Y=.db8055e0e0307d5a016bec4dc338d69875eb0fb7e614a8b125b08fb082095d98.V2";

fn sealed() -> Vec<u8> {
    STANDARD.decode(TOKEN.split('.').next().unwrap()).unwrap()
}

fn derived() -> [u8; 32] {
    let password = format!("1000:{}:{}", "ab".repeat(64), "cd".repeat(64));
    AwsLc.pbkdf2_sha512(password.as_bytes(), &IV, 100)
}

#[test]
fn derives_the_key() {
    assert_eq!(hex::encode(derived()), DERIVED);
}

#[test]
fn opens_the_token() {
    let (iv, sealed) = (&sealed()[..12], &sealed()[12..]);
    assert_eq!(iv, IV);
    assert_eq!(AwsLc.aes256_gcm_open(&derived(), IV, sealed).unwrap(), PLAINTEXT.as_bytes());
}

#[test]
fn seals_the_same_bytes() {
    assert_eq!(AwsLc.aes256_gcm_seal(&derived(), IV, PLAINTEXT.as_bytes()), sealed()[12..]);
}

#[test]
fn hashes_the_token() {
    let hash1 = Hash1::of(TOKEN, &AwsLc);
    assert_eq!(hash1.as_str(), "9494572d56626c3be6a31a5585689d3529e013db09b26c2fca8d2b7853120d17");
    assert_eq!(hash1.stored(&AwsLc).as_str(), "fe9807b977f1bec717876dcbf0fd809602edc5176c28db4d8a4ccfa062ebacb8");
}
