"""`prepare`: build what the first run would build."""

import asyncio

import click

from testbed.engine.vm.image import root_image
from testbed.engine.vm.snapshot import snapshot


@click.command()
def prepare() -> None:
    """Build the guest image and its snapshot now, if they are not there."""

    async def build() -> None:
        image = await asyncio.to_thread(root_image, say)
        await snapshot(image, say)

    def say(line: str) -> None:
        click.echo(line, err=True)

    asyncio.run(build())
