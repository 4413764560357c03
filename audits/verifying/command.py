"""The program ``answerable-verify``."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import warnings
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NoReturn

from audits.log.notes import NoteRefused, parse_checkpoint, split_note
from audits.log.witness_policy import MalformedPolicy, WitnessPolicy
from audits.verifying.checking import Report, Request, verify
from audits.verifying.findings import Finding, Severity, Step
from audits.verifying.sources import NoExport
from audits.verifying.timestamps import load_authorities

OK, TAMPERED, INCOMPLETE, USAGE = range(4)

_SHOWN: Final = 100
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_TITLES: Final = {
    Step.CHECKPOINT: "policy, newest checkpoint and quorum",
    Step.TREE: "entries, tiles and root",
    Step.ENTRIES: "form of each entry, ids and keys",
    Step.HISTORY: "history",
    Step.TIME: "time",
    Step.RECEIPTS: "receipts",
    Step.ANCHORS: "anchors",
    Step.DISCLOSURES: "disclosed payloads",
    Step.SEQUENCES: "apps' own numbers",
}
_RESULTS: Final = {
    OK: "VERIFIED: nothing differs from what was signed.",
    TAMPERED: "TAMPERED: something is not as it was recorded and signed.",
    INCOMPLETE: "INCOMPLETE: nothing was found to be changed, but something that was asked for could not be checked.",
}
_MEANING: Final = """\
A clean run shows that these bytes were recorded in this order, were signed by the log's key, and have not changed
since the earliest checkpoint that somebody else holds. It does not show that they were true."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    asked = _parser().parse_args(arguments)
    warnings.simplefilter("ignore")  # Certificates of others are not our reader's business.
    try:
        report = verify(
            Request(
                export=asked.export,
                policy=_policy(asked.policy),
                pins=[_pin(path) for path in asked.pin],
                receipts=[_directory(path) for path in asked.receipts],
                authorities=[one for path in asked.anchors for one in _authorities(path)],
                max_age=asked.max_age,
                jobs=asked.jobs,
                progress=_progress if sys.stderr.isatty() and not asked.json else _silent,
            )
        )
    except _Unusable as unusable:
        return _refuse(str(unusable))
    except NoExport as none:
        return _refuse(str(none))
    except KeyboardInterrupt:
        return _refuse("Stopped before the end; nothing is said of the export.")
    except (OSError, MemoryError, RuntimeError) as error:
        # Whatever ends the check early must never look like a result.
        return _refuse(
            f"The check could not be finished ({error!r}); nothing is said of the export."
        )
    except Exception as fault:  # noqa: BLE001 - Python would end with 1, which means something else here
        return _refuse(
            f"A fault of this program ended the check: {fault!r}. Nothing is said of the export."
        )
    code = TAMPERED if report.tampered else INCOMPLETE if report.incomplete else OK
    text = _as_json(report, code) if asked.json else _as_text(report, code, show_all=asked.all)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough; what was found still counts.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


class _Unusable(Exception):
    """Raised where what the reader gave cannot be used."""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="answerable-verify",
        description="Check an export of Answerable's log, offline, trusting nothing in it that you can bring yourself.",
        epilog="Exit codes: 0 verified, 1 tampered, 2 incomplete, 3 could not be run.",
    )
    parser.add_argument("export", metavar="EXPORT", type=Path, help="a directory or a zip archive")
    parser.add_argument(
        "--policy",
        type=Path,
        help="C2SP tlog-policy with the keys of the log and its witnesses, from elsewhere than the export",
    )
    parser.add_argument(
        "--pin",
        metavar="CHECKPOINT",
        type=Path,
        action="append",
        default=[],
        help="a checkpoint that you kept; may be given more than once",
    )
    parser.add_argument(
        "--receipts",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="receipts that an app kept, as *.note",
    )
    parser.add_argument(
        "--anchors",
        metavar="CA.pem",
        type=Path,
        action="append",
        default=[],
        help="certificates that time stamps (RFC 3161) must lead to",
    )
    parser.add_argument(
        "--max-age",
        metavar="DURATION",
        type=_duration,
        help="how old the newest checkpoint may be, such as 90m, 24h or 7d",
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    parser.add_argument(
        "--all", action="store_true", help=f"show more than {_SHOWN} findings of a step"
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_jobs,
        default=min(os.cpu_count() or 1, 16),
        help="processes that share the work (default: one for each core)",
    )
    parser.add_argument("--version", action="version", version=_version())
    return parser


def _version() -> str:
    try:
        return f"answerable-verify {version('answerable')}"
    except PackageNotFoundError:
        return "answerable-verify"


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no duration; write a number and s, m, h, d or w, such as 24h"
        )
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 3 and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; give 1 to 64")
    return int(text)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _Unusable(f"{path} cannot be read ({error.strerror}).") from None


