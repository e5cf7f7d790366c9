// Where the question is written.
import { byId, element } from "./dom.js";

const LONGEST = 16 * 1024; // bytes of UTF-8, as the API has it
const STARTERS = ["What is this lecture about?", "Explain what was just said", "Give me an example from the lecture"];

export class Composer {
  #form = byId("composer");
  #field = byId("question");
  #ask = byId("ask");
  #stop = byId("stop");
  #ready = false;
  #busy = false;

  constructor({ onask, onstop }) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(onask);
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.#field.addEventListener("input", () => this.#update());
    this.#stop.addEventListener("click", () => {
      this.#field.focus(); // the button goes away
      onstop();
    });
    byId("starters").append(...STARTERS.map((text) => element("li", {},
      element("button", { type: "button", className: "starter", onclick: () => this.#ready && !this.#busy && onask(text) }, text))));
  }

  /** Whether there is a lecture to ask about. */
  set ready(ready) {
    this.#ready = ready;
    this.#field.disabled = !ready;
    this.#update();
  }

  /** Whether an answer is under way. */
  set busy(busy) {
    this.#busy = busy;
    this.#ask.hidden = busy;
    this.#stop.hidden = !busy;
    this.#update();
  }

  #submit(onask) {
    const text = this.#field.value.trim();
    if (!text || this.#busy || !this.#ready || this.#tooLong()) return;
    this.#field.value = "";
    this.#update();
    onask(text);
  }

  #tooLong() {
    return new TextEncoder().encode(this.#field.value).length > LONGEST;
  }

  #update() {
    const tooLong = this.#tooLong();
    this.#field.setCustomValidity(tooLong ? "This question is longer than 16 KiB." : "");
    this.#ask.disabled = !this.#ready || tooLong || !this.#field.value.trim();
    this.#field.style.height = "auto"; // measured afresh, so that it shrinks too
    this.#field.style.height = `${Math.min(this.#field.scrollHeight + 2, 180)}px`;
  }
}
