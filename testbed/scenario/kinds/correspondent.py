"""Who plays the two ends of the call by name: our own agents. Anybody else is a program (kinds/program.py)."""

OWN: dict[str, str] = {
    "testbed": "our own correspondent node, which supports the Handover header where no B2BUA stands in for it",
    "testbed-plain": "our own correspondent node, without that support: it refuses what requires it (420)",
    "testbed-handover": "our own correspondent node, with that support under every scheme",
}
"""The correspondents that are ours, and what each of them is."""

OWN_MOBILE = "testbed"
"""Our own mobile node."""

NOBODY = "none"
"""Where a role need not be played."""
