// What went wrong, in plain words.

const WORDS = {
  UNAUTHENTICATED: "The token is missing or not valid.",
  TOKEN_EXPIRED: "The token has expired.",
  ROLE_REQUIRED: "This token may not do that.",
  MESSAGE_EMPTY: "There is no question in the message.",
  TOO_LARGE: "The question is too long.",
  COURSE_NOT_FOUND: "There is no such course, or it is not open to you.",
  VIDEO_NOT_FOUND: "This lecture is not in the course.",
  TURN_IN_PROGRESS: "An earlier question is still being answered.",
  TURN_CANCELLED: "You stopped this answer.",
  PROVIDERS_UNAVAILABLE: "No model can be reached at the moment.",
  CONTENT_REFUSED: "The model declined to answer this.",
  CONTEXT_TOO_LONG: "The question and its context are too long for the model.",
  STREAM_INTERRUPTED: "The answer broke off.",
  RATE_LIMITED: "Too many questions at once.",
  BUDGET_EXHAUSTED: "The budget for this course or user is used up.",
  DEPENDENCY_UNAVAILABLE: "A part of the server is down at the moment.",
  DEADLINE_EXCEEDED: "The server took too long.",
  SHUTTING_DOWN: "The server is restarting.",
  INTERNAL: "Something went wrong on the server.",
};

const BY_STATUS = { 401: "UNAUTHENTICATED", 413: "TOO_LARGE", 429: "RATE_LIMITED", 503: "DEPENDENCY_UNAVAILABLE" };
const PASSING = new Set([502, 503, 504]);

/** A refusal by the server, with its reason and the request id by which an operator finds it. */
export class Refusal extends Error {
  constructor(status, { reason = "", message = "", requestId = "", retryAfter = 0 } = {}) {
    super(message || `The server answered with ${status}.`);
    Object.assign(this, { status, reason: reason || BY_STATUS[status] || "", requestId, retryAfter });
  }

  get isPassing() {
    return PASSING.has(this.status);
  }

  static async from(response) {
    const body = await response.json().catch(() => ({}));
    const info = (body.details ?? []).find((detail) => detail.reason);
    return new Refusal(response.status, {
      reason: info?.reason,
      message: body.message,
      requestId: response.headers.get("x-request-id") ?? "",
      retryAfter: Number(response.headers.get("retry-after")) || 0,
    });
  }
}

/** The connection is gone and did not come back. */
export class ConnectionLost extends Error {
  constructor(requestId = "") {
    super("The connection to the server was lost and did not come back.");
    this.requestId = requestId;
  }
}

/** What a reason of the API means, or the server's own words for it. */
export function inWords(reason, message = "") {
  return WORDS[(reason ?? "").replace(/^ERROR_REASON_/, "")] ?? (message || WORDS.INTERNAL);
}

/** An error as a sentence or two for the person at the screen. */
export function describe(error) {
  if (error instanceof TypeError) return "The server cannot be reached.";
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  return `${error instanceof Refusal ? inWords(error.reason, error.message) : error.message}${wait}`;
}
