"""The files that come with an item: notice, estimate and pictures of a claim, the letter of a complaint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from examples import pdf, pictures
from examples.notices import Notice, notice, seed

NOTICE, ESTIMATE, EXTERIOR, MAP, LETTER = (
    "notice-of-loss.txt", "estimate.pdf", "exterior.png", "flood-map.png", "letter.eml",
)  # fmt: skip
# Which files a claim brings takes turns, from all four to none.
_TURNS = (
    (NOTICE, ESTIMATE, EXTERIOR, MAP), (NOTICE,), (NOTICE, ESTIMATE, EXTERIOR), (NOTICE, ESTIMATE), (),
    (NOTICE, EXTERIOR, MAP), (ESTIMATE,),
)  # fmt: skip
_WORK = (
    ("Pump out, dry and disinfect", 11), ("Remove wet drywall and insulation", 17), ("New drywall, paint", 23),
    ("Floors", 21), ("Wiring and outlets", 12), ("Doors and trim", 9), ("Debris to the landfill", 7),
)  # fmt: skip
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class File:
    """A file as it is uploaded."""

    name: str
    media_type: str
    content: bytes


def of_claim(document: dict[str, Any], turn: int) -> list[File]:
    """Make the files of a claim, as many as its turn brings."""
    given, output = document["snapshot"]["input"], document["snapshot"]["output"]
    damage, claim = Decimal(given["building_damage"]), given["claim"]
    depth = max(float(given["water_depth"] or 0), 0.4)
    makers = {
        NOTICE: lambda: File(NOTICE, "text/plain; charset=utf-8", notice(document).text.encode()),
        ESTIMATE: lambda: File(ESTIMATE, "application/pdf", estimate(claim, damage)),
        EXTERIOR: lambda: File(EXTERIOR, "image/png", pictures.exterior(seed(claim), depth)),
        MAP: lambda: File(MAP, "image/png", pictures.flood_map(seed(claim), _is_high_risk(output["flood_zone"]))),
    }
    return [makers[name]() for name in _TURNS[turn % len(_TURNS)] if damage or name != ESTIMATE]


def of_complaint(document: dict[str, Any]) -> list[File]:
    """Make the e-mail a complaint came as; its words are those of the published record."""
    given = document["snapshot"]["input"]
    letter = EmailMessage(policy=SMTP)
    letter["From"] = "A customer <customer@mail.example>"
    letter["To"] = f"{given['company']} <complaints@{given['company'].lower().replace(' ', '-')}.example>"
    letter["Date"] = format_datetime(datetime.fromisoformat(f"{given['received']}T12:00:00+00:00"))
    letter["Subject"] = f"{given['complaint']}: {given['issue']}"
    letter["Message-ID"] = f"<{given['complaint'].lower()}@mail.example>"
    letter.set_content(given["narrative"], cte="quoted-printable")
    return [File(LETTER, "message/rfc822", letter.as_bytes())]


def extractions(document: dict[str, Any], files: Sequence[File]) -> list[dict[str, Any]]:
    """Say what the flow read from a claim, how sure it is, and where in the files each fact stands."""
    names = {file.name for file in files}
    read, turn = notice(document), seed(document["external_id"])
    found = [_extraction(document, pointer, read, names, turn) for pointer in read.spans]
    for line in ("building", "contents"):
        amount = document["snapshot"]["output"][line]
        if amount and Decimal(amount):
            sources = _in_estimate(names) if line == "building" else []
            found.append(_told(f"/output/{line}", amount, 0.9 + turn % 9 / 100, False, sources))
    return found


def estimate(claim: str, damage: Decimal) -> bytes:
    """Make a contractor's estimate whose total is the damage of the record; its parts are invented."""
    head = [
        pdf.Line(54, 730, "Estimate of repairs", 18, bold=True),
        pdf.Line(54, 708, f"Flood claim {claim}"),
        pdf.Line(
            54, 692, "The parts are invented for demonstration; the total is the building damage of a public record.", 8
        ),
        pdf.Rule(680),
    ]
    parts = _parts(damage)
    rows: list[pdf.Line | pdf.Rule] = []
    for number, (work, amount) in enumerate(parts):
        y = 656 - number * 22
        rows += [pdf.Line(54, y, work), pdf.Line(pdf.WIDTH - 54, y, f"{amount:,.2f}", right=True)]
    y = 656 - len(parts) * 22
    total = [
        pdf.Rule(y + 12),
        pdf.Line(54, y - 8, "Total, USD", 11, bold=True),
        pdf.Line(pdf.WIDTH - 54, y - 8, f"{damage:,.2f}", 11, bold=True, right=True),
    ]
    pages = [[*head, *rows, *total]]
    if damage > 10_000:
        pages.append(_terms(claim))
    return pdf.write(f"Estimate of repairs, {claim}", pages)


def _terms(claim: str) -> list[pdf.Line | pdf.Rule]:
    sentences = (
        "Work begins once the building is dry: below 15 per cent of moisture in wood.",
        "Walls are opened to one foot above the waterline.",
        "Wiring below the waterline is replaced, not dried.",
        "Prices hold for 60 days. Permits are the owner's to get.",
    )
    lines = [pdf.Line(54, 690 - number * 20, sentence) for number, sentence in enumerate(sentences)]
    return [pdf.Line(54, 730, f"Terms of the estimate for {claim}", 13, bold=True), *lines]


def _parts(damage: Decimal) -> list[tuple[str, Decimal]]:
    """Divide the damage among the trades; the last one takes what rounding leaves."""
    made = [(work, (damage * share / 100).quantize(_CENT)) for work, share in _WORK[:-1]]
    return [*made, (_WORK[-1][0], damage - sum((amount for _, amount in made), Decimal(0)))]


def _extraction(document: dict[str, Any], pointer: str, read: Notice, names: set[str], turn: int) -> dict[str, Any]:
    part, name = pointer.split("/")[1:]
    span = read.spans[pointer]
    sure = 0.62 + turn % 16 / 100 if span.inferred else 0.88 + turn % 11 / 100
    sources: list[dict[str, Any]] = []
    if NOTICE in names:
        sources.append({"attachment": NOTICE, "page": 1, "chars": [span.start, span.end]})
    if pointer == "/input/building_damage":
        sources += _in_estimate(names)
    return _told(pointer, document["snapshot"][part][name], sure, span.inferred, sources)


def _told(path: str, value: Any, sure: float, inferred: bool, sources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"path": path, "value": value, "confidence": round(sure, 2), "inferred": inferred, "sources": sources}


def _in_estimate(names: set[str]) -> list[dict[str, Any]]:
    return [{"attachment": ESTIMATE, "page": 1}] if ESTIMATE in names else []


def _is_high_risk(zone: str | None) -> bool:
    return bool(zone) and str(zone)[0] in "AV"
