// The panels of the console: what the API says, as elements. `steer(path)` makes the handler of a button.
import { element } from "./dom.js";
import { seconds } from "./time.js";

const number = (value) => Number(value ?? 0).toLocaleString();
const percent = (share) => `${((share ?? 0) * 100).toFixed(share && share < 0.1 ? 1 : 0)} %`;
const megabytes = (bytes) => `${Math.round(Number(bytes ?? 0) / 2 ** 20)} MB`;
const dollars = (amount) => `$${(amount ?? 0).toFixed(amount && amount < 1 ? 4 : 2)}`;
const last = (name) => name.split("/").at(-1);

const GOOD = new Set(["HEALTHY", "CLOSED", "SUCCEEDED"]);
const BAD = new Set(["UNHEALTHY", "OPEN", "FAILED"]);

function chip(state, title = "") {
  const mood = GOOD.has(state) ? "good" : BAD.has(state) ? "bad" : "so-so";
  return element("span", { className: `chip ${mood}`, title }, state.toLowerCase().replaceAll("_", " "));
}

function button(id, words, onclick) {
  return element("button", { type: "button", id, className: "quiet small", onclick }, words);
}

/** Rows of cells under headings; the first cell of each row names it. */
function table(headings, rows, none) {
  if (!rows.length) return element("p", { className: "none" }, none);
  const head = element("tr", {}, ...headings.map((words) => element("th", { scope: "col" }, words)));
  const body = rows.map(([name, ...cells]) =>
    element("tr", {}, element("th", { scope: "row" }, ...[name].flat()), ...cells.map((cell) => element("td", {}, ...[cell].flat()))));
  return element("div", { className: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

function tile(label, value, note = "", mood = "") {
  return element("div", { className: `tile ${mood}` }, element("span", {}, label), element("strong", {}, value), element("small", {}, note));
}

export function tiles({ health, stats, queues, usage }) {
  const lines = queues.queues ?? [];
  const sum = (field) => lines.reduce((total, line) => total + (line[field] ?? 0), 0);
  const failed = sum("failedCount");
  const spent = usage.totals ?? {};
  return [
    tile("System", (health.status ?? "").toLowerCase(), `version ${health.version ?? ""}`, health.status === "HEALTHY" ? "good" : "bad"),
    tile("Threads in use", number(stats.activeThreadCount), `${number(running(stats))} turns running, ${(stats.processes ?? []).length} processes`),
    tile("Context cache", percent(stats.cacheHitRate), cacheNote(stats)),
    tile("Memory", megabytes(stats.memoryBytes), "of all processes"),
    tile("Jobs", number(sum("waitingCount") + sum("runningCount")), `${number(sum("runningCount"))} running, ${number(sum("delayedCount"))} later`),
    tile("Failed jobs", number(failed), failed ? "retry them below" : "none", failed ? "bad" : ""),
    tile("Spent", dollars(spent.costUsd), `${number((spent.promptTokens ?? 0) + (spent.completionTokens ?? 0))} tokens, ${number(spent.calls)} calls`),
  ];
}

const running = ({ processes = [] }) => processes.reduce((total, { activeTurnCount = 0 }) => total + activeTurnCount, 0);
const cacheNote = (stats) => (stats.cacheLayers ?? []).map(({ layer, hitRate }) => `${layer} ${percent(hitRate)}`).join(", ");

export function parts({ health }) {
  const rows = (health.dependencies ?? []).map(({ name, status, latencyMs, message }) =>
    [name, chip(status), `${(latencyMs ?? 0).toFixed(1)} ms`, message ?? ""]);
  return table(["Part", "State", "Answers in", ""], rows, "Nothing is known.");
}

export function providers({ providers: { providers: known = [] } }, steer) {
  const rows = known.map(({ name, models = {}, keys = [], errorRate, firstTokenSeconds }) => [
    element("span", { title: Object.entries(models).map(([use, model]) => `${use}: ${model}`).join("\n") }, last(name)),
    keys.map((key) => chip(key.state ?? "CLOSED", `key ${key.index ?? 0}: ${key.failures ?? 0} of ${key.requests ?? 0} failed${key.forced ? ", by hand" : ""}`)),
    percent(errorRate),
    firstTokenSeconds ? `${firstTokenSeconds.toFixed(2)} s` : "–",
    keys.every(({ state }) => state === "OPEN")
      ? button(`close-${name}`, "Let in", steer(`${name}:close`))
      : button(`open-${name}`, "Shut out", steer(`${name}:open`, `Send nothing to ${last(name)}?`)),
  ]);
  return table(["Provider", "Keys", "Errors", "First token", ""], rows, "No provider is configured.");
}

export function queues({ queues: { queues: lines = [] } }, steer) {
  const rows = lines.map((line) => [
    [last(line.name), ...(line.paused ? [chip("PAUSED")] : [])],
    number(line.waitingCount),
    element("span", { title: limits(line) }, `${number(line.runningCount)} / ${number(line.concurrency)}`),
    number(line.delayedCount),
    element("span", { className: line.failedCount ? "alarm" : "" }, number(line.failedCount)),
    `${number(line.throughputPerMinute)} a minute`,
    line.oldestAge ? `${Math.round(seconds(line.oldestAge))} s` : "–",
    element("span", { className: "steering" },
      ...(line.failedCount ? [button(`retry-${line.name}`, "Retry failed", steer(`${line.name}:retryFailed`))] : []),
      ...(line.waitingCount ? [button(`purge-${line.name}`, "Empty", steer(`${line.name}:purge`, `Cancel all ${line.waitingCount} waiting jobs of ${last(line.name)}?`))] : []),
      line.paused ? button(`resume-${line.name}`, "Resume", steer(`${line.name}:resume`)) : button(`pause-${line.name}`, "Pause", steer(`${line.name}:pause`))),
  ]);
  return table(["Queue", "Waiting", "Running", "Later", "Failed", "Done", "Oldest", ""], rows, "There are no queues.");
}

function limits({ concurrency, rate, perWorkerConcurrency }) {
  const starts = rate?.count ? `, ${rate.count} starts in ${seconds(rate.period)} s` : "";
  return `${concurrency} at once${starts}, ${perWorkerConcurrency} in one worker`;
}

const ENDED = new Set(["SUCCEEDED", "FAILED", "CANCELLED"]);

export function jobs({ jobs: { jobs: found = [] } }, steer) {
  if (!found.length) return element("p", { className: "none" }, "No jobs here.");
  return found.map((job) => {
    const facts = [["Job", job.name], ["Queue", job.queue], ["Attempt", `${job.attempt ?? 0} of ${job.maxAttempts ?? 0}${job.quarantined ? ", quarantined" : ""}`]];
    if (job.error) facts.push(["Error", `${job.error.reason}: ${job.error.message}`]);
    if (job.steps?.length) facts.push(["Steps", job.steps.map((step) => `${step.name} (${(step.state ?? "").toLowerCase()})`).join(", ")]);
    if (job.traceId) facts.push(["Trace", job.traceId]);
    if (job.logLines?.length) facts.push(["Log", element("pre", {}, job.logLines.join("\n"))]);
    const again = job.state === "FAILED" || job.state === "CANCELLED";
    const steering = again
      ? [button(`retry-${job.name}`, "Retry", steer(`${job.name}:retry`))]
      : ENDED.has(job.state) ? [] : [button(`cancel-${job.name}`, "Cancel", steer(`${job.name}:cancel`))];
    return element("details", { className: "job", id: job.name },
      element("summary", {},
        chip(job.state),
        element("span", { className: "kind" }, job.kind),
        element("span", { className: "message" }, job.state === "FAILED" ? job.error?.message ?? "" : job.message ?? ""),
        job.state === "RUNNING" ? element("progress", { max: 100, value: job.progress ?? 0 }) : "",
        element("time", { dateTime: job.createTime }, new Date(job.createTime).toLocaleString())),
      element("dl", {}, ...facts.flatMap(([name, fact]) => [element("dt", {}, name), element("dd", {}, fact)])),
      element("div", { className: "steering" }, ...steering));
  });
}

export function workers({ workers: { workers: known = [] } }) {
  const rows = known.map(({ name, host, concurrency = {}, runningJobs: running = [], beatTime }) => [
    last(name),
    host ?? "",
    Object.entries(concurrency).map(([queue, hands]) => `${last(queue)} ${hands}`).join(", "),
    number(running.length),
    beatTime ? new Date(beatTime).toLocaleTimeString() : "–",
  ]);
  return table(["Worker", "Host", "Hands", "Running", "Last beat"], rows, "No worker is running.");
}

export function usage({ usage: { lines = [] } }) {
  const purposes = new Map();
  for (const { purpose, provider, model, totals = {} } of lines) {
    const key = [purpose, provider, model].filter(Boolean).join(" · ");
    const sum = purposes.get(key) ?? { calls: 0, tokens: 0, cost: 0 };
    sum.calls += totals.calls ?? 0;
    sum.tokens += (totals.promptTokens ?? 0) + (totals.completionTokens ?? 0);
    sum.cost += totals.costUsd ?? 0;
    purposes.set(key, sum);
  }
  const rows = [...purposes].sort(([, one], [, other]) => other.tokens - one.tokens).slice(0, 12)
    .map(([key, { calls, tokens, cost }]) => [key, number(calls), number(tokens), dollars(cost)]);
  return table(["Purpose", "Calls", "Tokens", "Cost"], rows, "Nothing has been spent.");
}

export function processes({ stats }) {
  const rows = (stats.processes ?? []).map(({ service, instance, memoryBytes, activeTurnCount }) =>
    [service, instance ?? "", megabytes(memoryBytes), number(activeTurnCount)]);
  const silent = (stats.unanswered ?? []).length ? [element("p", { className: "none" }, `Did not answer: ${stats.unanswered.join(", ")}`)] : [];
  return [table(["Service", "Instance", "Memory", "Turns"], rows, "No process has told of itself."), ...silent];
}
