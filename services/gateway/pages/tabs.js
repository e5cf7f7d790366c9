// On narrow screens the lecture and the conversation take turns.
import { byId } from "./dom.js";

const NAMES = ["lecture", "conversation"];

export class Tabs {
  constructor() {
    for (const name of NAMES) {
      byId(`tab-${name}`).addEventListener("click", () => this.show(name));
      byId(`tab-${name}`).addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = NAMES.find((one) => one !== name);
        this.show(other);
        byId(`tab-${other}`).focus();
      });
    }
    this.show("conversation");
  }

  show(name) {
    document.querySelector("main").dataset.shown = name;
    for (const one of NAMES) {
      byId(`tab-${one}`).setAttribute("aria-selected", String(one === name));
      byId(`tab-${one}`).tabIndex = one === name ? 0 : -1;
    }
  }
}
