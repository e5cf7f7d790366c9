"""Documents of Office for tests, made on the spot."""

import io
import zipfile
from collections.abc import Sequence

from docx import Document
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from pptx import Presentation


def a_pptx(slides: Sequence[tuple[str, str]], notes: str = "") -> bytes:
    """Slides with a title and a body each."""
    deck = Presentation()
    for title, body in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, body
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    return _saved(deck)


def a_docx(sections: Sequence[tuple[str, str]], *, breaks: bool = False) -> bytes:
    """Sections under headings; each on a page of its own where there are breaks."""
    document = Document()
    for number, (heading, text) in enumerate(sections):
        if breaks and number:
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        document.add_heading(heading, 1)
        document.add_paragraph(text)
    document.add_table(1, 2).cell(0, 1).text = "a cell"
    return _saved(document)


def with_part(archive: bytes, name: str, content: bytes) -> bytes:
    """The same archive with another part."""
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(name, content)
    return out.getvalue()


def with_words(archive: bytes, markup: str) -> bytes:
    """The same DOCX with this markup, of the namespaces w and mc, in a first paragraph."""
    spaces = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    )
    document = Document(io.BytesIO(archive))
    document.element.body.insert(0, parse_xml(f"<w:p {spaces}>{markup}</w:p>"))
    return _saved(document)


def packed(names: Sequence[str], content: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip with these files, all alike."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as zipped:
        for name in names:
            zipped.writestr(name, content)
    return out.getvalue()


def _saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()
