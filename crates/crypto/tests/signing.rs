//! Signing and verifying, with both algorithms.

use doorward_crypto::keys::generate_signing_key;
use doorward_engine::crypto::Algorithm;

use crate::fixture;

const MESSAGE: &[u8] = b"a message of some length that is signed";

const CASES: [(Algorithm, &str, usize); 2] =
    [(Algorithm::Rs256, fixture::RFC7515, 256), (Algorithm::EdDsa, fixture::RFC8037, 64)];

#[test]
fn verifies_what_it_signed() {
    for (algorithm, stored, length) in CASES {
        let key = fixture::key(stored);
        for message in [MESSAGE, b"", &[0; 100_000]] {
            let signature = key.sign(message).unwrap();
            assert_eq!(signature.len(), length, "{algorithm:?}");
            assert!(key.verify(message, &signature), "{algorithm:?}");
            // Both are deterministic, and a token is the same however often it is made.
            assert_eq!(key.sign(message).unwrap(), signature, "{algorithm:?}");
        }
    }
}

#[test]
fn refuses_another_keys_signature() {
    for (algorithm, stored, _) in CASES {
        let other = fixture::key(generate_signing_key(algorithm).unwrap().expose());
        let signature = other.sign(MESSAGE).unwrap();
        assert!(other.verify(MESSAGE, &signature));
        assert!(!fixture::key(stored).verify(MESSAGE, &signature), "{algorithm:?}");
    }
}

#[test]
fn refuses_another_algorithms_signature() {
    let [rsa, ed25519] = CASES.map(|(_, stored, _)| fixture::key(stored));
    assert!(!rsa.verify(MESSAGE, &ed25519.sign(MESSAGE).unwrap()));
    assert!(!ed25519.verify(MESSAGE, &rsa.sign(MESSAGE).unwrap()));
}

#[test]
fn refuses_a_changed_message() {
    for (algorithm, stored, _) in CASES {
        let key = fixture::key(stored);
        let signature = key.sign(MESSAGE).unwrap();
        for at in 0..MESSAGE.len() {
            let mut message = MESSAGE.to_vec();
            message[at] ^= 1;
            assert!(!key.verify(&message, &signature), "{algorithm:?}, byte {at}");
        }
        assert!(!key.verify(b"", &signature), "{algorithm:?}");
        assert!(!key.verify(&[MESSAGE, b"."].concat(), &signature), "{algorithm:?}");
    }
}

#[test]
fn refuses_a_changed_signature() {
    for (algorithm, stored, length) in CASES {
        let key = fixture::key(stored);
        let signature = key.sign(MESSAGE).unwrap();
        for cut in [0, 1, length / 2, length - 1] {
            assert!(!key.verify(MESSAGE, &signature[..cut]), "{algorithm:?}, {cut} bytes");
        }
        assert!(!key.verify(MESSAGE, &[&signature[..], &[0]].concat()), "{algorithm:?}, longer");
        assert!(!key.verify(MESSAGE, &[&[0], &signature[..]].concat()), "{algorithm:?}, shifted");
        assert!(!key.verify(MESSAGE, &vec![0; length]), "{algorithm:?}, zeros");
        assert!(!key.verify(MESSAGE, &vec![0xff; length]), "{algorithm:?}, ones");
        for at in 0..length {
            let mut changed = signature.clone();
            changed[at] ^= 0x80;
            assert!(!key.verify(MESSAGE, &changed), "{algorithm:?}, byte {at}");
        }
    }
}

#[test]
fn keys_do_not_print() {
    let printed = CASES.map(|(_, stored, _)| format!("{:#?}", fixture::key(stored)));
    assert_eq!(printed, ["RsaKey(..)", "Ed25519Key(..)"]);
}

#[test]
fn one_key_serves_many_threads() {
    for (algorithm, stored, _) in CASES {
        let key = fixture::key(stored);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4_u8)
                .map(|worker| {
                    let key = &key;
                    scope.spawn(move || key.verify(&[worker], &key.sign(&[worker]).unwrap()))
                })
                .collect();
            for worker in workers {
                assert!(worker.join().unwrap(), "{algorithm:?}");
            }
        });
    }
}
