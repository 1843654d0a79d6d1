"""A Wireshark profile for runs: colours of the paths, columns, names, buttons, the Handover header as a field.

A profile is a folder of small text files (Wireshark User's Guide, appendix B); their syntax is that of Wireshark 4.0.
It fits every run with the same nodes and links, because its filters go by the names that run.pcapng brings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testbed.measure.run_folder import Manifest

TEMPLATES = Path(__file__).parent / "templates" / "wireshark"
RECENT = "recent"
"""The file of a profile that Wireshark itself writes anew whenever it ends."""

COLUMNS = (
    ("No.", "%m", 65),
    ("Time", "%Rt", 85),
    ("Interface", "%Cus:frame.interface_name:0:R", 115),
    ("Source", "%rs", 90),
    ("Destination", "%rd", 95),
    ("Protocol", "%p", 75),
    ("RTP seq", "%Cus:rtp.seq:0:R", 75),
    ("SIP", "%Cus:sip.CSeq.method or sip.Status-Code:0:R", 95),
    ("Call-ID", "%Cus:sip.Call-ID:0:R", 130),
    ("Timeline", "%Cus:frame.comment:0:R", 300),
    ("Info", "%i", 420),
)
"""Title, content as `tshark -G column-formats` lists it, width in pixels."""

TIMELINE = "frame.comment"


@dataclass(frozen=True, slots=True)
class Shades:
    """Colours of a path: rows of media to the MN and from it, lines of a graph for the same."""

    to_row: str
    from_row: str
    to_line: str
    from_line: str


# Hues that those tell apart, too, who see no red or no green; within one, brightness tells the direction.
SHADES = (
    Shades("d6e6f7", "9cc4ea", "08519c", "6baed6"),
    Shades("fee6ce", "fdbe85", "a63603", "fd8d3c"),
    Shades("e0f3ee", "99d8c9", "00441b", "41ae76"),
    Shades("efedf5", "bcbddc", "3f007d", "807dba"),
)


@dataclass(frozen=True, slots=True)
class PathRules:
    """One path of the call: its link, and display filters for it."""

    link: str
    every: str
    media_to: str
    media_from: str
    arriving: tuple[tuple[str, str], ...]
    shades: Shades


def profile_name(manifest: Manifest) -> str:
    """Return what the profile for a run is called: like the links of its MN."""
    return "testbed-" + "-".join(re.sub(r"[^A-Za-z0-9_.]", "_", link) for link in manifest.links)


def profile(manifest: Manifest) -> dict[str, str]:
    """Return the files of the profile for a run, by name."""
    mobile = next(iter(manifest.mn.interfaces.values())).partition("-")[0]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Wireshark's settings, no HTML
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(ink=_ink, quoted=_quoted)
    known = {
        "mobile": mobile,
        "paths": paths(manifest),
        "buttons": _buttons(manifest, mobile),
        "columns": COLUMNS,
        "timeline": TIMELINE,
    }
    return {
        path.stem: environment.get_template(path.name).render(known) for path in sorted(TEMPLATES.glob("*.j2"))
    }


def paths(manifest: Manifest) -> list[PathRules]:
    """Return the paths of a run's call, in the manifest's order."""
    found = []
    for number, (link, interface) in enumerate(manifest.mn.interfaces.items()):
        media_to, media_from = (f"(rtp || rtcp) && {_has_host(interface, end)}" for end in ("dst_", "src_"))
        far = manifest.relay or manifest.cn
        arriving = (
            (f"{link}, to the MN", f"{_seen_at([interface])} && rtp && {_has_host(interface, 'dst_')}"),
            (f"{link}, from the MN", f"{_seen_at(far.interfaces.values())} && rtp && {_has_host(interface, 'src_')}"),
        )
        shades = SHADES[number % len(SHADES)]
        found.append(PathRules(link, _has_host(interface), media_to, media_from, arriving, shades))
    return found


def _buttons(manifest: Manifest, mobile: str) -> list[tuple[str, str, str]]:
    """Return label, display filter and purpose of the buttons beside the filter."""
    far = {node: node.partition("-")[0] for node in manifest.cn.interfaces.values()}
    ends = [*manifest.mn.interfaces.values(), *far]
    return [
        (f"at {mobile}", _seen_at(manifest.mn.interfaces.values()), "what the MN's interfaces saw"),
        *((f"at {node}", _seen_at([interface]), "what the CN's interface saw") for interface, node in far.items()),
        *((path.link, path.every, f"all packets from and to the MN's address on {path.link}") for path in paths(manifest)),
        ("SIP", f"sip && {_seen_at(ends)}", "all SIP, at the two ends of the call alone"),
        ("Handover", "sip.Handover", "requests that name the dialog that is handed over"),
        ("timeline", TIMELINE, "packets that carry events of the timeline"),
    ]


def _has_host(name: str, end: str = "") -> str:
    """Return a filter for packets of a named address; `end` is 'src_', 'dst_', or '' for either."""
    return f'(ip.{end}host == "{name}" || ipv6.{end}host == "{name}")'


def _seen_at(interfaces: Iterable[str]) -> str:
    return "frame.interface_name in {" + ", ".join(f'"{name}"' for name in interfaces) + "}"


def _ink(colour: str) -> str:
    """Return a colour as colorfilters have it: 16 bits each of red, green, blue."""
    return ",".join(str(byte * 257) for byte in bytes.fromhex(colour))


def _quoted(text: str) -> str:
    r"""Return a field of a user-accessible table: in quotes, what would end it as \x22."""
    return '"' + "".join(f"\\x{ord(one):02x}" if one in '"\\' else one for one in text) + '"'
