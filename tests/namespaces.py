"""Namespaces for tests, and what to do where this machine gives none."""

from __future__ import annotations

import os
import subprocess

import pytest


def unsharing(*flags: str) -> list[str]:
    """The words before a command that give it namespaces of its own, in which it is root.

    Skips the test where the kernel refuses them: in a container without CAP_SYS_ADMIN, in a chroot without root, and
    for users of an Ubuntu that keeps them to programs with a profile.
    """
    words = ["unshare", *flags] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", *flags]
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"{' '.join(words)} is refused here: {tried.stderr.strip()}")
    return words


def unprivileged() -> list[str]:
    """The words before a command that take all privileges from it; who is not root has none."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
