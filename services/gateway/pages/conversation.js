// The thread of a course: what was said before, the answer that is under way, and asking for the next.
import { announce, byId } from "./dom.js";
import { Exchange } from "./exchange.js";
import { describe, inWords } from "./failures.js";
import { duration } from "./time.js";
import { TurnReader } from "./turns.js";

const UNDER_WAY = new Set(["QUEUED", "RUNNING"]);
const NEAR_END = 80; // pixels from the end within which the view follows the answer

export class Conversation {
  #api;
  #place;
  #hooks;
  #scroll = byId("scroll");
  #list = byId("exchanges");
  #older = byId("older");
  #thread = "";
  #pageToken = "";
  #heldBack = [];
  #current = null;
  #session = new AbortController();

  /** `place()` tells course, video and position; the hooks are `onjump`, `onbusy`, `onsources` and `onrefused`. */
  constructor(api, place, hooks) {
    this.#api = api;
    this.#place = place;
    this.#hooks = hooks;
    this.#older.addEventListener("click", () => this.#page().catch(this.#hooks.onrefused));
  }

  /** Shows the thread of another course, and follows the answer that is under way in it. */
  async open(course) {
    this.#session.abort();
    this.#session = new AbortController();
    const { signal } = this.#session;
    this.#finish();
    this.#list.replaceChildren();
    this.#older.hidden = true;
    byId("welcome").hidden = true;
    const thread = await this.#api.thread(course);
    if (signal.aborted) return;
    [this.#thread, this.#pageToken, this.#heldBack] = [thread?.name ?? "", "", []];
    if (this.#thread) await this.#page(signal);
    byId("welcome").hidden = this.#list.childElementCount > 0;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  /** Asks, and follows the answer to its end; with `continues` it is the rest of another turn's answer. */
  async ask(message, continues = "") {
    const place = this.#place();
    const question = { ...place, message, continues, requestId: crypto.randomUUID(), position: duration(place.position) };
    const exchange = this.#exchange(message, place.position);
    byId("welcome").hidden = true;
    this.#list.append(exchange.node);
    exchange.wait("Sending your question…");
    this.#keepInSight(exchange);
    await this.#follow(exchange, new TurnReader(this.#api, { question }), () => this.ask(message, continues));
  }

  /** Stops the answer that is under way; what was said is kept. */
  async stop() {
    if (!this.#current) return;
    this.#current.stopping = true;
    this.#current.exchange.wait("Stopping…");
    const { turn } = this.#current.reader;
    if (turn) await this.#api.cancel(turn).catch((error) => this.#current?.exchange.note(describe(error)));
  }

  async #page(signal = this.#session.signal) {
    const page = await this.#api.messages(this.#thread, this.#pageToken);
    if (signal.aborted) return;
    const height = this.#scroll.scrollHeight;
    this.#pageToken = page.nextPageToken ?? "";
    this.#older.hidden = !this.#pageToken;
    this.#list.prepend(...this.#history(this.#whole((page.messages ?? []).reverse())));
    this.#scroll.scrollTop += this.#scroll.scrollHeight - height;
  }

  /** The page without an answer whose question stands on the next one, and with the one held back before. */
  #whole(messages) {
    const whole = [...messages, ...this.#heldBack];
    this.#heldBack = this.#pageToken && whole[0]?.role === "ASSISTANT" ? [whole.shift()] : [];
    return whole;
  }

  #history(messages) {
    const nodes = [];
    const unanswered = new Map();
    for (const message of messages) {
      const asked = unanswered.get(message.turn)?.exchange;
      const exchange = asked ?? this.#exchange(message.role === "USER" ? message.text ?? "" : "…");
      if (!asked) nodes.push(exchange.node);
      if (message.role === "USER") unanswered.set(message.turn, { exchange, state: message.state });
      else exchange.complete({ ...message, answer: message.text });
      if (message.role !== "USER") unanswered.delete(message.turn);
    }
    for (const [turn, { exchange, state }] of unanswered) {
      if (UNDER_WAY.has(state)) this.#attach(exchange, turn);
      else if (state === "CANCELLED") exchange.stop();
      else exchange.fail(inWords("STREAM_INTERRUPTED"));
    }
    return nodes;
  }

  #attach(exchange, turn) {
    exchange.wait("This question is still being answered…");
    this.#follow(exchange, new TurnReader(this.#api, { turn }));
  }

  async #follow(exchange, reader, retry = null) {
    const { signal } = this.#session;
    this.#current = { exchange, reader, stopping: false };
    this.#hooks.onbusy(true);
    try {
      for await (const event of reader.events(signal)) {
        const atEnd = this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < NEAR_END;
        this.#apply(exchange, event, retry, reader.requestId);
        if (atEnd) requestAnimationFrame(() => this.#keepInSight(exchange));
      }
    } catch (error) {
      if (signal.aborted) return;
      exchange.fail(describe(error), { reference: error.requestId, retry });
      this.#keepInSight(exchange);
      announce(describe(error));
      if (error.status === 401) this.#hooks.onrefused(error);
    }
    if (!signal.aborted) this.#finish();
  }

  #apply(exchange, event, retry, reference) {
    if (event.started && this.#current.stopping) this.stop();
    else if (event.started) exchange.wait("Looking through the lecture…");
    if (event.context) this.#ground(exchange, event.context.citations ?? []);
    if (event.delta) exchange.append(event.delta.text ?? "");
    if (event.support) exchange.check(event.support);
    if (event.notice?.text) exchange.note(event.notice.text);
    if (event.reconnecting) exchange.wait("The connection broke. Taking the answer up where it stopped…");
    if (event.completed) {
      exchange.complete(event.completed.turn ?? {});
      this.#hooks.onsources(exchange.citations);
      announce(`Answer: ${exchange.text}`);
    }
    if (event.failed) this.#failed(exchange, event.failed, retry, reference);
  }

  /** Goes down with the answer, but never so far that its question leaves the screen. */
  #keepInSight({ node }) {
    const top = this.#scroll.scrollTop + node.getBoundingClientRect().top - this.#scroll.getBoundingClientRect().top;
    this.#scroll.scrollTop = Math.min(this.#scroll.scrollHeight, top - 16);
  }

  #failed(exchange, { reason, message, partial }, retry, reference) {
    const words = inWords(reason, message);
    if (reason === "TURN_CANCELLED") exchange.stop(partial);
    else exchange.fail(words, { partial, reference, retry });
    announce(words);
  }

  #ground(exchange, citations) {
    exchange.ground(citations);
    const places = citations.length;
    exchange.wait(places ? `Reading ${places} ${places === 1 ? "passage" : "passages"}…` : "Thinking…");
    this.#hooks.onsources(citations);
  }

  #exchange(question, position = null) {
    const onmore = (turn) => this.#current || this.ask("Go on.", turn);
    return new Exchange(question, { position, onjump: this.#hooks.onjump, onmore });
  }

  #finish() {
    this.#current = null;
    this.#hooks.onbusy(false);
  }
}
