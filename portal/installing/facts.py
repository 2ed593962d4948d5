"""What can be said about the installation itself."""

from dataclasses import dataclass

from audit.facts import Fact


@dataclass(frozen=True, slots=True)
class InstallationOpened(Fact):
    """The database was brought into use for an organisation."""

    kind = "installation.opened"
    sentence = "{actor} opened this installation for {organisation}."
    organisation: str
