import type { HeadersInput } from "./delivery.js";
import { Refusal } from "./errors.js";

/** The lines of a request's headers, in whatever shape they came. Names are asked for in lower case; pseudo-headers are not there. */
export interface HeaderLines {
  /** The first line of a header. */
  first(name: string): string | undefined;
  /** The only line of a header. @throws Refusal `HEADER_DUPLICATED` if it came more than once */
  only(name: string): string | undefined;
  /** All lines of one header, in order of arrival. */
  values(name: string): readonly string[];
  /** Whether a runtime may have joined several lines into one, with commas. */
  readonly joined: boolean;
  toHeaders(): Headers;
}

const BLANKS = /^[\t ]+|[\t ]+$/g;

const isRaw = (input: readonly (string | readonly [string, string])[]): input is readonly string[] => typeof input[0] === "string";

const isList = (input: HeadersInput): input is readonly string[] | readonly (readonly [string, string])[] => Array.isArray(input);

/**
 * Reads headers without copying them where that is possible.
 * @throws Refusal `MISCONFIGURED` for what holds none, and may be their text
 */
export function toHeaderLines(input: HeadersInput): HeaderLines {
  if (isList(input)) return new FlatLines(isRaw(input) ? input : input.flat(), false);
  if (typeof Headers !== "undefined" && input instanceof Headers) return new WebLines(input);
  if (typeof input !== "object" || input === null)
    throw new Refusal("MISCONFIGURED", `headers: saw ${input === null ? input : typeof input}; expected a Headers, a record or pairs`);
  if (Symbol.iterator in input) {
    // a Headers of another realm can append; everything else that can be iterated is a list of pairs
    return "append" in input
      ? new WebLines(input as unknown as Headers)
      : new FlatLines([...(input as Iterable<[string, string]>)].flat(), false);
  }
  const flat: string[] = [];
  for (const [name, value] of Object.entries(input as Record<string, string | readonly string[] | undefined>)) {
    if (Array.isArray(value)) for (const line of value) flat.push(name, String(line));
    else if (value !== undefined && value !== null) flat.push(name, String(value));
  }
  return new FlatLines(flat, true);
}

/** Names and values in turn. Most headers are told apart by their length alone. */
class FlatLines implements HeaderLines {
  readonly #flat: readonly string[];
  readonly joined: boolean;
  constructor(flat: readonly string[], joined: boolean) {
    this.#flat = flat;
    this.joined = joined;
  }
  first(name: string): string | undefined {
    return this.#flat[this.#find(name, 0) + 1];
  }
  only(name: string): string | undefined {
    const at = this.#find(name, 0);
    if (this.#find(name, at + 2) < this.#flat.length)
      throw new Refusal("HEADER_DUPLICATED", `${name} came ${this.values(name).length} times`);
    return this.#flat[at + 1];
  }
  values(name: string): readonly string[] {
    const values: string[] = [];
    for (let at = this.#find(name, 0); at < this.#flat.length; at = this.#find(name, at + 2)) values.push(this.#flat[at + 1] as string);
    return values;
  }
  /** Where the next line of a header stands; at the end or beyond if there is none. */
  #find(name: string, from: number): number {
    const flat = this.#flat;
    let at = from;
    for (; at < flat.length; at += 2) {
      const candidate = flat[at] as string;
      if (candidate.length === name.length && (candidate === name || candidate.toLowerCase() === name)) return at;
    }
    return at;
  }
  toHeaders(): Headers {
    const headers = new Headers();
    for (let i = 0; i < this.#flat.length; i += 2) {
      const name = this.#flat[i] as string;
      if (name.startsWith(":")) continue;
      try {
        headers.append(name, this.#flat[i + 1] as string);
      } catch {
        // what a server let through and `Headers` does not take cannot be shown in one
      }
    }
    return headers;
  }
}

class WebLines implements HeaderLines {
  readonly joined = true;
  readonly #headers: Headers;
  constructor(headers: Headers) {
    this.#headers = headers;
  }
  first(name: string): string | undefined {
    // workerd leaves the blanks around a value, which RFC 9110, section 5.5, does not count as its part
    return this.#headers.get(name)?.replace(BLANKS, "");
  }
  only(name: string): string | undefined {
    return this.first(name);
  }
  values(name: string): readonly string[] {
    const value = this.first(name);
    return value === undefined ? [] : [value];
  }
  toHeaders(): Headers {
    return new Headers(this.#headers);
  }
}
