"""Who carries out orders: something that takes some at once, and hands back a future for each."""

from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol

from testbed.campaign.order import Delivery, Order


class Workers(AbstractContextManager["Workers"], Protocol):
    """Whoever they are; when they are left, they let go of what they have in hand."""

    def room(self) -> int:
        """How many orders they take at once, by now."""

    def take(self, order: Order) -> Future[Delivery]:
        """Has an order carried out; the future raises WorkerLostError, or what `fulfil` raises."""
