"""Attacks in the lab: none moves, ends or is heard, but for those that are known to; and one that succeeds is told."""

from pathlib import Path

from agents.roles.mn.schemes import SCHEMES
from testbed.attacks.catalogue import calls

from .command import call

KNOWN = {"HEARD", "MOVED", "ENDED"}


def rows(output: str) -> dict[str, str]:
    """The tables' rows by the names of the attacks."""
    lines = (line.split(None, 1) for line in output.splitlines())
    return {line[0]: line[1] for line in lines if len(line) == 2}


def schemes_with_attacks_of_their_own() -> list[str]:
    """Without those on which the same is tried as on one before, of the same protocol; `make attack` has them too."""
    found, known = [], set[tuple[str, str]]()
    for name, row in SCHEMES.items():
        tried = {(row.moved_by, one.name) for some in calls(name) for one in some}
        if (row.moved_by == "SIP" and tried) or tried - known:
            found.append(name)
        known |= tried
    return found


def test_nothing_comes_of_attacks_but_what_is_known(tmp_path: Path) -> None:
    words = [word for scheme in schemes_with_attacks_of_their_own() for word in ("--scheme", scheme)]
    done = call("attack", *words, "--out", tmp_path / "attacks")
    assert done.returncode == 0, done.stdout + done.stderr
    found = rows(done.stdout)
    with_effect = {name for name, row in found.items() if any(word in row for word in KNOWN)}
    # docs/attacks.md: who is in the MN's own WiFi can be its peer for it, or it; rtpengine listens to anybody; and who
    # hears the tokens of return routability has the call (RFC 6275 15.4.2).
    assert with_effect == {
        *("rtp-cn-wifi", "rtp-b2bua-wifi", "rtp-mn-wifi", "rtp-mn-guessed-wifi", "reinvite-mn-wifi", "bye-mn-wifi"),
        *("tunnel-home-wifi", "tunnel-mn-wifi", "option-cn-wifi", "rtp-home", "update-cn-tokens"),
    }
    assert "lost 0, late 0, silent 0 ms" in found["flood-b2bua"]


def test_an_attack_on_somebody_who_believes_anybody_moves_the_call(tmp_path: Path) -> None:
    words = ("attack", "handover-sniffed", "--scheme", "handover-cn", "--unguarded", "--out", tmp_path / "attacks")
    done = call(*words)
    assert done.returncode == 1
    assert "MOVED" in rows(done.stdout)["handover-sniffed"]  # the note below the table has the name too, with a colon
    assert "handover-sniffed: the call was moved; should get 401; 0 counted!" in done.stdout


def test_an_attack_that_there_is_not(tmp_path: Path) -> None:
    done = call("attack", "telepathy", "--out", tmp_path / "attacks")
    assert done.returncode == 2
    assert "there is no attack 'telepathy'; possible are: bye-b2bua, " in done.stderr
    assert not (tmp_path / "attacks").exists()
