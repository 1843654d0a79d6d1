"""The mobile node's registration with its home network (RFC 3261 10.2, RFC 5626 4; paper, sections 4.1 and 4.4).

The main interface is registered first, the other one as a backup when the registrar has shown that it can tell the two
apart: by `if_no` (the paper), or by `Require: outbound` (RFC 5626). Else this is an ordinary phone with one address.
After a handover has succeeded, and not before, the new link becomes the main one and the registration is renewed.

Not done: redirection by a registrar, RFC 5626's keep-alives, removing what is registered at the
end (the phone is not switched off).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agents.roles.mn.call.again import PASSING, SHORTEST_S
from agents.sip.message.address import Address
from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import MAX_SECONDS, parse_number
from agents.sip.message.message import Request
from agents.sip.message.uri import Uri
from agents.sip.session import events
from agents.sip.session.client_request import Ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from agents.roles.mn.call.links import Link
    from agents.sip.digest.client import DigestClient
    from agents.sip.message.message import Response
    from agents.sip.session.client_request import ClientRequest
    from agents.sip.session.events import Event
    from agents.sip.user_agent import UserAgent

#: `if_q`, and for RFC 5626 `q`, of the main interface and of a backup. The paper gives an order, and no numbers.
MAIN_Q, BACKUP_Q = "1.0", "0.5"
#: A refresh that nobody answers takes 64*T1 to fail; there shall be time for another one.
REFRESH_AHEAD_S = 64.0
#: RFC 5626 4.5: what the waiting time after failures is made of, when no interface is registered and when one is.
BASE_ALL_FAILED_S, BASE_S, LONGEST_S = 30.0, 90.0, 1800.0
INTERVAL_TOO_BRIEF, FIRST_HOP_LACKS_OUTBOUND = 423, 439


class _Binding:
    """One link's address. `accepted` and `refused` are what the registrar made of the Contact that it saw last."""

    __slots__ = ("accepted", "due", "failures", "link", "refused", "reg_id")

    def __init__(self, link: Link, reg_id: int) -> None:
        self.link = link
        self.reg_id = reg_id
        self.accepted = ""
        self.refused = ""
        #: When to send a REGISTER for it.
        self.due: float | None = None
        self.failures = 0


class _Asked(NamedTuple):
    """The REGISTER that waits for its answer: for which link, with which Contact, and what it removes."""

    request: ClientRequest
    binding: _Binding
    contact: str
    leaves: _Binding | None


