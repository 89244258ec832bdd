"""Where the certificate of the ingress comes from."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from frontdoor.certificates.authority import InternalAuthority
from frontdoor.certificates.pairs import Pair, Unusable, checked
from frontdoor.certificates.public_authority import LETS_ENCRYPT, PublicAuthority


class Source(Protocol):
    """A source of certificates."""

    @property
    def needs_ingress(self) -> bool:
        """Whether the source needs a running ingress, which starts only when this program is
        healthy.
        """

    def obtain(self, current: Pair | None) -> Pair:
        """Return the pair that the ingress should have. Raise Unusable if there is none."""


class Files:
    """The secrets `tlsCertificate` and `tlsKey` of the stack."""

    needs_ingress = False

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._certificate = folder / "tls-certificate"
        self._key = folder / "tls-key"
        self._names = names

    def obtain(self, current: Pair | None) -> Pair:  # noqa: ARG002
        """Return the pair. Raise Unusable if nginx could not use the pair."""
        pair = checked(self._certificate.read_bytes(), self._key.read_bytes())
        missing = [name for name in self._names if not pair.covers([name])]
        if missing:
            raise Unusable(f"the certificate is not valid for {', '.join(missing)}")
        return pair


def source_named(name: str, root: Path, secrets: Path = Path("/run/secrets")) -> Source:
    """Return the source that the environment describes."""
    domain = os.environ.get("CERTIFICATES_DOMAIN", "")
    names = [domain, *os.environ.get("CERTIFICATES_NAMES", "").split()] if domain else []
    if name == "files":
        return Files(secrets, names)
    if name == "internal":
        title = os.environ.get("CERTIFICATES_TITLE", "Ragdock")
        return InternalAuthority(root, title, [*names, "localhost", "127.0.0.1"])
    if name == "acme" and domain:
        email = os.environ.get("CERTIFICATES_EMAIL", "")
        server = os.environ.get("CERTIFICATES_ACME_SERVER") or LETS_ENCRYPT
        host, _, port = os.environ.get("CERTIFICATES_INGRESS", "").rpartition(":")
        return PublicAuthority(root, names, email, server, (host, int(port)) if host else None)
    raise ValueError(
        f"CERTIFICATES_SOURCE={name}, CERTIFICATES_DOMAIN={domain}: the source must be files, internal, "
        "or acme with a domain"
    )
