"""How commands end: status and one line for each reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Never

import click
import pytest
from click.testing import CliRunner

from testbed.cli.main import COMMANDS, RUNS_FAULT, USERS_FAULT, commands, main
from testbed.cli.whole_number import WholeNumber
from testbed.engine.errors import CommandError, MissingRequirementError, RunFailedError
from testbed.measure import RunFolderError

if TYPE_CHECKING:
    from collections.abc import Callable


def ending(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str, list[str]]:
    """Status, standard output and the lines of standard error of a command."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return end.value.code, said.out, said.err.splitlines()


@pytest.mark.parametrize("name", [[], *([name] for name in COMMANDS)], ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_helps(name: list[str], option: str) -> None:
    result = CliRunner().invoke(commands, [*name, option])
    assert (result.exit_code, result.output.splitlines()[0].split()[0]) == (0, "Usage:")


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name in COMMANDS:
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        assert command.name == name
        assert command.help, f"give the function of '{name}' a docstring: it is the command's help"
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "engine":
                assert option.help, f"{name} {option.opts[0]}: add help=…"


def test_measuring_a_capture_starts_without_what_it_does_not_need() -> None:
    heavy = ["pydantic", "ruamel", "pyroute2", "jinja2", "mininet", "matplotlib", "scapy", "asyncio", "rich"]
    program = (
        "import sys; from testbed.cli.main import commands, main; main(['measure', '--help'])\n"
        f"sys.exit(', '.join(name for name in {heavy} if name in sys.modules) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), f"measure imports {done.stderr}"


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capsys.readouterr().out.startswith("testbed, version ")


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, said = ending(capsys)
    assert (status, out) == (USERS_FAULT, "")
    assert said[0] == "Usage: testbed [OPTIONS] COMMAND [ARGS]..."


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["emulate"], "error: No such command 'emulate'. See 'testbed --help'."),
        (
            ["run", "--sede", "3"],
            "error: No such option '--sede'. (Did you mean one of: '--scheme', '--seed'?) See 'testbed run --help'.",
        ),
        (
            ["run", "--seed", "-1"],
            "error: Invalid value for '--seed': -1 is not in the range 0<=x<=4294967295. See 'testbed run --help'.",
        ),
        (
            ["run", "--engine", "gns3"],
            "error: Invalid value for '--engine': 'gns3' is not one of 'vm', 'uml', 'native'."
            " See 'testbed run --help'.",
        ),
        (
            ["list", "links"],
            "error: Invalid value for"
            " '{scenarios|topologies|profiles|failures|schemes|phones|programs|triggers|coverage|nats|tracks|forms}':"
            " 'links' is not one of 'scenarios', 'topologies', 'profiles', 'failures', 'schemes', 'phones',"
            " 'programs', 'triggers', 'coverage', 'nats', 'tracks', 'forms'."
            " See 'testbed list --help'.",
        ),
        (["replay"], "error: Missing argument 'FAILURE'. See 'testbed replay --help'."),
        (
            ["measure", "nowhere.pcap"],
            "error: Invalid value for 'RUN_OR_CAPTURE…': Path 'nowhere.pcap' does not exist."
            " See 'testbed measure --help'.",
        ),
    ],
)
def test_wrong_words_on_the_command_line_are_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(capsys, *arguments) == (USERS_FAULT, "", [complaint])


@pytest.mark.parametrize("words", ["run --seed", "compare --runs", "replay x --jobs", "ladder . --width",
                                   "failure plot x --seed", "profile check --probes"])  # fmt: skip
