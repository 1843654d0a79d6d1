"""What can go wrong outside a run's own logic, sorted by who can mend it."""

from collections.abc import Mapping, Sequence


class MissingRequirementError(Exception):
    """This machine lacks something; the message is one line and names the command that mends it."""


class UnknownPackageError(MissingRequirementError):
    """Debian has no packages of these names; `remedies` says of each what to do."""

    def __init__(self, remedies: Mapping[str, str], suite: str) -> None:
        self.remedies = remedies
        said = "; ".join(f"no package '{name}', {remedy}" for name, remedy in remedies.items())
        super().__init__(f"Debian ({suite}) has {said}")


class CommandError(Exception):
    """A program that we started failed."""

    def __init__(self, argv: Sequence[str], status: int, stderr: str) -> None:
        self.argv = list(argv)
        self.status = status
        self.stderr = stderr
        # A program that had others do the work says last that they failed, and before that they say why.
        last = stderr.strip().splitlines()[-3:] or ["no message"]
        super().__init__(f"{argv[0]} ended with status {status}: {'; '.join(last)}")


class RunFailedError(Exception):
    """A run did not come to its end; the run folder holds what there was."""
