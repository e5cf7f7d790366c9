"""Office files are zips of XML: what they unpack to is looked at before anything is unpacked."""

import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from services.context.reading.refusals import DAMAGED, ENCRYPTED, TOO_HEAVY, UnreadableError

MOST_PARTS = 20_000
MEGABYTE = 1024 * 1024
MOST_UNPACKED = 512 * MEGABYTE
LARGEST_XML = 64 * MEGABYTE
# A document of Office has no declarations of its own; where there are some, they are there to expand. They stand before
# the first element, where there may be white space, instructions and comments besides: of those nobody needs as many.
LONGEST_PROLOG = 64 * 1024
_MARKS = b"\xef\xbb\xbf\xff\xfe"
_PROLOG = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)


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
                    _check_xml(archive, part)
    except (BadZipFile, NotImplementedError) as error:  # the latter of a compression that nothing here unpacks
        raise UnreadableError(DAMAGED) from error
    except RuntimeError as error:  # a part has a password
        raise UnreadableError(ENCRYPTED) from error


def _check_xml(archive: ZipFile, part: ZipInfo) -> None:
    if part.file_size > LARGEST_XML:
        raise UnreadableError(TOO_HEAVY)
    with archive.open(part) as stream:
        # UTF-16 without the zeros of its Latin letters, which all that stands there is made of.
        head = stream.read(LONGEST_PROLOG).replace(b"\x00", b"").lstrip(_MARKS)
    rest = _PROLOG.sub(b"", head, count=1)
    if rest.startswith((b"<!", b"<?")) or (not rest and part.file_size > LONGEST_PROLOG):
        raise UnreadableError(DAMAGED)
