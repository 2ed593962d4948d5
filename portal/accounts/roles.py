"""Roles and walls: the names of the groups people hold, and what each role is called on pages."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is here for; each role is one Django group of this name."""

    ADJUSTER = "adjuster"
    SENIOR_ADJUSTER = "senior-adjuster"
    CORRESPONDENCE_REVIEWER = "correspondence-reviewer"
    QUEUE_MANAGER = "queue-manager"
    COMPLIANCE_OFFICER = "compliance-officer"
    FLOW_OWNER = "flow-owner"
    RELEASE_APPROVER = "release-approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title is of no use on a slug
        """Give the role as pages and signatures print it: 'Senior adjuster'."""
        return self.value.replace("-", " ").capitalize()


def title(role: str) -> str:
    """Give a role by its name as pages print it; one this version does not know by its name alone."""
    return Role(role).title if role in set(Role) else role


class Wall(StrEnum):
    """Who may know of an item, a comment or a file at all; outside a wall nothing of it shows."""

    ORDINARY = "ordinary"
    COUNSEL = "counsel"
    INVESTIGATIONS = "special-investigations"
    PERSON = "restricted-person"


SIGNING = frozenset({Role.ADJUSTER, Role.SENIOR_ADJUSTER, Role.CORRESPONDENCE_REVIEWER, Role.RELEASE_APPROVER})
"""Roles whose business it is to sign items; what an emergency or a substitute is for."""

READING = frozenset({Role.ADMINISTRATOR, Role.COMPLIANCE_OFFICER, Role.AUDITOR})
"""Who answers for what others do, and so reads all configuration, registers and people."""

NEVER_SIGN = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
"""Who reads everything and who configures decides nothing, whatever else they hold."""

PUTS_IN_FORCE = (Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR)
"""Roles that propose any change of configuration and put another's in force; of somebody with both the first counts."""
