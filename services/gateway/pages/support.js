// How an answer's sentences stand in the course: quiet marks in the text, and a line beneath it that tells more.
import { chip } from "./citations.js";
import { element } from "./dom.js";

const WORDS = { PARTLY: "said in part", NOT_FOUND: "not found in the course" };
const MARKED = Object.keys(WORDS);
// What Markdown shows otherwise than it is written: emphasis, code marks, citations, and white space.
const UNSHOWN = /[*_`\s]|[[【]\s*\^?\d[\d\s,;]*[\]】]/g;

/** The marks of all answers on the page, by what they say; where browsers know none, the line beneath tells the same. */
const highlights = new Map(globalThis.Highlight ? MARKED.map((support) => [support, new Highlight()]) : []);
for (const [support, highlight] of highlights) CSS.highlights.set(`support-${support.toLowerCase()}`, highlight);

export class SupportMarks {
  #answer;
  #sentences = new Map();
  #ranges = [];

  /** `answer` is the node that the text stands in. */
  constructor(answer) {
    this.#answer = answer;
  }

  /** Learns of a sentence: `{sentence, start, support, citation}`. */
  add(sentence) {
    this.#sentences.set(sentence.start ?? 0, sentence);
  }

  /** Marks the sentences that are not borne out, once the text stands as it is. */
  draw() {
    for (const [highlight, range] of this.#ranges) highlight.delete(range);
    this.#ranges = [];
    const doubtful = this.#doubtful();
    if (!highlights.size || !doubtful.length) return;
    const shown = textOf(this.#answer);
    let from = 0;
    for (const { sentence, support } of this.#inOrder()) {
      const found = rangeOf(shown, sentence, from);
      if (!found) continue;
      from = found.end;
      if (!MARKED.includes(support)) continue;
      const { range } = found;
      highlights.get(support).add(range);
      this.#ranges.push([highlights.get(support), range]);
    }
  }

  /** How many sentences are borne out, with those that are not; null where nothing was looked at. */
  summary(onjump) {
    if (!this.#sentences.size) return null;
    const doubtful = this.#doubtful();
    const all = this.#sentences.size;
    const words = `${all - doubtful.length} of ${all} ${all === 1 ? "statement" : "statements"} found in the course`;
    if (!doubtful.length) return element("p", { className: "support" }, words);
    return element("details", { className: "support" }, element("summary", {}, words),
      element("ul", {}, ...doubtful.map((each) => item(each, onjump))));
  }

  #inOrder() {
    return [...this.#sentences.values()].sort((one, other) => (one.start ?? 0) - (other.start ?? 0));
  }

  #doubtful() {
    return this.#inOrder().filter(({ support }) => MARKED.includes(support));
  }
}

function item({ sentence, support, citation }, onjump) {
  const said = element("li", { className: support.toLowerCase() },
    element("span", { className: "verdict" }, `${WORDS[support]}: `), sentence);
  if (citation) said.append(" ", chip(citation, onjump));
  return said;
}

/** The letters that are shown, without white space, each with where it stands. */
function textOf(root) {
  const places = [];
  let letters = "";
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest(".chip")) continue;
    for (let at = 0; at < node.data.length; at += 1) {
      if (/[*_`\s]/.test(node.data[at])) continue;
      letters += node.data[at];
      places.push([node, at]);
    }
  }
  return { letters, places };
}

function rangeOf({ letters, places }, sentence, from) {
  const wanted = sentence.replace(UNSHOWN, "");
  const at = wanted ? letters.indexOf(wanted, from) : -1;
  if (at < 0) return null;
  const range = document.createRange();
  range.setStart(...places[at]);
  const [node, last] = places[at + wanted.length - 1];
  range.setEnd(node, last + 1);
  return { range, end: at + wanted.length };
}
