// The REST interface, as far as the playground uses it.
import { Refusal } from "./failures.js";

const TOKEN_KEY = "lectern.token";

/** Spaces become %20: a plus sign is a plus sign to the API. */
const query = (fields) => Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");

export class Api {
  #issued = "";

  /** Reads what the server says about itself: whether its model is a demo, and a token where it gives one away. */
  async configure() {
    const response = await fetch("/playground/config.json", { cache: "no-store" });
    if (!response.ok) throw await Refusal.from(response);
    const config = await response.json();
    this.#issued = config.token ?? "";
    return config;
  }

  get token() {
    return sessionStorage.getItem(TOKEN_KEY) || this.#issued;
  }

  /** Keeps a token for as long as the tab is open. */
  keepToken(token) {
    sessionStorage.setItem(TOKEN_KEY, token.trim());
  }

  courses = () => this.#all("/v1/courses", "courses");
  videos = (course) => this.#all(`/v1/${course}/videos`, "videos");
  transcript = (video) => this.#json(`/v1/${video}/transcript`);
  turn = (name) => this.#json(`/v1/${name}`);
  cancel = (turn) => this.#json(`/v1/${turn}:cancel`, { method: "POST", body: "{}" });

  /** The caller's thread in a course, or nothing before the first question. */
  async thread(course) {
    const page = await this.#json(`/v1/threads?${query({ course, pageSize: 1 })}`);
    return page.threads?.[0];
  }

  /** A page of messages, newest first. */
  messages(thread, pageToken = "") {
    return this.#json(`/v1/${thread}/messages?${query({ orderBy: "sequence desc", pageSize: 40, pageToken })}`);
  }

  /** Asks a question; the answer is a stream of events. Safe to repeat with the same `requestId`. */
  ask(question, signal) {
    return this.#send("/v1/chat:stream", { method: "POST", body: JSON.stringify(question), signal, stream: true });
  }

  /** The events of a turn after `sequence`. */
  resume(turn, sequence, signal) {
    return this.#send(`/v1/${turn}:stream?afterSequence=${sequence}`, { signal, stream: true });
  }

  async #json(path, options) {
    return (await this.#send(path, options)).json();
  }

  async #all(path, field) {
    const found = [];
    for (let pageToken = ""; ; ) {
      const page = await this.#json(`${path}?${query({ pageSize: 200, pageToken })}`);
      found.push(...(page[field] ?? []));
      if (!page.nextPageToken) return found;
      pageToken = page.nextPageToken;
    }
  }

  async #send(path, { stream = false, ...options } = {}) {
    const response = await this.#fetch(path, stream, options);
    if (response.ok) return response;
    if (response.status !== 401 || !this.#issued || this.token !== this.#issued) throw await Refusal.from(response);
    await this.configure(); // what the server gave away has run out; it gives another
    const again = await this.#fetch(path, stream, options);
    if (!again.ok) throw await Refusal.from(again);
    return again;
  }

  #fetch(path, stream, options) {
    const headers = { accept: stream ? "text/event-stream" : "application/json", authorization: `Bearer ${this.token}` };
    if (options.body) headers["content-type"] = "application/json";
    return fetch(path, { ...options, headers });
  }
}
