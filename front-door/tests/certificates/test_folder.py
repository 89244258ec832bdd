import time
from pathlib import Path

import pytest

from frontdoor.certificates.folder import MARGIN_SECONDS, SLOT_SECONDS, SLOTS, Folder, seconds_until_unused
from tests.certificates.support import pair


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_764_158_401.0
        self.slept: list[float] = []
        self.ends_after = 100
        monkeypatch.setattr(time, "time", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        if len(self.slept) == self.ends_after:
            raise SystemExit(0)
        self.slept.append(seconds)
        self.now += seconds

    def slot(self) -> str:
        return SLOTS[int(self.now) // SLOT_SECONDS % 2]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_first_pair_is_there_at_once(tmp_path: Path, clock: Clock) -> None:
    first = pair()
    Folder(tmp_path).publish(first)
    assert Folder(tmp_path).current() == first
    assert clock.slept == []
    for slot in SLOTS:
        for name in ("fullchain.pem", "privkey.pem"):
            assert (tmp_path / slot / name).stat().st_mode & 0o777 == 0o640


def test_one_slot_is_replaced_while_nginx_reads_the_other(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.publish(pair())
    replaced: list[tuple[str, str]] = []
    original = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target.parent == tmp_path:
            replaced.append((target.name, clock.slot()))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    second = pair()
    folder.publish(second)
    assert replaced == [("even", "odd"), ("odd", "even")]
    assert folder.current() == second
    assert len(list((tmp_path / "versions").iterdir())) == 1
    folder.publish(second)
    assert len(replaced) == 2


def test_a_change_that_was_interrupted_is_completed(tmp_path: Path, clock: Clock) -> None:
    folder = Folder(tmp_path)
    folder.publish(pair())
    second = pair()
    clock.ends_after = 1
    with pytest.raises(SystemExit):
        folder.publish(second)
    assert (tmp_path / "even").readlink() != (tmp_path / "odd").readlink()
    clock.ends_after = 100
    folder.publish(second)
    assert (tmp_path / "even").readlink() == (tmp_path / "odd").readlink()


@pytest.mark.parametrize("slot", [0, 1])
def test_the_wait_ends_while_the_other_slot_is_in_use(slot: int) -> None:
    for tenth in range(400):
        now = 1_764_158_400 + tenth / 10
        wait = seconds_until_unused(slot, now)
        then = now + wait
        assert int(then) // SLOT_SECONDS % 2 == 1 - slot
        inside = then % SLOT_SECONDS
        assert MARGIN_SECONDS - 1e-3 <= inside <= SLOT_SECONDS - MARGIN_SECONDS + 1e-3
        assert wait < SLOT_SECONDS * 2
