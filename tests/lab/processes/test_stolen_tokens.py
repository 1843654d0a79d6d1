"""A binding by overheard tokens. Oracle: the correspondent's own role takes it, and takes none with a byte changed."""

from __future__ import annotations

from random import Random

import pytest

from agents.mip6.mobility_header import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit, MessageEnds, packed, parsed
from agents.roles.mobility.ip6.binding_correspondent import BindingCorrespondent
from agents.roles.role import MobilityPacket, Tell
from testbed.lab.processes.stolen_tokens import binding_by_tokens

HOME, HERE, CN = "2001:db8:a0a::a0a:fe", "2001:db8:a42::a42:2", "2001:db8:a14::a14:2"
OPTION_BYTES = 24
STOLEN = {"home": HOME, "care_of": HERE, "correspondent": CN}


def heard_of(role: BindingCorrespondent) -> dict[str, str]:
    """What a tap hears when both addresses are tested."""
    known = {f"{HOME}>{CN}/mobility/5/sequence": "65535"}
    for source, asked in ((HOME, HomeTestInit(b"homehome")), (HERE, CareOfTestInit(b"herehere"))):
        data = packed(asked, MessageEnds(source, CN))
        role.receive_report({"report": "mobility", "packet": MobilityPacket(source, CN, data)}, now=1.0)
    for command in drained(role):
        if isinstance(command, MobilityPacket):
            answer = parsed(command.message, None).message
            assert isinstance(answer, HomeTest | CareOfTest)
            key = f"{CN}>{command.destination}/mobility/{answer.kind}"
            known |= {f"{key}/index": str(answer.nonce_index), f"{key}/token": answer.token.hex()}
    return known


def drained(role: BindingCorrespondent) -> list[object]:
    found: list[object] = []
    while (command := role.next_command()) is not None:
        found.append(command)
    return found


@pytest.mark.parametrize(("changed", "told"), [("", "bound"), (f"{CN}>{HOME}/mobility/3/token", "discarded")])
def test_both_tokens_bind_the_address_and_one_alone_does_not(changed: str, told: str) -> None:
    role = BindingCorrespondent({"address": CN}, Random(1))
    drained(role)
    known = heard_of(role)
    if changed:
        known[changed] = "00" * 8
    data = binding_by_tokens(STOLEN, known)[OPTION_BYTES:]  # type: ignore[arg-type]
    packet = MobilityPacket(HERE, CN, data, source_home=HOME)
    role.receive_report({"report": "mobility", "packet": packet}, now=1.5)
    assert [one.event for one in drained(role) if isinstance(one, Tell)] == [told]


def test_what_was_not_overheard_is_not_made() -> None:
    with pytest.raises(KeyError):
        binding_by_tokens(STOLEN, {})  # type: ignore[arg-type]
