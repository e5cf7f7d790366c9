// One question and its answer on screen.
import { chip, sources } from "./citations.js";
import { element } from "./dom.js";
import { inWords } from "./failures.js";
import { MarkdownView } from "./markdown.js";
import { SupportMarks } from "./support.js";
import { clock } from "./time.js";

export class Exchange {
  #text = "";
  #citations = [];
  #onjump;
  #onmore;
  #answer = element("div", { className: "answer" });
  #status = element("p", { className: "status" });
  #extra = element("div", { className: "extra" });
  #markdown;
  #support = new SupportMarks(this.#answer);
  #drawing = 0;

  /** Shows the question; the answer comes piece by piece. */
  constructor(question, { position = null, onjump, onmore }) {
    this.#onjump = onjump;
    this.#onmore = onmore;
    this.#markdown = new MarkdownView(this.#answer, (number) => this.#cite(number));
    const asked = element("p", { className: "asked" }, element("span", { className: "question" }, question));
    if (position !== null) asked.append(element("span", { className: "when" }, `asked at ${clock(position)}`));
    this.node = element("article", { className: "exchange" }, asked, this.#answer, this.#status, this.#extra);
  }

  get text() {
    return this.#text;
  }

  get citations() {
    return this.#citations;
  }

  /** Says what is being waited for. */
  wait(words) {
    this.node.dataset.state = "waiting";
    this.node.setAttribute("aria-busy", "true");
    this.#status.replaceChildren(element("i", { className: "pulse", "aria-hidden": "true" }), words);
  }

  /** Learns which sources the answer may cite. */
  ground(citations) {
    this.#citations = citations;
  }

  append(text) {
    this.#text += text;
    this.node.dataset.state = "streaming";
    this.#status.replaceChildren();
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  /** Learns how a sentence stands in the course. */
  check(sentence) {
    this.#support.add(sentence);
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  /** Adds a remark where it came: before the answer, or after what was said of it. */
  note(words) {
    (this.#text ? this.#extra : this.#answer).before(element("p", { className: "note" }, words));
  }

  /** Shows the whole answer with its final citations. */
  complete({ answer = "", citations = [], sentences = [], state = "COMPLETED", ...turn }) {
    this.#text = answer || this.#text;
    this.#citations = citations;
    for (const sentence of sentences) this.#support.add(sentence);
    this.#settle(state.toLowerCase());
    const support = this.#support.summary(this.#onjump);
    if (support) this.#extra.append(support);
    this.#extra.append(sources(this.#shown(), this.#onjump));
    if (state !== "COMPLETED") this.note(endOf(state, turn.failureReason));
    else if (turn.degraded) this.note("No model could answer; these are the passages of the lecture themselves.");
    if (turn.finishReason === "length") this.#offerMore(turn.name ?? turn.turn);
    const about = aboutOf(turn);
    if (about) this.#extra.append(element("p", { className: "about" }, about));
  }

  /** Shows what was said before it broke off, and why. */
  fail(words, { partial = "", reference = "", retry = null } = {}) {
    this.#text = partial || this.#text;
    this.#settle("failed");
    const box = element("div", { className: "failure" }, element("p", {}, words));
    if (reference) box.append(element("p", { className: "reference" }, "Request ", element("code", {}, reference)));
    if (retry) box.append(element("button", { type: "button", className: "quiet", onclick: retry }, "Ask again"));
    this.#extra.append(box);
  }

  /** Shows what was said before it was stopped, with the sources that it got to. */
  stop(partial = "") {
    const answer = partial || this.#text;
    const citations = this.#citations.filter(({ index }) => answer.includes(`[${index}]`));
    this.complete({ answer, citations, state: "CANCELLED" });
  }

  /** Says that there is more, and asks for it where it is wanted. */
  #offerMore(turn) {
    const more = element("button", { type: "button", className: "quiet", onclick: () => this.#onmore(turn) }, "Go on");
    this.#extra.append(element("p", { className: "note cut" }, "The answer was cut at its limit. ", more));
  }

  #settle(state) {
    this.#draw();
    this.node.dataset.state = state;
    this.node.removeAttribute("aria-busy");
    this.#status.replaceChildren();
    this.#markdown.refresh(this.#text);
    this.#support.draw();
  }

  #draw() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    this.#markdown.show(this.#text);
    this.#support.draw();
  }

  #cite(number) {
    const citation = this.#citations.find((one) => one.index === number);
    return citation && chip(citation, this.#onjump);
  }

  /** The sources in the order in which the text cites them, and then the rest. */
  #shown() {
    return [...this.#citations].sort((one, other) => (one.index || 999) - (other.index || 999));
  }
}

function endOf(state, reason) {
  if (state === "CANCELLED") return "You stopped this answer.";
  return state === "FAILED" ? inWords(reason) : "This answer broke off; what was said is kept.";
}

function aboutOf({ model, provider, cached, usage }) {
  const words = [model || provider, cached && "from the answer cache"];
  if (usage?.completionTokens) words.push(`${usage.completionTokens} tokens`);
  return words.filter(Boolean).join(" · ");
}
