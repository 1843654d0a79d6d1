"""Tables of many runs: what is in the files, and that docs/results.md says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars
import pytest

from testbed.cli.main import USERS_FAULT, main
from testbed.measure import measure_run, to_json
from testbed.measure.folder.records import read_records
from testbed.measure.tables.rows import without_column
from testbed.measure.tables.schema import LEFT_OUT, TABLES
from tests.documented import columns
from tests.measure import standby, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable

    Capture = pytest.CaptureFixture

DOCUMENT = Path(__file__).parents[3] / "docs" / "results.md"
TYPES = {"text": polars.String, "integer": polars.Int64, "number": polars.Float64, "truth": polars.Boolean}
MADE: dict[str, Callable[[], synthetic.Run]] = {
    "reinvite": synthetic.reinvite_run,
    "handover-cn": synthetic.handover_cn_run,
    "none": synthetic.plain_run,
}


def measured(folder: Path) -> Path:
    (folder / "result.json").write_text(to_json(measure_run(folder)))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs with results, and one that failed before anything was measured."""
    folder = tmp_path_factory.mktemp("runs")
    for name, made in MADE.items():
        measured(made().write(folder / name))
    failed = synthetic.begin("proactive").write(folder / "proactive")
    change(failed / "manifest.json", status="failed", failure="mn ended with status 1", warnings=["the run failed: mn"])
    return folder


def change(path: Path, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def exported(place: Path, table: str, out: Path) -> polars.DataFrame:
    main(["export", str(place), "--out", str(out), "--table", table])
    return polars.read_parquet(out)


def refusal(capsys: Capture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as end:
        main(["export", *map(str, arguments)])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (USERS_FAULT, "")
    (line,) = [one for one in said.err.splitlines() if not one.startswith("note:")]
    return line


# -- documentation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_documented_as_it_is(name: str) -> None:
    wanted = columns(TABLES[name])
    assert wanted in DOCUMENT.read_text(), f"python -m tests.documented writes into docs/results.md:\n\n{wanted}"


def test_no_table_is_documented_that_there_is_not() -> None:
    headings = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("## `--table ")]
    assert headings == [f"## `--table {name}`" for name in TABLES]


@pytest.mark.parametrize("name", TABLES)
def test_a_number_has_its_unit_in_its_name(name: str) -> None:
    words = {
        "%": "percent",
        "1": "",
        "kbit/s": "kbit",
        "Hz": "hz",
        "J": "j",
        "messages": "",
        "reports": "",
        "gaps": "gaps",
    }
    for column in TABLES[name].columns:
        unit = words.get(column.unit, column.unit)
        assert unit in column.name.split("_") or not unit, column.name
        assert column.kind in {"integer", "number"} or not column.unit, column.name


def test_what_no_table_has_is_documented() -> None:
    for path in LEFT_OUT:
        named = path.replace(".{place}", "").replace("{direction}", "…").replace(".{path}", ".…")
        assert f"`{named}`" in DOCUMENT.read_text(), named


# -- content ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_columns_have_their_names_and_types_and_the_bytes_are_the_same_again(
    runs: Path, tmp_path: Path, name: str, suffix: str
) -> None:
    files = [tmp_path / f"{number}.{suffix}" for number in range(2)]
    for file in files:
        main(["export", str(runs), "--out", str(file), "--table", name])
    assert files[0].read_bytes() == files[1].read_bytes()
    types = {column.name: TYPES[column.kind] for column in TABLES[name].columns}
    read = polars.read_parquet(files[0]) if suffix == "parquet" else polars.read_csv(files[0], schema=types)
    assert dict(read.schema) == types
    # Nobody sends RTCP in these runs, no dialog stands by, and nothing is sent beside the call.
    assert read.height > 0 or name in {"rtcp", "reports", "silences", "switches", "traffic"}


def test_what_stood_by_has_its_rows(tmp_path: Path) -> None:
    measured(standby.standby_run().write(tmp_path / "standby"))
    silences, switches, runs = (
        exported(tmp_path, name, tmp_path / f"{name}.parquet") for name in ("silences", "switches", "runs")
    )
    assert silences.select("at_s", "end", "path", "gap_ms", "packets_said_again", "false_alarm", "handover").rows() == [
        (6.046, "cn", "wifi", 155.0, 6, False, 0), (6.05, "mn", "wifi", 147.0, 6, False, 0),
    ]  # fmt: skip
    assert switches.select("end", "new_s", "old_s", "because").rows() == [
        ("mn", 6.05, 7.703, "silence"), ("cn", 6.046, 7.827, "silence"),
    ]  # fmt: skip
    assert runs["copies_policy"].to_list() == ["at-risk", "at-risk"]
    assert runs["packets_probing"].to_list() == [6, 5]


