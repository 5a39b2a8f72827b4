/** What the server says about one field of a refused request, as { where: ["body", "name"], message: "too long" }. */
export interface FieldProblem {
  where: (string | number)[];
  message: string;
}

/** An RFC 9457 problem, or the lack of any answer (`status` 0). Every failed call to the server rejects with one. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The kind of problem: "stale", "lease", "unmarked", ...; empty when the answer named none. */
  readonly kind: string;
  /** The stored object, where a stale write was refused (409). */
  readonly current: unknown;
  readonly errors: FieldProblem[];
  /** The whole problem object, for members that only one route has. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    title: string,
    detail: string,
    more: { problem?: Record<string, unknown>; current?: unknown; errors?: FieldProblem[]; cause?: unknown } = {},
  ) {
    super(detail || title, { cause: more.cause });
    this.name = "ApiError";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.problem = more.problem ?? {};
    this.kind = text(this.problem.type).split("/").at(-1) ?? "";
    this.current = more.current ?? this.problem.current;
    this.errors = more.errors ?? [];
  }

  /** No answer came: the network or the server is away, and the same call may succeed later. */
  get offline(): boolean {
    return this.status === 0;
  }
}

const TITLES: Record<number, string> = {
  400: "The server did not understand this",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  409: "Changed meanwhile",
  413: "Too large",
  422: "Not accepted",
  429: "Too many tries",
  502: "The server is not reachable",
  503: "The server is busy",
};

function titleOf(status: number): string {
  return TITLES[status] ?? (status >= 500 ? "The server failed" : `Refused (${status})`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((item) => ({
    where: Array.isArray(item.where) ? item.where.filter((x) => typeof x === "string" || typeof x === "number") : [],
    message: text(item.message),
  }));
}

/** The error for a response that is not ok, from its status and its body: a problem object, or whatever a proxy sent. */
export function errorFrom(status: number, body: unknown): ApiError {
  if (!isRecord(body)) return new ApiError(status, titleOf(status), "");
  return new ApiError(status, TITLES[status] ?? (text(body.title) || titleOf(status)), text(body.detail), {
    problem: body,
    errors: fieldProblems(body.errors),
  });
}

/** The value of a JSON text; undefined if it is none. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The error for a call that got no response at all. */
export function offlineError(cause: unknown): ApiError {
  return new ApiError(0, "No connection", "The server did not answer. Check the connection and try again.", { cause });
}

/** One sentence for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  // Details begin in lower case, as part of a log line; a file's name in front stays as it is.
  return (error.detail || error.title).replace(
    /^[a-z]+(?=[ ,:])/,
    (word) => word.charAt(0).toUpperCase() + word.slice(1),
  );
}
