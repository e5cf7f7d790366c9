"""Tokens for the local stack: `python -m local.tokens --user u --roles student --org default` prints one."""

import argparse
import os
import time
from dataclasses import dataclass

import jwt

from local.settings import LocalSettings

_LIFETIME_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Bearer:
    """Who a token stands for."""

    user: str
    roles: tuple[str, ...] = ("student",)
    org: str = "default"


def mint(bearer: Bearer, secret: str, lifetime_seconds: int = _LIFETIME_SECONDS) -> str:
    """A token signed by HS256."""
    now = int(time.time())
    claims = {
        "sub": bearer.user,
        "org": bearer.org,
        "roles": list(bearer.roles),
        "iss": os.environ.get("LECTERN_JWT_ISSUER", "lectern"),
        "aud": os.environ.get("LECTERN_JWT_AUDIENCE", "lectern"),
        "iat": now,
        "exp": now + lifetime_seconds,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def main() -> None:
    """Print a token and nothing else."""
    parser = argparse.ArgumentParser(description="Prints a token that the local stack accepts.")
    parser.add_argument("--user", default="student")
    parser.add_argument("--roles", default="student", help="student, teacher, admin; several by commas")
    parser.add_argument("--org", default="default", help="the tenant")
    arguments = parser.parse_args()
    bearer = Bearer(arguments.user, tuple(arguments.roles.split(",")), arguments.org)
    print(mint(bearer, LocalSettings.from_environment().jwt_secret))


if __name__ == "__main__":
    main()
