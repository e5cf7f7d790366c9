// The console of those who operate Lectern: looks at every part every few seconds, and steers queues, jobs and providers.
import { byId } from "./dom.js";
import { describe } from "./failures.js";
import { jobs, parts, processes, providers, queues, tiles, usage, workers } from "./panels.js";
import { query, Session } from "./session.js";
import { SignIn } from "./sign-in.js";

const EVERY_MS = 3000;
const OPERATOR = "admin";

class Console {
  #session = new Session();
  #signIn = new SignIn(this.#session, () => this.#look());
  #timer = 0;
  #looks = 0;

  async start() {
    byId("job-state").addEventListener("change", () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    await this.#try(async () => {
      await this.#session.open();
      if (!this.#isOperator && this.#session.hasGuest) await this.#session.signIn("", OPERATOR);
      this.#signIn.tell();
    });
    await this.#look();
  }

  get #isOperator() {
    return this.#session.roles.includes(OPERATOR);
  }

  /** Shows how everything stands, now and again and again; nothing is asked while nobody looks. */
  async #look() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    if (!this.#isOperator) {
      byId("panels").hidden = true;
      return this.#signIn.ask("The console is for admins.");
    }
    const look = ++this.#looks;
    await this.#try(async () => {
      const seen = await this.#seen();
      if (look === this.#looks) this.#show(seen);
    });
    if (look === this.#looks) this.#timer = setTimeout(() => this.#look(), EVERY_MS);
  }

  async #seen() {
    const state = byId("job-state").value;
    const paths = {
      health: "/v1/health",
      stats: "/v1/stats",
      providers: "/v1/providers",
      queues: "/v1/queues",
      workers: "/v1/workers",
      jobs: `/v1/jobs?${query({ pageSize: 30, ...(state && { state }) })}`,
      usage: "/v1/usage",
    };
    const answers = await Promise.all(Object.values(paths).map((path) => this.#session.json(path)));
    return Object.fromEntries(Object.keys(paths).map((name, index) => [name, answers[index]]));
  }

  #show(seen) {
    const steer = (path, words) => () => {
      if (!words || confirm(words)) this.#try(() => this.#session.json(`/v1/${path}`, { method: "POST", body: "{}" })).then(() => this.#look());
    };
    const panels = { tiles, parts, providers, queues, jobs, workers, usage, processes };
    for (const [name, panel] of Object.entries(panels)) replace(byId(name), panel(seen, steer));
    byId("panels").hidden = false;
    byId("beat").textContent = `as of ${new Date().toLocaleTimeString()}`;
  }

  async #try(action) {
    try {
      await action();
      byId("banner").hidden = true;
    } catch (error) {
      if (error.status === 401) return this.#signIn.ask(describe(error));
      byId("banner").textContent = describe(error);
      byId("banner").hidden = false;
      console.error(error);
    }
  }
}

/** New content in an old place; what was unfolded stays so, and the keyboard stays where it was. */
function replace(place, content) {
  const open = new Set([...place.querySelectorAll("details[open]")].map(({ id }) => id));
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.replaceChildren(...[content].flat());
  for (const id of open) place.querySelector(`[id="${id}"]`)?.setAttribute("open", "");
  if (focused) byId(focused)?.focus();
}

new Console().start();
