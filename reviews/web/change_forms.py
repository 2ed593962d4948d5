"""Forms in which a change is written: each makes the one text that is proposed, and says what it is about."""

import json
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from portal.accounts.access import WALL, Access
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit.clock import stamp
from reviews import walls
from reviews.models import Calendar, Flow, Queue
from reviews.proposals import deciding
from reviews.proposals.people import TARGETS
from reviews.proposals.schemas import EARLIER_UNTIL
from reviews.showing.texts import pretty
from reviews.web import fields
from reviews.words import Wall

_REASON = "Who signs it reads this, and so does whoever looks at the change later."
_LONGEST = 262_144


class ChangeForm(forms.Form):
    """What all changes ask for: why."""

    text_field: ClassVar[str] = ""
    reason = forms.CharField(
        label="Reason", help_text=_REASON, max_length=1000, widget=forms.Textarea(attrs={"class": "in", "rows": 2})
    )

    def __init__(self, *args: Any, granted: Access, asked: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "c-%s"
        self.fill(granted, asked)
        self.order_fields([name for name in self.fields if name != "reason"] + ["reason"])

    def fill(self, granted: Access, asked: dict[str, str]) -> None:
        """Put in what may be chosen, and what the address asks for."""

    @property
    def typed(self) -> str:
        """Give the long text as it was typed, in which faults have their places."""
        return fields.unix(str(self.data.get(self.text_field, ""))) if self.text_field else ""

    def content(self) -> str:
        """Give the text that is proposed: the long text as it was typed, where a form has one."""
        return fields.unix(self.cleaned_data[self.text_field])

    def target(self) -> UUID | None:
        """Give what it is about, where the text does not say it."""
        return None


class ContractForm(ChangeForm):
    """A flow's data contract."""

    text_field = "schema"
    flow = forms.ModelChoiceField(
        Flow.objects.none(), label="Flow", empty_label="Choose a flow", widget=forms.Select(attrs={"class": "in"})
    )
    schema = forms.CharField(
        label="Data contract, as JSON Schema",
        help_text="JSON Schema 2020-12 of the snapshot of the flow's items.",
        max_length=_LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"class": "in code-text", "rows": 24, "spellcheck": "false", "wrap": "off"}),
    )
    earlier_until = forms.DateTimeField(
        label="The version before is accepted until, UTC",
        help_text="Left empty, items by the version before are refused as soon as this one is in force.",
        required=False,
        widget=forms.DateTimeInput(attrs={"class": "in", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def fill(self, granted: Access, asked: dict[str, str]) -> None:
        """Offer the flows the person may propose for, and begin with the contract in force of the one asked for."""
        flows = Flow.objects.select_related("contract").order_by("name")
        if deciding.signing_role(granted) is None:
            flows = flows.filter(pk__in=granted.where("own_flow", "flow"))
        self.fields["flow"].queryset = flows  # type: ignore[attr-defined]
        chosen = flows.filter(slug=asked.get("flow", "")).first()
        if chosen is not None:
            schema = chosen.contract.schema if chosen.contract else {}
            kept = {name: part for name, part in schema.items() if name != EARLIER_UNTIL}
            self.initial = {"flow": chosen.pk, "schema": pretty(kept)}

    def content(self) -> str:
        """Give the schema with the date in it; what is no JSON goes on as it is, to be refused with its place."""
        text, until = fields.unix(self.cleaned_data["schema"]), self.cleaned_data["earlier_until"]
        try:
            schema = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if until is None or not isinstance(schema, dict):
            return text
        return json.dumps(schema | {EARLIER_UNTIL: stamp(until)}, ensure_ascii=False)

    def target(self) -> UUID | None:
        """Give the flow."""
        return UUID(str(self.cleaned_data["flow"].pk))


class PermissionForm(ChangeForm):
    """One permission on one queue or flow, for everybody with a role."""

    role = forms.ChoiceField(label="Role that gets the permission", widget=forms.Select(attrs={"class": "in"}))
    permission = forms.ChoiceField(label="Permission", widget=forms.Select(attrs={"class": "in"}))
    on = forms.ChoiceField(label="On which queue or flow", widget=forms.Select(attrs={"class": "in"}))

    def fill(self, granted: Access, asked: dict[str, str]) -> None:
        """Offer roles, permissions and what they are given on."""
        _offer(self, "role", _roles())
        permissions = [
            (f"On a {kind}", [(f"{kind}:{code}", name) for code, name in model._meta.permissions])
            for kind, model in TARGETS.items()
        ]
        things = [
            ("Queues", [(f"queue:{each.pk}", each.name) for each in Queue.objects.order_by("name")]),
            ("Flows", [(f"flow:{each.pk}", each.name) for each in Flow.objects.order_by("name")]),
        ]
        _offer(self, "permission", permissions)
        _offer(self, "on", things)

    def clean(self) -> dict[str, Any]:
        """Refuse a permission of queues on a flow, and the other way round."""
        chosen: dict[str, Any] = super().clean() or {}
        kinds = [str(chosen.get(name, "")).partition(":")[0] for name in ("permission", "on")]
        if all(kinds) and kinds[0] != kinds[1]:
            self.add_error("on", f"This permission is given on a {kinds[0]}. Choose a {kinds[0]} here.")
        return chosen

    def content(self) -> str:
        """Give the permission as it is sealed."""
        kind, _, key = self.cleaned_data["on"].partition(":")
        permission = self.cleaned_data["permission"].partition(":")[2]
        return _object(role=self.cleaned_data["role"], permission=permission, target=kind, target_id=key)

    def target(self) -> UUID | None:
        """Give the queue or the flow."""
        return UUID(self.cleaned_data["on"].partition(":")[2])


class RoleForm(ChangeForm):
    """A role, or a place behind a wall, for one person."""

    person = forms.ModelChoiceField(
        User.objects.none(), label="Person", empty_label="Choose a person", widget=forms.Select(attrs={"class": "in"})
    )
    role = forms.ChoiceField(label="Role or wall", widget=forms.Select(attrs={"class": "in"}))

    def fill(self, granted: Access, asked: dict[str, str]) -> None:
        """Offer everybody active, and all roles and walls."""
        people = User.objects.filter(is_active=True).order_by("printed_name", "username")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["person"].label_from_instance = _called  # type: ignore[attr-defined]
        self.fields["person"].initial = people.filter(username=asked.get("person", "")).first()
        behind = [(f"{WALL}{wall}", title) for wall, title in walls.TITLES.items() if wall is not Wall.ORDINARY]
        _offer(self, "role", [("Roles", _roles()), ("Behind a wall", behind)])

    def content(self) -> str:
        """Give who gets what, as it is sealed."""
        return _object(person=str(self.cleaned_data["person"].pk), role=self.cleaned_data["role"])

    def target(self) -> UUID | None:
        """Give the person."""
        return UUID(str(self.cleaned_data["person"].pk))


class PairForm(ChangeForm):
    """Two roles that nobody may hold together, or may again."""

    first = forms.ChoiceField(label="One role", widget=forms.Select(attrs={"class": "in"}))
    second = forms.ChoiceField(label="The other role", widget=forms.Select(attrs={"class": "in"}))
    forbidden = forms.ChoiceField(
        label="What is proposed",
        choices=[("yes", "Nobody may hold both"), ("no", "One person may hold both again")],
        widget=forms.Select(attrs={"class": "in"}),
    )

    def fill(self, granted: Access, asked: dict[str, str]) -> None:
        """Offer all roles twice."""
        _offer(self, "first", _roles())
        _offer(self, "second", _roles())

    def content(self) -> str:
        """Give the pair as it is sealed."""
        chosen = self.cleaned_data
        return _object(first=chosen["first"], second=chosen["second"], forbidden=chosen["forbidden"] == "yes")


class CalendarForm(ChangeForm):
    """A working calendar in YAML."""

    text_field = "text"
    text = forms.CharField(
        label="Working calendar, as YAML",
        help_text="Its name, its time zone, the hours of each day and the holidays.",
        max_length=_LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"class": "in code-text", "rows": 24, "spellcheck": "false", "wrap": "off"}),
    )

    def fill(self, granted: Access, asked: dict[str, str]) -> None:
        """Begin with the calendar that is asked for, or with the first there is."""
        rows = Calendar.objects.filter(in_force__isnull=False).select_related("in_force").order_by("name")
        named = rows.filter(name=asked["calendar"]) if asked.get("calendar") else rows
        chosen = named.first()
        self.initial = {"text": chosen.in_force.text if chosen and chosen.in_force else _FRESH}


_FRESH = 'calendar: name-of-the-calendar\ntime_zone: America/Chicago\nhours:\n  mon: "08:00-17:00"\n'


def _offer(form: forms.Form, name: str, choices: list[Any]) -> None:
    form.fields[name].choices = [("", "Choose"), *choices]  # type: ignore[attr-defined]


def _roles() -> list[tuple[str, str]]:
    return [(role.value, role.title) for role in Role]


def _called(person: User) -> str:
    return f"{person.printed_name} ({person.username})"


def _object(**members: Any) -> str:
    return json.dumps(members)
