// Citations: numbered chips in the text, and the quoted sources beneath it.
import { element } from "./dom.js";
import { clock, seconds, spoken } from "./time.js";

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

/** The list of sources of an answer. */
export function sources(citations, onjump) {
  return element("ul", { className: "sources", "aria-label": "Sources" },
    ...citations.map((citation) => element("li", {}, source(citation, onjump))));
}

function source(citation, onjump) {
  const from = element("span", { className: "from" }, citation.title ?? "");
  if (citation.verified) from.append(element("span", { className: "verified" }, "found in the source"));
  const words = [
    element("span", { className: "where" }, label(citation)),
    element("q", { className: "quote" }, citation.quote ?? ""),
    from,
  ];
  if (pageOf(citation)) return element("a", { className: "source", ...opening(citation) }, ...words);
  if (!isPlace(citation)) return element("div", { className: "source" }, ...words);
  return element("button", {
    type: "button", className: "source", onclick: ({ currentTarget }) => { mark(currentTarget); onjump(citation); },
    "data-start": seconds(citation.startOffset), "data-end": seconds(citation.endOffset),
  }, ...words);
}

/** Shows which source the lecture stands at. */
function mark(button) {
  document.querySelector(".source[aria-current]")?.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
}
