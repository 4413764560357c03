"""Write the reference pages from the program itself, or check that they are what it would write.

Run as ``python -m docs.generate`` from the repository's root, with ``--check`` to write nothing and exit 1 where
a page is missing, stale or left over. Each page is made by one function of ``PAGES``.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import click

REFERENCE = Path(__file__).with_name("reference")
MADE_BY = "<!-- Written by docs/generate.py; change the program, then run `make format`. -->"


def page(title: str, introduction: str, *blocks: str) -> str:
    """Return a Markdown page."""
    return "\n\n".join([MADE_BY, f"# {title}", introduction, *blocks]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def first_sentence(docstring: str | None) -> str:
    """Return a docstring's first paragraph on one line.

    Raises:
        ValueError: there is none.
    """
    if not docstring:
        raise ValueError("a documented class has no docstring; give it one")
    return " ".join(docstring.strip().split("\n\n")[0].split())


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as it is checked in."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------------------------- the pages


def settings() -> str:
    from governance.installation.service import BusinessSettings
    from governance.settings import Settings

    rows = []
    for field in fields(Settings):
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(
            [
                f"`{field.name}`",
                f"`ANSWERABLE_{field.name.upper()}`",
                default,
                field.metadata["help"] + (" Secret." if field.metadata["secret"] else ""),
            ]
        )
    return page(
        "Settings",
        "Settings of one process come from `answerable.toml` in the home folder and from variables of the environment; "
        "a variable wins. All mistakes are reported at once.",
        table(["In answerable.toml", "Variable", "Default", "What it does"], rows),
        "## Of the business",
        "People change these on the settings page, or by `PATCH /settings`.",
        table(
            ["Name", "Default", "What it does"],
            [
                [
                    f"`{field.name}`",
                    "" if field.default is MISSING else f"`{field.default}`",
                    field.metadata["help"],
                ]
                for field in fields(BusinessSettings)
            ],
        ),
    )


def permissions() -> str:
    from governance.permissions import (
        DESCRIPTIONS,
        ROLE_PERMISSIONS,
        SCOPE_PERMISSIONS,
        Permission,
        Role,
    )

    def marks(permission: Permission) -> list[str]:
        return ["yes" if permission in ROLE_PERMISSIONS[role] else "" for role in Role]

    return page(
        "Permissions and roles",
        "A route names the permission it needs, as `subject:action`, or says that it is open to nobody in particular. "
        "A person has the permissions of all their roles, an app those of its key's scopes.",
        "## Roles",
        table(
            ["Permission", "Opens", *(role.value for role in Role)],
            [[f"`{each}`", DESCRIPTIONS[each], *marks(each)] for each in Permission],
        ),
        "## Scopes of app keys",
        table(
            ["Scope", "Permissions"],
            [
                [f"`{scope}`", ", ".join(f"`{each}`" for each in sorted(opened))]
                for scope, opened in SCOPE_PERMISSIONS.items()
            ],
        ),
    )


def errors() -> str:
    from governance.errors import AnswerableError
    from web import problems

    # Importing the whole API makes every kind of error known.
    from web.api import openapi  # noqa: F401

    known = sorted(
        {
            error.code: (error, told.status)
            for error, told in reversed(problems.kinds().items())
            if error is not AnswerableError
        }.items()
    )
    return page(
        "Errors",
        "The API answers a failure with a problem document (RFC 9457, `application/problem+json`). Its `type` ends in one "
        "of these codes, its `detail` says what was wrong, what was expected and what to do, and `errors` points at each "
        "mistaken field.",
        table(
            ["Code", "Status", "Meaning"],
            [
                [f"`{code}`", str(status), first_sentence(error.__doc__)]
                for code, (error, status) in known
            ],
        ),
        "A request with a mistake is answered like this, and nothing is stored:",
        """```json
{"type": "https://decisions.example.com/problems/invalid-input",
 "title": "The request does not fit",
 "status": 422,
 "detail": "The request does not fit: 1 problem. Nothing was stored.",
 "errors": [{"pointer": "/features/amount", "detail": "expected a number"}],
 "request_id": "a5c2796a34224399"}
```""",
        "The address under `type` is a page that says what the code means; `request_id` finds the request in what the service writes to "
        "standard error. For what an app should do with each status, see "
        "[When Answerable does not answer](../how-to/when-answerable-does-not-answer.md).",
    )


def entry_kinds() -> str:
    from audits.log.entries import EntryKind, describe

    return page(
        "Kinds of log entries",
        "Each act on Answerable writes one entry, in the transaction of the act. An entry holds codes, ids and numbers; "
        "what was said stands in encrypted payloads, to which the entry commits.",
        table(
            ["Kind", "What happened", "Written by"],
            [[f"`{kind}`", describe(kind).what, describe(kind).written_by] for kind in EntryKind],
        ),
    )


POLICY_KEYS: Mapping[str, str] = {
    "decision_point": "The decision point that this policy governs; apps name it in their requests.",
    "kind": "What the automated decision does. It is shown; nothing is ruled by it.",
    "title": "What pages call the decision point.",
    "purpose": "What the decision is for, in a sentence; part of every explanation.",
    "owner": "Who answers for the policy. It is shown; nobody is given or refused anything by it.",
    "stakes": "How much hangs on a decision. Where it is high, people judge every case before they see the proposal.",
    "rollout": "`live` rules. `observe` records what would have been ruled and gives the proposal back; people are asked only "
    "where a person was requested or a hold is in force.",
    "features": "The facts, each under its name; `{}` where there are none. A fact that is not declared is refused (422).",
    "features.*.type": "Its type. An array is a list of texts. Another type in a request is refused (422).",
    "features.*.required": "Whether a request without it is refused (422). An absent fact sends a decision to a person where a "
    "rule uses it without asking `has()`.",
    "features.*.nullable": "Whether null is a value. Else null is refused (422).",
    "features.*.minimum": "A lower value goes to a person.",
    "features.*.maximum": "A higher value goes to a person.",
    "features.*.values": "Any other value goes to a person.",
    "features.*.label": "What people read instead of the name.",
    "features.*.changeable": "Whether the subject could do something about it: what would have changed a decision is said of "
    "changeable facts only.",
    "features.*.stratum": "A legitimate ground for difference: reports also compare groups within each of its values. Copied to the counts as text.",
    "features.*.mask": "Hidden from reviewers, as a name is: who needs it reveals it, with a reason, which is logged.",
    "features.*.proxy": "Hidden like `mask`, and so is what it did to the proposal, because it gives a group away.",
    "features.*.burdening": "That its text may burden whoever reads it: pages show it only when it is opened.",
    "features.*.correctable": "Whether the person concerned sees its value on their page, and may say that it is wrong. `false` for what is no fact about them, such as a score.",
    "groups": "The group attributes that a request may bring along. They go to the vault; no rule and no reviewer sees them.",
    "require": "What a request must bring along, else it is refused (422).",
    "outcomes": "What can be decided. A proposal of anything else goes to a person.",
    "outcomes.*.label": "What people read instead of the name.",
    "outcomes.*.favourable": "That it is good for the subject. Where `measure.positive` is left out, reports compare the rates of these.",
    "outcomes.*.fallback": "The outcome of what is rejected, refused or lapsed; exactly one has it.",
    "proposal": "Where proposals come from.",
    "proposal.from": "Who makes them.",
    "proposal.confidence": "`required`: a proposal without a confidence goes to a person. `none`: it does not; then `review.sample` must be above 0, and `review.confidence_below` absent.",
    "review": "How people decide here.",
    "review.queue": "Where cases wait, unless a rule names another queue. A queue that does not exist is made, always open and "
    "without people.",
    "review.confidence_below": "A lower confidence goes to a person. Without it, confidence sends nobody to a person.",
    "review.due_in": "How long a case may wait, in working hours of its queue. Without it a case is never due.",
    "review.when_overdue": "What the clock does with a case that is overdue and held by nobody.",
    "review.when_overdue.escalate_to": "The queue to which it goes first; there `due_in` begins anew, once.",
    "review.when_overdue.then": "What it comes to in the end: status `lapsed` with the fallback.",
    "review.sign_offs": "How many different people must give the same outcome.",
    "review.undo": "How long a verdict can be taken back, and is told to nobody.",
    "review.judge_first": "The share of the cases on which people say what they would decide before they see the proposal; drawn by a secret "
    "that the log commits to, so that nobody can steer it.",
    "review.sample": "The share of what is released live that a person looks at afterwards; drawn as for `judge_first`. The outcome stands.",
    "review.double": "The share of the cases decided that somebody else judges too, who sees no proposal and no verdict; drawn likewise.",
    "review.gold": "The share of the cases that a person decides here whose right answer is known, up to a half; 0.05 is one at a drawn "
    "place of each 20. Its person alone sees it, as any other case until their verdict counts, and nothing comes of it.",
    "appeals": "How objections of the persons concerned are answered. The policy in force says it, also for decisions of earlier versions.",
    "appeals.queue": "The queue in which they wait. Without one: `review.queue`.",
    "appeals.due_in": "Until when the person is promised an answer, in days of the calendar. The clock answers none; what is late is shown as late.",
    "rules": "Conditions and what follows from them; all are asked, and the strictest wins.",
    "rules.name": "Its name; each rule has its own.",
    "rules.when": "The condition, in CEL.",
    "rules.then": "What follows. `release` documents and never weakens another rule.",
    "rules.sensitive": "Marks the case: every verdict on it needs a reason, also an approval.",
    "rules.queue": "Where its cases wait; of several rules that match, the first that names one. `review` rules only.",
    "rules.due_in": "How long its cases may wait; of several, the shortest. `review` rules only.",
    "rules.sign_offs": "How many people must agree; of several, the most. `review` rules only.",
    "rules.judge_first": "People judge what it sends to them before they see the proposal.",
    "rules.because": "The sentence that people read as the reason.",
    "measure": "How the decision point is measured.",
    "measure.positive": "The outcomes whose rates are compared between groups; left out, those that are favourable.",
    "measure.reference": "For a group attribute, the value that others are compared with; left out, the largest group.",
    "measure.enough": "The smallest number of decisions that a verdict rests on; below it a row is shown and not judged.",
    "measure.maturity": "How old a decision must be before its ground truth counts, so that late labels do not bend figures.",
    "fairness": "Monitors: standing checks, looked at as decisions are counted.",
    "fairness.metric": "What is compared between groups (ratios and differences), or held against a limit by itself (`automated_error`, `overdue_share`).",
    "fairness.by": "The group attribute to compare by; its reference must be named under `measure.reference`.",
    "fairness.stage": "For a rate of selection: of what the machine proposed (`proposal`, where it is left out) or of what was done (`outcome`).",
    "fairness.tolerance": "For a ratio, the lowest that is tolerated, to either side; else the largest difference or share.",
    "fairness.watch": "A stricter level that only asks for attention.",
    "fairness.block": "How many decisions a monitor gathers before it looks at them.",
    "fairness.false_alarms": "How seldom all monitors with this budget together may alarm without cause, on average.",
    "fairness.on_breach": "`alert` opens an incident; `review_all` also puts the point on hold, so that people alone decide.",
    "notice": "What the subject is told with the decision; it comes with every answer.",
    "tests": "The policy's own tests. They run on every check and before publishing; one that fails stops it.",
    "tests.name": "A sentence.",
    "tests.given": "The case.",
    "tests.given.features": "Its facts.",
    "tests.given.proposal": "Its proposal.",
    "tests.given.proposal.outcome": "What is proposed.",
    "tests.given.proposal.confidence": "How sure the machine is; none where it is left out.",
    "tests.given.proposal.source": "Who proposes.",
    "tests.given.subject": "Whom it is about.",
    "tests.given.subject.known": "Whether there is a subject.",
    "tests.given.context": "The circumstances.",
    "tests.given.context.now": "The time.",
    "tests.given.context.zone": "The time zone of hour and weekday.",
    "tests.given.context.language": "The request's language.",
    "tests.given.context.channel": "The request's channel.",
    "tests.given.context.earlier": "What was decided about the subject here before.",
    "tests.given.context.earlier.count_30d": "How often in the last 30 days.",
    "tests.given.context.earlier.last_outcome": "With which outcome last.",
    "tests.given.context.earlier.last_at": "When last.",
    "tests.given.person_requested": "Whether somebody asked for a person.",
    "tests.expect": "What the ruling must be; only what is named here is looked at.",
    "tests.expect.disposition": "What the policy says.",
    "tests.expect.rule": "A rule that is among the reasons.",
    "tests.expect.reason": "A reason's code.",
    "tests.expect.outcome": "The outcome.",
    "tests.expect.queue": "The queue.",
    "tests.expect.sensitive": "Whether the case is sensitive.",
    "tests.expect.sign_offs": "How many people must agree.",
}
"""What each key of a policy does. A key that is accepted and not told here, or told and not accepted, stops the generator."""

REFUSED_KEYS: Mapping[str, str] = {
    "proposal.model": "no models are hosted yet",
    "retention": "nothing is erased by age yet",
    "jurisdiction": "no duties follow from it yet",
    "proposal.from: model": "no models are hosted yet",
    "review.confidence_below: {target_error: ...}": "no threshold is derived from past verdicts yet",
}
"""Why each key or value that the policy language has, and this version does not enforce, is refused."""


def policy_keys() -> Iterator[tuple[str, Any]]:
    """Yield each key that a policy may have with its field, and each that is refused with None; outer keys before inner ones."""
    from marshmallow import fields as kinds

    from policies.schema import PolicyShape

    def below(shape: Any, path: str) -> Iterator[tuple[str, Any]]:
        for name, field in shape.fields.items():
            key, inner = f"{path}{field.data_key or name}", field
            yield key, field
            while isinstance(inner, kinds.List | kinds.Dict):
                if isinstance(inner, kinds.Dict):
                    key, inner = f"{key}.*", inner.value_field
                else:
                    inner = inner.inner
            if isinstance(inner, kinds.Nested):
                yield from below(inner.schema, f"{key}.")
        yield from ((f"{path}{key}", None) for key in sorted(shape.not_enforced))

    yield from below(PolicyShape(), "")


def policy_value(field: Any) -> str:
    """Say what a key of a policy takes."""
    from marshmallow import fields as kinds

    from policies import schema

    if isinstance(field, schema.Word):
        if field.one_of:
            return ", ".join(f"`{word}`" for word in field.one_of)
        return field.expected
    if isinstance(field, schema.Duration):
        return f"{schema.duration_text(field.shortest)} to {schema.duration_text(field.longest)}"
    if isinstance(field, schema.OneOrMore):
        return field.expected
    if isinstance(field, schema.Figure):
        bounds = "" if field.lowest is None else f" from {field.lowest:g} to {field.highest:g}"
        return ("whole number" if field.whole else "number") + bounds
    if isinstance(field, kinds.List):
        return (
            "list"
            if isinstance(field.inner, kinds.Nested)
            else f"list: {policy_value(field.inner)}"
        )
    if isinstance(field, schema.Words):
        return "text, or texts by language"
    return {"Flag": "true or false", "Value": "value"}.get(type(field).__name__, "keys")


def policy_default(field: Any) -> str:
    """Say what a key of a policy has where it is left out."""
    from policies import schema

    if field.required:
        return "**needed**"
    default = field.load_default
    if isinstance(field, schema.Duration) and default is not None:
        return f"`{schema.duration_text(default)}`"
    if isinstance(default, bool):
        return "`true`" if default else "`false`"
    return f"`{default}`" if isinstance(default, str | int) else ""


def policy_document() -> str:
    from policies import conditions, rulings, schema
    from policies.reasons import ReasonCode

    keys = list(policy_keys())
    accepted = [
        [f"`{key}`", policy_value(field), policy_default(field), POLICY_KEYS[key]]
        for key, field in keys
        if field is not None
    ]
    refused = [key for key, field in keys if field is None]
    refused += [
        f"{pointer[1:].replace('/', '.')}: {value}"
        for pointer, values in schema.NOT_ENFORCED_VALUES.items()
        for value in values
    ]
    refused.append("review.confidence_below: {target_error: ...}")
    idle = (POLICY_KEYS.keys() - dict(keys).keys()) | (REFUSED_KEYS.keys() - set(refused))
    if idle:
        raise ValueError(
            f"docs/generate.py tells of keys that policies do not have: {sorted(idle)}"
        )
    circumstances = [
        [f"`{name}`", fact.type.value, "yes" if fact.optional else ""]
        for name, fact in conditions.STANDING.items()
    ]
    return page(
        "The policy document",
        "Every key that this version enforces, and what it does. A dot steps into a key, `*` stands for a name of your own, and "
        "what stands under `rules` and `tests` is said for each of their items. How to write one: "
        "[Write a policy and publish it](../how-to/write-a-policy.md). For editors there is a [JSON Schema](policy.schema.json).",
        table(["Key", "Value", "Left out", "What it does"], accepted),
        f"At most {schema.MOST_RULES} rules, {schema.MOST_FEATURES} features, {schema.MOST_OUTCOMES} outcomes and "
        f"{schema.MOST_TESTS} tests; a condition has at most {conditions.LONGEST_CONDITION} characters. Durations are a whole "
        "number with `s`, `m`, `h` or `d`. A text by language needs one in English (`en`), which stands in for others.",
        "## What is refused",
        "These belong to the policy language, and this version does nothing with them. A document that holds one is refused with "
        "its line: what a policy says is what is done.",
        table(["Refused", "Why"], [[f"`{key}`", REFUSED_KEYS[key]] for key in refused]),
        "Any other key is unknown, and refused too.",
        "## What conditions see",
        "`features.*` as declared, and what follows here. They never see group attributes. What may be absent is asked for with "
        "`has()`, else its absence sends the decision to a person.",
        table(["Name", "Type", "May be absent"], circumstances),
        "Hours and weekdays (1 is Monday) are those of the business's time zone. `context.earlier` is what was decided about the "
        "same subject at the same point. An integer literal is accepted where a number is declared.",
        "## Why a ruling is what it is",
        f"A text fact of more than {rulings.LONGEST_STRING} bytes, or a list of more than {rulings.LONGEST_ARRAY} items, is stored, "
        "and no rule is asked. The reasons of a ruling have these codes: "
        + ", ".join(f"`{code}`" for code in ReasonCode)
        + ".",
    )


def policy_schema() -> str:
    from policies.schema import json_schema

    return as_json(json_schema())


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield each command with its whole name, groups before what they hold."""
    from governance.cli import answerable

    def below(
        command: click.Command, name: str, parent: click.Context | None
    ) -> Iterator[tuple[str, click.Command, click.Context]]:
        # The width is fixed, so that the page does not depend on the terminal it was made in.
        settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
        context = click.Context(command, info_name=name, parent=parent, **settings)
        yield context.command_path, command, context
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                found = command.get_command(context, each)
                assert found is not None
                yield from below(found, each, context)

    yield from below(answerable, "answerable", None)


