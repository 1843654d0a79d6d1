"""What each package gives to others: a list, and nobody takes more."""

from __future__ import annotations

import importlib
import subprocess
import sys
from functools import cache

import pytest

from .rules import Module, modules

EXPORTS = {
    "testbed": (
        "AttackedCall BadScenarioError CaptureError CaptureResult Checked CommandError"
        " MissingRequirementError News NoWorkersError NotBegunError NotRepeatableError OutputError Run RunFolderError"
        " RunResult Runs ScenarioError StrangerError SweepNews Swept Verified attack check compare compare_triggers"
        " export frame measure new replay run sweep verify verify_self"
    ),
    "agents.sip": (
        "Abilities Account Address Ask ClientRequest Datagram DigestClient DigestServer Event Flow"
        " HandoverHeader Invitation LocalProtocolError Message NameAddr OFFERED RemoteProtocolError Request"
        " Response ServerRequest Session SessionInterval SipParseError TCP UDP Uri UserAgent"
    ),
    "agents.rtp": (
        "Arrival Codec CodecError DuplicateFilter IP_UDP LegNotice MediaSource MissingLibraryError PACKET_INTERVAL"
        " PathDelay PlayoutBuffer PlayoutEvent PlayoutSettings Reception ReceptionStatistics RtcpPacket RtcpParseError"
        " RtcpSession RtpPacket RtpParseError SESSION_BANDWIDTH SPARSE_S SilenceWatch"
        " StreamReceiver Transcoder UnknownFormatError has_codec is_rtcp learn_delay make_codec"
        " parse_compound read_mu_law with_ssrc"
    ),
    "agents.sdp": (
        "AudioFormat Endpoint FORMATS GSM Media NoCommonFormatError Numbering PCMU PTIME_MS SdpParseError"
        " SessionDescription agreed_numbering agreed_stream make_answer make_offer offered_formats"
    ),
    "agents.media": (
        "Agreed CallMedia Copies LAST_PORT Latches Leg LegReadiness MOST_PACKETS MediaSettings SILENCE SILENCE_S"
        " Silences agreed_leg control_of is_emptied media_address most_packets"
    ),
    "testbed.scenario": (
        "BadScenarioError CORRESPONDENT COVERAGE CoverageMap Document Experiment FAILURE FailureScript"
        " LinkDirection LinkProfile MOBILE NAT Nat PROFILE PROGRAM SCENARIO Scenario ScenarioError TOPOLOGY TRACK"
        " bad_from compile_plan doubts exported hung_up load load_experiment load_program load_topology load_track"
        " main_address nats own_setting role_of_point roles traffic validated with_remedies"
    ),
    "testbed.engine": (
        "CommandError Engine MissingRequirementError Place Report RunFailedError Say UnknownPackageError User"
        " WallClockVm cache_folder digest make_engine unknown_packages usual_engine"
    ),
    "testbed.measure": (
        "CaptureError CaptureResult Difference FolderOfCaptures MeasuredRun Record RunFolderError RunResult UserNumber"
        " UserNumberError captures_in find_runs first_difference first_difference_from load_numbers measure"
        " measure_capture measure_run prints_of"
        " read_capture read_document read_events read_manifest read_records to_json"
    ),
    "testbed.report": (
        "Triggered comparison conditions console ladder mean_speech_table mean_triggers_table new_table pictures"
        " speech_table statistics sweep_table tables tables_of_many triggers_table"
        " write_comparison write_page write_run_capture"
    ),
}
"""Package -> the names in its __init__. To add one: here, in `__all__`, in `_HOMES`, and for mypy above them."""

