// Asks who is there: by a token, which the server keeps in a cookie of the session.
import { byId } from "./dom.js";
import { describe } from "./failures.js";

const WHY = "Paste a token; this browser stays signed in until it expires or you sign out.";

export class SignIn {
  #dialog = byId("sign-in-dialog");
  #session;

  /** `onchange` is called once somebody has signed in or out. */
  constructor(session, onchange) {
    this.#session = session;
    byId("sign-in").addEventListener("click", () => this.ask());
    byId("sign-in-cancel").addEventListener("click", () => this.#dialog.close());
    byId("sign-out").addEventListener("click", () => this.#do(() => session.signOut(), onchange));
    byId("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const token = byId("token").value;
      byId("token").value = "";
      this.#do(() => session.signIn(token), onchange);
    });
  }

  /** Names on the button who is signed in. */
  tell() {
    byId("sign-in").textContent = this.#session.user || "Sign in";
  }

  ask(reason = "") {
    const who = this.#session.isOpen ? `You are signed in as ${this.#session.user}.` : "";
    byId("sign-in-why").textContent = [reason, who, WHY].filter(Boolean).join(" ");
    byId("sign-out").hidden = !this.#session.isOpen;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  async #do(change, onchange) {
    try {
      await change();
    } catch (error) {
      return this.ask(describe(error));
    }
    this.#dialog.close();
    this.tell();
    onchange();
  }
}
