"""All commands, and how their errors end: 2 for the user's input, 1 for a run that failed, one line each."""

import atexit
import contextlib
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from testbed.api.errors import NotRepeatableError, OutputError
from testbed.campaign.errors import NoWorkersError, StrangerError
from testbed.cli.lazy_group import LazyGroup
from testbed.cli.signals import end_as_with_ctrl_c, ignore_more
from testbed.engine.errors import CommandError, MissingRequirementError, RunFailedError
from testbed.measure.capture.errors import CaptureError, RunFolderError
from testbed.measure.conditions.errors import ConditionError
from testbed.measure.numbers.errors import UserNumberError
from testbed.plain_text import say
from testbed.scenario.reading.errors import BadScenarioError

USERS_FAULT = 2
RUNS_FAULT = 1
LONGEST_LINE = 2000
USERS_ERRORS = (
    CaptureError, RunFolderError, ConditionError, NotRepeatableError, OutputError, NoWorkersError, StrangerError
)  # fmt: skip


COMMANDS = {
    "run": "testbed.cli.runs.running:run",
    "compare": "testbed.cli.runs.running:compare",
    "replay": "testbed.cli.runs.running:replay",
    "sweep": "testbed.cli.runs.sweeping:sweep",
    "triggers": "testbed.cli.runs.triggering:triggers",
    "attack": "testbed.cli.runs.attacking:attack",
    "shell": "testbed.cli.runs.shelling:shell",
    "live": "testbed.cli.runs.shelling:live",
    "measure": "testbed.cli.results.measuring:measure",
    "report": "testbed.cli.results.reporting:report",
    "export": "testbed.cli.results.exporting:export",
    "ladder": "testbed.cli.results.laddering:ladder_command",
    "open": "testbed.cli.results.opening:open_command",
    "speech": "testbed.cli.results.speaking:speech",
    "verify": "testbed.cli.runs.verifying:verify",
    "list": "testbed.cli.files.listing:listing",
    "check": "testbed.cli.files.check_command:check",
    "new": "testbed.cli.files.new_command:new",
    "profile": "testbed.cli.files.profiling:profile",
    "failure": "testbed.cli.files.failing:failure",
    "trace": "testbed.cli.files.tracing:trace",
    "doctor": "testbed.cli.machine.doctor:doctor",
    "prepare": "testbed.cli.machine.prepare:prepare",
    "clean": "testbed.cli.machine.clean:clean",
}
"""Name -> where it is."""


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sip-handover-testbed")
def commands() -> None:
    """How long is a voice call interrupted when a phone changes from WiFi to UMTS, and what makes that time zero?"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script; takes the arguments of the command line unless others are given."""
    # numpy starts a thread a processor for linear algebra; we need none, and they are half of the work of starting.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    collect_seldom()
    end_as_with_ctrl_c()
    write_in_any_locale()
    try:
        commands.main(arguments, prog_name="testbed", standalone_mode=False)
    except BadScenarioError as errors:
        end(USERS_FAULT, *(str(error) for error in errors.errors))
    except UserNumberError as error:
        end(USERS_FAULT, str(error))
    except USERS_ERRORS as error:
        end(USERS_FAULT, f"error: {error}")
    except NoArgsIsHelpError as error:
        error.show()
        sys.exit(USERS_FAULT)
    except click.UsageError as error:
        path = "testbed" if error.ctx is None else error.ctx.command_path
        end(USERS_FAULT, f"error: {error.format_message()} See '{path} --help'.")
    except click.ClickException as error:
        end(USERS_FAULT, f"error: {error.format_message()}")
    except (MissingRequirementError, CommandError, RunFailedError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        end(RUNS_FAULT, f"error: {error}")
    except (click.Abort, KeyboardInterrupt):
        ignore_more()
        end(RUNS_FAULT, "stopped")


def collect_seldom() -> None:
    """Looks for garbage in circles less often, and not at the end: a fifth of what it takes to load a command.

    What is loaded is no garbage, and looked through again and again. A command that runs long still gets rid of it.
    """
    gc.set_threshold(100_000, 20, 20)
    atexit.register(gc.freeze)


def write_in_any_locale() -> None:
    """What a locale has no letter for is written as its number: it may have no arrows, and no dashes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def end(status: int, *lines: str) -> NoReturn:
    """Says why on standard error, a line for each thing, and ends the program."""
    with contextlib.suppress(OSError):  # a terminal that is gone
        for line in lines:
            say(shortened(" ".join(line.split())), err=True)
    sys.exit(status)


def shortened(line: str) -> str:
    """A line that fits on a screen, whatever was put into it; where it is, and what would be right, stay."""
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE // 2]} … {line[-LONGEST_LINE // 2 :]}"