OPEN = {
    "agents.sip": "message.address message.framing message.grammar message.handover message.uri session.events",
    "agents.rtp": "coding.codec coding.decoders coding.recorded packet playout_events rtcp rtcp_xr",
    "agents.sdp": "",
    "agents.media": "",
    "testbed.scenario": (
        "experiment.varying kinds.chosen_scheme kinds.correspondent kinds.program kinds.scenario kinds.triggers"
        " links.conversion links.excerpt links.forms links.gating links.history links.jitter_spread links.shaping"
        " links.timeline"
        " links.trace links.trace_facts links.trace_file links.traced plan.failure_picture plan.history_export"
        " reading.document reading.tree reading.units"
    ),
    "testbed.engine": "cache guest.needs native run_records uml.built_kernel uml.started_kernel",
    "testbed.measure": (
        "bare.bare_chart bare.stream_speech call.direction call.extension call.unaided capture.capture capture.errors"
        " conditions.condition conditions.errors conditions.judging conditions.names folder.link_history"
        " folder.run_captures folder.run_folder listening.codec_ratings listening.lqo"
        " listening.playout listening.speech"
        " numbers.flow_numbers numbers.handover_numbers numbers.media_numbers numbers.number numbers.nat_numbers"
        " numbers.path_numbers numbers.signalling_numbers"
        " numbers.cost_numbers numbers.standby_numbers call.standing_dialogs"
        " numbers.user_numbers result.chart result.found result.measured result.speech_scores result.story"
        " result.summary result.typed rtp.streams selection.moment selection.selection sip.scan tables.capture_rows"
        " tables.columns tables.columns_captures tables.columns_media tables.packet_rows tables.rows"
        " tables.schema tables.varied wire.checksums wire.packets call.recording headers.ethernet mobility.outermost"
        " mobility.binding_exchanges mobility.handshakes mobility.key_exchanges said.said_passages"
    ),
    "testbed.report": (
        "one_capture.capture_page one_run.ladder one_run.run_capture one_run.wireshark several.comparison_page"
        " several.export streams_table terminal"
    ),
}
"""Package -> modules that others may import anything of: what they have is of one kind, and no list would say more."""


@cache
def homes(package: str) -> dict[str, str]:
    """Name -> the module that defines it, of all that a package exports."""
    found = importlib.import_module(package)._HOMES
    return {name: f"{package}.{home}" for home, names in found.items() for name in names.split()}


def strangers(module: Module, package: str) -> list[str]:
    """What a module of another package takes from one that the package doesn't give."""
    if module.is_in(package) or not module.is_in("agents", "testbed"):
        return []
    allowed = {package, *(f"{package}.{one}" for one in OPEN[package].split())}
    known = homes(package)
    given = {f"{package}.{name}" for name in known} | {f"{home}.{name}" for name, home in known.items()}
    return [
        f"{module.path}:{line} imports {name}, which {package} does not export: see OPEN and EXPORTS here"
        for name, line in module.imports()
        if name.startswith(f"{package}.")
        and name not in given
        and not any(name == one or name.rpartition(".")[0] == one for one in allowed - {package})
    ]


@pytest.mark.parametrize("package", EXPORTS)
def test_package_exports_what_is_listed(package: str) -> None:
    found = importlib.import_module(package)
    assert sorted(found.__all__) == sorted(EXPORTS[package].split())
    assert set(found.__all__) - set(homes(package)) <= {"measure"}, "a package that can be called"
    for name in found.__all__:
        assert getattr(found, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = found.nothing


@pytest.mark.parametrize("package", OPEN)
def test_others_take_only_what_a_package_gives(package: str) -> None:
    broken = [line for module in modules() for line in strangers(module, package)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("package", OPEN)
def test_every_open_module_is_there_and_needed(package: str) -> None:
    names = {name for module in modules() if not module.is_in(package) for name, _ in module.imports()}
    for one in OPEN[package].split():
        full = f"{package}.{one}"
        assert any(name == full or name.startswith(f"{full}.") for name in names), f"nobody needs {full} in OPEN"


def test_stranger_is_found() -> None:
    taken = "from agents.sip import Session\nfrom agents.sip.session.core import Core\n"
    (said,) = strangers(Module("agents/roles/new.py", taken), "agents.sip")
    assert said.startswith(
        "agents/roles/new.py:2 imports agents.sip.session.core.Core, which agents.sip does not export"
    )


@pytest.mark.parametrize("package", EXPORTS)
def test_importing_a_package_loads_nothing_of_it(package: str) -> None:
    """An agent's start is what it spends most of its time with."""
    code = f"import sys, {package}; print([one for one in sys.modules if one.startswith('{package}.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
