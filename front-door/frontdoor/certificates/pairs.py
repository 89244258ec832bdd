"""A certificate with its chain and its private key."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


class Unusable(Exception):
    """A certificate that cannot be used or obtained. The message says why."""


@dataclass(frozen=True)
class Pair:
    """A chain, which begins with the certificate of the server, and the key. Both in PEM."""

    chain: bytes
    key: bytes

    @cached_property
    def leaf(self) -> x509.Certificate:
        """The certificate of the server."""
        return x509.load_pem_x509_certificate(self.chain)

    @property
    def expires(self) -> datetime:
        """The end of its validity."""
        return self.leaf.not_valid_after_utc

    @property
    def begins(self) -> datetime:
        """The start of its validity."""
        return self.leaf.not_valid_before_utc

    def covers(self, names: Collection[str]) -> bool:
        """Return whether the certificate is valid for all these host names and IP addresses."""
        try:
            own = self.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return not names
        known = {name.lower() for name in own.get_values_for_type(x509.DNSName)}
        known |= {str(address) for address in own.get_values_for_type(x509.IPAddress)}
        return all({name.lower(), f"*.{name.lower().partition('.')[2]}"} & known for name in names)


def as_name(name: str) -> x509.GeneralName:
    """Return a host name or an IP address in the form that certificates have."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def pem_of(certificates: Collection[x509.Certificate], key: PrivateKeyTypes) -> Pair:
    """Return certificates and a key as a pair."""
    return Pair(
        b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the issuer signed the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def checked(chain: bytes, key: bytes) -> Pair:
    """Return a pair that nginx can use. Raise Unusable with the reason if there is none."""
    now = datetime.now(UTC)
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise Unusable("the certificate is not in PEM (-----BEGIN CERTIFICATE-----)") from error
    try:
        private = load_pem_private_key(key, password=None)
    except TypeError as error:
        raise Unusable("the key has a password; remove it with: openssl pkey -in key.pem") from error
    except ValueError as error:
        raise Unusable("the key is not a private key in PEM (-----BEGIN PRIVATE KEY-----)") from error
    leaf, *issuers = certificates
    if _public(leaf.public_key()) != _public(private.public_key()):
        first = "; the certificate of the server must be the first of the chain" if issuers else ""
        raise Unusable(f"the key does not belong to the certificate of {_subject(leaf)}{first}")
    if leaf.not_valid_after_utc <= now:
        raise Unusable(f"the certificate of {_subject(leaf)} expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if leaf.not_valid_before_utc > now:
        raise Unusable(f"the certificate of {_subject(leaf)} becomes valid on {leaf.not_valid_before_utc}")
    for certificate, issuer in zip(certificates, issuers, strict=False):
        if not is_issued_by(certificate, issuer):
            what = f"{_subject(issuer)} follows {_subject(certificate)}, but did not issue it"
            raise Unusable(f"the chain is not in order: {what}")
    return pem_of(certificates, private)


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "an unnamed subject"
