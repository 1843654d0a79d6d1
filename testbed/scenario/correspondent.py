"""Who the mobile node talks to: our own correspondent, or a phone that others wrote."""

from types import ModuleType
from typing import Literal

from testbed.phones import baresip, linphone, sipp

CorrespondentName = Literal["testbed", "testbed-plain", "baresip", "linphone", "sipp"]

ProxyName = Literal["none", "kamailio"]
"""The outbound proxy in the home network that the mobile node calls through."""

OWN: dict[CorrespondentName, str] = {
    "testbed": "our own correspondent node, which supports the Handover header",
    "testbed-plain": "our own correspondent node, without that support: it refuses what requires it (420)",
}
PHONES: dict[CorrespondentName, ModuleType] = {"baresip": baresip, "linphone": linphone, "sipp": sipp}

CORRESPONDENTS: dict[CorrespondentName, str] = {**OWN, **{name: phone.ABOUT for name, phone in PHONES.items()}}
"""What each of them is."""
