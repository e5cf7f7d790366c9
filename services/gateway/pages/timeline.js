// The seekable strip: how densely the lecturer speaks, where the playhead stands, and pins at what answers cite.
import { byId, element } from "./dom.js";
import { clock, spoken } from "./time.js";

const BARS = 120;
const SVG = "http://www.w3.org/2000/svg";

export class Timeline {
  #root = byId("timeline");
  #playhead = byId("playhead");
  #clock = byId("clock");
  #pins;
  #length = 0;

  constructor(onseek) {
    this.#pins = this.#root.querySelector(".pins");
    this.#playhead.addEventListener("input", () => onseek(this.#playhead.valueAsNumber));
  }

  /** Draws another lecture. */
  open(cues, length) {
    this.#length = length;
    this.#playhead.max = String(length);
    this.#playhead.disabled = length === 0;
    const bars = densityOf(cues, length);
    for (const svg of this.#root.querySelectorAll(".density")) svg.replaceChildren(outline(bars));
    this.show(0);
    this.pin([]);
  }

  show(position) {
    this.#playhead.value = String(position);
    this.#playhead.setAttribute("aria-valuetext", spoken(position));
    this.#clock.textContent = `${clock(position)} / ${clock(this.#length)}`;
    this.#root.style.setProperty("--played", `${this.#length ? (100 * position) / this.#length : 0}%`);
  }

  /** Marks these moments. */
  pin(moments) {
    this.#pins.replaceChildren(...moments.filter((moment) => moment <= this.#length).map((moment) => {
      const pin = element("i", { className: "pin", title: clock(moment) });
      pin.style.setProperty("--at", `${(100 * moment) / this.#length}%`);
      return pin;
    }));
  }
}

/** Letters spoken in each of the bars, from 0 to 1. */
function densityOf(cues, length) {
  const bars = new Array(BARS).fill(0);
  for (const { start, end, text } of cues) {
    const [from, to] = [(start * BARS) / length, Math.max((end * BARS) / length, (start * BARS) / length + 0.01)];
    for (let bar = Math.floor(from); bar < Math.min(Math.ceil(to), BARS); bar++) {
      const overlap = Math.min(to, bar + 1) - Math.max(from, bar);
      bars[bar] += (text.length * overlap) / (to - from);
    }
  }
  const [least, most] = [Math.min(...bars), Math.max(...bars)];
  return bars.map((letters) => (most > least ? (letters - least) / (most - least) : 0.5));
}

function outline(bars) {
  const path = document.createElementNS(SVG, "path");
  const rods = bars.map((level, at) => {
    const height = 18 + level * 74;
    return `M${at * 10 + 2} ${50 - height / 2}h6v${height.toFixed(1)}h-6z`;
  });
  path.setAttribute("d", rods.join(""));
  const group = document.createElementNS(SVG, "svg");
  group.setAttribute("viewBox", `0 0 ${BARS * 10} 100`);
  group.setAttribute("preserveAspectRatio", "none");
  group.append(path);
  return group;
}
