"""All commands, and how their errors end: 2 for the user's input, 1 for a run that failed, one line each."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from testbed.cli.attacking import attack
from testbed.cli.clean import clean
from testbed.cli.doctor import doctor
from testbed.cli.exporting import export
from testbed.cli.failing import failure
from testbed.cli.laddering import ladder_command
from testbed.cli.listing import listing
from testbed.cli.measuring import measure
from testbed.cli.opening import open_command
from testbed.cli.prepare import prepare
from testbed.cli.profiling import profile
from testbed.cli.reporting import report
from testbed.cli.running import compare, replay, run
from testbed.cli.speaking import speech
from testbed.cli.triggering import triggers
from testbed.cli.verifying import verify
from testbed.engine.errors import CommandError, MissingRequirementError
from testbed.measure import CaptureError, RunError
from testbed.scenario.errors import BadScenarioError

USERS_FAULT = 2
RUNS_FAULT = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sip-handover-testbed")
def commands() -> None:
    """How long is a voice call interrupted when a phone changes from WiFi to UMTS, and what makes that time zero?"""


for command in (
    run,
    compare,
    replay,
    triggers,
    attack,
    measure,
    report,
    export,
    ladder_command,
    open_command,
    speech,
    verify,
    listing,
    profile,
    failure,
    doctor,
    prepare,
    clean,
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script; takes the arguments of the command line unless others are given."""
    try:
        commands.main(arguments, prog_name="testbed", standalone_mode=False)
    except BadScenarioError as errors:
        end(USERS_FAULT, *(str(error) for error in errors.errors))
    except (CaptureError, RunError) as error:
        end(USERS_FAULT, f"error: {error}")
    except NoArgsIsHelpError as error:
        error.show()
        sys.exit(USERS_FAULT)
    except click.UsageError as error:
        path = "testbed" if error.ctx is None else error.ctx.command_path
        end(USERS_FAULT, f"error: {error.format_message()} See '{path} --help'.")
    except click.ClickException as error:
        end(USERS_FAULT, f"error: {error.format_message()}")
    except (MissingRequirementError, CommandError, OSError) as error:
        end(RUNS_FAULT, f"error: {error}")
    except (click.Abort, KeyboardInterrupt):
        end(RUNS_FAULT, "stopped")


def end(status: int, *lines: str) -> NoReturn:
    """Says why on standard error, a line for each thing, and ends the program."""
    for line in lines:
        click.echo(" ".join(line.split()), err=True)
    sys.exit(status)
