"""What can go wrong with those who carry out a campaign; apart, so that whoever tells of it imports nothing else."""


class InUseError(Exception):
    """Another process fills the folder."""


class WorkerLostError(Exception):
    """A worker died with an order in its hands: which one, in one line. Another may carry it out."""


class NoWorkersError(Exception):
    """There is nobody to carry out orders: why, in one line."""


class StrangerError(Exception):
    """A worker is not what made the order: which one, and what differs, in one line."""
