from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    STUDENT = "student"
    TEACHER = "teacher"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """A user of a tenant, or the service that acts for one."""

    tenant: str
    user: str
    roles: frozenset[Role] = frozenset({Role.STUDENT})
    service: str = ""

    @property
    def is_teacher(self) -> bool:
        return bool(self.roles & {Role.TEACHER, Role.ADMIN})

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.roles
