"""What the report's page says of NATs: a row for each link, and nothing where there is none."""

from __future__ import annotations

from testbed.measure.numbers.nat_numbers import NATS
from testbed.report.one_run.every_number import nats_tables


def test_a_row_for_each_link_and_all_that_is_known_of_it() -> None:
    one = {"kind": "carrier", "inner_ends": 3, "given_ends": 4, "keep_alives": 2, "keep_alive_bytes": 108, "refused": 0}
    assert one.keys() == NATS.keys()
    (table,) = nats_tables({"nats": {"umts": one}})
    assert table.rows == (("umts", "carrier", "3", "4", "2", "108", "0"),)
    assert len(table.columns) == len(table.rows[0])
    assert nats_tables({"nats": {}}) == nats_tables({}) == ()
