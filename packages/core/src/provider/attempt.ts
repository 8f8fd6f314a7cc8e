import { Refusal } from "../errors.js";
import { toScalarText, walk } from "../payload.js";
import type { CompiledScheme, CompiledSignature } from "./compile.js";
import type { Reading } from "./reading.js";
import { readSource, type SourceReader } from "./source.js";

/** A security header longer than this is no header of an honest provider. */
const MAX_HEADER = 8 * 1024;

/** One scheme tried on one delivery: what its words read there. */
export class Attempt {
  readonly reading: Reading;
  readonly scheme: CompiledScheme;
  /** Decoded signatures, or the one token. */
  candidates: readonly Uint8Array[] = [];
  token = "";
  /** The claims of a JWT, once it is verified. */
  claims: Readonly<Record<string, unknown>> | undefined;
  /** Whether the body is read before it has proven itself. */
  proven = false;
  #items: readonly string[] | undefined;
  #stamp: { readonly text: string | undefined } | undefined;

  constructor(scheme: CompiledScheme, reading: Reading) {
    this.scheme = scheme;
    this.reading = reading;
  }

  read(source: SourceReader): string | undefined {
    if (source !== this.scheme.timestamp?.source) return readSource(source, this);
    // asked for at every step: what must be there, what is signed, what is judged
    this.#stamp ??= { text: readSource(source, this) };
    return this.#stamp.text;
  }

  /** Reads what must be there. @throws Refusal `HEADER_MISSING` */
  must(source: SourceReader): string {
    const value = this.read(source);
    if (value === undefined) throw new Refusal("HEADER_MISSING", `${source.text} is not there`);
    return value;
  }

  /** A security text: single, bounded, and no two lines joined into one. */
  secured(source: SourceReader): string | undefined {
    const value = this.read(source);
    if (value === undefined) return undefined;
    checkLength(value, source);
    if (source.kind === "header" && this.reading.headers.joined && value.includes(","))
      throw new Refusal("HEADER_DUPLICATED", `${source.text} holds a comma: it seems to have come on several lines`);
    return value;
  }

  /** The items of the signature's list; the value itself where it is no list. */
  items(): readonly string[] {
    this.#items ??= this.#readItems();
    return this.#items;
  }

  #readItems(): readonly string[] {
    const signature = this.scheme.signature;
    if (signature === undefined) return [];
    const { places } = signature;
    // the common case, spared an array
    if (places.length === 1) return this.#itemsAt(places[0] as SourceReader, signature);
    return places.flatMap((place) => this.#itemsAt(place, signature));
  }

  #itemsAt(place: SourceReader, { separator, prefix, repeats }: CompiledSignature): readonly string[] {
    if (repeats && place.kind === "header") {
      const { headers } = this.reading;
      const lines = headers.values(place.name).flatMap((line) => (headers.joined ? unjoin(line, prefix) : line));
      return lines.flatMap((line) => toItems(line, place, separator));
    }
    const value = this.read(place);
    return value === undefined || value === "" ? [] : toItems(value, place, separator);
  }

  /** The only item `name=...` of the signature's list. */
  field(name: string): string | undefined {
    let found: string | undefined;
    for (const item of this.items()) {
      if (!item.startsWith(name) || item.charCodeAt(name.length) !== 61) continue;
      if (found !== undefined) throw new Refusal("HEADER_DUPLICATED", `the signature's list holds ${name} twice`);
      found = item.slice(name.length + 1);
    }
    return found;
  }

  /** A JSON text of the payload. */
  json(path: readonly string[]): string | undefined {
    return toScalarText(walk(this.payload(), path));
  }

  /** Where `json:` starts: the whole body as JSON, or what the declaration's `payload` points at. */
  payload(): unknown {
    return this.scheme.payloadOf(this.reading, !this.proven);
  }
}

function checkLength(value: string, { text }: SourceReader): void {
  if (value.length > MAX_HEADER) throw new Refusal("HEADER_MALFORMED", `${text} has more than ${MAX_HEADER} characters`);
}

function toItems(value: string, place: SourceReader, separator: string | undefined): readonly string[] {
  checkLength(value, place);
  return separator === undefined ? [value] : split(value, separator);
}

/** The items of a list, without the blanks around them. */
function split(list: string, separator: string): string[] {
  const items: string[] = [];
  let from = 0;
  while (from <= list.length) {
    const found = list.indexOf(separator, from);
    const end = found < 0 ? list.length : found;
    while (from < end && list.charCodeAt(from) === 32) from++;
    let last = end;
    while (last > from && list.charCodeAt(last - 1) === 32) last--;
    items.push(list.slice(from, last));
    from = end + 1;
  }
  return items;
}

/** Takes lines apart that a runtime joined: a comma with a signature behind it is where one began. */
function unjoin(line: string, prefix: string): readonly string[] {
  const lines: string[] = [];
  let from = 0;
  for (let at = line.indexOf(","); at >= 0; at = line.indexOf(",", at + 1)) {
    const rest = line.slice(at + 1).trimStart();
    if (!rest.startsWith(prefix)) continue;
    lines.push(line.slice(from, at));
    from = line.length - rest.length;
  }
  return [...lines, line.slice(from)];
}
