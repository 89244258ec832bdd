"""The processors that this container may use."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cpus(cgroup: Path = CGROUP) -> int:
    """Return the limit of the container, rounded up, or the number of processors without one.

    `os.cpu_count` counts the processors of the host.
    """
    available = len(os.sched_getaffinity(0))
    quota = _quota(cgroup)
    return max(1, min(available, math.ceil(quota))) if quota else available


def _quota(cgroup: Path) -> float:
    """Return the limit in processors, or 0 if there is none.

    Version 2 of cgroups has one file for it, version 1 has two.
    """
    for files in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = " ".join((cgroup / file).read_text() for file in files).split()
            return 0 if quota in ("max", "-1") else int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return 0
