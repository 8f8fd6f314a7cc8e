/** A delivery that is being written: what a verifier reads from a source, a draft writes to it. */
import type { CompiledScheme, SourceReader } from "@countersign/core/signing";
import { Attempt, Reading, toHeaderLines, toTarget, toUtf8 } from "@countersign/core/signing";
import type { CompiledDeclaration } from "./delivery.js";

/** Where the payload goes: into the body as JSON, as a form, as JSON in a form's field, or as it is; or into the query. */
export type PayloadForm = "json" | "form" | "field" | "bytes" | "query";

/** One delivery before it is sent. */
export class Draft {
  readonly method: string;
  readonly headers = new Map<string, string>();
  /** Items of the signature's own list, and claims of a token. */
  readonly fields = new Map<string, string>();
  readonly claims: Record<string, unknown> = {};
  readonly #compiled: CompiledDeclaration;
  readonly #form: PayloadForm;
  #url: string;
  #root: unknown;
  #pairs: readonly (readonly [string, string])[] = [];

  constructor(compiled: CompiledDeclaration, method: string, url: string, payload: unknown, form: PayloadForm) {
    this.#compiled = compiled;
    this.method = method;
    this.#url = url;
    this.#form = form;
    if (form === "form") this.#pairs = toPairs(payload);
    else if (form === "query") for (const [name, value] of toPairs(payload)) this.#addToQuery(name, value);
    else if (form === "bytes") this.#root = payload;
    else this.#root = this.#envelope().reduceRight((inner: unknown, step) => toHolder(step, inner), toJson(payload));
  }

  get url(): string {
    return this.#url;
  }

  get body(): Uint8Array {
    if (this.#form === "form") return toUtf8(toForm(this.#pairs));
    if (this.#form === "field") return toUtf8(toForm([...this.#field(), ...this.#pairs]));
    if (this.#root === undefined) return new Uint8Array();
    if (this.#root instanceof Uint8Array) return this.#root;
    return toUtf8(this.#form === "json" ? JSON.stringify(this.#root) : String(this.#root));
  }

  /** What a verifier would read of it. */
  attempt(scheme: CompiledScheme): Attempt {
    const reading = new Reading(this.method, toTarget(this.#url), toHeaderLines([...this.headers]), 0, this.#compiled);
    reading.body = this.body;
    const attempt = new Attempt(scheme, reading);
    attempt.proven = true;
    return attempt;
  }

  /** What already stands at a source; nothing where it cannot be read. */
  read(scheme: CompiledScheme, source: SourceReader): string | undefined {
    if (source.kind === "claim") return this.claims[source.name] as string | undefined;
    if (source.kind === "field") return this.fields.get(source.name);
    try {
      return this.attempt(scheme).read(source);
    } catch {
      return undefined;
    }
  }

  /** Whether a text can be written to a source: not into a body of exact bytes, nor into one of another form. */
  takes({ kind }: SourceReader): boolean {
    if (kind === "json") return this.#form === "json" || this.#form === "field";
    return kind !== "form" || this.#form === "form" || this.#form === "field";
  }

  /** Writes a text, or a number where JSON has one, where it will be read. @throws Error where the payload has no place for it */
  write(source: SourceReader, value: string | number): void {
    const { kind, name, path } = source;
    const text = String(value);
    if (kind === "header") this.headers.set(name, text);
    else if (kind === "field") this.fields.set(name, text);
    else if (kind === "claim") this.claims[name] = text;
    else if (kind === "query") {
      this.#url = withoutParameter(this.#url, name);
      this.#addToQuery(name, text);
    } else if (!this.takes(source)) throw cannotWrite(source, PLACES[this.#form]);
    else if (kind === "form") this.#pairs = [...this.#pairs.filter(([field]) => field !== name), [name, text]];
    else this.#root = put(this.#root, [...this.#envelope(), ...path], value, source);
  }

  #addToQuery(name: string, value: string): void {
    this.#url += `${this.#url.includes("?") ? "&" : "?"}${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  }

  /** Where the payload stands inside JSON. */
  #envelope(): readonly string[] {
    const place = this.#compiled.declaration.payload;
    return place?.startsWith("json:") ? place.slice(5).split(".") : [];
  }

  /** The form's field that JSON stands in. */
  #field(): readonly (readonly [string, string])[] {
    const place = this.#compiled.declaration.payload?.slice("form:".length) ?? "";
    return this.#root === undefined ? [] : [[place, JSON.stringify(this.#root)]];
  }
}

const PLACES: Readonly<Record<PayloadForm, string>> = {
  json: "JSON",
  form: "a form",
  field: "JSON in a form",
  bytes: "a body of bytes or text",
  query: "a query",
};

const cannotWrite = ({ text }: SourceReader, place: string): Error => new Error(`signDelivery: ${text} cannot be written into ${place}`);

const toHolder = (step: string, value: unknown): unknown => (step === "*" || step === "0" ? [value] : { [step]: value });

/** Sets a value deep in JSON, making what is not there. A text gives way to a text alone, though what is written be a number. */
function put(root: unknown, [step, ...rest]: readonly string[], value: string | number, source: SourceReader): unknown {
  if (step === undefined) return typeof root === "string" ? String(value) : value;
  if (root === undefined || root === null) return toHolder(step, put(undefined, rest, value, source));
  const isList = Array.isArray(root);
  const key = isList && step === "*" && root.length < 2 ? "0" : step;
  if (typeof root !== "object" || (isList ? !/^\d+$/.test(key) : key === "*")) throw cannotWrite(source, "this payload");
  const copy: Record<string, unknown> = isList ? ([...root] as unknown as Record<string, unknown>) : { ...root };
  copy[key] = put(copy[key], rest, value, source);
  return copy;
}

/** What JSON would say of it. */
function toJson(payload: unknown): unknown {
  const text: string | undefined = JSON.stringify(payload);
  return text === undefined ? undefined : JSON.parse(text);
}

/** An object's members as fields; a list comes several times. */
function toPairs(payload: unknown): readonly (readonly [string, string])[] {
  return Object.entries(toJson(payload) ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, typeof one === "object" ? JSON.stringify(one) : String(one)] as const),
  );
}

const toForm = (pairs: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString();

/** Takes a parameter out of a URL's query, and leaves the others as they are written. */
function withoutParameter(url: string, name: string): string {
  const [path = "", query] = url.split(/\?(.*)/s);
  if (query === undefined) return url;
  const others = query.split("&").filter((part) => !new URLSearchParams(part).has(name));
  return others.length === 0 ? path : `${path}?${others.join("&")}`;
}
