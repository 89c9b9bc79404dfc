//! Encrypted connections: rustls with aws-lc-rs, and certificates judged as `sslmode` says.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::option_error::OptionError;
use super::uri::SslMode;

const ROOT_CERT: &str = "sslrootcert";

/// How a certificate is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Anybody,
    /// Whoever an authority vouches for, by whichever name.
    Authorities,
    /// The host that was named.
    Host,
}

/// What makes a connection secure, and what the driver is told of it; `None` where no connection is.
pub(super) fn connector(
    mode: SslMode,
    root_cert: Option<&Path>,
) -> Result<(tokio_postgres::config::SslMode, Option<MakeRustlsConnect>), OptionError> {
    use tokio_postgres::config::SslMode as Driver;
    // `system` is libpq's word for the system's certificates. Anybody has one of those, so the name must fit as well.
    let is_system = root_cert.is_some_and(|path| path.as_os_str() == "system");
    let (driver, trust) = match mode {
        SslMode::Disable => return Ok((Driver::Disable, None)),
        SslMode::Prefer | SslMode::Require | SslMode::VerifyCa if is_system => {
            return Err(OptionError::new(
                "sslmode",
                "must be verify-full (or disable) with the root certificates `system`",
            ));
        }
        SslMode::Prefer => (Driver::Prefer, Trust::Anybody),
        SslMode::Require if root_cert.is_none() => (Driver::Require, Trust::Anybody),
        SslMode::Require | SslMode::VerifyCa => (Driver::Require, Trust::Authorities),
        SslMode::VerifyFull => (Driver::Require, Trust::Host),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| OptionError::new("sslmode", format!("can't be had: {error}")))?;
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Anybody => Arc::new(AcceptsAnybody(provider)),
        Trust::Authorities | Trust::Host => {
            let named = certificates(root_cert.filter(|_| !is_system))?;
            let mut roots = RootCertStore::empty();
            if roots.add_parsable_certificates(named.clone()).0 == 0 {
                return Err(OptionError::new(ROOT_CERT, "has no certificate that can be used, nor has the system"));
            }
            let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
            let authorities =
                authorities.map_err(|error| OptionError::new(ROOT_CERT, format!("can't be used: {error}")))?;
            // The system's are authorities, and never servers themselves.
            let named = if root_cert.is_some() && !is_system { named } else { Vec::new() };
            Arc::new(Judge { authorities, named, any_name: trust == Trust::Authorities })
        }
    };
    let config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok((driver, Some(MakeRustlsConnect::new(config))))
}

/// Reads the certificates of a file, or of the system.
fn certificates(file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, OptionError> {
    let Some(file) = file else { return Ok(rustls_native_certs::load_native_certs().certs) };
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.map_err(|error| OptionError::new(ROOT_CERT, format!("must name a file of PEM certificates: {error}")))
}

/// Takes any certificate, and still asks whoever shows it to hold its key.
#[derive(Debug)]
struct AcceptsAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptsAnybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Takes a certificate that an authority vouches for.
#[derive(Debug)]
struct Judge {
    authorities: Arc<WebPkiServerVerifier>,
    /// Certificates that the operator named. A server may show one itself: many are their own authority, which webpki
    /// doesn't take for a server's.
    named: Vec<CertificateDer<'static>>,
    any_name: bool,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = if self.named.iter().any(|named| named == end_entity) {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            verify_server_name(&parsed, server_name).map(|()| ServerCertVerified::assertion())
        } else {
            self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match judged {
            // INVARIANT: the name is looked at last, so whoever fails there has passed everything else.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}
