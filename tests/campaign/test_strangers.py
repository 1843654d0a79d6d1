"""Workers that are not what made an order are refused by name, before they carry anything out."""

from __future__ import annotations

import pytest

from testbed.campaign.cluster import check
from testbed.campaign.errors import StrangerError
from testbed.campaign.fulfilling import check_guest, check_versions
from testbed.runner import own_versions

OTHER = {**own_versions(), "code_sha256": "0123456789abcdef0123"}


def test_worker_of_another_version_is_refused_by_its_address() -> None:
    check({"tcp://one:1": ("one", own_versions())})
    with pytest.raises(StrangerError) as found:
        check({"tcp://one:1": ("one", own_versions()), "tcp://two:1": ("two", OTHER)})
    ours = own_versions()["code_sha256"][:16]
    assert str(found.value) == (
        "worker tcp://two:1 on two refused: its code_sha256 is 0123456789abcdef, and here it is"
        f" {ours}; install the same there"
    )


def test_worker_without_the_package_is_refused() -> None:
    with pytest.raises(
        StrangerError, match=r"tcp://two:1 refused: it has not this package \(No module named 'testbed'"
    ):
        check({"tcp://two:1": ModuleNotFoundError("No module named 'testbed'")})


def test_order_of_another_version_or_guest_is_refused_where_it_comes_to() -> None:
    python = {**own_versions(), "python": "4"}
    check_versions(python)
    with pytest.raises(StrangerError, match=r"refused: its code_sha256 is .*, and should be 0123456789abcdef; install"):
        check_versions(OTHER)
    check_guest({"kernel_sha256": "ab", "image_sha256": "cd"}, {"kernel_sha256": "ab"})
    with pytest.raises(StrangerError, match="refused: its guest's kernel_sha256 is ab, and should be ef"):
        check_guest({"kernel_sha256": "ab"}, {"kernel_sha256": "ef"})
