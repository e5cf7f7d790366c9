class SseDecoder:
    """Server-sent events out of bytes that are cut anywhere; what was not ended by an empty line was not said."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[str] = []
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[str]:
        """The data of the events that this chunk completes."""
        events = []
        for line in self._lines(chunk):
            if line:
                self._read(line)
            elif self._data:
                events.append("\n".join(self._data))
                self._data = []
        return events

    def _lines(self, chunk: bytes) -> list[str]:
        """Lines end in LF, CR LF or CR."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        self._line += chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *whole, rest = self._line.split(b"\n")
        self._line = bytearray(rest)
        return [line.decode("utf-8", "replace") for line in whole]

    def _read(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
