// Citations: numbered chips in the text, and the quoted sources beneath it.
import { element } from "./dom.js";
import { clock, seconds, spoken } from "./time.js";

const SUPPORT = { SUPPORTED: "the source says so", PARTLY: "the source says it in part", NOT_FOUND: "the source does not say so" };

/** Whether there is a second to jump to: documents have pages, and a plain transcript has no times. */
const isPlace = (citation) => Boolean(citation.videoUrl && citation.startOffset !== undefined);

/** Where a page of a document is shown: browsers turn to a page of a PDF that the address names. */
const pageOf = ({ document: name, page }) => (name ? `/v1/${name}/original${page ? `#page=${page}` : ""}` : "");

function label(citation) {
  if (isPlace(citation)) return clock(seconds(citation.startOffset));
  return citation.page ? `p. ${citation.page}` : "source";
}

function aloud(citation) {
  if (!isPlace(citation)) return `${citation.page ? `Page ${citation.page} of ` : ""}${citation.title || "the source"}`;
  return `Jump to ${spoken(seconds(citation.startOffset))}${citation.title ? ` in ${citation.title}` : ""}`;
}

/** The chip that stands in an answer for `[number]`: it jumps to a second, or opens a document at its page. */
export function chip(citation, onjump) {
  const properties = { className: "chip", title: citation.quote ?? "", "aria-label": aloud(citation) };
  if (pageOf(citation)) return element("a", { ...properties, ...opening(citation) }, label(citation));
  if (!isPlace(citation)) return element("span", { ...properties, role: "note" }, label(citation));
  return element("button", { ...properties, type: "button", onclick: () => onjump(citation) }, label(citation));
}

const opening = (citation) => ({ href: pageOf(citation), target: "_blank", rel: "noopener" });

/** The sources of an answer, or passages to read on in where it cites none. */
export function sources(citations, onjump) {
  const related = citations.length > 0 && citations.every(({ support }) => support === "RELATED");
  const list = element("ul", { className: "sources", "aria-label": related ? "Related passages" : "Sources" },
    ...citations.map((citation) => element("li", {}, source(citation, onjump))));
  if (!related) return list;
  return element("div", { className: "related" },
    element("p", { className: "about" }, "The answer cites nothing. Related passages of the course:"), list);
}

function source(citation, onjump) {
  const from = element("span", { className: "from" }, citation.title ?? "");
  const words = citation.verified ? "quoted word for word" : SUPPORT[citation.support];
  const sound = citation.verified || citation.support === "SUPPORTED";
  if (words) from.append(element("span", { className: sound ? "verified" : "unverified" }, words));
  const parts = [
    element("span", { className: "where" }, label(citation)),
    element("q", { className: "quote" }, citation.quote ?? ""),
    from,
  ];
  if (pageOf(citation)) return element("a", { className: "source", ...opening(citation) }, ...parts);
  if (!isPlace(citation)) return element("div", { className: "source" }, ...parts);
  return element("button", {
    type: "button", className: "source", onclick: ({ currentTarget }) => { mark(currentTarget); onjump(citation); },
    "data-start": seconds(citation.startOffset), "data-end": seconds(citation.endOffset),
  }, ...parts);
}

/** Shows which source the lecture stands at. */
function mark(button) {
  document.querySelector(".source[aria-current]")?.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
}
