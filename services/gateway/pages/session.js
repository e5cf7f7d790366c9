// A session with the server: a cookie that no script can read, and a CSRF token that goes along with each call.
import { Refusal } from "./failures.js";

export class Session {
  #who = {};
  #guest = "";

  /** Who is signed in; where the server lets a guest in and nobody else is here, the guest. Answers what the server says of itself. */
  async open() {
    const config = await this.#read("/playground/config.json");
    this.#guest = config.guest ?? "";
    this.#who = await this.#read("/session");
    if (!this.isOpen && this.#guest) await this.signIn();
    return config;
  }

  get isOpen() {
    return Boolean(this.#who.csrfToken);
  }

  get user() {
    return this.#who.user ?? "";
  }

  get roles() {
    return this.#who.roles ?? [];
  }

  /** Whether the server lets a guest in, as it does on one's own machine. */
  get hasGuest() {
    return Boolean(this.#guest);
  }

  /** Begins a session by a token; without one the guest's, with this role. */
  async signIn(token = "", role = "student") {
    const body = JSON.stringify({ token: token.trim(), role });
    const response = await fetch("/session", { method: "POST", body, headers: { "content-type": "application/json" } });
    if (!response.ok) throw await Refusal.from(response);
    this.#who = await response.json();
  }

  async signOut() {
    const response = await fetch("/session", { method: "DELETE" });
    if (!response.ok) throw await Refusal.from(response);
    this.#who = {};
  }

  /** Calls the API as who is signed in; throws a Refusal where it does not answer well. */
  async send(path, { stream = false, ...options } = {}) {
    let response = await this.#fetch(path, stream, options);
    if (response.status === 401 && this.#guest && this.user === this.#guest) {
      await this.signIn("", this.roles.at(0)); // the guest's session has run out; the server gives another
      response = await this.#fetch(path, stream, options);
    }
    if (!response.ok) throw await Refusal.from(response);
    return response;
  }

  async json(path, options) {
    return (await this.send(path, options)).json();
  }

  #fetch(path, stream, options) {
    const headers = { accept: stream ? "text/event-stream" : "application/json", "x-csrf-token": this.#who.csrfToken ?? "" };
    if (options.body) headers["content-type"] = "application/json";
    return fetch(path, { ...options, headers });
  }

  async #read(path) {
    const response = await fetch(path, { cache: "no-store" });
    if (!response.ok) throw await Refusal.from(response);
    return response.json();
  }
}

/** Fields as a query; spaces become %20, for a plus sign is a plus sign to the API. */
export const query = (fields) =>
  Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
