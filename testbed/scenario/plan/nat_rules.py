"""Translators as rules for nftables: the kernel's own translation, mapped and filtered as RFC 4787 has names for it.

Linux by itself remembers who was sent to from where, and lets nobody else in. What a kind of NAT remembers beside that
stands in three sets, filled and refreshed by what leaves, of addresses as they are by then (RFC 4787 4.3: by that, and
not by what comes in): which port outside an address and port inside have (`mapped`), whose a port outside is (`inner`),
and who was sent to from it (`known`).
"""

from ipaddress import ip_interface

from testbed.lab.network.addresses import bare
from testbed.lab.plan import NatOrder
from testbed.scenario.experiment.translators import Translator
from testbed.scenario.kinds.nat import EndpointDependence
from testbed.scenario.plan.accounts import SIP_PORT

# Of an address and a port inside there is one mapping; of these at most so many, as ports can be.
MOST_MAPPINGS = 65536
_MAPPED: dict[EndpointDependence, str] = {
    "endpoint-independent": "ipv4_addr . inet_service",
    "address-dependent": "ipv4_addr . inet_service . ipv4_addr",
}
_LET_IN: dict[EndpointDependence, str] = {
    "endpoint-independent": "ip protocol udp",
    "address-dependent": "udp dport . ip saddr @known",
}


# What connection tracking knows of SIP (nf_conntrack_sip, nf_nat_sip), for requests that pass in either direction.
_HELPED = (
    'ct helper sip { type "sip" protocol udp; l3proto ip; }',
    "chain helped {",
    "type filter hook prerouting priority filter;",
    f'udp dport {SIP_PORT} ct helper set "sip"',
    "}",
)


def nat_orders(translators: dict[str, Translator]) -> list[NatOrder]:
    """What the routers are told."""
    return [
        {
            "node": one.inside.node,
            "rules": rules(one, f"nat{number}"),
            "timeout_s": int(one.kind.timeout),
        }
        for number, one in enumerate(translators.values())
    ]


def rules(one: Translator, table: str) -> str:
    """A table for `nft -f -`."""
    kind, out, own = one.kind, f'oifname "{one.outside.name}"', bare(one.outside.address)
    mine = f"ip saddr {ip_interface(one.inside.address).network}"
    ports = "" if kind.ports is None else f" : {kind.ports} fully-random"
    kept = f"flags dynamic, timeout; timeout {int(kind.timeout)}s; size {MOST_MAPPINGS};"
    towards = " . ip daddr" if kind.mapping == "address-dependent" else ""
    mapped = _MAPPED.get(kind.mapping)
    let_in = _LET_IN.get(kind.filtering)
    lines = [
        f"table ip {table} {{",
        *([f"map mapped {{ type {mapped} : inet_service; {kept} }}"] if mapped else []),
        f"map inner {{ type inet_service : ipv4_addr . inet_service; {kept} }}",
        f"set known {{ type inet_service . ipv4_addr; {kept} }}",
        *(_HELPED if kind.sip_helper else []),
        "chain in {",
        "type nat hook prerouting priority dstnat;",
        *([f'iifname "{one.outside.name}" ip daddr {own} {let_in} dnat ip addr . port to udp dport map @inner']
          if let_in else []),
        "}",
        "chain out {",
        "type nat hook postrouting priority srcnat;",
        *([f"{out} {mine} ip protocol udp snat ip to {own} : ip saddr . udp sport{towards} map @mapped"]
          if mapped else []),
        f"{out} {mine} ip protocol udp snat ip to {own}{ports}",
        f"{out} {mine} snat ip to {own}",
        "}",
        # Nobody outside knows addresses inside, wherever the topology's routes lead.
        "chain pass {",
        "type filter hook forward priority filter;",
        f'iifname "{one.outside.name}" oifname "{one.inside.name}" ct state new ct status ! dnat drop',
        "}",
        "chain left {",
        "type filter hook postrouting priority 300;",
        # Of a connection that began outside, the inner end is where its answers come from.
        *(
            f"{out} ip protocol udp ct direction {way} ct {way} {mine}"
            f" update @{name} {{ {entry} }}"
            for way in ("original", "reply")
            for name, entry in (
                *([("mapped", f"ct {way} ip saddr . ct {way} proto-src{towards} : udp sport")] if mapped else []),
                ("inner", f"udp sport : ct {way} ip saddr . ct {way} proto-src"),
                ("known", "udp sport . ip daddr"),
            )
        ),
        "}",
        "}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
