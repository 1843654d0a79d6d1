"""Bindings of addresses-of-record to contacts, each with its time (RFC 3261 10; RFC 5626 6; paper, section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.roles.registrar.contact import clears_all, contacts_of
from agents.sip.message.errors import RemoteProtocolError
from agents.sip.message.grammar import format_params, quote

if TYPE_CHECKING:
    from agents.roles.registrar.contact import Contact, RegistrarPolicy
    from agents.sip.message.address import Flow
    from agents.sip.message.message import Request


class Binding(NamedTuple):
    """One contact of an address-of-record. `flow` and `path` lead to it, whatever its URI says (RFC 5626 6)."""

    contact: Contact
    #: When it ends, in the seconds of `now`.
    expires_at: float
    #: Of the request that made it or changed it last.
    call_id: str
    cseq: int
    flow: Flow
    path: tuple[str, ...] = ()

    def seconds_left(self, now: float) -> int:
        """Rounded up to whole seconds: what is not over has one left."""
        return -(-round((self.expires_at - now) * 1000) // 1000)

    def is_named_by(self, contact: Contact) -> bool:
        """Instance and reg-id where the contact has them (RFC 5626 6), else URIs are compared (RFC 3261 10.3)."""
        mine = self.contact
        if contact.reg_id is not None:
            return (mine.instance, mine.reg_id) == (contact.instance, contact.reg_id)
        return mine.uri.is_equivalent(contact.uri)


class BindingChange(NamedTuple):
    """What has happened to a binding: "registered", or why it is gone: "asked", "replaced", "expired"."""

    what: str
    aor: str
    binding: Binding


class Bindings:
    """All bindings of a domain, by address-of-record in canonical form."""

    def __init__(self, policy: RegistrarPolicy) -> None:
        self._policy = policy
        self._bindings: dict[str, list[Binding]] = {}

    def register(self, aor: str, request: Request, flow: Flow, *, now: float) -> list[BindingChange]:
        """Carries out a REGISTER, all of it or nothing (RFC 3261 10.3, steps 6 and 7).

        Raises `RemoteProtocolError`. A request without Contact changes nothing (10.2.3).
        """
        current = self.of(aor)
        if clears_all(request):
            for binding in current:
                _check_order(binding, request)
            changes = [BindingChange("asked", aor, binding) for binding in current]
        else:
            changes = self._changes(aor, request, flow, now)
        gone = [id(change.binding) for change in changes if change.what != "registered"]
        made = [change.binding for change in changes if change.what == "registered"]
        self._bindings[aor] = [binding for binding in current if id(binding) not in gone] + made
        # What was only brought up to date is no news of something gone.
        return [change for change in changes if change.what != "renewed"]

    def of(self, aor: str) -> list[Binding]:
        """The bindings of an address-of-record, the latest last."""
        return list(self._bindings.get(aor, ()))

    def listing(self, aor: str, request: Request, *, now: float) -> list[tuple[str, str]]:
        """Contact rows for the 200: every binding with what is left of its time (10.3, step 8)."""
        asked = {contact.ua_id for contact in contacts_of(request, self._policy) if contact.ua_id}
        return [("Contact", self._row(binding, asked, self.of(aor), now)) for binding in self.of(aor)]

    def applies_outbound(self, request: Request) -> bool:
        """Whether a contact of the request was bound by its reg-id (RFC 5626 6)."""
        return any(contact.reg_id is not None for contact in contacts_of(request, self._policy))

    def next_expiry(self) -> float | None:
        """When the first binding ends."""
        return min((one.expires_at for bindings in self._bindings.values() for one in bindings), default=None)

    def expire(self, *, now: float) -> list[BindingChange]:
        """Drops what is over."""
        changes = []
        for aor, bindings in list(self._bindings.items()):
            changes += [BindingChange("expired", aor, one) for one in bindings if one.expires_at <= now]
            self._bindings[aor] = [one for one in bindings if one.expires_at > now]
            if not self._bindings[aor]:
                del self._bindings[aor]
        return changes

    def _changes(self, aor: str, request: Request, flow: Flow, now: float) -> list[BindingChange]:
        changes: list[BindingChange] = []
        left = self.of(aor)
        for contact in contacts_of(request, self._policy):
            for binding in list(left):
                is_named, is_replaced = binding.is_named_by(contact), _is_replaced(binding, contact, request)
                if is_named or is_replaced:
                    _check_order(binding, request)
                    left.remove(binding)
                    what = "replaced" if not is_named else "renewed" if contact.expires_s else "asked"
                    changes.append(BindingChange(what, aor, binding))
            # Of what stands in one request twice, the last counts.
            changes = [one for one in changes if one.what != "registered" or not one.binding.is_named_by(contact)]
            if contact.expires_s:
                ends_at = now + min(contact.expires_s, self._policy.max_s)
                path = tuple(request.tags("path"))
                binding = Binding(contact, ends_at, request.call_id, request.cseq.number, flow, path)
                changes.append(BindingChange("registered", aor, binding))
        return changes

    def _row(self, binding: Binding, asked: set[str], bindings: list[Binding], now: float) -> str:
        contact = binding.contact
        params: list[tuple[str, str | None]] = [("expires", str(binding.seconds_left(now)))]
        if contact.q:
            params.append(("q", contact.q))
        if contact.reg_id is not None:
            params += [("+sip.instance", quote(f"<{contact.instance}>")), ("reg-id", str(contact.reg_id))]
        if contact.ua_id:
            params.append(("if_q", contact.if_q))
        if contact.ua_id in asked:  # the paper: only who sends ua_id and if_q is answered with if_no
            params.append(("if_no", str(sum(one.contact.ua_id == contact.ua_id for one in bindings))))
        return f"<{contact.text}>{format_params(tuple(params))}"


def _is_replaced(binding: Binding, contact: Contact, request: Request) -> bool:
    """Whether a binding is of a user agent that registers anew.

    The paper: `ua_id` is the same until the user agent re-registers, and keeps a backup from overwriting the main
    address. So another one does overwrite: what the same user agent, known by its Call-ID (RFC 3261 10.2.4), has
    registered under the one before.
    """
    theirs, ours = binding.contact.ua_id, contact.ua_id
    is_same_agent = binding.call_id == request.call_id
    return bool(theirs and ours and contact.expires_s) and theirs != ours and is_same_agent


def _check_order(binding: Binding, request: Request) -> None:
    """10.3, step 7: a request that was overtaken changes nothing."""
    if binding.call_id == request.call_id and request.cseq.number <= binding.cseq:
        raise RemoteProtocolError("out of order", status_hint=500)