def log_files() -> str:
    from audits.log.bundles import MAX_ENTRY_BYTES, bundle_path
    from audits.log.proofs import HEADER
    from audits.log.tiles import WIDTH, tile_path
    from governance.ledger.exporting import MOST_CONSISTENCY, VERSION

    rows = [
        (
            "`checkpoint`",
            "yes",
            "The newest checkpoint of the epoch: a signed note of three lines, with the lines of witnesses ([tlog-checkpoint](https://c2sp.org/tlog-checkpoint)).",
        ),
        (
            "`tile/<L>/<N>[.p/<W>]`",
            "yes",
            f"Hash tiles ([tlog-tiles](https://c2sp.org/tlog-tiles)): {WIDTH} hashes each, or the first `<W>`. `{tile_path(0, 1234067)}`, `{tile_path(1, 0, 17)}`.",
        ),
        (
            "`tile/entries/<N>[.p/<W>]`",
            "for auditors",
            f"Entry bundles: for each entry its length in two bytes (big-endian, at most {MAX_ENTRY_BYTES}), then its canonical JSON. `{bundle_path(5, 17)}`.",
        ),
        (
            "`log.vkey`",
            "yes",
            "The keys that the epoch's checkpoints were signed with, one a line.",
        ),
        ("`receipt.vkey`", "yes", "The keys that receipts were signed with, one a line."),
        ("`witness.vkey`", "", "The keys of the witnesses, one a line, where there are any."),
        (
            "`policy`",
            "",
            "Whose signatures a checkpoint needs ([tlog-policy](https://c2sp.org/tlog-policy)). Bring your own where you can.",
        ),
        (
            "`checkpoints/<size>`",
            "",
            "Earlier checkpoints that are kept, by their size in 12 digits.",
        ),
        (
            "`consistency.json`",
            "",
            f"How the last checkpoint of each hour leads to the newest: `old`, `new`, `old_root`, `new_root`, `proof`, in base64. Beyond {MOST_CONSISTENCY} the last of each day.",
        ),
        (
            "`proofs/<index>.tlog-proof`, `.leaf`",
            "",
            f"The proof of an entry (`{HEADER}`) and the bytes it is of: the first and the last entry, and those disclosed by name.",
        ),
        (
            "`anchors/<size>-<method>.json`, `.tsr`, `.note`",
            "",
            "Checkpoints that were laid down outside, with what came back.",
        ),
        (
            "`disclosures/<record-id>.json`",
            "",
            "Payloads in clear, if they were asked for: `name`, `data` (base64) and `key`, with which the entry's commitment is checked.",
        ),
        ("`receipts/<record-id>.note`", "", "The receipts of the disclosed decisions."),
        (
            "`epochs/<n>/...`",
            "yes",
            "The same for each earlier epoch, which has keys and a tree of its own.",
        ),
        (
            "`manifest.json`",
            "",
            f"What the export is meant to hold, and what was left out and why (`v` {VERSION}). Nothing is to be believed because it stands there.",
        ),
    ]
    return page(
        "The log as files",
        "What a service gives out below `/log/`, what `answerable audit publish` keeps in a folder, and what `answerable audit export` writes. Names and "
        "forms are those of [C2SP](https://c2sp.org), so that programs which are not ours read them.",
        table(["Name", "Below `/log/`", "What it is"], rows),
        "Below `/log/`, full and partial tiles may be kept for a year, as they never change; a checkpoint for a second. A partial tile is given out at "
        "every width up to the present one. Whatever no signed checkpoint covers is 404. With `log_public = false` everything there needs the permission "
        "`log:read`, as entries always do: a personal token, or a browser that is signed in.",
        "A published folder holds `checkpoint`, `tile/` and `log.vkey` for each epoch below `epochs/<n>/`, and at its top links to those of the current one; with "
        "`--entries` also the bundles.",
        "An export of a period has bundles for whole stretches of 256 entries; of all others the tiles have the hashes, so that the signed root is rebuilt "
        "from it all the same. So it is with entries that were pruned.",
    )


