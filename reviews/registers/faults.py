"""What is wrong with a register's file: every fault with its file, line and column."""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from portal.kit.problems import Problem

MAX_FAULTS: Final = 200


class RegisterInvalid(Problem):
    """The file is no register; `errors` names file, line and column of each fault."""

    code: ClassVar[str] = "register_invalid"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The register cannot be used"


def fault(file: str, message: str, *, line: int = 0, column: str = "", name: str = "") -> dict[str, str]:
    """Give one entry of a problem's `errors`; `column` is a letter or a number, `name` what its heading says."""
    named = " ".join(each for each in (column, f"“{name}”" if name else "") if each)
    places = [file, f"line {line}" if line else "", f"column {named}" if named else ""]
    return {
        "file": file,
        "line": str(line) if line else "",
        "column": named,
        "message": f"{', '.join(place for place in places if place)}: {message}",
    }


def refused(file: str, message: str, *, line: int = 0) -> RegisterInvalid:
    """Give the problem of a file that cannot be read any further."""
    found = fault(file, message, line=line)
    return RegisterInvalid(found["message"], errors=[found])


@dataclass(slots=True)
class Faults:
    """Collects faults, up to the most that anybody would read."""

    told: list[dict[str, str]] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Tell whether there are so many that reading on helps nobody."""
        return len(self.told) >= MAX_FAULTS

    def add(self, found: dict[str, str]) -> None:
        """Note one fault."""
        if not self.full:
            self.told.append(found)

    def insist_on_none(self) -> None:
        """Raise RegisterInvalid when there is any fault."""
        if self.told:
            others = f"{len(self.told) - 1} more" + (", and the rest of the file was not read" if self.full else "")
            more = f" ({others})" if len(self.told) > 1 else ""
            raise RegisterInvalid(self.told[0]["message"] + more, errors=self.told)
