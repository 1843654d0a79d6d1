"""Who the mobile node talks to: our own correspondent, or a phone that others wrote."""

from types import ModuleType
from typing import Literal

from testbed.phones import baresip, linphone, sipp

CorrespondentName = Literal["testbed", "testbed-plain", "testbed-handover", "baresip", "linphone", "sipp"]

ProxyName = Literal["none", "kamailio"]
"""The outbound proxy in the home network that the mobile node calls through."""

OWN: dict[CorrespondentName, str] = {
    "testbed": "our own correspondent node, which supports the Handover header where no B2BUA stands in for it",
    "testbed-plain": "our own correspondent node, without that support: it refuses what requires it (420)",
    "testbed-handover": "our own correspondent node, with that support under every scheme",
}
PHONES: dict[CorrespondentName, ModuleType] = {"baresip": baresip, "linphone": linphone, "sipp": sipp}

CORRESPONDENTS: dict[CorrespondentName, str] = {**OWN, **{name: phone.ABOUT for name, phone in PHONES.items()}}
"""What each of them is."""
