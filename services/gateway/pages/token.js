// Asks for a token where the server does not hand one out.
import { byId } from "./dom.js";

const WHY = "Paste a token; it stays in this tab and is forgotten when you close it.";

export class TokenDialog {
  #dialog = byId("token-dialog");

  constructor(ontoken) {
    byId("sign-in").addEventListener("click", () => this.ask());
    byId("token-cancel").addEventListener("click", () => this.#dialog.close());
    byId("token-form").addEventListener("submit", () => {
      const token = byId("token").value;
      byId("token").value = "";
      ontoken(token);
    });
  }

  ask(reason = "") {
    byId("token-why").textContent = `${reason} ${WHY}`.trim();
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
