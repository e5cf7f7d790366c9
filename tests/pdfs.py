"""PDFs for tests, made on the spot."""

import zlib
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import AccessPermission
from PIL import Image

A4 = (210, 297)


def a_pdf(pages: Sequence[str], *, password: str = "", columns: int = 1) -> bytes:
    """A PDF with these texts as its pages or columns, under a header and a footer that are the same everywhere."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    if password:
        pdf.set_encryption(owner_password=password, user_password=password, permissions=AccessPermission.none())
    for number, first in enumerate(range(0, len(pages), columns), 1):
        pdf.add_page()
        pdf.cell(text="Introduction to Waves", new_x="LMARGIN", new_y="NEXT")
        top, width = pdf.get_y(), pdf.epw / columns
        for column, text in enumerate(pages[first : first + columns]):
            pdf.set_xy(pdf.l_margin + column * width, top)
            pdf.multi_cell(w=width, text=text)
        pdf.set_y(-30)
        pdf.cell(text=f"Page {number}")
    return bytes(pdf.output())


def a_scan() -> bytes:
    """Pages that show something, but have no text."""
    pdf = FPDF()
    for _ in range(3):
        pdf.add_page()
        pdf.rect(20, 20, 120, 160, style="F")
    return bytes(pdf.output())


def a_bomb(megabytes: int) -> bytes:
    """A small file whose only page unpacks to so much."""
    packed = zlib.compress(b" " * (megabytes * 1024 * 1024), 9)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
    )
    return _assembled(objects)


def a_cipher(lines: Sequence[str]) -> bytes:
    """A page whose font tells which shapes it draws, and not which letters they are: those of Arial stand 29 lower."""
    shapes = ("".join(f"{ord(letter) - 29:04X}" for letter in line if letter != " ") for line in lines)
    drawn = b" 0 -20 Td ".join(b"<%b> Tj" % line.encode() for line in shapes)
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /Arial /Encoding /Identity-H /DescendantFonts [6 0 R] >>"
    within = (
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial /DW 500 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    )
    return _assembled((*_one_page(b"BT /F1 12 Tf 72 700 Td " + drawn + b" ET"), font, within))


def without_spaces(words: Sequence[str]) -> bytes:
    """A page where words stand apart and no space is drawn, as XeTeX writes them."""
    apart = b"-333".join(b"(%b)" % word.encode() for word in words)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    return _assembled((*_one_page(b"BT /F1 12 Tf 72 700 Td [" + apart + b"] TJ ET"), font))


def a_stamped_scan(pages: int, stamp: str, *, with_text: Sequence[str] = ()) -> bytes:
    """Pages that are a picture with the same words on each, and after them pages with these texts."""
    pdf, picture = FPDF(), Image.new("L", (60, 85), 200)
    pdf.set_font("helvetica", size=10)
    for _ in range(pages):
        pdf.add_page()
        pdf.image(picture, 0, 0, *A4)
        pdf.text(60, 290, stamp)
    for text in with_text:
        pdf.add_page()
        pdf.multi_cell(w=0, text=text)
    return bytes(pdf.output())


def _one_page(content: bytes) -> tuple[bytes, ...]:
    """The first four objects of a document with one page; the fifth is its font."""
    return (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
    )


def _assembled(objects: Sequence[bytes]) -> bytes:
    body, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    count = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (count, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer
