"""Pairs: their priorities, and in which order they are checked (RFC 8445 6.1.2, 6.1.4)."""

from __future__ import annotations

from agents.ice.candidate import RTCP, RTP, Candidate
from agents.ice.check_list import MOST_PAIRS, CandidatePair, CheckList, PairState
from agents.sip.message.address import Address

OURS = [Candidate.host(Address("10.0.1.1", 20000), RTP), Candidate.host(Address("10.0.1.1", 20001), RTCP)]


def theirs(foundation: str, component: int, port: int, rank: int = 100, ip: str = "10.0.8.1") -> Candidate:
    return Candidate(foundation, component, rank, Address(ip, port))


def formed(*candidates: Candidate) -> CheckList:
    found = CheckList()
    found.form(OURS, candidates)
    return found


def following(checks: CheckList, count: int) -> list[int]:
    """The ports that the next checks go to, each of which stays under way."""
    ports = []
    for _ in range(count):
        pair = checks.next(is_controlling=True)
        assert pair is not None
        pair.state = PairState.IN_PROGRESS
        ports.append(pair.remote.port)
    return ports


def test_a_pair_s_priority_is_the_rfc_s() -> None:
    """6.1.2.3: 2^32 times the smaller, 2 times the larger, and 1 where the controlling agent's is."""
    pair = CandidatePair(OURS[0], theirs("1", RTP, 9))
    ours = OURS[0].priority
    assert pair.priority(is_controlling=True) == (100 << 32) + 2 * ours + 1
    assert pair.priority(is_controlling=False) == (100 << 32) + 2 * ours


def test_only_what_fits_is_paired() -> None:
    checks = formed(theirs("1", RTP, 1), theirs("1", 3, 2), theirs("1", RTP, 3, ip="2001:db8::1"))
    assert [pair.remote.port for pair in checks] == [1]


def test_of_alike_pairs_the_lowest_component_goes_first() -> None:
    checks = formed(theirs("1", RTCP, 2), theirs("1", RTP, 1))
    assert {pair.remote.port: pair.state for pair in checks} == {1: PairState.WAITING, 2: PairState.FROZEN}
    assert following(checks, 1) == [1]
    assert not checks.has_more
    assert checks.next(is_controlling=True) is None
    (first,) = (pair for pair in checks if pair.component == RTP)
    checks.unfreeze(first)
    assert following(checks, 1) == [2]


def test_a_frozen_pair_is_thawed_where_nothing_like_it_is_under_way() -> None:
    checks = formed(theirs("1", RTCP, 2), theirs("1", RTP, 1))
    following(checks, 1)
    next(iter(pair for pair in checks if pair.component == RTP)).state = PairState.FAILED
    assert following(checks, 1) == [2]


def test_the_best_goes_first_but_for_what_is_triggered() -> None:
    checks = formed(theirs("1", RTP, 1, 10), theirs("2", RTP, 2, 30), theirs("3", RTP, 3, 20))
    last = checks.find(OURS[0].address, Address("10.0.8.1", 1))
    assert last is not None
    checks.trigger(last)
    checks.trigger(last)
    assert following(checks, 3) == [1, 2, 3]
    assert not checks.has_more


def test_a_component_that_has_its_pair_is_checked_no_more() -> None:
    checks = formed(theirs("1", RTP, 1), theirs("2", RTP, 2), theirs("1", RTCP, 3))
    checks.close(RTP)
    assert following(checks, 1) == [3]


def test_there_is_room_for_so_many_pairs() -> None:
    checks = formed()
    added = [checks.add(CandidatePair(OURS[0], theirs("1", RTP, 1 + number))) for number in range(MOST_PAIRS + 5)]
    assert added.count(True) == MOST_PAIRS