def commands() -> str:
    return page(
        "Commands",
        "What `--help` says of every command. A command exits with 0 when it did what was asked, and otherwise says in one "
        "sentence what is wrong.",
        *(
            f"## {name}\n\n```text\n{command.get_help(context).strip()}\n```"
            for name, command, context in every_command()
        ),
    )


def openapi() -> str:
    """Return what a running service says of itself at /api/openapi.json."""
    from web.api.openapi import described

    return as_json(described())


#: A key of no installation, for examples.
_EXAMPLE_SEED = bytes(range(32))


def receipts() -> str:
    from audits.log import receipts as notes
    from audits.log.notes import SigningKey
    from audits.log.tree import leaf_hash

    origin = "decisions.example.com/log"
    key = SigningKey(name=notes.key_name(origin), seed=_EXAMPLE_SEED)
    promised = [
        notes.Receipt(
            origin=origin,
            record_id=f"019a0000-0000-7000-8000-00000000000{number}",
            leaf_hash=leaf_hash(b"the canonical bytes of entry %d" % number),
            at_ms=1_795_000_000_000 + number,
            mmd_s=60,
        )
        for number in range(1, 4)
    ]
    return page(
        "Receipts",
        """Each answer to `POST /decisions` and each line of `POST /decisions/batch` carries a `receipt`: a signed promise that the log holds the
decision's entry at the latest so many seconds later. Whoever keeps it can prove that an entry was left out. It tells nothing about
the decision itself, so it may be handed on.

A dry run stores nothing and has none. Neither have imported decisions: nobody was given an answer. A decision that was stored before
the installation had a receipt key has one all the same: it is made when it is asked for.

## One receipt

A [C2SP signed note](https://c2sp.org/signed-note) of exactly five lines, with `\\n` after each, an empty line and the signature:""",
        f"```\n{notes.sign(promised[0], key)}```",
        """| line | what it says |
| --- | --- |
| 1 | the log's name, as each entry carries it, and `/receipt`. The key that signs has the same name |
| 2 | the id of the record: the entry's `id`, which for a decision's first entry is the decision's own |
| 3 | the leaf hash, SHA-256 over a zero byte and the entry's canonical bytes, in base64 |
| 4 | when the decision was recorded, in milliseconds since 1970 (UTC) |
| 5 | the delay that is promised, in seconds (setting `log_promise`) |

The promise is broken where now is later than line 4 and line 5 together and the newest checkpoint's tree has no leaf with this hash.
Numbers are decimals without leading zeros. Signing is deterministic: asking again with the same idempotency key, or with
`GET /decisions/{id}/receipt`, gives the same five lines for as long as `log_promise` stays, and with the same key the same text.

## Receipts of a batch

Lines of a batch that were stored together (at most 250) are signed once. The five lines of each, newlines included, are a leaf of a
tree (RFC 9162, leaf hash SHA-256 over a zero byte and the lines), and each receipt carries its own path to the root:""",
        f"```\n{notes.sign_many(promised, key)[1]}```",
        """After the five lines come `index` with the place in the batch, and the hashes of an inclusion proof, lowest first (RFC 9162, section
2.1.3.1). What follows the first empty line is a signed note of three lines: the log's name and `/receipts`, how many were signed
together, and the root. It is signed by the receipt key. To check it: verify the note; hash the five lines as a leaf; follow the path.

## Who checks them

* `answerable audit receipts check FILE|DIR` against the running log, see [Keep and check receipts](../how-to/check-receipts.md).
* `answerable-verify` against an export, whose `receipt.vkey` holds the keys.
* Any tool for signed notes checks the signature of a single one, for example Go's `golang.org/x/mod/sumdb/note`.

The verifying keys stand in the log: `log.key_added` names each with its purpose `receipt`, and `log.key_retired` says from where on one
no longer counts and why.""",
        f"The verifying key of these examples is `{key.verifying_key.encode()}`.",
    )


