"""All commands, and how their errors end: 2 for the user's input, 1 for a run that failed, one line each."""

import sys

import click

from testbed.cli.clean import clean
from testbed.cli.doctor import doctor
from testbed.cli.listing import listing
from testbed.cli.measuring import measure
from testbed.cli.prepare import prepare
from testbed.cli.running import compare, replay, run
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


for command in (run, compare, replay, measure, verify, listing, doctor, prepare, clean):
    commands.add_command(command)


def main() -> None:
    """The console script."""
    try:
        commands.main(standalone_mode=False)
    except BadScenarioError as errors:
        for error in errors.errors:
            click.echo(f"error: {error}", err=True)
        sys.exit(USERS_FAULT)
    except (CaptureError, RunError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(USERS_FAULT)
    except (MissingRequirementError, CommandError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(RUNS_FAULT)
    except OSError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(RUNS_FAULT)
    except click.ClickException as error:
        error.show()
        sys.exit(USERS_FAULT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(RUNS_FAULT)
