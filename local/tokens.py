"""Tokens for the local stack: `python -m local.tokens --user u --roles student --org default` prints one."""

import argparse

from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from local.settings import LocalSettings

_LIFETIME_SECONDS = 7 * 24 * 3600


def mint(settings: LocalSettings, caller: Caller, lifetime_seconds: float = _LIFETIME_SECONDS) -> str:
    """A token that a stack with these settings accepts."""
    tokens = UserTokens(
        secret=settings.jwt_secret,
        jwks_url="",
        issuer=settings.given("LECTERN_JWT_ISSUER") or "lectern",
        audience=settings.given("LECTERN_JWT_AUDIENCE") or "lectern",
    )
    return tokens.issue(caller, lifetime_seconds)


def main() -> None:
    """Print a token and nothing else."""
    parser = argparse.ArgumentParser(description="Prints a token that the local stack accepts.")
    parser.add_argument("--user", default="student")
    parser.add_argument("--roles", type=_roles, default="student", help="student, teacher, admin; several by commas")
    parser.add_argument("--org", default="default", help="the tenant")
    arguments = parser.parse_args()
    print(mint(LocalSettings.from_environment(), Caller(arguments.org, arguments.user, arguments.roles)))


def _roles(text: str) -> frozenset[Role]:
    try:
        return frozenset(Role(name.strip()) for name in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; the roles are {', '.join(Role)}") from error


if __name__ == "__main__":
    main()
