"""Certificates that this program issues itself: by an authority of the stack, or as a placeholder."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from frontdoor.certificates.pairs import Pair, as_name, is_issued_by, pem_of

AUTHORITY_DAYS = 3650
LEAF_DAYS = 90
RENEWED_DAYS_BEFORE = 30
PLACEHOLDER = "No certificate yet"


def placeholder() -> Pair:
    """Return a certificate that no client accepts, so that handshakes work before there is one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(PLACEHOLDER)
    certificate = _builder(name, name, key.public_key(), LEAF_DAYS).sign(key, hashes.SHA256())
    return pem_of([certificate], key)


def is_placeholder(pair: Pair) -> bool:
    """Return whether `placeholder` made this pair."""
    return pair.leaf.subject == _name(PLACEHOLDER)


class InternalAuthority:
    """An authority of the stack. Its certificate is in `ca.pem`, for the clients that trust it."""

    needs_ingress = False

    def __init__(self, root: Path, title: str, names: Sequence[str]) -> None:
        self._file = root / "authority.pem"
        self._public = root / "ca.pem"
        self._title = title
        self._names = names

    def obtain(self, current: Pair | None) -> Pair:
        """Return the current pair if this authority issued it for these names, and if it is valid for
        another month. Otherwise return a new pair.
        """
        authority = self._authority()
        if current is not None and self._is_good(current, authority.leaf):
            return current
        signer = _key_of(authority)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = (
            _builder(_name(self._names[0]), authority.leaf.subject, key.public_key(), LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName([as_name(name) for name in self._names]), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
        )
        return pem_of([leaf.sign(signer, hashes.SHA256())], key)

    def _is_good(self, pair: Pair, authority: x509.Certificate) -> bool:
        until = datetime.now(UTC) + timedelta(days=RENEWED_DAYS_BEFORE)
        return pair.expires > until and pair.covers(self._names) and is_issued_by(pair.leaf, authority)

    def _authority(self) -> Pair:
        """Return the authority. A new authority replaces it before it would expire earlier than its
        certificates.
        """
        pair = Pair(self._file.read_bytes(), self._file.read_bytes()) if self._file.exists() else None
        if pair is None or pair.expires < datetime.now(UTC) + timedelta(days=LEAF_DAYS):
            pair = self._new_authority()
            following = self._file.with_suffix(".new")
            following.touch(mode=0o600)
            following.write_bytes(pair.chain + pair.key)
            following.replace(self._file)
        self._public.write_bytes(pair.leaf.public_bytes(Encoding.PEM))
        return pair

    def _new_authority(self) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        # The day in the name distinguishes it from the previous authority, which clients may still
        # trust.
        name = _name(f"{self._title} {datetime.now(UTC):%Y-%m-%d}")
        certificate = (
            _builder(name, name, key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            # Clients that check strictly refuse an authority without this extension.
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
        )
        return pem_of([certificate.sign(key, hashes.SHA256())], key)


def _key_of(authority: Pair) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(authority.key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the key of the stack's authority is not an elliptic curve key")
    return key


def _name(text: str) -> x509.Name:
    # A common name has at most 64 characters.
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
        # The clock of a client may be slightly behind.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )
