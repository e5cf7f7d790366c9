// Light Markdown as DOM nodes: paragraphs, headings, lists, quotes, code, bold and italics. All else stays text.
import { element } from "./dom.js";

const INLINE = /(`[^`]+`)|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])|(?:(?<![A-Za-z0-9_)])|(?<=[A-Za-z]{4})(?=\[\d+\]\s*(?:[.,;:!?)[]|$)))\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()/g;
const ITEM = /^\s*(?:([-*+])|(\d{1,3})[.)])\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;
const QUOTE = /^\s*>\s?/;

/** Renders growing text into `target`, and touches only the blocks that changed. */
export class MarkdownView {
  #target;
  #sources = [];
  #cite;

  /** `cite(number)` gives the node that stands for `[number]`, or nothing where it names no source. */
  constructor(target, cite) {
    this.#target = target;
    this.#cite = cite;
  }

  show(text) {
    const sources = blocksOf(text);
    const same = sources.findIndex((source, at) => source !== this.#sources[at]);
    const keep = same < 0 ? sources.length : same;
    while (this.#target.childNodes.length > keep) this.#target.lastChild.remove();
    for (const source of sources.slice(keep)) this.#target.append(block(source, this.#cite));
    this.#sources = sources;
  }

  /** Renders everything again, for when the citations have changed. */
  refresh(text) {
    this.#sources = [];
    this.show(text);
  }
}

/** The blocks of a text: fenced code, runs of list items, and paragraphs. */
export function blocksOf(text) {
  const blocks = [];
  let open = [];
  let kind = "";
  const close = () => {
    if (open.length) blocks.push(open.join("\n"));
    [open, kind] = [[], ""];
  };
  for (const line of text.split(/\r?\n/)) {
    if (kind === "code") {
      open.push(line);
      if (line.startsWith("```")) close();
      continue;
    }
    const next = kindOf(line, kind);
    if (next !== kind || next === "heading") close();
    if (next) open.push(line);
    kind = next;
  }
  close();
  return blocks;
}

function kindOf(line, before) {
  if (line.startsWith("```")) return "code";
  if (!line.trim()) return "";
  if (HEADING.test(line)) return "heading";
  if (QUOTE.test(line)) return "quote";
  if (ITEM.test(line)) return "list";
  return before === "list" && /^\s/.test(line) ? "list" : "text";
}

function block(source, cite) {
  if (source.startsWith("```")) return codeBlock(source);
  const heading = HEADING.exec(source);
  if (heading) return element("h4", {}, ...inline(heading[1], cite));
  if (QUOTE.test(source)) return quote(source, cite);
  if (ITEM.test(source.split("\n", 1)[0])) return list(source, cite);
  return element("p", {}, ...inline(source.replace(/\n/g, " "), cite));
}

function codeBlock(source) {
  const lines = source.split("\n").slice(1);
  if (lines.at(-1)?.startsWith("```")) lines.pop();
  return element("pre", {}, element("code", {}, lines.join("\n")));
}

function quote(source, cite) {
  const lines = source.split("\n").map((line) => line.replace(QUOTE, ""));
  return element("blockquote", {}, ...inline(lines.join(" "), cite));
}

function list(source, cite) {
  const items = [];
  for (const line of source.split("\n")) {
    const item = ITEM.exec(line);
    if (item) items.push(item[3]);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const first = ITEM.exec(source.split("\n", 1)[0])[2];
  const node = first ? element("ol", { start: Number(first) }) : element("ul");
  node.append(...items.map((item) => element("li", {}, ...inline(item, cite))));
  return node;
}

function inline(text, cite) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(last, match.index), ...styled(match, cite));
    last = match.index + match[0].length;
  }
  return [...nodes, text.slice(last)];
}

function styled([whole, code, bold, italic, numbers], cite) {
  if (code) return [element("code", {}, code.slice(1, -1))];
  if (bold) return [element("strong", {}, ...inline(bold, cite))];
  if (italic) return [element("em", {}, ...inline(italic, cite))];
  const marks = numbers.split(",").map((number) => cite(Number(number)));
  return marks.every(Boolean) ? marks : [whole];
}