def _policy(path: Path | None) -> WitnessPolicy | None:
    if path is None:
        return None
    try:
        return WitnessPolicy.parse(_read(path))
    except MalformedPolicy as refused:
        raise _Unusable(f"{path} is not a policy: {refused}") from None


def _pin(path: Path) -> tuple[str, str]:
    try:
        note = _read(path).decode()
        parse_checkpoint(split_note(note)[0])
    except (UnicodeDecodeError, NoteRefused) as refused:
        raise _Unusable(f"{path} is not a checkpoint: {refused}") from None
    return str(path), note


def _directory(path: Path) -> Path:
    if not path.is_dir():
        raise _Unusable(f"{path} is not a directory with receipts.")
    return path


def _authorities(path: Path) -> list[Any]:
    try:
        return list(load_authorities(_read(path)))
    except ValueError as error:
        raise _Unusable(f"{path} holds no certificates in PEM ({error}).") from None


def _refuse(message: str) -> int:
    sys.stderr.write(f"answerable-verify: {_plain(message)}\n")
    return USAGE


def _silent(what: str, done: int, of: int) -> None:
    """Say nothing."""


def _progress(what: str, done: int, of: int) -> None:
    end = "\n" if done >= of else ""
    sys.stderr.write(f"\r{what}: {done:,} of {of:,} entries{end}")
    sys.stderr.flush()


def _as_json(report: Report, code: int) -> str:
    document = {
        "result": ("verified", "tampered", "incomplete")[code],
        "exit_code": code,
        "epochs": [
            {
                "epoch": one.number,
                "origin": one.origin,
                "size": one.size,
                "root": one.root,
                "entries_checked": one.checked,
                "checkpoints": one.checkpoints,
                "cosigned_by": list(one.cosigned_by),
            }
            for one in report.epochs
        ],
        "steps": [
            {
                "step": step.value,
                "what": _TITLES[step],
                "done": report.done.get(step),
                "tampered": report.counts[step][0],
                "incomplete": report.counts[step][1],
            }
            for step in Step
        ],
        "findings": [
            {
                "step": one.step.value,
                "severity": one.severity.value,
                "epoch": one.epoch,
                "index": one.index,
                "record": one.record_id,
                "what": one.what,
                "expected": one.expected,
                "got": one.got,
            }
            for one in report.findings
        ],
        "not_checked": list(report.not_checked),
        "remarks": list(report.remarks),
    }
    return json.dumps(document, indent=2) + "\n"


def _as_text(report: Report, code: int, *, show_all: bool) -> str:
    lines: list[str] = []
    for step in Step:
        tampered, incomplete = report.counts[step]
        state = "TAMPERED" if tampered else "incomplete" if incomplete else "ok"
        if state == "ok" and not report.done:
            state = "not reached"
        elif state == "ok" and step in report.idle:
            state = "nothing"
        lines.append(f"{step.value:>2}  {state:<11} {_TITLES[step]}")
        if step in report.done:
            lines.append(f"    {report.done[step]}")
        found = [one for one in report.findings if one.step is step]
        shown = found if show_all else found[:_SHOWN]
        for one in shown:
            lines += _told(one, several=len(report.epochs) > 1)
        rest = tampered + incomplete - len(shown)
        if rest:
            lines.append(f"    ... and {rest:,} more")
    lines.append("10  not checked")
    lines += [f"    - {line}" for line in report.not_checked]
    if report.remarks:
        lines += ["", "Worth knowing"]
        lines += [f"    - {line}" for line in report.remarks]
    lines += ["", _RESULTS[code], "", _MEANING]
    return "".join(f"{_plain(line)}\n" for line in lines)


def _told(finding: Finding, *, several: bool) -> list[str]:
    place = "" if finding.index is None else f"entry {finding.index}"
    if several and finding.epoch is not None:
        place = f"{place} of epoch {finding.epoch}" if place else f"epoch {finding.epoch}"
    if finding.record_id is not None:
        place = f"{place} (record {finding.record_id})" if place else f"record {finding.record_id}"
    mark = "!" if finding.severity is Severity.TAMPERED else "?"
    return [
        f"    {mark} {place + ': ' if place else ''}{finding.what}",
        f"        expected {_cut(finding.expected)}",
        f"        got      {_cut(finding.got)}",
    ]


def _cut(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}... ({len(text)} characters)"


def _plain(text: str) -> str:
    """Keep what came from an export from steering the reader's terminal."""
    return "".join(
        c
        if c == "\n" or (c.isprintable() and not "\ud800" <= c <= "\udfff")
        else f"\\u{ord(c):04x}"
        for c in text
    )


if __name__ == "__main__":
    raise SystemExit(main())
