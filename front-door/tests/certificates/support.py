"""Certificates for the tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from frontdoor.certificates.pairs import Pair, as_name, pem_of

Key = ec.EllipticCurvePrivateKey
Issuer = tuple[x509.Certificate, Key]


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    subject: str,
    key: Key,
    issuer: Issuer | None = None,
    names: Sequence[str] = (),
    begins: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=60),
) -> x509.Certificate:
    """Return a certificate, which is self-signed without an issuer."""
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer[0].subject if issuer else own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([as_name(name) for name in names]), False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def pair(
    subject: str = "rag.example.org",
    begins: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=60),
) -> Pair:
    key = new_key()
    return pem_of([certificate(subject, key, names=[subject], begins=begins, ends=ends)], key)