def test_both_formats_hold_the_same(runs: Path, tmp_path: Path) -> None:
    for name in TABLES:
        main(["export", str(runs), "--out", str(tmp_path / "one.csv"), "--table", name])
        one = exported(runs, name, tmp_path / "one.parquet")
        assert one.equals(polars.read_csv(tmp_path / "one.csv", schema=one.schema)), name


def test_a_row_for_each_run_and_direction(runs: Path, tmp_path: Path) -> None:
    table = exported(runs, "runs", tmp_path / "runs.parquet")
    names = ["handover-cn", "none", "proactive", "reinvite"]
    assert table.select("run", "direction").rows() == [(name, way) for name in names for way in ("to_mn", "to_cn")]
    row = table.row(by_predicate=(polars.col("run") == "reinvite") & (polars.col("direction") == "to_mn"), named=True)
    wanted = {
        "scheme": "reinvite", "seed": 7, "engine": "vm", "reproducible": True, "schema_version": 1, "gap_ms": 2988.0,
        "path_step_ms": 108.0, "packets_sent": 700, "packets_lost": 144, "packets_lost_in_window": 144,
        "old_path": "wifi", "new_path": "umts", "window_close_s": 8.997, "window_released": True, "trigger_s": 6.18,
        "setup_ms": 8.0, "playout_clock_rate_hz": 8000, "warnings": 0, "warnings_text": None, "trigger": None,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


def test_what_was_not_measured_is_null(runs: Path, tmp_path: Path) -> None:
    table = exported(runs, "runs", tmp_path / "runs.parquet")
    failed = table.filter(polars.col("run") == "proactive").to_dicts()
    for row in failed:
        known = {name for name, value in row.items() if value is not None}
        assert {"status", "failure_reason", "warnings", "warnings_text"} <= known
        assert (row["status"], row["warnings"], row["warnings_text"]) == ("failed", 1, "the run failed: mn")
        numbers = {column.name for column in TABLES["runs"].columns if column.source.startswith("result.")}
        assert not numbers & known
    still = table.filter(polars.col("run") == "none").select("gap_ms", "trigger_s", "interruption_ms")
    assert still.rows() == [(None, None, None)] * 2


def test_null_is_no_text_in_csv(runs: Path, tmp_path: Path) -> None:
    main(["export", str(runs), "--out", str(tmp_path / "runs.csv")])
    header, *lines = (tmp_path / "runs.csv").read_text().splitlines()
    at = header.split(",").index("gap_ms")
    assert [line.split(",")[at] for line in lines if line.startswith("none,")] == ["", ""]


def test_phases_and_the_parts_of_attaching(tmp_path: Path) -> None:
    folder = measured(synthetic.reinvite_run().write(tmp_path / "run"))
    result = json.loads((folder / "result.json").read_text())
    result["handovers"][0]["attach_ms"] = {"scan": 1000.0, "key.1": 250.5}
    (folder / "result.json").write_text(json.dumps(result))
    table = exported(folder, "phases", tmp_path / "out.parquet").select("phase", "part", "duration_ms")
    assert table.rows() == [
        ("detect", None, 171.0), ("attach", None, 2570.0), ("attach", "scan", 1000.0), ("attach", "key.1", 250.5),
        ("address", None, 20.0), ("signalling", None, 226.0), ("media", None, 1.0),
    ]  # fmt: skip


def test_handovers_one_by_one(runs: Path, tmp_path: Path) -> None:
    table = exported(runs, "handovers", tmp_path / "handovers.parquet")
    wanted = ["run", "number", "direction", "gap_ms", "window_close_s", "new_path", "sip_messages", "handover_delay_ms"]
    assert table.select(wanted).rows() == [
        ("handover-cn", 0, "to_mn", 108.0, 7.505, "umts", 5, 1617.0),
        ("handover-cn", 0, "to_cn", 108.0, 7.505, "umts", 5, 1617.0),
        ("reinvite", 0, "to_mn", 2988.0, 8.997, "umts", 3, 2817.0),
        ("reinvite", 0, "to_cn", 3108.0, 9.113, "umts", 3, 2817.0),
    ]


def test_a_result_from_before_there_was_a_list_of_handovers(tmp_path: Path) -> None:
    folder = measured(synthetic.reinvite_run().write(tmp_path / "run"))
    result = json.loads((folder / "result.json").read_text())
    del result["handovers"]
    (folder / "result.json").write_text(json.dumps(result))
    table = exported(folder, "phases", tmp_path / "out.parquet").select("number", "phase", "duration_ms")
    assert table.row(0) == (0, "detect", 171.0)
    assert exported(folder, "handovers", tmp_path / "out.parquet").select("trigger_s", "gap_ms").rows() == [
        (6.18, None), (6.18, None),
    ]  # fmt: skip


def test_kinds_of_messages(runs: Path, tmp_path: Path) -> None:
    table = exported(runs, "messages", tmp_path / "out.parquet").filter(polars.col("run") == "reinvite")
    assert table.select("kind", "name", "messages").rows() == [
        ("request", "ACK", 2), ("request", "BYE", 1), ("request", "INVITE", 2), ("response", "200", 3),
    ]  # fmt: skip


def test_dialogs_and_what_they_take_over_from(runs: Path, tmp_path: Path) -> None:
    table = exported(runs, "dialogs", tmp_path / "out.parquet").filter(polars.col("run") == "handover-cn")
    wanted = ["number", "call_id", "state", "ended_by", "refusals", "handover_of", "caller_address", "invite_s"]
    assert table.select(wanted).rows() == [
        (1, "a@mn", "ended", "caller", None, None, "10.1.0.2:5060", 0.5),
        (2, "b@mn", "ended", "caller", None, 1, "10.2.0.2:5060", 6.004),
    ]


def test_what_the_receivers_reported(tmp_path: Path) -> None:
    folder = measured(synthetic.plain_run().write(tmp_path / "run"))
    history = [{"at_s": at, "cumulative_lost": -1, "captured_lost": 0, "jitter_ms": 0.5} for at in (5.0, 9.0)]
    said = {"reports": 2, "cumulative_lost": -1, "captured_lost": 0, "jitter_ms": {"mean": 0.5}, "history": history}
    result = json.loads((folder / "result.json").read_text())
    result["media"]["to_mn"]["rtcp"] = {"wifi": said, "umts": None}
    result["dialogs"][0]["refusals"] = [401, 420]
    (folder / "result.json").write_text(json.dumps(result))
    wanted = ["direction", "path", "packets_lost_reported", "packets_lost_captured"]
    table = exported(folder, "rtcp", tmp_path / "out.parquet")
    assert table.select(*wanted, "reports", "jitter_mean_ms", "cname").rows() == [
        ("to_mn", "wifi", -1, 0, 2, 0.5, None),
    ]  # fmt: skip
    table = exported(folder, "reports", tmp_path / "out.parquet")
    assert table.select(*wanted, "at_s", "jitter_ms").rows() == [
        ("to_mn", "wifi", -1, 0, 5.0, 0.5), ("to_mn", "wifi", -1, 0, 9.0, 0.5),
    ]  # fmt: skip
    assert exported(folder, "dialogs", tmp_path / "out.parquet")["refusals"].to_list() == ["401 420"]


def test_paths_and_transactions(runs: Path, tmp_path: Path) -> None:
    table = exported(runs, "paths", tmp_path / "paths.parquet").filter(polars.col("run") == "handover-cn")
    wanted = ["direction", "path", "packets_received", "packets_new", "packets_sent", "packets_lost", "delay_mean_ms"]
    assert table.select(wanted).rows()[:2] == [
        ("to_mn", "wifi", 325, 325, 325, 0, 2.0),
        ("to_mn", "umts", 444, 375, 444, 0, 110.0),
    ]
    table = exported(runs, "transactions", tmp_path / "sip.parquet").filter(polars.col("run") == "reinvite")
    assert table.select("number", "method", "cseq", "interface", "duration_ms", "status").rows() == [
        (0, "INVITE", 1, "mn-wifi", 6.0, 200),
        (1, "INVITE", 2, "mn-umts", 222.0, 200),
        (2, "BYE", 3, "mn-umts", 221.0, 200),
    ]


def test_the_packets_add_up_to_the_result(runs: Path, tmp_path: Path) -> None:
    packets = exported(runs, "packets", tmp_path / "packets.parquet")
    for name in MADE:
        result = json.loads((runs / name / "result.json").read_text())
        for way in ("to_mn", "to_cn"):
            media = result["media"][way]
            mine = packets.filter((polars.col("run") == name) & (polars.col("direction") == way))
            assert mine["packet"].n_unique() == media["sent"]
            assert mine.filter("lost")["packet"].n_unique() == media["lost"]
            assert mine["duplicate"].sum() == media["duplicates"]
            assert (mine["playout"] == "late").sum() == media["late"]
            new = mine.filter(~polars.col("duplicate"))
            assert new["packet"].n_unique() == len(new) == media["received"]
            assert new["delay_ms"].mean() == pytest.approx(media["delay_ms"]["mean"], abs=6e-4)
            for path, numbers in media["paths"].items():
                over = mine.filter(polars.col("path") == path)
                assert over["arrival_s"].count() == numbers["packets"]
                assert over.filter(polars.col("sent_s").is_not_null())["packet"].n_unique() == numbers["sent"]


def test_each_packet_is_what_was_sent(runs: Path, tmp_path: Path) -> None:
    packets = exported(runs, "packets", tmp_path / "packets.parquet").drop("scheme", "seed", "playout", "played_s")
    wanted = (
        "packet",
        "ssrc",
        "sequence",
        "rtp_timestamp",
        "path",
        "sent_s",
        "arrival_s",
        "delay_ms",
        "duplicate",
        "lost",
    )
    cn = packets.filter((polars.col("run") == "handover-cn") & (polars.col("direction") == "to_mn"))
    # Packet 300 over both paths; its RTP timestamp has gone over 2^32, its sequence number over 2^16.
    sent, stamp, number = 1.007 + 0.02 * 300, (4_294_900_000 + 160 * 300) % 2**32, (65_400 + 300) % 2**16
    assert cn.filter(polars.col("packet") == 300).select(wanted).rows() == [
        (300, 0xC0FFEE, number, stamp, "wifi", sent, pytest.approx(sent + 0.002), 2.0, False, False),
        (300, 0xC0FFEE, number, stamp, "umts", sent, pytest.approx(sent + 0.11), 110.0, True, False),
    ]
    # Packet 300 of the MN was thrown away by its own stack; packet 300 of the CN left and did not arrive.
    lost = packets.filter((polars.col("run") == "reinvite") & (polars.col("packet") == 300)).select(
        "direction", *wanted
    )
    assert lost.rows() == [
        ("to_mn", 300, 0xC0FFEE, number, stamp, "wifi", sent, None, None, None, True),
        ("to_cn", 300, None, None, None, None, None, None, None, None, True),
    ]


def test_every_field_of_a_result_has_a_column(runs: Path) -> None:
    for record in read_records([runs]):
        assert without_column(record) == [], "give it a column: testbed/measure/numbers/, or tables/columns_….py"


def test_a_run_that_failed_early_keeps_nobody_from_the_packets_of_the_others(
    runs: Path, tmp_path: Path, capsys: Capture[str]
) -> None:
    copied = shutil.copytree(runs, tmp_path / "runs")
    for name in ("captures", "run.pcapng", "events.jsonl"):
        path = copied / "proactive" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for table in TABLES:
        main(["export", str(copied), "--out", str(tmp_path / "x.csv"), "--table", table])
        said = capsys.readouterr().err
        assert said == f"note: {copied}/proactive has no result.json: failed; there are no numbers of it\n"


# -- which runs -------------------------------------------------------------------------------------------------------


def test_runs_are_found_below_in_the_order_of_their_numbers_and_each_once(tmp_path: Path) -> None:
    for name in ("b/seed10", "b/seed9", "a/x", "c"):
        synthetic.plain_run().write(tmp_path / name)
    (tmp_path / "b" / "seed9" / "captures" / "manifest.json").write_text("not searched")
    (tmp_path / "again").symlink_to(tmp_path / "b")
    records = read_records([tmp_path / "b", tmp_path, tmp_path / "b" / "seed10", tmp_path / "again" / "seed9"])
    assert [one.name for one in records] == ["b/seed9", "b/seed10", "a/x", "c"]


def test_a_run_alone_is_called_like_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    monkeypatch.chdir(folder)
    assert [one.name for one in read_records([Path()])] == ["run"]


def test_names_do_not_depend_on_where_the_runs_are(tmp_path: Path) -> None:
    for place in ("here", "there/deep"):
        for name in ("x", "y/z"):
            measured(synthetic.plain_run().write(tmp_path / place / name))
    for table in TABLES:
        written = []
        for place in ("here", "there/deep"):
            main(["export", str(tmp_path / place), "--out", str(tmp_path / "out.csv"), "--table", table])
            written.append((tmp_path / "out.csv").read_bytes())
        assert written[0] == written[1], table


# -- what cannot be exported ------------------------------------------------------------------------------------------


def test_a_folder_without_runs(tmp_path: Path, capsys: Capture[str]) -> None:
    said = refusal(capsys, tmp_path, "--out", tmp_path / "x.csv")
    assert said == f"error: {tmp_path}: holds no run: neither it nor a folder below has a manifest.json"


@pytest.mark.parametrize("name", ["x.xlsx", "x", "missing/x.csv"])
def test_a_file_that_cannot_be_written(runs: Path, tmp_path: Path, capsys: Capture[str], name: str) -> None:
    assert refusal(capsys, runs, "--out", tmp_path / name).startswith(f"error: {tmp_path / name} ")


@pytest.mark.parametrize("file", ["manifest.json", "result.json"])
def test_a_run_of_a_newer_version(tmp_path: Path, capsys: Capture[str], file: str) -> None:
    folder = measured(synthetic.plain_run().write(tmp_path / "run"))
    change(folder / file, schema_version=2)
    said = refusal(capsys, tmp_path, "--out", tmp_path / "x.csv")
    assert said.startswith(f"error: {folder / file}: was made by a newer testbed (schema_version 2; ")
    assert not (tmp_path / "x.csv").exists()


def test_a_number_that_no_column_has_is_told(tmp_path: Path, capsys: Capture[str]) -> None:
    folder = measured(synthetic.plain_run().write(tmp_path / "run"))
    change(folder / "result.json", weather={"wind_m_s": 3, "rain": [1, 2]})
    main(["export", str(folder), "--out", str(tmp_path / "x.csv")])
    assert capsys.readouterr().err == "note: no column has weather.wind_m_s, weather.rain of result.json\n"


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("seed", "one", "seed is 'one', and should be an integer"),
        ("seed", True, "seed is True, and should be an integer"),
        ("seed", 1.5, "seed is 1.5, and should be an integer"),
        ("seed", 2**63, "seed is 9223372036854775808, and should be an integer"),
        ("scheme", "\ud800", "scheme is '\\ud800', and should be a text"),
        ("scenario", [1], "scenario.name is [1], and should be an object"),
        ("reproducible", 1, "reproducible is 1, and should be a truth"),
    ],
)
def test_a_manifest_that_says_nonsense(
    tmp_path: Path, capsys: Capture[str], field: str, value: object, what: str
) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    change(folder / "manifest.json", **{field: value})
    assert refusal(capsys, folder, "--out", tmp_path / "x.csv") == f"error: {folder / 'manifest.json'}: {what}"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"schema_version": 1, "media": 5}', "media.to_mn.gap_ms is 5, and should be an object"),
        ('{"schema_version": 1, "warnings": 5}', "warnings is 5, and should be a list of texts"),
        (
            '{"schema_version": 1, "media": {"to_mn": {"gap_ms": 1e999}}}',
            "media.to_mn.gap_ms is inf, and should be a number",
        ),
        ("[]", "the document is no object"),
        ("", "is not JSON"),
    ],
)
def test_a_result_that_says_nonsense(tmp_path: Path, capsys: Capture[str], content: str, what: str) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    (folder / "result.json").write_text(content)
    assert what in refusal(capsys, folder, "--out", tmp_path / "x.csv")


