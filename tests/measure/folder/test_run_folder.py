"""What a run folder says of its network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from testbed.measure import RunFolderError
from testbed.measure.folder.run_folder import read_names
from tests.measure import synthetic

if TYPE_CHECKING:
    from pathlib import Path


def end(node: str, name: str, address: str = "") -> dict[str, str]:
    return {"node": node, "name": name, "address": address}


NETWORK = {
    "nodes": [],
    "access_links": [
        {"node": end("mn", "mn-wifi", "10.1.0.2/24"), "router": end("wifi-gw", "wifi-gw-air", "2001:db8::1/64")},
        {"node": end("mn", "mn-umts", "10.9.0.9/24"), "router": end("umts-gw", "umts-gw-air")},
    ],
    "wires": [{"a": end("core", "core-home", "10.10.0.1/24"), "b": end("home", "home-eth0", "10.10.0.2/24")}],
}


def test_every_address_of_the_network_has_a_name(tmp_path: Path) -> None:
    run = synthetic.begin("reinvite")
    run.event(3000, "mn", "address", link="umts", address="2001:db8:2::2")
    run.event(3000, "cn", "address", link="eth0", address="192.0.2.1")
    folder = run.write(tmp_path / "run")
    ends = {"10.1.0.2": "mn-wifi", "10.2.0.2": "mn-umts", "10.20.0.2": "cn"}
    by_event = {"2001:db8:2::2": "mn-umts"}
    assert read_names(folder) == {**ends, **by_event}
    (folder / "plan.json").write_text(json.dumps({"network": NETWORK}))
    planned = {"10.10.0.1": "core", "10.10.0.2": "home", "2001:db8::1": "wifi-gw", "10.9.0.9": "mn-umts"}
    assert read_names(folder) == {**ends, **planned, **by_event}
    (folder / "events.jsonl").unlink()
    assert read_names(folder) == {**ends, **planned}


@pytest.mark.parametrize("plan", ["{}", "[]", '{"network": {"wires": [], "access_links": [{"node": 1}]}}'])
def test_a_plan_that_is_none(plan: str, tmp_path: Path) -> None:
    folder = synthetic.begin("reinvite").write(tmp_path / "run")
    (folder / "plan.json").write_text(plan)
    with pytest.raises(RunFolderError, match=r"plan\.json: describes no network"):
        read_names(folder)
