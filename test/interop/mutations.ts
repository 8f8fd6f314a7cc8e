/** What senders, proxies and attackers do to a delivery, and where our verdict and an SDK's may differ over it on purpose. */
import { type Contact, headerOf, type Sent } from "./contact.js";

export interface Mutation {
  readonly name: string;
  change(sent: Sent, contact: Contact): Sent;
  /** Why we may refuse what an SDK takes. */
  readonly stricter?: string;
  /** Why we may take what an SDK refuses. */
  readonly looser?: string;
}

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

const withHeaders = (sent: Sent, change: (entries: [string, string][]) => [string, string][]): Sent => ({
  ...sent,
  headers: Object.fromEntries(change(Object.entries(sent.headers))),
});
const withHeader = (sent: Sent, name: string, value: string): Sent => ({ ...sent, headers: { ...sent.headers, [name]: value } });
const withSignature = (change: (text: string) => string) => (sent: Sent, contact: Contact) =>
  withHeader(sent, contact.signature, change(headerOf(sent, contact.signature)));
const withType = (type: string) => (sent: Sent) => withHeader(sent, "content-type", type);
const withBody = (change: (body: string) => string) => (sent: Sent) =>
  sent.method === "GET" ? sent : { ...sent, body: change(sent.body) };

/** Writes a timestamp another way, wherever a scheme has it. */
const withStamp = (change: (text: string) => string) => (sent: Sent, contact: Contact) => {
  const name = contact.covers.find((header) => header.endsWith("timestamp"));
  if (name !== undefined) return withHeader(sent, name, change(headerOf(sent, name)));
  return withSignature((text) => text.replace(/t=(\d+)/, (_, stamp: string) => `t=${change(stamp)}`))(sent, contact);
};

const parsed = "SDKs sign the number that they parsed, not the text that was sent";
const joined = "a security header that comes twice is refused";
const many = "at most 16 signatures are looked at";
const rest = "SDKs drop what follows in an item; here it is no hex and no base64";
const hexCase = "hex may have either case";
const blanks = "blanks around the items of a list do not count";
const claimed = "a body that is not what it claims to be is refused";
const unread = "what is signed as a form is read as one whatever its type, which nobody signs; an app of Twilio's SDK parses by the type";
const skipped = "a byte order mark is no part of a form's first name";
const required = "Shopify's SDK asks for headers that nobody signs";

export const mutations: readonly Mutation[] = [
  { name: "headers in another order", change: (sent) => withHeaders(sent, (entries) => entries.reverse()) },
  { name: "a retry's headers", change: (sent) => withHeader(withHeader(sent, "x-slack-retry-num", "1"), "x-request-id", "1") },
  { name: "a further query", change: (sent) => ({ ...sent, url: `${sent.url}${sent.url.includes("?") ? "&" : "?"}x=1` }) },
  { name: "percent escapes in upper case", change: (sent) => ({ ...sent, url: sent.url.replace("%7e", "%7E") }) },
  { name: "JSON by its type", change: withType(JSON_TYPE), stricter: claimed },
  { name: "several parts by its type", change: withType("multipart/form-data; boundary=b"), stricter: claimed },
  { name: "a form by its type", change: withType(FORM_TYPE) },
  { name: "a form and its charset", change: withType(`${FORM_TYPE}; charset=utf-8`), looser: unread },
  { name: "text by its type", change: withType("text/plain"), looser: unread },
  { name: "no type", change: withType(""), looser: unread },
  {
    name: "an unsigned header gone",
    change: (sent, { signature, covers }) =>
      withHeaders(sent, (entries) => {
        const gone = entries.find(([name]) => name !== "content-type" && name !== signature && !covers.includes(name));
        return entries.filter((entry) => entry !== gone);
      }),
    looser: required,
  },
  { name: "an unsigned id changed", change: (sent) => withHeaders(sent, (entries) => entries.map(withOtherId)) },

  { name: "no signature", change: withSignature(() => "") },
  {
    name: "a signature in upper case",
    change: withSignature((text) => text.replace(/[^=,]*$/, (end) => end.toUpperCase())),
    looser: hexCase,
  },
  { name: "a signature twice on one line", change: withSignature((text) => `${text},${text}`), stricter: joined },
  { name: "a signature cut off", change: withSignature((text) => text.slice(0, -2)) },
  { name: "a signature run twice", change: withSignature((text) => text + text) },
  { name: "a signature in quotes", change: withSignature((text) => `"${text}"`) },
  { name: "a signature without padding", change: withSignature((text) => text.replace(/=+$/, "")) },
  { name: "a signature in base64url", change: withSignature((text) => text.replaceAll("+", "-").replaceAll("/", "_")) },
  { name: "more padding", change: withSignature((text) => `${text}=`), stricter: rest },
  { name: "a comma behind", change: withSignature((text) => `${text},`), stricter: rest },
  { name: "blanks behind commas", change: withSignature((text) => text.replaceAll(",", ", ")), looser: blanks },
  { name: "an unknown version before", change: withSignature((text) => `v9,AAAA ${text}`) },
  { name: "an unknown version behind", change: withSignature((text) => `${text} v9,AAAA`) },
  { name: "an unknown field behind", change: withSignature((text) => `${text},v9=00`), stricter: rest },
  { name: "a wrong signature before", change: withSignature((text) => `v1,${"A".repeat(43)}= ${text}`) },
  { name: "a wrong signature behind", change: withSignature((text) => `${text},v1=${"0".repeat(64)}`), stricter: rest },
  { name: "20 signatures", change: withSignature((text) => text + ` v1,${"A".repeat(43)}=`.repeat(19)), stricter: many },

  ...["0", "+", "00"].map((sign) => ({ name: `a stamp after ${sign}`, change: withStamp((text) => sign + text), stricter: parsed })),
  ...[".0", "abc", "e0", ".", " 0"].map((end) => ({
    name: `a stamp before ${end}`,
    change: withStamp((text) => text + end),
    stricter: parsed,
  })),
  { name: "a negative stamp", change: withStamp((text) => `-${text}`) },
  { name: "a stamp in milliseconds", change: withStamp((text) => `${text}000`) },
  { name: "a stamp of a second later", change: withStamp((text) => String(Number(text) + 1)) },

  { name: "a line break behind the body", change: withBody((body) => `${body}\n`) },
  { name: "a byte order mark", change: withBody((body) => `\ufeff${body}`), looser: skipped },
  { name: "a body cut off", change: withBody((body) => body.slice(0, -1)) },
  { name: "no body", change: withBody(() => "") },
  { name: "a body forged", change: withBody((body) => body.replace("genuine", "forged!")) },
];

/** Ids that no signature covers. */
const ID = /^(x-github-delivery|i-twilio-idempotency-token|(x-)?shopify-webhook-id)$/;
const withOtherId = ([name, value]: [string, string]): [string, string] => [name, ID.test(name) ? `${value}0` : value];