def test_text_of_others_stays_one_field(tmp_path: Path) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    hostile = 'a,"b"\n=1+1 <script> ; \x00 ünï | '
    change(folder / "manifest.json", scheme=hostile, warnings=[hostile, "second"])
    main(["export", str(folder), "--out", str(tmp_path / "x.csv")])
    table = exported(folder, "runs", tmp_path / "x.parquet")
    assert polars.read_csv(tmp_path / "x.csv", schema=table.schema).equals(table)
    assert table["scheme"].to_list() == [hostile] * 2


def test_what_a_campaign_varied_is_a_column_each_a_number_where_all_have_one_unit(runs: Path, tmp_path: Path) -> None:
    place = shutil.copytree(runs, tmp_path / "runs")
    values = {"reinvite": ("0 %", "PCMU", "100 ms"), "handover-cn": ("2.5 %", "GSM", "1 s")}
    for name, (loss, codec, delay) in values.items():
        varied = {"links.wifi.loss": loss, "call.codec": codec, "links.wifi.delay": delay}
        change(place / name / "manifest.json", varied=varied)
    table = exported(place, "runs", tmp_path / "runs.parquet").filter(polars.col("direction") == "to_mn")
    rows = {row["run"]: row for row in table.rows(named=True)}
    assert {name: rows[name]["vary_links.wifi.loss [%]"] for name in rows} == {
        "reinvite": 0.0, "handover-cn": 2.5, "none": None, "proactive": None
    }  # fmt: skip
    assert [rows["reinvite"][f"vary_{name}"] for name in ("call.codec", "links.wifi.delay")] == ["PCMU", "100 ms"]
    assert table.schema["vary_links.wifi.loss [%]"] == polars.Float64
