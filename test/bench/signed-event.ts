import { createHmac } from "node:crypto";

/** A genuine delivery, and the same with a signature that fits another secret. */
export interface SignedEvent {
  readonly body: Buffer;
  /** As Node's `request.headers`. */
  readonly headers: Readonly<Record<string, string>>;
  /** As Node's `request.rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly badRawHeaders: readonly string[];
}

/** How one sender writes its headers, given a MAC over what it signs. */
export interface Signing {
  readonly secret: string;
  /** The key as bytes, where it is not the secret's text. */
  readonly key?: Buffer | undefined;
  /** What stands before the body under the signature. */
  prefix(id: string, seconds: number): string;
  /** Name and value of the sender's own headers, as it spells them. */
  headers(mac: Buffer, id: string, seconds: number): Readonly<Record<string, string>>;
}

/** Bytes: a line more or less must not carry a small body far off its size. */
const HALF_LINE = 85;

let count = 0;

/** Makes deliveries that were never seen before, each with a body of about so many bytes. */
export function signEvents(signing: Signing, bytes: number, times: number): SignedEvent[] {
  return Array.from({ length: times }, () => signEvent(signing, bytes));
}

function signEvent({ secret, key = Buffer.from(secret), prefix, headers: headersOf }: Signing, bytes: number): SignedEvent {
  const id = `evt_${(++count).toString(36).padStart(8, "0")}${Math.random().toString(36).slice(2, 14)}`;
  const seconds = Math.floor(Date.now() / 1000);
  const body = Buffer.from(eventText(id, seconds, bytes));
  const macWith = (secretKey: Buffer): Buffer => createHmac("sha256", secretKey).update(prefix(id, seconds)).update(body).digest();
  const own = headersOf(macWith(key), id, seconds);
  const rawHeaders = toRawHeaders(body, own);
  return {
    body,
    rawHeaders,
    badRawHeaders: toRawHeaders(body, headersOf(macWith(Buffer.from("another secret than theirs")), id, seconds)),
    headers: Object.fromEntries(
      Array.from({ length: rawHeaders.length / 2 }, (_, i) => [rawHeaders[2 * i]!.toLowerCase(), rawHeaders[2 * i + 1]!]),
    ),
  };
}

function toRawHeaders(body: Buffer, own: Readonly<Record<string, string>>): string[] {
  const all = {
    Host: "hooks.example.com",
    "User-Agent": "Sender/1.0 (+https://example.com/docs/webhooks)",
    "Content-Length": String(body.length),
    Accept: "*/*; q=0.5, application/xml",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    ...own,
    "Accept-Encoding": "gzip",
  };
  return Object.entries(all).flatMap((line) => line.map(asParsed));
}

/** A string as Node's HTTP parser makes it: flat, and shared with nobody. */
const asParsed = (text: string): string => Buffer.from(text, "latin1").toString("latin1");

/** An event as payment and shop systems send it: an object with a list, strings, amounts and times, padded to its size by further items. */
function eventText(id: string, seconds: number, bytes: number): string {
  const event = {
    id,
    object: "event",
    created: seconds,
    livemode: true,
    type: "invoice.paid",
    data: {
      id: `in_${id.slice(4)}`,
      currency: "eur",
      total: 1000 + (count % 9000),
      customer: `cus_${count}`,
      paid: true,
      lines: [] as unknown[],
    },
  };
  let length = JSON.stringify(event).length;
  while (length + HALF_LINE < bytes) {
    const n = event.data.lines.length;
    const line = {
      id: `il_${count}_${n}`,
      description: `Item number ${n}, delivered to the door`,
      amount: (count * 7 + n * 13) % 5000,
      quantity: (n % 3) + 1,
      tax: n % 2 === 0 ? 0.19 : null,
      period: { start: seconds - 86_400, end: seconds },
    };
    event.data.lines.push(line);
    length += JSON.stringify(line).length + 1;
  }
  return JSON.stringify(event);
}
