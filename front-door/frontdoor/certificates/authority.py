"""The stack's own authority, for closed networks. Clients must be told to trust its certificate."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from frontdoor.certificates.store import Pair

AUTHORITY_DAYS = 3650
# Shorter than the 398 days that browsers accept.
CERTIFICATE_DAYS = 90
PLACEHOLDER_DAYS = 30
# Clocks of clients may be behind.
EARLIER = timedelta(hours=1)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=days))
    )


def _names(domain: str) -> x509.SubjectAlternativeName:
    loopback = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    names = dict.fromkeys(name for name in (domain, "localhost") if name)
    return x509.SubjectAlternativeName([*(x509.DNSName(name) for name in names), *loopback])


def placeholder(domain: str) -> Pair:
    """Return a certificate that no client trusts, for handshakes before the first real one."""
    key, name = _new_key(), _name("not ready")
    made = _builder(name, name, key.public_key(), PLACEHOLDER_DAYS)
    signed = made.add_extension(_names(domain), critical=False).sign(key, hashes.SHA256())
    return Pair(signed.public_bytes(Encoding.PEM), _pem(key))


class Authority:
    """Issues certificates. Its key stays in the folder, which only this program reads."""

    def __init__(self, folder: Path, title: str) -> None:
        """Load the authority, or create it."""
        self._file = folder / "ca.pem"
        key_file = folder / "ca-key.pem"
        if self._file.exists() and key_file.exists():
            loaded = load_pem_private_key(key_file.read_bytes(), password=None)
            if not isinstance(loaded, ec.EllipticCurvePrivateKey):
                raise ValueError(f"{key_file}: not a key of this program")
            self._key = loaded
            self._certificate = x509.load_pem_x509_certificate(self._file.read_bytes())
            return
        self._key = _new_key()
        self._certificate = self._issue_own(_name(f"{title} authority"))
        key_file.touch(mode=0o600)
        key_file.write_bytes(_pem(self._key))
        self._file.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def issue(self, domain: str) -> Pair:
        """Return a new certificate for the domain and for this host."""
        key = _new_key()
        signed = (
            _builder(
                _name(domain or "localhost"), self._certificate.subject, key.public_key(), CERTIFICATE_DAYS
            )
            .add_extension(_names(domain), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return Pair(signed.public_bytes(Encoding.PEM), _pem(key))

    def issued(self, pair: Pair) -> bool:
        """Return whether this authority issued the certificate."""
        return pair.certificate.issuer == self._certificate.subject

    def _issue_own(self, name: x509.Name) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        return (
            _builder(name, name, self._key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
