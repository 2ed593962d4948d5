"""A signer's changes: texts by pointer laid over the output of a posted document, and what follows them."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.kit import strict_json
from portal.kit.problems import Problem
from reviews import documents, editing
from reviews.contracts import Contract, at

_OUTPUT = "/snapshot/output"
_Document = dict[str, Any]


class ChangeInvalid(Problem):
    """A change that may not be made, or that breaks the contract; `errors` names each field by its pointer."""

    code = "change_invalid"
    status = 422
    title = "The changes cannot be made"


class NothingChanged(Problem):
    """The changes leave everything as it is."""

    code = "nothing_changed"
    status = 422
    title = "Nothing was changed"


@dataclass(frozen=True, slots=True)
class Editable:
    """One field a signer may change: what the page shows, with the text it has now."""

    pointer: str
    title: str
    kind: str
    choices: tuple[str, ...]
    nullable: bool
    personal: bool
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One difference between two documents of an item, in words; a sum only follows what was changed."""

    pointer: str
    title: str
    before: str
    after: str
    long: bool
    follows: bool


def fields(contract: Contract | None, document: _Document) -> list[Editable]:
    """List what a signer may change in a document; nothing without a contract."""
    return [
        Editable(
            pointer=each.pointer,
            title=each.title,
            kind=each.kind,
            choices=each.choices,
            nullable=each.nullable,
            personal=each.personal,
            text=text(document, each.pointer),
        )
        for each in (contract.fields if contract else ())
        if each.editable and _holder(document, each.pointer) is not None
    ]


def text(document: _Document, pointer: str) -> str:
    """Give the text at a pointer of the output; a missing or null one is empty."""
    value = at(document["snapshot"]["output"], pointer)
    return value if isinstance(value, str) else ""


def merged(
    posted: _Document, contract: Contract | None, standing: Mapping[str, str], changes: Mapping[str, str]
) -> dict[str, str]:
    """Add changes to the overrides that stand; what is as posted drops out. Raises ChangeInvalid, NothingChanged."""
    current = apply(posted, contract, standing) if standing else posted
    kinds = {each.pointer: each.kind for each in fields(contract, posted)}
    cleaned = {pointer: _cleaned(new, kinds.get(pointer, "")) for pointer, new in changes.items()}
    _insist_editable(kinds, cleaned)
    _insist_readable(cleaned)
    made = {pointer: new for pointer, new in cleaned.items() if new != _plain(text(current, pointer))}
    if not made:
        raise NothingChanged("Change a field first, or approve without changes.")
    together = {**standing, **made}
    return {each: together[each] for each in sorted(together) if together[each] != _plain(text(posted, each))}


def apply(posted: _Document, contract: Contract | None, overrides: Mapping[str, str]) -> _Document:
    """Give the document with overrides on its output, sums and amounts following; it keeps the contract."""
    document = copy.deepcopy(posted)
    _insist_editable({each.pointer for each in fields(contract, posted)}, overrides)
    if contract is None or not overrides:
        return document
    by_pointer = {each.pointer: each for each in contract.fields}
    for pointer, new in overrides.items():
        _put(document, pointer, None if not new and by_pointer[pointer].nullable else new)
    _insist_kept(document, contract)
    changed = [*overrides, *_add_up(document, contract, overrides)]
    for pointer in changed:
        _set_amount(document, by_pointer[pointer], posted)
    _insist_kept(document, contract)
    return document


def steps(contract: Contract | None, before: _Document, after: _Document) -> list[Step]:
    """Tell what differs between two documents of an item, field by field in the contract's order, sums last."""
    told = [
        Step(
            pointer=each.pointer,
            title=each.title,
            before=text(before, each.pointer),
            after=text(after, each.pointer),
            long=each.kind == "text",
            follows=not each.editable,
        )
        for each in (contract.fields if contract else ())
        if _holder(before, each.pointer) is not None
    ]
    return sorted((each for each in told if each.before != each.after), key=lambda each: each.follows)


def money(value: str | None) -> Decimal | None:
    """Read an amount; None when there is none."""
    try:
        return Decimal(value) if isinstance(value, str) and value else None
    except InvalidOperation:
        return None


