"""PDFs for tests, made on the spot."""

import zlib
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import AccessPermission

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
    body, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer
