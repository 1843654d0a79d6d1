"""The table of what was tried and what came back."""

from rich.table import Table
from rich.text import Text

from testbed.attacks.outcome import AttackOutcome
from testbed.attacks.tried import ATTACKER, PLACES, Tried
from testbed.report.terminal import new_table

COLUMNS = ("attack", "from", "known", "sent", "came back", "RFC", "counted", "the call")


def attack_table(title: str, found: list[AttackOutcome]) -> Table:
    """A row for each attack; one whose outcome is not as it has to be is red and ends in "!"."""
    table = new_table(title, *COLUMNS)
    for one in found:
        style = "red" if one.wrong else "yellow" if one.effect != "none" else ""
        cells = (one.tried.name, place(one.tried), one.tried.known, str(one.sent), answer(one), one.tried.rfc)
        table.add_row(*cells, counted(one), call(one), style=style)
    notes = [f"{one.tried.name}: {one.wrong}!" for one in found if one.wrong]
    table.caption = Text("\n".join(notes), style="red") if notes else None
    table.caption_justify = "left"
    return table


def place(tried: Tried) -> str:
    """Where the attacker is, and whose name he uses."""
    where = "core" if tried.sender.node == ATTACKER else "WiFi"
    if not tried.sender.forged:
        return where
    places = PLACES[tried.sender.ip]
    is_home = tried.parts and tried.sender.forged == places.home
    return f"{where}, as {'home' if is_home else places.names.get(tried.sender.forged, 'router')}"


def answer(found: AttackOutcome) -> str:
    """What came back, or why nothing did."""
    if found.answers:
        return ", ".join(
            str(status) if count == 1 else f"{count} x {status}"
            for status, count in sorted(found.answers.items(), key=str)
        )
    return "nothing" if found.arrived else "filtered"


def counted(found: AttackOutcome) -> str:
    """What the agents' logs say of it."""
    if not found.arrived:
        return "-"
    if not found.tried.is_counted:
        return "not told"
    if not found.counted:
        return "no"
    is_asked = {*found.answers} <= {401, 407} and found.tried.known != "credentials" and not found.tried.parts
    kind = "stray" if found.tried.speech else "challenged" if is_asked else "refused"
    return f"{found.counted} {kind}"


def call(found: AttackOutcome) -> str:
    """What became of the call."""
    suffered = found.suffered
    if found.effect == "heard":
        return f"HEARD: {found.noise} packets for {found.displaced}"
    if found.effect == "moved":
        return f"MOVED: {found.diverted} packets to him"
    if found.effect == "ended":
        return "ENDED"
    if found.tried.is_flood or (suffered.lost, suffered.late, suffered.silent_ms) != (0, 0, 0.0):
        return f"lost {suffered.lost}, late {suffered.late}, silent {suffered.silent_ms:.0f} ms"
    return "goes on"
