import type { Delivery, HeadersInput } from "@countersign/core";
import { toRefusedDelivery } from "@countersign/core/adapter";
import { type EventShape, type Fields, isFields, isFilled, isMultiValue, shapeOf } from "./event-shape.js";
import { type RemainingTime, remainingTime } from "./remaining-time.js";

/** Takes a Lambda event as a delivery. What is no HTTP request, or was tampered with on the way, becomes one that is refused. */
export function toDelivery(event: unknown, context: RemainingTime | undefined): Delivery {
  try {
    if (isStream(context)) return toRefusedDelivery("MISCONFIGURED", STREAMED);
    const shape = shapeOf(event);
    if (shape === undefined) return toRefusedDelivery("MISCONFIGURED", NO_REQUEST);
    return READERS[shape](event as Fields, deadlineOf(context));
  } catch (error) {
    return error instanceof BrokenEvent
      ? toRefusedDelivery(error.code, error.message)
      : toRefusedDelivery("MISCONFIGURED", UNREADABLE, error);
  }
}

const NO_REQUEST =
  "the function was invoked with an event that is no HTTP request of API Gateway, a Function URL or an Application Load Balancer";

const STREAMED =
  "the function was passed a stream for its response, whose runtime ignores the answer that it returns; export it without awslambda.streamifyResponse";

const UNREADABLE = "the event holds what cannot be read, such as a header that is no text: a layer before the function has changed it";

/** On its way to becoming a refusal. */
class BrokenEvent extends Error {
  readonly code: "MISCONFIGURED" | "BODY_ALREADY_PARSED" | "BODY_INCOMPLETE";
  constructor(code: BrokenEvent["code"], message: string) {
    super(message);
    this.code = code;
  }
}

const isStream = (context: unknown): boolean => isFields(context) && typeof context.write === "function";

type Reader = (event: Fields, deadline: number | undefined) => Delivery;

/** API Gateway serves HTTPS alone, and writes the address itself. So does a Function URL. */
const READERS: Record<EventShape, Reader> = {
  rest(event, deadline) {
    const { path, identity } = event.requestContext as Fields;
    return {
      method: event.httpMethod as string,
      // what the client asked for has the stage, which `event.path` lacks; an emulator may have the resource there: "/{proxy+}"
      url: withQuery(
        typeof path === "string" && /^\/[^{}]*$/.test(path) ? path : (event.path as string),
        queryOf(event, encodeURIComponent),
      ),
      headers: headersOf(event),
      body: bodyOf(event, true),
      address: textOf(identity, "sourceIp"),
      protocol: "https",
      deadline,
    };
  },
  http(event, deadline) {
    const { http } = event.requestContext as { http: Fields };
    return {
      method: http.method as string,
      url: withQuery(event.rawPath as string, typeof event.rawQueryString === "string" ? event.rawQueryString : ""),
      headers: withCookies(headersOf(event), event.cookies),
      body: bodyOf(event, false),
      address: textOf(http, "sourceIp"),
      protocol: "https",
      deadline,
    };
  },
  alb(event, deadline) {
    const headers = headersOf(event);
    const hop = lastOf(event, "x-forwarded-for");
    return {
      method: event.httpMethod as string,
      // its parameters arrive as they were on the wire
      url: withQuery(
        event.path as string,
        queryOf(event, (text) => text),
      ),
      headers,
      body: bodyOf(event, true),
      address: hop === undefined ? undefined : withoutPort(hop),
      protocol: lastOf(event, "x-forwarded-proto") === "https" ? "https" : "http",
      deadline,
    };
  },
};

function deadlineOf(context: RemainingTime | undefined): number | undefined {
  const left = remainingTime(context);
  return left === undefined ? undefined : Date.now() + left;
}

/** Pairs keep duplicates apart; a record has had them joined. */
function headersOf(event: Fields): HeadersInput {
  if (isMultiValue(event)) return pairsOf(event.multiValueHeaders as Fields);
  if (isFields(event.headers)) return event.headers as Record<string, string>;
  throw new BrokenEvent("MISCONFIGURED", "the event has no headers, so it comes from no HTTP client; a test console sends such events");
}

