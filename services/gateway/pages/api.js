// The REST interface, as far as the playground uses it.
import { query } from "./session.js";

export class Api {
  #session;

  constructor(session) {
    this.#session = session;
  }

  courses = () => this.#all("/v1/courses", "courses");
  videos = (course) => this.#all(`/v1/${course}/videos`, "videos");
  transcript = (video) => this.#session.json(`/v1/${video}/transcript`);
  turn = (name) => this.#session.json(`/v1/${name}`);
  cancel = (turn) => this.#session.json(`/v1/${turn}:cancel`, { method: "POST", body: "{}" });

  /** The caller's thread in a course, or nothing before the first question. */
  async thread(course) {
    const page = await this.#session.json(`/v1/threads?${query({ course, pageSize: 1 })}`);
    return page.threads?.[0];
  }

  /** A page of messages, newest first. */
  messages(thread, pageToken = "") {
    return this.#session.json(`/v1/${thread}/messages?${query({ orderBy: "sequence desc", pageSize: 40, pageToken })}`);
  }

  /** Asks a question; the answer is a stream of events. Safe to repeat with the same `requestId`. */
  ask(question, signal) {
    return this.#session.send("/v1/chat:stream", { method: "POST", body: JSON.stringify(question), signal, stream: true });
  }

  /** The events of a turn after `sequence`. */
  resume(turn, sequence, signal) {
    return this.#session.send(`/v1/${turn}:stream?afterSequence=${sequence}`, { signal, stream: true });
  }

  async #all(path, field) {
    const found = [];
    for (let pageToken = ""; ; ) {
      const page = await this.#session.json(`${path}?${query({ pageSize: 200, pageToken })}`);
      found.push(...(page[field] ?? []));
      if (!page.nextPageToken) return found;
      pageToken = page.nextPageToken;
    }
  }
}
