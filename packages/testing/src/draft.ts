/** A delivery that is being written: what a verifier reads from a source, a draft writes to it. */
import type { CompiledScheme, SourceReader } from "@countersign/core/signing";
import { Attempt, Reading, toHeaderLines, toTarget, toUtf8 } from "@countersign/core/signing";
import type { CompiledDeclaration } from "./sign-delivery.js";

/** How the payload goes into the body. */
export type BodyForm = "json" | "form" | "bytes";

/** One delivery before it is sent. */
export class Draft {
  readonly method: string;
  readonly headers = new Map<string, string>();
  /** Items of the signature's own list, and claims of a token. */
  readonly fields = new Map<string, string>();
  readonly claims: Record<string, unknown> = {};
  readonly #compiled: CompiledDeclaration;
  readonly #form: BodyForm;
  #url: string;
  #root: unknown;
  #pairs: [string, string][] = [];

  constructor(compiled: CompiledDeclaration, method: string, url: string, payload: unknown, form: BodyForm) {
    this.#compiled = compiled;
    this.method = method;
    this.#url = url;
    this.#form = form;
    const place = compiled.declaration.payload;
    if (form === "json") this.#root = place?.startsWith("json:") ? nest(place.slice(5).split("."), payload) : structuredClone(payload);
    else if (form === "bytes") this.#root = payload;
    else this.#pairs = place?.startsWith("form:") ? [[place.slice(5), JSON.stringify(payload)]] : toPairs(payload);
  }

  get url(): string {
    return this.#url;
  }

  get body(): Uint8Array {
    if (this.#form === "form") return toUtf8(new URLSearchParams(this.#pairs).toString());
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

  /** What already stands at a source. */
  read(scheme: CompiledScheme, source: SourceReader): string | undefined {
    if (source.kind === "claim") return this.claims[source.name] as string | undefined;
    if (source.kind === "field") return this.fields.get(source.name);
    return this.attempt(scheme).read(source);
  }

  /** Whether a text can be written to a source: not into a body of exact bytes. */
  takes({ kind }: SourceReader): boolean {
    return (kind !== "form" && kind !== "json") || kind === this.#form;
  }

  /** Writes a text where it will be read. @throws Error where a body of bytes would have to change */
  write(source: SourceReader, text: string): void {
    const { kind, name, path } = source;
    if (kind === "header") this.headers.set(name, text);
    else if (kind === "field") this.fields.set(name, text);
    else if (kind === "claim") this.claims[name] = text;
    else if (kind === "query") this.#url += `${this.#url.includes("?") ? "&" : "?"}${encodeURIComponent(name)}=${encodeURIComponent(text)}`;
    else if (!this.takes(source))
      throw new Error(
        `signDelivery: ${source.text} cannot be written into ${this.#form === "bytes" ? "a body of bytes or text" : `a ${this.#form}`}`,
      );
    else if (kind === "form") this.#pairs = [...this.#pairs.filter(([field]) => field !== name), [name, text] as [string, string]];
    else this.#root = put(this.#root, [...this.#envelope(), ...path], text);
  }

  /** Where the payload stands inside the body. */
  #envelope(): readonly string[] {
    const place = this.#compiled.declaration.payload;
    return place?.startsWith("json:") ? place.slice(5).split(".") : [];
  }
}

const nest = (path: readonly string[], value: unknown): unknown => path.reduceRight((inner, step) => toHolder(step, inner), value);

const toHolder = (step: string, value: unknown): unknown => (step === "*" || step === "0" ? [value] : { [step]: value });

/** Sets a value deep in JSON, making what is not there. */
function put(root: unknown, [step, ...rest]: readonly string[], text: string): unknown {
  if (step === undefined) return text;
  if (Array.isArray(root)) {
    const index = step === "*" ? 0 : Number(step);
    const copy = [...root];
    copy[index] = put(copy[index], rest, text);
    return copy;
  }
  if (typeof root !== "object" || root === null) return toHolder(step, put(undefined, rest, text));
  return { ...root, [step]: put((root as Record<string, unknown>)[step], rest, text) };
}

function toPairs(payload: unknown): [string, string][] {
  if (payload === undefined || payload === null) return [];
  return Object.entries(payload).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, String(one)]));
}
