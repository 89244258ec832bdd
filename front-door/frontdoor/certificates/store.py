"""The folder with the certificate that the ingress presents.

`current` is a symbolic link to a folder with `fullchain.pem` and `privkey.pem`. A new certificate
gets a new folder, and the link is replaced in one step, so that a handshake never sees the
certificate of one pair and the key of another.
"""

import itertools
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PLACEHOLDER = "placeholder"


@dataclass(frozen=True)
class Pair:
    """A certificate with its chain, and its private key. Both in PEM."""

    chain: bytes
    key: bytes

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself, which comes first in the chain."""
        return x509.load_pem_x509_certificates(self.chain)[0]

    @property
    def expires(self) -> float:
        """The time when the certificate expires, in seconds since 1970."""
        return self.certificate.not_valid_after_utc.timestamp()

    @property
    def names(self) -> frozenset[str]:
        """The host names that the certificate is for."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return frozenset()
        return frozenset(found.value.get_values_for_type(x509.DNSName))

    def covers(self, domain: str) -> bool:
        """Return whether browsers accept the certificate for this name."""
        wildcard = f"*.{domain.partition('.')[2]}"
        return bool({domain.lower(), wildcard.lower()} & {name.lower() for name in self.names})


def checked(chain: bytes, key: bytes) -> Pair:
    """Return a pair that a server can present, or raise ValueError with what is wrong."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise ValueError("tlsCertificate: there is no certificate in PEM") from error
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("tlsKey: there is no private key in PEM without a passphrase") from error
    if private.public_key() != certificates[0].public_key():
        raise ValueError("tlsKey: it is not the key of the first certificate in tlsCertificate")
    pair = Pair(chain, key)
    if pair.expires <= time.time():
        raise ValueError(f"tlsCertificate: it expired on {certificates[0].not_valid_after_utc:%Y-%m-%d}")
    for certificate, issuer in itertools.pairwise(certificates):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError) as error:
            raise ValueError(
                "tlsCertificate: each certificate must be followed by that of its issuer, but "
                f"{issuer.subject.rfc4514_string()} did not issue {certificate.subject.rfc4514_string()}"
            ) from error
    return pair


class Folder:
    """Reads and replaces the certificate of the ingress."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._link = path / "current"

    def current(self) -> Pair | None:
        """Return the pair that the ingress presents."""
        try:
            return Pair(
                (self._link / "fullchain.pem").read_bytes(), (self._link / "privkey.pem").read_bytes()
            )
        except OSError:
            return None

    @property
    def source(self) -> str:
        """Where the current pair is from. "" if there is none."""
        target = self._link.readlink().name if self._link.is_symlink() else ""
        return target.rpartition("-")[0]

    def present(self, pair: Pair, source: str) -> None:
        """Let the ingress present this pair from its next handshake on."""
        before = self._link.resolve() if self._link.is_symlink() else None
        folder = self._path / f"{source}-{time.time_ns()}"
        # The group is that of nginx, which must not write.
        folder.mkdir(mode=0o750)
        for name, content in (("fullchain.pem", pair.chain), ("privkey.pem", pair.key)):
            file = folder / name
            file.touch(mode=0o640)
            file.write_bytes(content)
            with file.open("rb") as written:
                os.fsync(written.fileno())
        new = self._path / "next"
        new.unlink(missing_ok=True)
        new.symlink_to(folder.name)
        new.replace(self._link)
        if before and before.parent == self._path.resolve() and before != folder.resolve():
            shutil.rmtree(before, ignore_errors=True)
