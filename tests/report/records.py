"""Runs made of numbers alone: what their folders would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from testbed.measure.folder.records import Record

MEDIA: dict[str, Any] = {
    "gap_ms": 100.0, "path_step_ms": 110.0, "interruption_ms": 0.0, "lost_in_window": 0, "lost": 0, "duplicates": 0,
    "mos": 4.34, "interruption_call_ms": 0.0, "gap_call_ms": 100.0,
}  # fmt: skip
HANDOVER: dict[str, Any] = {
    "delay_ms": 300.0,
    "phases_ms": {"detect": None, "attach": 0.0, "address": 0.0, "signalling": 290.0, "media": 10.0},
}


def a_record(
    scheme: str,
    seed: int | None = 1,
    *,
    to_mn: dict[str, Any] | None = None,
    to_cn: dict[str, Any] | None = None,
    manifest: dict[str, Any] | None = None,
    handover: dict[str, Any] | None = HANDOVER,
    measured: bool = True,
    warnings: tuple[str, ...] = (),
) -> Record:
    """Return a run whose media numbers are `MEDIA`'s but for those given."""
    name = f"{scheme}-seed{seed}"
    document = {
        "schema_version": 1, "scheme": scheme, "seed": seed, "trigger": None, "cn": "testbed", "proxy": "none",
        "engine": "vm", "reproducible": True, "status": "done", "failure": None, "failure_script": "wifi-fade",
        "plan_sha256": name, "scenario": {"name": "wifi-to-umts", "sha256": "ab" * 32}, "command": ["compare", "it"],
        "call": {"hangs_up": "mn", "duration_s": 30.0}, "warnings": list(warnings),
        **(manifest or {}),
    }  # fmt: skip
    result = {
        "schema_version": 1,
        "handover": handover,
        "media": {"to_mn": {**MEDIA, **(to_mn or {})}, "to_cn": {**MEDIA, **(to_cn or {})}},
        "signalling": {"setup_ms": 20.0, "messages": 11, "bytes": 6058},
        "warnings": list(warnings),
    }
    return Record(name, Path("runs") / name, document, result if measured else None)


def interrupted(scheme: str, *values_ms: float | None) -> list[Record]:
    """Return a run for each value, with seeds from 1 on, interrupted for so long to the MN."""
    return [a_record(scheme, seed, to_mn={"interruption_ms": value}) for seed, value in enumerate(values_ms, 1)]
