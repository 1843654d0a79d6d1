"""A handover of an address that is kept below the call: paths are those of tunnels, signalling is registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.result.run import measure_run
from tests.measure import kept_address
from tests.measure.synthetic import CN_FIRST_MS, PACKETS

if TYPE_CHECKING:
    from pathlib import Path


def test_packets_in_tunnels_are_on_the_path_of_the_tunnel(tmp_path: Path) -> None:
    result = measure_run(kept_address.moved_run().write(tmp_path / "run"))
    to_mn, to_cn = (result["media"][way] for way in ("to_mn", "to_cn"))
    assert (to_mn["sent"], to_mn["lost"], to_mn["path_step_ms"], to_mn["gap_ms"]) == (700, 0, 108.0, 108.0)
    assert to_mn["paths"]["wifi"]["packets"] + to_mn["paths"]["umts"]["packets"] == 700
    assert [to_mn["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0]
    # Five of the uplink come to the agent from an address that is bound no longer: one every 20 ms for 112 ms.
    assert (to_cn["sent"], to_cn["lost"], to_cn["lost_in_window"]) == (700, 5, 5)
    assert to_cn["gap_ms"] == 5 * 20 + 108.0


def test_what_moved_it_is_its_registration(tmp_path: Path) -> None:
    result = measure_run(kept_address.moved_run().write(tmp_path / "run"))
    (handover,) = result["handovers"]
    told = ("outcome", "old_path", "new_path", "status", "kind")
    assert [handover[name] for name in told] == ["done", "wifi", "umts", 0, "signal"]
    assert handover["phases_ms"] | {"detect": None} == {
        "detect": None, "attach": 0.0, "address": 0.0, "signalling": 220.0, "media": pytest.approx(-2.5, abs=20),
    }  # fmt: skip
    signalling = handover["signalling"]
    assert (signalling["delay_ms"], signalling["mobility_messages"], signalling["mobility_bytes"]) == (220.0, 2, 88)
    assert result["signalling"]["mobility"] == {"protocol": "Mobile IPv4", "messages": 4, "bytes": 176}
    assert result["signalling"]["setup_ms"] == 8.0
    assert result["cost"]["tunnel_bytes_per_packet"] == 20.0
    assert result["warnings"] == []


def test_a_refused_registration_moves_nothing(tmp_path: Path) -> None:
    result = measure_run(kept_address.moved_run(refused=True).write(tmp_path / "run"))
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["status"], handover["new_path"]) == ("refused", 130, None)
    assert "no handover took place: the one to umts was refused (130): the call stayed on wifi" in result["warnings"]
    assert result["media"]["to_mn"]["lost"] == result["media"]["to_cn"]["lost"] == 0


def test_a_home_agent_that_is_silent_is_told_of(tmp_path: Path) -> None:
    run = kept_address.moved_run(refused=True)
    del run.captured["mn-umts"][1:]  # the reply, which is all that came by UMTS
    result = measure_run(run.write(tmp_path / "run"))
    assert result["handovers"][0]["outcome"] == "unanswered"
    told = "no handover took place: the registration to umts was never answered: the call stayed on wifi"
    assert told in result["warnings"]


def test_what_moves_before_the_call_or_after_it_is_none_of_its_handovers(tmp_path: Path) -> None:
    run = kept_address.moved_run()
    for at_ms in (300, 16_500):
        run.event(at_ms, "mobility", "trigger", kind="signal", link="umts", to="wifi")
    result = measure_run(run.write(tmp_path / "run"))
    assert [one["new_path"] for one in result["handovers"]] == ["umts"]


def test_an_address_that_the_node_says_it_has_moved_has_moved(tmp_path: Path) -> None:
    """Every packet goes over both: nothing new ever comes by the slower one, and no message is needed."""
    run = kept_address.begin("kept-twice")
    run.register(200, link="umts")
    run.event(6000, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    run.event(6000, "mobility", "handover_done", link="umts")
    for k in range(PACKETS):
        for link in ("wifi", "umts"):
            run.media(k, link=link, to_mn=True)
            run.media(k, link=link, to_mn=False)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    result = measure_run(run.write(tmp_path / "run"))
    assert [one["outcome"] for one in result["handovers"]] == ["done"]
    assert result["media"]["to_mn"]["duplicates"] == 700
    assert result["cost"]["extra_percent"] == pytest.approx(98, abs=2)


def test_what_a_router_sends_on_over_another_link_is_on_that_path_and_not_lost(tmp_path: Path) -> None:
    """In a tunnel within a tunnel, for half a second: its path is that of the MN's interface, whatever it was for."""
    run = kept_address.begin("kept-fast")
    run.event(6000, "mobility", "trigger", kind="signal", link="wifi", to="umts")
    registered = run.register(6100, link="umts")
    run.event(registered, "mobility", "handover_done", link="umts")
    for k in range(PACKETS):
        sent = CN_FIRST_MS + 20 * k
        run.sent_on = "umts" if 6000 <= sent < 6500 else ""
        run.media(k, link="wifi" if sent < 6500 else "umts", to_mn=True)
        run.media(k, link="wifi" if sent < registered else "umts", to_mn=False)
    run.bye(16_200, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"))
    to_mn = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    assert (to_mn["lost"], to_mn["late"], to_mn["gap_ms"]) == (0, 0, 108.0)
    assert [one["lost"] for one in to_mn["paths"].values()] == [0, 0]
    before = sum(CN_FIRST_MS + 20 * k < 6000 for k in range(PACKETS))
    assert [to_mn["paths"][link]["packets"] for link in ("wifi", "umts")] == [before, PACKETS - before]
    assert {one["sent"] - one["packets"] for one in to_mn["paths"].values()} == {0}
    assert [to_mn["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0]


def test_what_is_in_packets_that_nobody_can_read_is_known_by_their_numbers(tmp_path: Path) -> None:
    """One packet of the MN is lost on the WiFi, and one never left: its turn is known by the others."""
    result = measure_run(kept_address.hidden_run().write(tmp_path / "run"))
    to_mn, to_cn = (result["media"][way] for way in ("to_mn", "to_cn"))
    assert (to_mn["sent"], to_mn["lost"], to_mn["path_step_ms"], to_mn["gap_ms"]) == (700, 0, 108.0, 108.0)
    assert (to_cn["sent"], to_cn["lost"], to_cn["path_step_ms"], to_cn["gap_ms"]) == (700, 2, 108.0, 108.0)
    assert [to_mn["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0]
    assert to_cn["paths"]["wifi"]["lost"] == 1
    (handover,) = result["handovers"]
    assert [handover[name] for name in ("outcome", "old_path", "new_path")] == ["done", "wifi", "umts"]
    assert result["signalling"]["mobility"] == {"protocol": "WireGuard", "messages": 2, "bytes": 240}
    # 28 of IP and UDP, 16 + 16 of the message; a packet of G.711 has 200 bytes, and is filled up to 208.
    assert result["cost"]["tunnel_bytes_per_packet"] == pytest.approx(28 + 32 + 8)


def test_hidden_packets_that_were_not_seen_in_clear_are_told_of(tmp_path: Path) -> None:
    run = kept_address.hidden_run()
    del run.captured["mn-wg"]
    result = measure_run(run.write(tmp_path / "run"))
    assert any("WireGuard (encrypted)" in warning for warning in result["warnings"])


def test_a_protocol_that_is_not_known_is_refused(tmp_path: Path) -> None:
    run = kept_address.hidden_run()
    run.keeping["kept_by"] = "telepathy"
    with pytest.raises(RunFolderError, match=r"roles\.mn\.kept_by is 'telepathy', and should be one of Mobile IP"):
        measure_run(run.write(tmp_path / "run"))


def test_packets_that_are_bare_at_the_node_are_on_the_path_of_its_interface(tmp_path: Path) -> None:
    """And in the tunnels between gateways and home agent on that of the gateway: nothing is in one over the air."""
    result = measure_run(kept_address.proxied_run().write(tmp_path / "run"))
    to_mn, to_cn = (result["media"][way] for way in ("to_mn", "to_cn"))
    assert (to_mn["sent"], to_mn["lost"], to_mn["path_step_ms"], to_mn["gap_ms"]) == (700, 0, 108.0, 108.0)
    assert (to_cn["sent"], to_cn["lost"], to_cn["path_step_ms"], to_cn["gap_ms"]) == (700, 1, 108.0, 128.0)
    for media in (to_mn, to_cn):
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
        assert [media["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0]
    assert [one["lost"] for one in to_cn["paths"].values()] == [0, 1]
    assert result["cost"]["tunnel_bytes_per_packet"] == 0.0
    (handover,) = result["handovers"]
    assert [handover[name] for name in ("outcome", "old_path", "new_path")] == ["done", "wifi", "umts"]


@pytest.mark.parametrize("gateways", [["10.0.1.2"], {"wifi": 1}])
def test_gateways_that_are_no_addresses_by_link_are_refused(tmp_path: Path, gateways: object) -> None:
    run = kept_address.proxied_run()
    run.keeping["gateways"] = gateways
    with pytest.raises(RunFolderError, match=r"roles\.mn\.gateways is .*, and should be addresses by link"):
        measure_run(run.write(tmp_path / "run"))


def test_packets_in_two_tunnels_are_on_the_path_of_the_outer_one_as_far_as_the_anchor_point(tmp_path: Path) -> None:
    """What ends there was lost on its link, and what is in one tunnel at home is on the same path."""
    result = measure_run(kept_address.pointed_run().write(tmp_path / "run"))
    to_mn, to_cn = (result["media"][way] for way in ("to_mn", "to_cn"))
    assert (to_mn["sent"], to_mn["lost"], to_mn["path_step_ms"], to_mn["gap_ms"]) == (700, 1, 108.0, 108.0)
    assert (to_cn["sent"], to_cn["lost"], to_cn["path_step_ms"], to_cn["gap_ms"]) == (700, 5, 108.0, 108.0 + 5 * 20)
    for media in (to_mn, to_cn):
        assert media["paths"]["wifi"]["packets"] + media["paths"]["umts"]["packets"] == media["received"]
        assert [media["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0]
    assert [one["lost"] for one in to_mn["paths"].values()] == [0, 1]
    assert result["cost"]["tunnel_bytes_per_packet"] == 40.0
    (handover,) = result["handovers"]
    assert [handover[name] for name in ("outcome", "old_path", "new_path")] == ["done", "wifi", "umts"]