@pytest.mark.parametrize("number", ["٣", "1_0", " 5", "1.0", ""])
def test_numbers_are_in_ascii_s_digits(words: str, number: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, (line,) = ending(capsys, *words.split(), number)
    assert (status, out) == (USERS_FAULT, "")
    assert f"'{words.rsplit(maxsplit=1)[-1]}': {number!r} is no whole number; write it like 7. See" in line


def options_of(command: click.Command) -> list[click.Parameter]:
    """Those of a command and of all that it is a group of."""
    below = (command.get_command(click.Context(command), name) for name in command.list_commands(click.Context(command))
             ) if isinstance(command, click.Group) else ()  # fmt: skip
    return [*command.params, *(option for one in below if one is not None for option in options_of(one))]


def test_no_number_of_an_option_is_read_by_python_s_int_or_float() -> None:
    kinds = (click.INT.__class__, click.FLOAT.__class__)
    numbers = [option for option in options_of(commands) if isinstance(option.type, kinds)]
    assert {type(option.type) for option in numbers} == {WholeNumber}


def test_replay_names_the_failure_script_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(capsys, "replay", "wifi-brake") == (
        USERS_FAULT, "", ["'wifi-brake': there is no failure script of that name; did you mean 'wifi-break'?"],
    )  # fmt: skip


@pytest.mark.parametrize("command", ["run", "compare", "prepare"])
def test_commands_that_take_a_scenario_name_the_one_that_there_is_not(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(capsys, command, "idael") == (
        USERS_FAULT, "", ["'idael': there is no scenario of that name; did you mean 'ideal'?"],
    )  # fmt: skip


@pytest.mark.parametrize("command", ["compare", "replay"])
def test_scheme_that_there_is_not(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    argument = {"compare": "wifi-to-umts", "replay": "wifi-break"}[command]
    status, out, (line,) = ending(capsys, command, argument, "--scheme", "reinvte")
    assert (status, out) == (USERS_FAULT, "")
    assert line == "'reinvte': there is no scheme of that name; did you mean 'reinvite'?"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(Path.mkdir, "is not empty", id="folder with something in it"),
        pytest.param(Path.touch, "is a file", id="file"),
    ],
)
def test_results_go_into_a_new_folder_only(
    make: Callable[[Path], None], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    make(out)
    if out.is_dir():
        (out / "precious").touch()
    assert ending(capsys, "run", "ideal", "--out", out) == (
        USERS_FAULT, "",
        [f"error: {out} {words}; name a folder that is not there yet."],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "complaint"),
    [
        (MissingRequirementError("no qemu: apt-get install it"), RUNS_FAULT, "error: no qemu: apt-get install it"),
        (CommandError(["tc", "-batch"], 2, "a\nb\n"), RUNS_FAULT, "error: tc ended with status 2: a; b"),
        (
            RunFolderError(Path("run/manifest.json"), "is not JSON"),
            USERS_FAULT,
            "error: run/manifest.json: is not JSON",
        ),
        (OSError(28, "No space left on device", "run"), RUNS_FAULT, "error: [Errno 28] No space left on device: 'run'"),
        (RunFailedError("the guest did not come up"), RUNS_FAULT, "error: the guest did not come up"),
        (click.Abort(), RUNS_FAULT, "stopped"),
        (KeyboardInterrupt(), RUNS_FAULT, "stopped"),
        (click.ClickException("on two\nlines"), USERS_FAULT, "error: on two lines"),
    ],
)
def test_error_is_one_line_and_a_status(
    error: BaseException,
    status: int,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @click.command()
    def fail() -> Never:
        raise error

    monkeypatch.setitem(commands.commands, "fail", fail)
    assert ending(capsys, "fail")[::2] in [(status, [complaint]), (status, ["", complaint])]


def test_a_mistake_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fail() -> Never:
        raise LookupError("ours")

    monkeypatch.setitem(commands.commands, "fail", fail)
    with pytest.raises(LookupError):
        main(["fail"])


def test_console_script_is_this(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("testbed")
    done = subprocess.run([script, "run", "no.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (USERS_FAULT, "")
    assert done.stderr == (
        "no.yaml: there is no such file; name a scenario that ends in .yaml, or one from 'testbed list scenarios'\n"
    )


def test_reader_that_goes_away_is_no_traceback() -> None:
    script = Path(sys.executable).with_name("testbed")
    with subprocess.Popen([script, "list", "profiles"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, said = process.communicate()
    assert b"Traceback" not in said
