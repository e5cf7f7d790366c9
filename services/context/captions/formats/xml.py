"""XML of captions: parsed without entities of its own, and mended where letters were left bare."""

import html
import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.context.captions.findings import Findings, line, refused

# Far more than captions need, and far less than the interpreter's own bound of calls.
DEEPEST = 100
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);)([A-Za-z][A-Za-z0-9]*;)?")
_OPEN_BREAK = re.compile(r"<br\s*>(?:\s*</br\s*>)?", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z/][^<>]{0,2000}>")
_PREFIX = re.compile(r"[</\s]([A-Za-z][\w-]{0,40}):[A-Za-z][\w-]*(?=[\s=>/])")
_DECLARED = re.compile(r"xmlns:([\w-]{1,40})\s*=")
_ROOT_NAME = re.compile(r"<[A-Za-z][\w:.-]*")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[]*+>")


def parsed(text: str, findings: Findings) -> Element:
    """The root. Raises InvalidArgument that names the line."""
    # The text is decoded already: an encoding that it names is not true any more.
    text = _DOCTYPE.sub("", _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1), count=1)
    mended = _declared(_mended(text, findings), findings)
    try:
        root: Element = fromstring(mended, forbid_dtd=True)
    except ParseError as error:
        raise refused(line(error.position[0]), f"not well-formed XML: {error}") from error
    except DefusedXmlException as error:
        raise refused(line(1), "XML with declarations of its own is not read") from error
    if _depth_of(root) > DEEPEST:
        raise refused(line(1), f"elements stand in each other more than {DEEPEST} deep")
    return root


def _depth_of(root: Element) -> int:
    depth, level = 0, [root]
    while level:
        depth, level = depth + 1, [child for element in level for child in element]
    return depth


def _mended(text: str, findings: Findings) -> str:
    """The text with bare ampersands and line breaks as XML wants them."""
    mended, count = _ENTITY.subn(_spelled_out, text)
    if count:
        findings.note(line(1), f"{count} signs `&` that XML does not know; read as they are")
    return _OPEN_BREAK.sub("<br/>", mended)


def _declared(text: str, findings: Findings) -> str:
    """The text whose prefixes are all declared."""
    used = {prefix for found in _TAG.finditer(text) for prefix in _PREFIX.findall(found[0])}
    missing = sorted(used - set(_DECLARED.findall(text)) - {"xml", "xmlns"})
    if not missing:
        return text
    findings.note(line(1), f"the prefix {missing[0]} is not declared; read all the same")
    declarations = "".join(f' xmlns:{prefix}="urn:{prefix}"' for prefix in missing)
    return _ROOT_NAME.sub(lambda found: found[0] + declarations, text, count=1)


def local_name(element: Element) -> str:
    """The name without its namespace, in lower case; empty for comments."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute by its name without namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "").strip()


def literal(text: str | None) -> str:
    """Text in which nothing is markup, safe from what takes markup out."""
    return html.escape(text or "", quote=False)


def _spelled_out(found: re.Match[str]) -> str:
    named = html.unescape(found[0]) if found[1] else found[0]
    return html.escape(named)
