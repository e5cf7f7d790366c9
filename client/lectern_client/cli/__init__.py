"""The command `lectern`."""

import sys


def main() -> None:
    """Runs the command, or says what is missing for it."""
    try:
        from lectern_client.cli.commands import lectern
    except ModuleNotFoundError as error:
        sys.exit(f"The command needs {error.name}: pip install 'lectern-client[cli]'")
    lectern()