/** Gives the headers back the cookies, which some shapes have apart. */
function withCookies(headers: HeadersInput, cookies: unknown): HeadersInput {
  if (!Array.isArray(cookies) || cookies.length === 0) return headers;
  const cookie = cookies.join("; ");
  return Array.isArray(headers)
    ? [...(headers as [string, string][]), ["cookie", cookie]]
    : { ...(headers as Record<string, string>), cookie };
}

/** Names and values, one pair for each value. */
function pairsOf(record: Fields): [string, string][] {
  return Object.entries(record).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== undefined && one !== null)
      .map((one): [string, string] => [name, String(one)]),
  );
}

/** The rightmost entry of a header, which the load balancer wrote; to its left stands what the client sent. */
function lastOf(event: Fields, header: string): string | undefined {
  const record = isMultiValue(event) ? event.multiValueHeaders : event.headers;
  const lines = pairsOf(record as Fields).filter(([name]) => name.toLowerCase() === header);
  return lines.at(-1)?.[1].split(",").at(-1)?.trim();
}

/** A load balancer may be set to tell the client's port too. */
function withoutPort(hop: string): string {
  const [, v6, v4] = /^(?:\[(.*)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? [];
  return v6 ?? v4 ?? hop;
}

function queryOf(event: Fields, encode: (text: string) => string): string {
  const { multiValueQueryStringParameters: several, queryStringParameters: single } = event;
  const record = isFilled(several) ? several : isFields(single) ? single : {};
  return pairsOf(record)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

/** A path in absolute form is left out, and the target then refused: a `Delivery` may have a whole URL, where a platform makes one. */
function withQuery(path: string, query: string): string {
  if (!path.startsWith("/")) return "";
  return query === "" ? path : `${path}?${query}`;
}

function textOf(fields: unknown, name: string): string | undefined {
  const value = isFields(fields) ? fields[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Methods whose events are written by hand without a body, there being none. */
const BODILESS: readonly unknown[] = ["GET", "HEAD", "OPTIONS"];

/** @param always whether the shape has a body even where the request had none */
function bodyOf(event: Fields, always: boolean): Delivery["body"] {
  const { body, isBase64Encoded: flag } = event;
  if (body === undefined && always && !BODILESS.includes(event.httpMethod))
    throw new BrokenEvent("BODY_INCOMPLETE", "the event has no body, not even null: a layer took it away");
  if (body === undefined || body === null) return null;
  if (typeof body !== "string")
    throw new BrokenEvent(
      "BODY_ALREADY_PARSED",
      `event.body is a parsed ${Array.isArray(body) ? "array" : typeof body}, and its bytes are gone; put the webhook before whatever parses bodies`,
    );
  // a load balancer writes no body as "", and text of no bytes would hide that some were declared
  if (flag === undefined || flag === null || flag === false) {
    if (isUnflaggedBase64(body, lastOf(event, "content-type")))
      throw new BrokenEvent(
        "BODY_ALREADY_PARSED",
        "event.body is base64 of what the content type promises, and isBase64Encoded does not say so: a layer before the function has changed one of them",
      );
    return body === "" ? null : body;
  }
  if (flag !== true || body.length % 4 !== 0 || !BASE64.test(body))
    throw new BrokenEvent(
      "BODY_ALREADY_PARSED",
      `isBase64Encoded ${flag === true ? "does not fit event.body, which is no base64" : "is neither true nor false"}: a layer before the function has changed one of them`,
    );
  return Buffer.from(body, "base64");
}

/** What JSON or a form begins with, once it is decoded. No base64 is JSON by itself. */
const PROMISED: readonly (readonly [type: RegExp, start: RegExp])[] = [
  [/[/+]json\b/i, /^\s*[[{]\s*["\]}[{\d]/],
  [/\/x-www-form-urlencoded\b/i, /^[\w.%+*-]+=[\w.%+*&=-]*$/],
];

/** Tells whether text is base64 that nothing flags as such: what its content type promises stands in it only when it is decoded. */
function isUnflaggedBase64(text: string, contentType = ""): boolean {
  const promised = PROMISED.find(([type]) => type.test(contentType));
  if (promised === undefined || text.length % 4 !== 0 || !BASE64.test(text)) return false;
  return promised[1].test(Buffer.from(text, "base64").toString("latin1"));
}
