"""What the pages of the daily work are told: first page, queue, case, decisions, one decision, search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audits.reports.charts.figure import Figure
from web.console.views.beside import Beside, ChatView
from web.console.views.shell import Choice, Form, Moment, Notice, Page


@dataclass(frozen=True, kw_only=True)
class BandView:
    """A confidence as a stretch with a word; `low`, `high` and `gate` are whole per cents.

    `word` is in the reader's language. `gate` is what the policy asks for, None where it asks nothing.
    """

    word: str
    low: int
    high: int
    gate: int | None = None


@dataclass(frozen=True, kw_only=True)
class AlternativeView:
    """Another outcome the machine thought of; `band` is None where it gave no confidence."""

    label: str
    band: BandView | None = None


@dataclass(frozen=True, kw_only=True)
class ContributionView:
    """What one fact did to the proposal: `weight` from -100 (against) to 100 (for), relative to the strongest."""

    label: str
    weight: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class FactView:
    """One fact the decision was made on; `value` is printable, empty where absent or `hidden` from the reader.

    `folded` counts the words of what is shown only when opened, 0: it stands open.
    """

    label: str
    value: str = ""
    absent: bool = False
    hidden: bool = False
    long: bool = False
    folded: int = 0


@dataclass(frozen=True, kw_only=True)
class WhyView:
    """Why a person was asked: the sentence, and the rule's name where a rule said so."""

    text: str
    code: str = ""
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """One waiting case in the queue; `due` is None where nothing is due.

    `state` is free, mine, held, kept (for `holder`), kept_for_me or asleep (until `sleeps`, or the app's answer where it was `asked`).
    """

    id: str
    title: str
    point: str
    queue: str
    why: str
    received: Moment
    due: Moment | None = None
    overdue: bool = False
    band: BandView | None = None
    state: str = "free"
    holder: str = ""
    sleeps: Moment | None = None
    asked: bool = False
    sign_offs: tuple[int, int] = (0, 1)
    appeal: bool = False
    looks: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownView:
    """What was right of a known case: labels of what was proposed, what was right and what the reader said, empty where nothing.

    `tone` is good where they were right; `told` is a sentence on that.
    """

    case_id: str
    point: str
    served: Moment
    proposed: str
    answer: str
    said: str
    note: str
    told: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class OwnCompetenceView:
    """A queue that asks for competence; `standing` is missing, ended or ending, `at` since when, or from when on, it is shut."""

    title: str
    standing: str
    at: Moment


@dataclass(frozen=True, kw_only=True)
class LoadView:
    """A queue's load; `trend` is few, empty, grows, shrinks or steady, `forecast` says it in a sentence."""

    queue: str
    title: str
    waiting: int
    age: str
    clear: str
    trend: str
    forecast: str
    figure: Figure | None = None


