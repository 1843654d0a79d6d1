"""Rules for packets in a node: nftables, as `nft -f -` reads them."""

import subprocess

from testbed.lab.spaces import NodeSpace


def refused_rules(node: NodeSpace, rules: str) -> str:
    """Gives a node rules; what `nft` has against them, "" if nothing."""
    done = node.popen(
        ["nft", "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said, _ = done.communicate(rules)
    return "" if done.returncode == 0 else said.strip() or f"status {done.returncode}"