PAGES: dict[str, Callable[[], str]] = {
    "entry-kinds.md": entry_kinds,
    "receipts.md": receipts,
    "errors.md": errors,
    "permissions.md": permissions,
    "policy-document.md": policy_document,
    "policy.schema.json": policy_schema,
    "settings.md": settings,
    "commands.md": commands,
    "log-files.md": log_files,
    "openapi.json": openapi,
}


# -------------------------------------------------------------------------- writing and checking


def differences(folder: Path = REFERENCE) -> list[str]:
    """Return a sentence and a diff for each page that is not what the program would write."""
    found = []
    for name, make in PAGES.items():
        path = folder / name
        expected = make()
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present != expected:
            diff = difflib.unified_diff(
                present.splitlines(),
                expected.splitlines(),
                str(path),
                "as generated",
                lineterm="",
                n=1,
            )
            found.append(
                "\n".join([f"{path} is not what the program says; run `make format`.", *diff])
            )
    found += [
        f"{path} is made by no function of docs/generate.py; delete it."
        for path in sorted(folder.iterdir())
        if path.name not in PAGES
    ]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with ``--check`` compare them."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 on a difference"
    )
    if parser.parse_args(arguments).check:
        found = differences()
        print("\n\n".join(found) or f"{len(PAGES)} reference pages are up to date.")
        return 1 if found else 0
    REFERENCE.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
    print(f"Wrote {len(PAGES)} reference pages to {REFERENCE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
