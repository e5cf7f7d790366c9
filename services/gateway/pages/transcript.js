// The words of a lecture as running text; each cue can be clicked, followed and highlighted.
import { byId, element, scrollWithin } from "./dom.js";
import { clock, spoken } from "./time.js";

const PAUSE = 0.75; // seconds between cues from which on a new paragraph begins
const LONGEST = 45; // seconds after which one begins at the next full sentence
const HANDS_OFF_MS = 4_000; // after the reader scrolled, following the lecture waits this long
const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

export class Transcript {
  #root = byId("transcript");
  #onpick;
  #cues = [];
  #nodes = [];
  #current = -1;
  #scrolledAt = -Infinity;

  /** `onpick(moment)` is told which cue the reader chose. */
  constructor(onpick) {
    this.#onpick = onpick;
    this.#root.addEventListener("click", ({ target }) => this.#pick(target));
    this.#root.addEventListener("keydown", (event) => this.#onkey(event));
    for (const name of ["wheel", "touchmove"]) {
      this.#root.addEventListener(name, () => { this.#scrolledAt = performance.now(); }, { passive: true });
    }
  }

  open(cues) {
    this.#cues = cues;
    this.#current = -1;
    this.#nodes = cues.map((cue, at) => element("span", {
      className: "cue", role: "button", tabIndex: at ? -1 : 0, "data-at": at, "data-start": cue.start,
      title: clock(cue.start),
    }, cue.text));
    const none = element("p", { className: "hollow" }, "This lecture has no transcript yet.");
    this.#root.replaceChildren(...(cues.length ? this.#paragraphs() : [none]));
    this.#root.scrollTop = 0;
  }

  /** The cue that is spoken at a moment, or the last one before it. */
  at(moment) {
    let [low, high] = [0, this.#cues.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cues[middle].start <= moment + 0.001) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Marks what is spoken, and keeps it in sight while the lecture plays. */
  show(moment, follow) {
    const at = this.at(moment);
    if (at === this.#current) return;
    this.#nodes[this.#current]?.removeAttribute("aria-current");
    this.#nodes[at]?.setAttribute("aria-current", "true");
    this.#current = at;
    this.#reach(Math.max(at, 0));
    if (follow && performance.now() - this.#scrolledAt > HANDS_OFF_MS) this.#keepInSight(this.#nodes[at]);
  }

  /** Highlights the cues between two moments and scrolls to the first. */
  highlight(start, end) {
    const first = Math.max(this.at(start), 0);
    const last = Math.max(this.at(Math.max(end - 0.002, start)), first);
    this.#nodes.forEach((node, at) => node.classList.toggle("cited", at >= first && at <= last));
    if (this.#nodes[first]) scrollWithin(this.#root, this.#nodes[first]);
  }

  #keepInSight(node) {
    if (!node) return;
    const [inner, outer] = [node.getBoundingClientRect(), this.#root.getBoundingClientRect()];
    if (inner.top < outer.top + 24 || inner.bottom > outer.bottom - 48) scrollWithin(this.#root, node);
  }

  /** One cue at a time can be reached by the tab key; arrows go on from there. */
  #reach(at) {
    this.#root.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    this.#nodes[at]?.setAttribute("tabindex", "0");
  }

  #pick(target) {
    const cue = target.closest?.(".cue");
    if (cue) this.#onpick(this.#cues[Number(cue.dataset.at)].start);
  }

  #onkey(event) {
    const cue = event.target.closest(".cue");
    if (!cue) return;
    const step = KEYS[event.key];
    if (!step && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (!step) return this.#pick(cue);
    const next = Math.min(Math.max(Number(cue.dataset.at) + step, 0), this.#nodes.length - 1);
    this.#reach(next);
    this.#nodes[next].focus();
  }

  #paragraphs() {
    const paragraphs = [];
    let words;
    this.#cues.forEach((cue, at) => {
      if (!words || this.#breaksBefore(at, Number(words.dataset.from))) {
        words = element("p", { "data-from": cue.start });
        const stamp = element("span", { className: "stamp", "aria-label": `At ${spoken(cue.start)}` }, clock(cue.start));
        paragraphs.push(element("div", { className: "paragraph" }, stamp, words));
      }
      words.append(this.#nodes[at], " ");
    });
    return paragraphs;
  }

  #breaksBefore(at, from) {
    const [before, cue] = [this.#cues[at - 1], this.#cues[at]];
    if (!/[.?!…]["”»)]?$/.test(before.text)) return false;
    return cue.start - before.end >= PAUSE || cue.start - from >= LONGEST;
  }
}
