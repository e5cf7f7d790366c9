"""What the person at the terminal sees."""

from rich.console import Console
from rich.markup import escape

from local.program import Died, Event, Ready, StartError, StartFailed, Stopped

_BAD, _GOOD, _WARN = "[bold red]✗[/]", "[green]✓[/]", "[yellow]![/]"


class Screen:
    """Tells, line by line, what happens to each program."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, text: str = "") -> None:
        """A line of plain text."""
        self._console.print(escape(text), soft_wrap=True, highlight=False)

    def advice(self, text: str) -> None:
        """Something that the person should change."""
        self._mark(_WARN, text)

    def event(self, event: Event) -> None:
        """What has just happened to a program."""
        match event:
            case Ready(name, address, seconds, restarted):
                again = "is back" if restarted else "ready"
                self._mark(_GOOD, f"{name:<14} {again} after {seconds:.1f} s  {address}")
            case Died(name, exit_code, pause):
                self._mark(_BAD, f"{name} died ({ending(exit_code)}); starting it again in {pause:.1f} s")
            case StartFailed(name, reason, last_lines, restarted):
                self._mark(_BAD, f"{name} did not {'come back' if restarted else 'start'}: {reason}")
                self._log(last_lines)
            case Stopped(name, killed):
                self._mark(
                    _WARN if killed else _GOOD,
                    f"{name:<14} {'killed, it did not stop by itself' if killed else 'stopped'}",
                )

    def failure(self, error: StartError) -> None:
        """Why the stack did not start, with the end of the log of the program at fault."""
        self._mark(_BAD, str(error))
        self._log(error.last_lines)

    def _log(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            self._console.print(f"    [dim]{escape(line)}[/]", soft_wrap=True, highlight=False)

    def _mark(self, mark: str, text: str) -> None:
        self._console.print(f"{mark} {escape(text)}", soft_wrap=True, highlight=False)


def ending(exit_code: int) -> str:
    """An exit code in words."""
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
