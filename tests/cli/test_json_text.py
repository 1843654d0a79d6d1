"""JSON for people and programs: the same as json.dumps makes, but for windows in lines."""

from __future__ import annotations

import json

import pytest

from testbed.cli.results.json_text import json_text


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": [], "b": {}, "c": [1, [2.5, None, True], {"d": 'é\u0007"\\'}], "e": -0.0, "f": 1e300, "g": False},
        [{"x": 1}, "over_time", None],
    ],
)
def test_it_is_what_json_dumps_makes(value: object) -> None:
    assert json_text(value) == json.dumps(value, indent=2, ensure_ascii=False)


def test_a_window_is_a_line() -> None:
    windows = [{"from_s": 0.0, "mos": None}, {"from_s": 1.0, "mos": 4.36}]
    text = json_text({"streams": [{"ssrc": "x", "over_time": windows}]})
    assert json.loads(text)["streams"][0]["over_time"] == windows
    assert text.splitlines()[4:8] == [
        '      "over_time": [',
        '        {"from_s": 0.0, "mos": null},',
        '        {"from_s": 1.0, "mos": 4.36}',
        "      ]",
    ]