def _cleaned(new: str, kind: str) -> str:
    plain = _plain(new)
    return plain if kind == "text" else plain.strip()


def _plain(value: str) -> str:
    """Undo what browsers do to line ends."""
    return value.replace("\r\n", "\n")


def _insist_editable(editable: Any, changes: Mapping[str, Any]) -> None:
    errors = [
        {"pointer": pointer, "message": "This cannot be changed by a signer; request changes from the flow instead."}
        for pointer in changes
        if pointer not in editable
    ]
    if errors:
        raise ChangeInvalid("Only the fields that the flow's contract opens can be changed.", errors=errors)


def _insist_readable(changes: Mapping[str, str]) -> None:
    """Refuse what a posted document may not hold either: NUL and half a surrogate pair."""
    errors = [
        {"pointer": pointer, "message": "The text holds NUL or half a surrogate pair. Type it again."}
        for pointer, new in changes.items()
        if strict_json.TROUBLE.search(new)
    ]
    if errors:
        raise ChangeInvalid("The changes hold characters that not every reader can read; see `errors`.", errors=errors)


def _insist_kept(document: _Document, contract: Contract) -> None:
    errors = [
        {"pointer": each["pointer"].removeprefix(_OUTPUT), "message": each["message"]}
        for each in documents.faults(document, contract)
    ]
    if errors:
        raise ChangeInvalid("The changes do not keep the flow's data contract; see `errors`.", errors=errors)


def _holder(document: _Document, pointer: str) -> _Document | None:
    """Give the object a pointer's last step is a member of, if the document has it."""
    inside, _, _ = pointer.rpartition("/")
    found = at(document["snapshot"]["output"], inside) if inside else document["snapshot"]["output"]
    return found if isinstance(found, dict) else None


def _put(document: _Document, pointer: str, value: str | None) -> None:
    holder = _holder(document, pointer)
    if holder is not None:
        holder[pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")] = value


def _add_up(document: _Document, contract: Contract, changed: Mapping[str, str]) -> list[str]:
    """Recompute the sums of which a part changed, with as many decimals as they have; give their pointers."""
    sums = [each for each in contract.fields if set(each.sum_of) & changed.keys()]
    for each in sums:
        parts = [_amount(document, part) for part in each.sum_of]
        scale = (money(text(document, each.pointer)) or Decimal(0)) * 0
        _put(document, each.pointer, f"{sum(parts, scale):f}")
    return [each.pointer for each in sums]


def _amount(document: _Document, pointer: str) -> Decimal:
    written = text(document, pointer)
    value = money(written)
    if written and (value is None or not value.is_finite()):
        raise ChangeInvalid(
            "An amount cannot be read.",
            errors=[{"pointer": pointer, "message": "Write an amount such as “18250.00”."}],
        )
    return value or Decimal(0)


def _set_amount(document: _Document, field: editing.Field, posted: _Document) -> None:
    """Let the act's amount follow its field; what is at stake never falls below what was proposed."""
    if not field.sets:
        return
    action, line = document["action"], editing.line_of(field.sets)
    if line is None:
        action["amount"] = _amount_text(document, field, action)
        _keep_stake(action, posted["action"])
    elif isinstance(action.get("lines"), list):
        found = next((each for each in action["lines"] if each.get("id") == line), None)
        if found is None:
            found = {"id": line, "label": field.title}
            action["lines"].append(found)
        found["amount"] = _amount_text(document, field, found)


def _amount_text(document: _Document, field: editing.Field, holder: _Document) -> str:
    """Give the text an amount takes from its field; one taken out is nought, with as many decimals as before."""
    return text(document, field.pointer) or f"{(money(holder.get('amount')) or Decimal(0)) * 0:f}"


def _keep_stake(action: _Document, posted: _Document) -> None:
    known = (posted.get("amount_at_stake"), posted.get("amount"), action["amount"])
    stakes = [(value, written) for written in known if (value := money(written)) is not None and value >= 0]
    if stakes:
        action["amount_at_stake"] = max(stakes, key=lambda each: each[0])[1]
