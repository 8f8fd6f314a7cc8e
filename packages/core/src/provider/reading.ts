import { Refusal } from "../errors.js";
import type { HeaderLines } from "../headers.js";
import { type BodyExpectation, type ParsedBody, parseBody } from "../payload.js";
import { toUtf8 } from "../signature/encodings.js";
import type { DeliveryContext } from "../signature/key-ring.js";

const EMPTY = new Uint8Array();

/** One delivery as sources and templates see it; everything is read when asked for, and once. */
export class Reading {
  readonly method: string;
  /** Path and query, as received. */
  readonly target: string;
  readonly headers: HeaderLines;
  /** Epoch milliseconds. */
  readonly now: number;
  body: Uint8Array = EMPTY;
  readonly #expects: BodyExpectation;
  #query: URLSearchParams | undefined;
  #parsed: ParsedBody | undefined;
  #formJson: { readonly value: unknown } | undefined;

  constructor(method: string, target: string, headers: HeaderLines, now: number, expects: BodyExpectation) {
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.now = now;
    this.#expects = expects;
  }

  /** The query with its `?`, or nothing. */
  get search(): string {
    const at = this.target.indexOf("?");
    return at < 0 ? "" : this.target.slice(at);
  }

  get path(): string {
    const at = this.target.indexOf("?");
    return at < 0 ? this.target : this.target.slice(0, at);
  }

  /** What a resolver of secrets sees. */
  context(): DeliveryContext {
    return { headers: this.headers.toHeaders(), url: new URL(`http://localhost${this.target}`) };
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.search);
    return this.#query;
  }

  /** The body as JSON, as a form, or as bytes. `bounded` limits the depth, for what is parsed before it has proven itself. */
  parsed(bounded: boolean): ParsedBody {
    this.#parsed ??= parseBody(this.body, this.headers.first("content-type"), this.#expects, bounded);
    return this.#parsed;
  }

  /** The JSON that stands in a form's only field of that name. */
  formJson(name: string, bounded: boolean): unknown {
    this.#formJson ??= { value: this.#parseField(name, bounded) };
    return this.#formJson.value;
  }

  #parseField(name: string, bounded: boolean): unknown {
    const body = this.parsed(bounded);
    const values = body.kind === "form" ? body.fields.filter(([field]) => field === name) : [];
    if (values.length > 1) throw new Refusal("PAYLOAD_MALFORMED", `the form holds ${name} ${values.length} times`);
    const [field] = values;
    if (field === undefined) return undefined;
    const parsed = parseBody(toUtf8(field[1]), "application/json", { expectsForm: false, expectsJson: true }, bounded);
    return parsed.kind === "json" ? parsed.value : undefined;
  }
}

/** Path and query of a URL, or of what already is a path. Nothing else of a URL is ever used. */
export function toTarget(url: string): string {
  if (url.startsWith("/") && !url.includes("#")) return url;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url);
  const rest = scheme === null ? url : url.slice(scheme[0].length);
  const end = rest.indexOf("#");
  const target = end < 0 ? rest : rest.slice(0, end);
  return target.startsWith("/") ? target : `/${target}`;
}
