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

    from testbed.measure.folder.run_folder import Event, Manifest

TEMPLATES = Path(__file__).parents[1] / "pages" / "templates" / "wireshark"
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
TRIGGER = f'{TIMELINE} contains ": trigger "'
"""As `testbed.report.one_run.run_capture` writes the event."""


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


@dataclass(frozen=True, slots=True)
class TsharkQuestion:
    """Something to ask a run's capture with tshark: what it tells, and tshark's options beside the file's."""

    tells: str
    options: tuple[str, ...]


def profile_name(manifest: Manifest) -> str:
    """Return what the profile for a run is called: like the links of its MN."""
    return "-".join(("testbed", *(_plain(link) for link in manifest.links)))


def profile(manifest: Manifest) -> dict[str, str]:
    """Return the files of the profile for a run, by name."""
    mobile = _plain(next(iter(manifest.mn.interfaces.values()), "mn").partition("-")[0])
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
        "trigger": TRIGGER,
    }
    return {path.stem: environment.get_template(path.name).render(known) for path in sorted(TEMPLATES.glob("*.j2"))}


def paths(manifest: Manifest) -> list[PathRules]:
    """Return the paths of a run's call, in the manifest's order."""
    found = []
    for number, (link, interface) in enumerate((_plain(a), _plain(b)) for a, b in manifest.mn.interfaces.items()):
        media_to, media_from = (f"(rtp || rtcp) && {_has_host(interface, end)}" for end in ("dst_", "src_"))
        far = manifest.relay or manifest.cn
        arriving = (
            (f"{link}, to the MN", f"{_seen_at([interface])} && rtp && {_has_host(interface, 'dst_')}"),
            (f"{link}, from the MN", f"{_seen_at(far.interfaces.values())} && rtp && {_has_host(interface, 'src_')}"),
        )
        shades = SHADES[number % len(SHADES)]
        found.append(PathRules(link, _has_host(interface), media_to, media_from, arriving, shades))
    return found


def questions(manifest: Manifest) -> list[TsharkQuestion]:
    """Return what to ask tshark, with the profile, of a run: what one would look at first in Wireshark."""
    at_mn = _seen_at(manifest.mn.interfaces.values())
    fields = ("-T", "fields", "-e", "frame.time_relative", "-e", "frame.interface_name")
    return [
        TsharkQuestion(
            "the MN's INVITEs, over which link, and the dialog that the Handover header names",
            ("-Y", f'sip.Method == "INVITE" && {at_mn}', *fields, "-e", "sip.Call-ID", "-e", "sip.Handover"),
        ),
        TsharkQuestion("RTP streams as the MN's interfaces saw them", ("-2", "-R", at_mn, "-q", "-z", "rtp,streams")),
        *(
            TsharkQuestion(f"media over {path.link} as they come to the MN", ("-Y", path.arriving[0][1]))
            for path in paths(manifest)
        ),
        TsharkQuestion("the timeline", ("-Y", TIMELINE, *fields, "-e", TIMELINE)),
        TsharkQuestion("everything at the MN, in the profile's colours", ("--color", "-Y", at_mn)),
    ]


def jump(events: Iterable[Event]) -> str | None:
    """Return the display filter for where to look first: the trigger; None where none fired."""
    return TRIGGER if any(event.name == "trigger" for event in events) else None


def _buttons(manifest: Manifest, mobile: str) -> list[tuple[str, str, str]]:
    """Return label, display filter and purpose of the buttons beside the filter."""
    far = {name: _plain(name.partition("-")[0]) for name in manifest.cn.interfaces.values()}
    ends = [*manifest.mn.interfaces.values(), *far]
    return [
        (f"at {mobile}", _seen_at(manifest.mn.interfaces.values()), "what the MN's interfaces saw"),
        *((f"at {node}", _seen_at([interface]), "what the CN's interface saw") for interface, node in far.items()),
        *(
            (path.link, path.every, f"all packets from and to the MN's address on {path.link}")
            for path in paths(manifest)
        ),
        ("SIP", f"sip && {_seen_at(ends)}", "all SIP, at the two ends of the call alone"),
        ("Handover", "sip.Handover", "requests that name the dialog that is handed over"),
        ("timeline", TIMELINE, "packets that carry events of the timeline"),
    ]


def _plain(name: str) -> str:
    """Return a name without what means something in Wireshark's files or filters; no interface has such a name."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _has_host(name: str, end: str = "") -> str:
    """Return a filter for packets of a named address; `end` is 'src_', 'dst_', or '' for either."""
    return f'(ip.{end}host == "{name}" || ipv6.{end}host == "{name}")'


def _seen_at(interfaces: Iterable[str]) -> str:
    return "frame.interface_name in {" + ", ".join(f'"{_plain(name)}"' for name in interfaces) + "}"


def _ink(colour: str) -> str:
    """Return a colour as colorfilters have it: 16 bits each of red, green, blue."""
    return ",".join(str(byte * 257) for byte in bytes.fromhex(colour))


def _quoted(text: str) -> str:
    r"""Return a field of a user-accessible table: in quotes, what would end it as \x22."""
    return '"' + "".join(f"\\x{ord(one):02x}" if one in '"\\' else one for one in text) + '"'