@dataclass(frozen=True, kw_only=True)
class LoadPage:
    """The load of one's queues."""

    queues: tuple[LoadView, ...]
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class BulkPage:
    """Something to be done with several cases: `act` is hand_over, put_off, escalate or approve."""

    act: str
    cases: tuple[CaseRow, ...]
    colleagues: tuple[Choice, ...] = ()
    later: tuple[Choice, ...] = ()
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class BulkApprovalPage:
    """Cases to be approved together; `drawn` are to be opened first, `opened` were. `undo_until` is set while all can be taken back."""

    id: str
    cases: tuple[CaseRow, ...]
    drawn: tuple[str, ...]
    opened: tuple[str, ...]
    ready: bool
    given: bool
    approved: int
    undo_until: Moment | None = None
    undo_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class QueuePage:
    """The queue: how much waits, for how long, and the list. `queue` is the chosen one, empty for all mine.

    `news` are known cases that the reader decided, and has not said that they have seen the answer of. `may_act` lets several be ticked;
    `competences` says which queues are shut to this person for want of competence, or soon will be.
    """

    waiting: int
    minutes: int
    overdue: int
    due_soon: int
    decided_today: int
    cases: tuple[CaseRow, ...] = ()
    queues: tuple[Choice, ...] = ()
    queue: str = ""
    mine: CaseRow | None = None
    news: tuple[KnownView, ...] = ()
    page: Page = Page()
    may_act: bool = False
    competences: tuple[OwnCompetenceView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SignOffView:
    """A sign-off given so far; `verdict` is a code, `outcome` a label."""

    by: str
    verdict: str
    outcome: str
    at: Moment
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LostRace:
    """What another person did meanwhile, told to the one who came second."""

    by: str
    verdict: str
    outcome: str
    at: Moment


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file that came along, with its size in words."""

    name: str
    href: str
    size: str


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """Something that was said on a case; `kind` is comment, question or information, `facts` are what the app told.

    `folded` counts the words of what is shown only when opened.
    """

    kind: str
    by: str
    at: Moment
    words: str
    facts: tuple[FactView, ...] = ()
    open: bool = False
    folded: int = 0
    files: tuple[FileRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Instead:
    """What can be done with a case instead of deciding it; `open` names the form that is shown with what was wrong.

    `later` are the times it may be put off to, none where it is due before; `masked` are facts that can be revealed.
    """

    skips: tuple[Choice, ...] = ()
    later: tuple[Choice, ...] = ()
    colleagues: tuple[Choice, ...] = ()
    may_ask: bool = False
    masked: tuple[Choice, ...] = ()
    open: str = ""
    form: Form = Form()

    def form_of(self, name: str) -> Form:
        """Return a form as it was sent, empty where another one was, or none."""
        return self.form if name == self.open else Form()


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """One case on one screen.

    `outcomes` are the outcomes a change may choose. `held_by_me` with `lease_until` opens the form; else
    `holder` says who has it, or the case can be claimed. `approvable` is false where a rule forbids it,
    `judge_first` asks for this person's own judgement before the proposal is shown, `judgement` is what they said then.
    `may_decide` is false where this person may not, with `barred` saying why. `kept_for` names whom it was handed to,
    `sleeps` till when it is put off, or waits for the app where it was `asked`. `known` says what was right, of a known case that is over;
    `news` of those that the reader decided before, and has not said that they have seen.
    `looks` is check, double or own where it looks at what is decided already, else empty. Of a check `may_put_right` offers to put it right
    for the person, `confirming` asks once more and says what it `becomes`; `reversed_by` is the decision that came of it.
    `compared` are the verdicts that a second opinion stands beside, `agree` whether all say the same.
    Who decides in less than `floor` seconds is asked once; `nudges` are words about the pace.
    """

    id: str
    decision_id: str
    etag: str
    point: str
    purpose: str
    queue: str
    queue_title: str
    received: Moment
    why: tuple[WhyView, ...]
    facts: tuple[FactView, ...]
    proposed: str
    source: str
    outcomes: tuple[Choice, ...]
    fallback: str
    band: BandView | None = None
    alternatives: tuple[AlternativeView, ...] = ()
    contributions: tuple[ContributionView, ...] = ()
    judge_first: bool = False
    judgement: str = ""
    due: Moment | None = None
    overdue: bool = False
    when_overdue: str = ""
    held_by_me: bool = False
    lease_until: Moment | None = None
    lease_seconds: int = 0
    holder: str = ""
    may_decide: bool = True
    barred: str = ""
    approvable: bool = True
    reason_always: bool = False
    may_escalate: bool = False
    sign_offs_needed: int = 1
    sign_offs: tuple[SignOffView, ...] = ()
    messages: tuple[MessageView, ...] = ()
    instead: Instead = Instead()
    beside: Beside = Beside()
    may_comment: bool = False
    kept_for: str = ""
    kept_for_me: bool = False
    sleeps: Moment | None = None
    asked: bool = False
    lost: LostRace | None = None
    looks: str = ""
    may_put_right: bool = False
    rejectable: bool = True
    confirming: bool = False
    becomes: str = ""
    reversed_by: str = ""
    compared: tuple[SignOffView, ...] = ()
    agree: bool = False
    known: KnownView | None = None
    news: tuple[KnownView, ...] = ()
    policy: str = ""
    policy_href: str = ""
    form: Form = Form()
    shown: str = ""
    floor: float = 0.0
    nudges: tuple[Notice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoryStep:
    """One event in a decision's story.

    `kind` is received, done_elsewhere, ruled, case_opened, sampled, checked, drawn, second_opinion, not_looked_at, claimed, released, verdict, undone, sign_off, skipped, put_off,
    handed_over, commented, doubted, question_asked, information_given, escalated, lapsed, withdrawn or effective. `entry` is the log's index, None while it is not in the log yet.
    """

    kind: str
    title: str
    at: Moment
    by: str = ""
    text: str = ""
    quote: str = ""
    points: tuple[str, ...] = ()
    href: str = ""
    link: str = ""
    entry: int | None = None
    logged: bool = True


@dataclass(frozen=True, kw_only=True)
class TraceRow:
    """What one rule said: `said` is true, false, error or not_run."""

    rule: str
    when: str
    then: str
    said: str
    looked_at: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ReaderRow:
    """That somebody was shown a decision's payloads, or a file of them; `entry` is the log's that tells of it."""

    entry: str
    at: Moment
    by: str
    file: bool = False


@dataclass(frozen=True, kw_only=True)
class DecisionPage:
    """One decision with its whole story. `status` is a code; `outcome` a label, empty while undecided.

    `answers` are what may be right where the reader can make a known case of it, none where they cannot. `readers` is None where the reader may not know them.
    """

    id: str
    point: str
    status: str
    outcome: str
    proposed: str
    source: str
    app: str
    recorded: Moment
    story: tuple[StoryStep, ...]
    facts: tuple[FactView, ...] = ()
    band: BandView | None = None
    alternatives: tuple[AlternativeView, ...] = ()
    contributions: tuple[ContributionView, ...] = ()
    trace: tuple[TraceRow, ...] = ()
    what_would_change: tuple[str, ...] = ()
    occurred: Moment | None = None
    policy: str = ""
    policy_href: str = ""
    case_id: str = ""
    subject: str = ""
    imported: bool = False
    readable: bool = True
    may_enter_appeal: bool = False
    reverses: str = ""
    reversed_by: str = ""
    metadata: tuple[FactView, ...] = ()
    answers: tuple[Choice, ...] = ()
    form: Form = Form()
    chat: ChatView | None = None
    readers: tuple[ReaderRow, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """One line of the list of decisions."""

    id: str
    point: str
    status: str
    proposed: str
    outcome: str
    recorded: Moment
    app: str = ""
    band: BandView | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionsPage:
    """The list of decisions with its filters: point, status, outcome, app, since, until."""

    rows: tuple[DecisionRow, ...]
    points: tuple[Choice, ...] = ()
    statuses: tuple[str, ...] = ()
    apps: tuple[Choice, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    page: Page = Page()


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """Looking a subject up; `rows` is None before anything was asked."""

    form: Form = Form()
    rows: tuple[DecisionRow, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class PointState:
    """A decision point today, for the first page; `state` is live, observe, held or none."""

    name: str
    title: str
    kind: str
    state: str
    decisions: int
    by_people: int
    waiting: int
    href: str


@dataclass(frozen=True, kw_only=True)
class FirstPage:
    """The first page: what is still to set up, and how today stands."""

    greeting_name: str
    today: str
    connected: bool
    imported: bool
    invited: bool
    published: bool
    curl: str = ""
    decisions: int = 0
    released: int = 0
    waiting: int = 0
    minutes: int = 0
    decided: int = 0
    overdue: int = 0
    requests: int = 0
    points: tuple[PointState, ...] = ()
    failing: tuple[str, ...] = ()
    log_size: int = 0
    log_checked: Moment | None = None
    notice: bool = False
    own_alarm: bool = False
    alarms: tuple[Choice, ...] = ()

    @property
    def ready(self) -> bool:
        """Say whether every step of setting up is done."""
        return self.connected and self.imported and self.invited and self.published
