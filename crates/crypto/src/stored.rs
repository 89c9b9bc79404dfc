//! The stored form of a signing key, `<public>|<private>`, and what kind of key it says it is.

use aws_lc_rs::error::KeyRejected;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_engine::crypto::{Algorithm, KeyError};
use doorward_engine::secret::Secret;
use zeroize::Zeroizing;

/// A DER SEQUENCE of the object identifier `rsaEncryption` and NULL. RSA-PSS has an identifier of its own.
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A DER SEQUENCE of the object identifier `id-Ed25519`, which has no parameters.
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

/// The two halves of a key whose algorithm identifiers agree. Nothing else about them is checked yet.
pub(crate) struct Halves {
    pub(crate) algorithm: Algorithm,
    /// SPKI DER.
    pub(crate) public: Vec<u8>,
    /// PKCS #8 DER.
    pub(crate) private: Zeroizing<Vec<u8>>,
}

impl Halves {
    /// Reads the stored form.
    pub(crate) fn read(stored: &Secret) -> Result<Self, KeyError> {
        // A second separator stays in the private half, where base64 refuses it.
        let (public, private) = stored.expose().split_once(['|', ';']).ok_or(KeyError::Form)?;
        let public = STANDARD.decode(public).map_err(|_| KeyError::Form)?;
        let private = Zeroizing::new(STANDARD.decode(private).map_err(|_| KeyError::Form)?);
        let algorithm = public_algorithm(&public).ok_or(KeyError::Form)?;
        if private_algorithm(&private).ok_or(KeyError::Form)? == algorithm {
            Ok(Self { algorithm, public, private })
        } else {
            Err(KeyError::Mismatch)
        }
    }
}

/// Writes the stored form, with `|`, as upstream does.
pub(crate) fn write(public: &[u8], private: &[u8]) -> Secret {
    // All the room at once: a text that grows leaves pieces of the key behind, which nobody wipes.
    let mut text = String::with_capacity((public.len() + private.len()).div_ceil(3) * 4 + 16);
    STANDARD.encode_string(public, &mut text);
    text.push('|');
    STANDARD.encode_string(private, &mut text);
    Secret::new(text)
}

/// What the library refuses to parse. It says why; we don't, because keys are secrets.
pub(crate) fn refused(_: KeyRejected) -> KeyError {
    KeyError::Form
}

/// SPKI is a SEQUENCE of the algorithm and the key.
fn public_algorithm(spki: &[u8]) -> Option<Algorithm> {
    algorithm(sequence(spki)?)
}

/// PKCS #8 is a SEQUENCE of the version (0, or 1 with the public half inside), the algorithm and the key.
fn private_algorithm(pkcs8: &[u8]) -> Option<Algorithm> {
    match sequence(pkcs8)? {
        [0x02, 0x01, 0 | 1, rest @ ..] => algorithm(rest),
        _ => None,
    }
}

fn algorithm(der: &[u8]) -> Option<Algorithm> {
    if der.starts_with(RSA) {
        Some(Algorithm::Rs256)
    } else if der.starts_with(ED25519) {
        Some(Algorithm::EdDsa)
    } else {
        None
    }
}

/// What is inside a DER SEQUENCE, if the sequence is all there is. A key of 64 KiB is no key of ours.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    let (length, inside) = match der {
        [0x30, length @ ..=0x7f, inside @ ..] => (usize::from(*length), inside),
        [0x30, 0x81, length, inside @ ..] => (usize::from(*length), inside),
        [0x30, 0x82, high, low, inside @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), inside),
        _ => return None,
    };
    (inside.len() == length).then_some(inside)
}
