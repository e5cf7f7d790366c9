"""Errors as sentences for people, and as exit codes for scripts."""

import click

from lectern_client import errors

CODES: dict[type[errors.LecternError], int] = {
    errors.Unauthenticated: 3,
    errors.PermissionDenied: 3,
    errors.NotFound: 4,
    errors.RateLimited: 5,
    errors.Unavailable: 5,
    errors.ConnectionFailed: 5,
    errors.StreamInterrupted: 5,
}
MEANINGS = """\b
Exit codes:
  0  done
  1  refused, or ended without a result
  2  the command was not understood
  3  no valid token, or not allowed
  4  not found, or not yours
  5  not reached, too busy or broken off: try again later"""


def code_of(error: errors.LecternError) -> int:
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), 1)


def tell(error: errors.LecternError, url: str) -> None:
    """What happened, how it can be found again, and what may help."""
    click.secho(f"error: {error}", fg="red", err=True)
    if isinstance(error, errors.ApiError):
        parts = [error.reason, f"field {error.field}" if error.field else "", f"request {error.request_id}"]
        click.secho("  " + " · ".join(part for part in parts if part), dim=True, err=True)
    if advice := _advice(error, url):
        click.secho(f"  {advice}", err=True)


def _advice(error: errors.LecternError, url: str) -> str:
    match error:
        case errors.Unauthenticated():
            return "Set LECTERN_TOKEN, or give --token. The local stack prints one: make -s token USER=ana"
        case errors.ConnectionFailed():
            return f"Is Lectern running at {url}? LECTERN_URL or --url says where it is."
        case errors.ApiError(retry_after=float(seconds)):
            return f"Try again in {seconds:.0f} seconds."
        case errors.StreamInterrupted(turn=turn) if turn:
            return f"What comes of it stands in {turn.split('/turns/')[0]}: lectern threads show"
    return ""
