"""The folder from which nginx reads the certificate and the key at each handshake.

nginx opens the two files one after the other. If both changed between the two reads, the key would
not belong to the certificate, and the handshake would fail. So there are two slots. nginx reads
from one of them for ten seconds, then from the other. A slot is replaced while nginx reads from the
other one.
"""

import hashlib
import shutil
import time
from pathlib import Path

from frontdoor.certificates.pairs import Pair

# The map in config/services/nginx-tls.ts has these names, and the same seconds.
SLOTS = ("even", "odd")
SLOT_SECONDS = 10
# The margin around a change of slots, because the time in nginx is slightly old and a handshake
# takes some time.
MARGIN_SECONDS = 2


class Folder:
    """The slots below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def current(self) -> Pair | None:
        """Return the pair that nginx reads, or None before the first one."""
        slot = self._root / SLOTS[0]
        if not slot.exists():
            return None
        return Pair((slot / "fullchain.pem").read_bytes(), (slot / "privkey.pem").read_bytes())

    def publish(self, pair: Pair) -> None:
        """Make nginx read this pair. This takes up to half a minute if nginx now reads another
        pair.
        """
        version = self._written(pair)
        for number, name in enumerate(SLOTS):
            slot = self._root / name
            if slot.is_symlink() and slot.readlink() == version.relative_to(self._root):
                continue
            if slot.exists():
                time.sleep(seconds_until_unused(number, time.time()))
            following = self._root / f".{name}"
            following.unlink(missing_ok=True)
            following.symlink_to(version.relative_to(self._root))
            following.replace(slot)
        for other in version.parent.iterdir():
            if other != version:
                shutil.rmtree(other)

    def _written(self, pair: Pair) -> Path:
        """Return the folder with the files of a pair. Its name follows from their content."""
        versions = self._root / "versions"
        version = versions / hashlib.sha256(pair.chain + pair.key).hexdigest()[:16]
        if not version.exists():
            unfinished = versions / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            for name, content in (("fullchain.pem", pair.chain), ("privkey.pem", pair.key)):
                file = unfinished / name
                file.write_bytes(content)
                file.chmod(0o640)
            unfinished.rename(version)
        return version


def seconds_until_unused(slot: int, now: float) -> float:
    """Return the seconds until nginx surely reads from the other slot."""
    cycle = SLOT_SECONDS * len(SLOTS)
    begin = ((slot + 1) % len(SLOTS)) * SLOT_SECONDS + MARGIN_SECONDS
    passed = (now - begin) % cycle
    return 0 if passed <= SLOT_SECONDS - 2 * MARGIN_SECONDS else cycle - passed
