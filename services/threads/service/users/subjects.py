"""Whose data a caller may reach."""

from kit.auth.caller import Caller
from kit.errors import NotFound


def subject(caller: Caller, user: str) -> Caller:
    """The user as their own caller, with no role that shows more than is theirs; raises NotFound for strangers."""
    if user != caller.user and not caller.is_admin:
        raise NotFound("no such user")
    return Caller(caller.tenant, user)