class Registration:
    """Never waited for by the call or the handover: it hears of links, of success, and of its own responses."""

    def __init__(
        self,
        config: dict[str, Any],
        ua: UserAgent,
        credentials: DigestClient | None,
        links: tuple[Link, Link],
        random: Random,
        tell: Callable[..., None],
    ) -> None:
        """`config` says where the registrar is, for which domain, who we are there, and in which style we ask."""
        self._registrar = Address(config["address"], config["port"])
        self._uri = f"sip:{config['domain']}"
        self._aor = f"<sip:{config['user']}@{config['domain']}>"
        self._user: str = config["user"]
        self._instance: str = config["instance"]
        self._expires_s: int = config["expires_s"]
        #: "proactive" (the paper), "outbound" (RFC 5626), or "plain": what a registrar without both makes of them.
        self._style: str = config["style"]
        self._ua = ua
        self._credentials = credentials
        self._random = random
        self._tell = tell
        # RFC 5626 4.2.1: the same reg-id for the same interface each time.
        self._main, self._backup = _Binding(links[0], 1), _Binding(links[1], 2)
        self._ua_id = self._new_ua_id()
        self._begins_at: float | None = None
        self._may_back_up = False
        self._is_handing_over = False
        self._asked: _Asked | None = None
        # The last request with each Call-ID: one for all, or one for each flow (RFC 3261 10.2.4, RFC 5626 4.2.1).
        self._last: dict[str, ClientRequest] = {}

    def start(self, *, now: float) -> None:
        """Registers from `now` on, which may lie ahead."""
        self._begins_at = self._main.due = now

    def link_changed(self, link: Link, *, now: float) -> None:
        """A link that came is registered; what was asked over one that went will not be answered."""
        binding = self._main if link is self._main.link else self._backup
        if not link.is_usable:
            if self._asked is not None and self._asked.binding is binding:
                # 10.2 has us wait for the answer; but none can come, and order is kept by CSeq.
                self._asked = None
                binding.due = now
            return
        if binding.failures:
            binding.due = now
        self._want(binding, now)
        self._register_next(now)

    def handover_begins(self) -> None:
        """Until it has succeeded no new interface is registered: the links have better things to carry.

        What is registered is refreshed all the same.
        """
        self._is_handing_over = True

    def follow(self, link: Link, *, now: float) -> None:
        """The call goes over this link now; when it is another one, it becomes the main interface (paper, 4.1, 4.4)."""
        if link is self._main.link:
            return
        self._main, self._backup = self._backup, self._main
        self._is_handing_over = False
        # The paper: ua_id stays the same until the user agent re-registers.
        self._ua_id = self._new_ua_id()
        self._main.due, self._backup.due = now, None
        self._register_next(now)

    def receive_event(self, event: Event, *, now: float) -> bool:
        """Takes an answer to a REGISTER; False for every other event."""
        if not isinstance(event, events.ResponseReceived | events.RequestFailed):
            return False
        if event.client_request.request.method != "REGISTER":
            return False
        asked = self._asked
        if asked is not None and event.client_request is asked.request:  # else it was given up before
            self._asked = None
            if isinstance(event, events.RequestFailed):
                self._failed(asked, event.status, None, now)
            elif event.response.status < 300:
                self._registered(asked, event.response, now)
            else:
                self._failed(asked, event.response.status, event.response, now)
            self._register_next(now)
        return True

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        waiting = [] if self._asked is not None else self._sendable()
        return min((binding.due for binding in waiting if binding.due is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._register_next(now)

    # -- asking -------------------------------------------------------------------------------------------------------

    def _want(self, binding: _Binding, now: float) -> None:
        """Have it registered, unless the registrar knows already what there is to say, or does not want it."""
        is_possible = binding is self._main or (self._may_back_up and binding.link.is_usable)
        if self._begins_at is None or not is_possible:
            return
        asked = self._asked.contact if self._asked is not None else ""
        if self._contact(binding) not in {binding.accepted, binding.refused, asked}:
            binding.due = max(now, self._begins_at)

    def _sendable(self) -> list[_Binding]:
        """The bindings whose REGISTER could leave now, the main one first."""
        found = [self._main] if self._main.link.is_usable else []
        is_held = self._is_handing_over and not self._backup.accepted
        if self._backup.link.is_usable and self._may_back_up and not is_held:
            found.append(self._backup)
        return found

    def _register_next(self, now: float) -> None:
        """One at a time (10.2): a new one only when the one before has its answer."""
        if self._asked is not None:
            return
        for binding in self._sendable():
            if binding.due is not None and binding.due <= now:
                self._register(binding, now)
                return

    def _register(self, binding: _Binding, now: float) -> None:
        contact = self._contact(binding)
        rows = [("Contact", contact)]
        leaves = self._left_behind() if binding is self._main else None
        if leaves is not None:
            rows.append(("Contact", f"{leaves.accepted};expires=0"))
        rows.append(("Expires", str(self._expires_s)))
        if self._style == "outbound":
            rows.append(("Supported", "path, outbound"))
        chain = binding.link.name if self._style == "outbound" else ""
        after = self._last.get(chain)
        if after is None and self._last and self._credentials is not None:
            # What the registrar wants to know over one flow it wants over the other one too: its nonce is at hand.
            known = list(self._last.values())[-1].request
            rows += self._credentials.preempt(Request("REGISTER", self._uri), known, is_repeated=True)
        ask = Ask("REGISTER", self._uri, self._aor, self._aor, tuple(rows))
        request = self._ua.request(ask, local=binding.link.sip_address, remote=self._registrar, now=now, after=after)
        self._last[chain] = request
        binding.due = None
        self._asked = _Asked(request, binding, contact, leaves)

    def _left_behind(self) -> _Binding | None:
        """The other link's binding, when it is of no use any more: its end goes with the main one's REGISTER."""
        backup = self._backup
        is_kept = self._may_back_up and backup.link.is_usable
        return backup if backup.accepted and not is_kept else None

    def _contact(self, binding: _Binding) -> str:
        """What says all of a binding but for how long."""
        uri = f"<sip:{self._user}@{binding.link.sip_address.hostport}>"
        q = MAIN_Q if binding is self._main else BACKUP_Q
        if self._style == "proactive":
            return f"{uri};ua_id={self._ua_id};if_q={q}"
        if self._style == "outbound":
            return f'{uri};reg-id={binding.reg_id};+sip.instance="<{self._instance}>";q={q}'
        return uri

    # -- answers ------------------------------------------------------------------------------------------------------

    def _registered(self, asked: _Asked, response: Response, now: float) -> None:
        binding = asked.binding
        granted_s, if_no = self._granted(binding, response)
        if asked.leaves is not None:
            asked.leaves.accepted = ""
        binding.failures = 0
        binding.accepted = asked.contact
        if binding is self._main:
            self._learn_support(asked, response, if_no)
        # It may have become something else while we waited for the answer.
        if binding.accepted == self._contact(binding):
            binding.due = now + max(granted_s / 2, granted_s - REFRESH_AHEAD_S, SHORTEST_S)
        facts: dict[str, Any] = {} if if_no is None else {"if_no": if_no}
        role = "main" if binding is self._main else "backup"
        self._tell("registered", link=binding.link.name, role=role, style=self._style, expires_s=granted_s, **facts)
        for other in (self._main, self._backup):
            self._want(other, now)

    def _learn_support(self, asked: _Asked, response: Response, if_no: int | None) -> None:
        """Whether a second address can stand beside the first; without a sign of it this is an ordinary phone."""
        is_outbound = "outbound" in response.tags("require")
        self._may_back_up = is_outbound if self._style == "outbound" else if_no is not None
        if not self._may_back_up and self._style != "plain":
            self._style = "plain"
            asked.binding.accepted = self._contact(asked.binding)  # the registrar has seen no more of it

    def _granted(self, binding: _Binding, response: Response) -> tuple[int, int | None]:
        """For how many seconds the registrar has bound this contact, and how many it has of us (`if_no`)."""
        ours = Uri.parse(f"sip:{self._user}@{binding.link.sip_address.hostport}")
        for contact in response.contacts:
            if Uri.parse(contact.uri).is_equivalent(ours):
                granted_s = _number(contact.param("expires"))
                if_no = _number(contact.param("if_no"))
                return response.expires or self._expires_s if granted_s is None else granted_s, if_no
        return response.expires or self._expires_s, None

    def _failed(self, asked: _Asked, status: int, response: Response | None, now: float) -> None:
        binding = asked.binding
        retry_s = self._mend(binding, status, response)
        facts: dict[str, Any] = {} if retry_s is None else {"retry_s": round(retry_s, 3)}
        self._tell("register_failed", link=binding.link.name, status=status, **facts)
        if retry_s is None:
            binding.refused = asked.contact
        else:
            binding.due = now + retry_s if binding.due is None else binding.due

    def _mend(self, binding: _Binding, status: int, response: Response | None) -> float | None:
        """After how many seconds to try again, with what was wrong made right; None for never."""
        if status == INTERVAL_TOO_BRIEF and response is not None:
            least_s = _number(response.headers.get("min-expires")) or 0
            is_longer = least_s > self._expires_s
            self._expires_s = max(self._expires_s, least_s)
            if not is_longer:
                return None
            binding.failures += 1
            return 0.0 if binding.failures == 1 else SHORTEST_S
        if status == FIRST_HOP_LACKS_OUTBOUND and self._style == "outbound":
            self._style = "plain"
            return 0.0
        if status not in PASSING:
            return None
        if response is not None and response.retry_after is not None:
            return max(float(response.retry_after), SHORTEST_S)
        binding.failures += 1
        base_s = BASE_S if self._main.accepted or self._backup.accepted else BASE_ALL_FAILED_S
        most_s = min(LONGEST_S, base_s * 2 ** min(binding.failures, 10))
        return self._random.uniform(most_s / 2, most_s)

    def _new_ua_id(self) -> str:
        return f"{self._random.getrandbits(40):010x}"


def _number(text: str | None) -> int | None:
    try:
        return parse_number(text or "", MAX_SECONDS, "number")
    except SipParseError:
        return None
