"""Office files are zips of XML: what they unpack to is looked at before anything is unpacked."""

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from services.context.reading.refusals import DAMAGED, ENCRYPTED, TOO_HEAVY, UnreadableError

MOST_PARTS = 20_000
MEGABYTE = 1024 * 1024
MOST_UNPACKED = 512 * MEGABYTE
LARGEST_XML = 64 * MEGABYTE
# A document of Office has no declarations of its own; where there are some, they are there to expand.
DECLARATION = b"<!DOCTYPE"
HEAD = 2048


def check(path: Path) -> None:
    """Raises UnreadableError for what would unpack to more than is read, or declares entities.

    The sizes that a zip tells of its parts are what is unpacked at the most.
    """
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise UnreadableError(TOO_HEAVY)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    if part.file_size > LARGEST_XML:
                        raise UnreadableError(TOO_HEAVY)
                    with archive.open(part) as stream:
                        if DECLARATION in stream.read(HEAD).replace(b"\x00", b"").upper():
                            raise UnreadableError(DAMAGED)
    except BadZipFile as error:
        raise UnreadableError(DAMAGED) from error
    except RuntimeError as error:  # a part has a password
        raise UnreadableError(ENCRYPTED) from error
