"""What is sent that is no SIP, as the plan has it: made here, heard before, signed with a guess, or in a tunnel."""

from collections.abc import Sequence

from testbed.lab.attack_plan import Passing, StolenBinding, Strange, StunTemplate

IP_IN_IP, UDP, IP6_IN_IP, ESP, DESTINATION_OPTIONS, MOBILITY = 4, 17, 41, 50, 60, 135
"""IP's numbers of what is in it (IANA; RFC 2003, RFC 2473, RFC 4303, RFC 8200 4.6, RFC 6275 6.1)."""


def octets(data: bytes | str, protocol: int = UDP) -> Strange:
    """These bytes; as text they are in hexadecimal, with places."""
    return _part(protocol, octets=data.hex() if isinstance(data, bytes) else data)


def once_more(
    source: str,
    target: str,
    protocol: int = UDP,
    *,
    port: int = 0,
    begins: bytes = b"",
    at: int = 0,
    newest: bool = False,
) -> Strange:
    """A packet that passed, the first of those or the newest."""
    which: Passing = {
        "source": source, "target": target, "protocol": protocol, "port": port, "at": at, "begins": begins.hex(),
        "which": "newest" if newest else "first", "for_s": 0.0,
    }  # fmt: skip
    return _part(protocol, again=which)


def each(source: str, target: str, protocol: int = UDP, *, port: int = 0, for_s: float) -> Strange:
    """All of them that pass from now on, each at once."""
    which: Passing = {
        "source": source, "target": target, "protocol": protocol, "port": port, "at": 0, "begins": "",
        "which": "each", "for_s": for_s,
    }  # fmt: skip
    return _part(protocol, again=which)


def stun(
    method: int, attributes: Sequence[tuple[int, str]], *, key: bytes = b"", has_fingerprint: bool = False
) -> Strange:
    """A request of STUN; values are in hexadecimal, with places."""
    template: StunTemplate = {
        "method": method, "attributes": list(attributes), "key": key.hex(), "has_fingerprint": has_fingerprint,
    }  # fmt: skip
    return _part(UDP, stun=template)


def stolen_binding(home: str, care_of: str, correspondent: str) -> Strange:
    """A Binding Update by the tokens that passed."""
    binding: StolenBinding = {"home": home, "care_of": care_of, "correspondent": correspondent}
    return _part(DESTINATION_OPTIONS, binding=binding)


def spoken() -> Strange:
    """Speech as it is."""
    return _part(UDP)


def tunnelled(protocol: int, source: str, target: str) -> Strange:
    """Speech in a packet of its own, within another."""
    return _part(protocol, inner=(source, target))


def from_home(home: str) -> Strange:
    """Speech behind a home address option."""
    return _part(DESTINATION_OPTIONS, home=home)


def _part(
    protocol: int, *, octets: str = "", stun: StunTemplate | None = None, again: Passing | None = None,
    binding: StolenBinding | None = None, inner: tuple[str, str] | None = None, home: str = "",
) -> Strange:  # fmt: skip
    return {
        "protocol": protocol, "octets": octets, "stun": stun, "again": again, "binding": binding, "inner": inner,
        "home": home,
    }  # fmt: skip
