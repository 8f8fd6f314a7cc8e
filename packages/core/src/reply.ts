import { CODES, ERRORS_PAGE, type ErrorCode } from "./errors.js";

/** What to send back to the provider. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** One body for each status: a sender learns nothing about which check it failed. RFC 9457. */
const PROBLEMS = new Map<number, Reply>(
  Object.entries(REASONS).map(([status, title]) => [
    Number(status),
    {
      status: Number(status),
      headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
      body: JSON.stringify({ type: `${ERRORS_PAGE}#${status}`, title, status: Number(status) }),
    },
  ]),
);

const DEFAULT_RETRY = 5;

/** The default success. */
export const OK: Reply = { status: 200, headers: {}, body: null };

/** The reply to a refused delivery. `retryAfter` is in seconds, and counts only where sending again can help. */
export function toProblem(
  code: ErrorCode,
  { retryAfter, allow }: { readonly retryAfter?: number | undefined; readonly allow?: string } = {},
): Reply {
  const { status } = CODES[code];
  const problem = PROBLEMS.get(status) as Reply;
  if (status === 503)
    return { ...problem, headers: { ...problem.headers, "retry-after": String(Math.max(1, Math.ceil(retryAfter ?? DEFAULT_RETRY))) } };
  return status !== 405 || allow === undefined ? problem : { ...problem, headers: { ...problem.headers, allow } };
}
