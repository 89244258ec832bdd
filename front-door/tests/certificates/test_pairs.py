from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from frontdoor.certificates.pairs import Pair, Unusable, checked, pem_of
from tests.certificates.support import certificate, new_key, pair


def chain_of_three() -> tuple[list[bytes], bytes]:
    """Return the certificates of a server, an intermediate and a root, and the server's key."""
    root_key, middle_key, key = new_key(), new_key(), new_key()
    root = certificate("root", root_key)
    middle = certificate("middle", middle_key, (root, root_key))
    leaf = certificate("rag.example.org", key, (middle, middle_key), ["rag.example.org"])
    return [one.public_bytes(Encoding.PEM) for one in (leaf, middle, root)], pem_of([leaf], key).key


def test_a_chain_in_order_is_kept() -> None:
    chain, key = chain_of_three()
    assert checked(b"".join(chain), key) == Pair(b"".join(chain), key)


def test_text_around_the_blocks_is_left_out() -> None:
    given = pair()
    assert checked(b"subject=/CN=x\n" + given.chain, b"\n" + given.key + b"\n\n") == given


@pytest.mark.parametrize(("order", "reason"), [((0, 2, 1), "not in order"), ((1, 0, 2), "must be the first")])
def test_a_chain_out_of_order_is_refused(order: tuple[int, ...], reason: str) -> None:
    chain, key = chain_of_three()
    with pytest.raises(Unusable, match=reason):
        checked(b"".join(chain[index] for index in order), key)


def test_a_key_of_another_certificate_is_refused() -> None:
    with pytest.raises(
        Unusable, match=r"the key does not belong to the certificate of CN=rag\.example\.org$"
    ):
        checked(pair().chain, pair().key)


def test_a_key_with_a_password_is_refused() -> None:
    key = new_key()
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    with pytest.raises(Unusable, match="openssl pkey"):
        checked(pem_of([certificate("x", key)], key).chain, locked)


@pytest.mark.parametrize(
    ("one", "reason"),
    [(pair(ends=timedelta(hours=-1)), "expired on"), (pair(begins=timedelta(days=1)), "becomes valid on")],
)
def test_a_certificate_outside_its_validity_is_refused(one: Pair, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        checked(one.chain, one.key)


@pytest.mark.parametrize(
    ("chain", "key", "reason"),
    [(b"", None, "the certificate is not in PEM"), (None, b"-----BEGIN", "the key is not a private key")],
)
def test_text_that_is_not_pem_is_refused(chain: bytes | None, key: bytes | None, reason: str) -> None:
    good = pair()
    with pytest.raises(Unusable, match=reason):
        checked(good.chain if chain is None else chain, good.key if key is None else key)


@pytest.mark.parametrize(
    ("names", "asked", "covered"),
    [
        (["rag.example.org"], "RAG.example.org", True),
        (["*.example.org"], "rag.example.org", True),
        (["*.example.org"], "a.rag.example.org", False),
        (["*.example.org"], "example.org", False),
        (["10.0.0.5"], "10.0.0.5", True),
        ([], "rag.example.org", False),
    ],
)
def test_a_certificate_covers_its_names(names: list[str], asked: str, covered: bool) -> None:
    key = new_key()
    assert pem_of([certificate("x", key, names=names)], key).covers([asked]) is covered
