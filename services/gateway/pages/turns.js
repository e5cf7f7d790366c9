// One turn from its question to its last event, across broken connections.
import { ConnectionLost, Refusal } from "./failures.js";

const QUIET_LIMIT_MS = 45_000; // heartbeats come far more often: silence this long means the connection is dead
const WAITS_MS = [400, 1_000, 2_000, 4_000, 8_000, 15_000];
const GONE = new Set(["EVENTS_EXPIRED", "ERROR_REASON_EVENTS_EXPIRED"]);
const ENDED = new Set(["COMPLETED", "PARTIAL", "CANCELLED", "FAILED"]);

/** The JSON events of a server-sent stream. */
export async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await withinLimit(reader.read());
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) if (line.startsWith("data:")) yield JSON.parse(line.slice(5));
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be broken already
  }
}

function withinLimit(reading) {
  let timer;
  const quiet = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ConnectionLost()), QUIET_LIMIT_MS);
  });
  return Promise.race([reading, quiet]).finally(() => clearTimeout(timer));
}

/** The events of a turn, each once and in order; `reconnecting` stands where the connection broke and is sought again. */
export class TurnReader {
  #api;
  #question;
  #seen = 0;
  #failures = 0;

  /** Follows a new `question`, or the `turn` that is under way already. */
  constructor(api, { question, turn = "" }) {
    this.#api = api;
    this.#question = question;
    this.turn = turn;
    this.requestId = "";
  }

  async *events(signal) {
    for (;;) {
      try {
        for await (const event of this.#connection(signal)) {
          yield event;
          if (event.completed || event.failed) return;
        }
      } catch (error) {
        if (signal.aborted || !this.#isPassing(error)) throw error;
      }
      if (this.#failures >= WAITS_MS.length) throw new ConnectionLost(this.requestId);
      yield { reconnecting: { attempt: this.#failures + 1 } };
      await this.#patience(signal);
    }
  }

  async *#connection(signal) {
    const response = await this.#open(signal);
    if (!response) return yield* this.#ended();
    this.requestId = response.headers.get("x-request-id") ?? this.requestId;
    for await (const event of eventsOf(response.body)) {
      if (event.code && event.message) throw new Refusal(200, event);
      this.turn = event.started?.turn ?? this.turn;
      if (event.heartbeat || event.sequence <= this.#seen) continue;
      this.#seen = event.sequence;
      this.#failures = 0;
      yield event;
    }
  }

  /** The stream of events, or nothing where the server has forgotten them. */
  async #open(signal) {
    if (!this.turn) return this.#api.ask(this.#question, signal);
    try {
      return await this.#api.resume(this.turn, this.#seen, signal);
    } catch (error) {
      if (GONE.has(error.reason)) return null;
      throw error;
    }
  }

  /** The turn itself stands in for events that are gone. */
  async *#ended() {
    const turn = await this.#api.turn(this.turn);
    if (ENDED.has(turn.state)) yield { completed: { turn } };
  }

  #isPassing(error) {
    return error instanceof TypeError || error instanceof ConnectionLost || error.isPassing;
  }

  #patience(signal) {
    const wait = WAITS_MS[this.#failures++];
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
      addEventListener("online", resolve, { once: true });
    });
  }
}
