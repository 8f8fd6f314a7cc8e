import { digest, hmac } from "#crypto";
import { Refusal } from "../errors.js";
import type { Hash, Part, SecretKey } from "../signature/crypto.js";
import { encode, isAscii, toUtf8, toWireBytes } from "../signature/encodings.js";
import type { Attempt } from "./attempt.js";
import { crc32 } from "./crc32.js";
import { type Atom, flatten, isGroup, type Template, type TemplateContext } from "./template.js";
import { withoutPort, withPort } from "./url-port.js";

/** What writing a template needs besides the delivery. */
export interface Ink {
  readonly context: TemplateContext;
  readonly hash: Hash;
  readonly secret: SecretKey | undefined;
}

/** Writes a template as parts to be hashed: ASCII text run together, and bytes as they are. @throws Refusal if an atom is missing */
export function render(template: Template, attempt: Attempt, ink: Ink): Part[] | Promise<Part[]> {
  if (!template.digests) return write(template, attempt, ink, undefined);
  return prepare(template, attempt, ink).then((digests) => write(template, attempt, ink, digests));
}

/** The texts that writing a template would sign with the secret. */
export function macInputs(template: Template, attempt: Attempt, ink: Ink): string[] {
  return flatten(template.pieces).flatMap((piece) => {
    if (typeof piece === "string" || typeof piece.filter !== "object" || piece.filter.how !== "hmac") return [];
    const value = readAtom(piece, attempt, ink);
    return [typeof value === "string" ? value : ""];
  });
}

async function prepare(template: Template, attempt: Attempt, ink: Ink): Promise<Map<Atom, string>> {
  const digests = new Map<Atom, string>();
  for (const atom of flatten(template.pieces)) {
    if (typeof atom === "string" || typeof atom.filter !== "object") continue;
    const value = readAtom(atom, attempt, ink);
    if (value === undefined) continue;
    const parts = [typeof value === "string" ? toBytes(value, atom) : value];
    if (atom.filter.how === "hmac" && ink.secret === undefined)
      throw new Refusal("HANDSHAKE_REFUSED", "it is answered with the secret, and there is none");
    const bytes = atom.filter.how === "hash" ? await digest("sha256", parts) : await hmac(ink.hash, ink.secret as SecretKey, parts);
    digests.set(atom, encode(bytes, atom.filter.encoding));
  }
  return digests;
}

function write(template: Template, attempt: Attempt, ink: Ink, digests: Map<Atom, string> | undefined): Part[] {
  const parts: Part[] = [];
  let text = "";
  for (const piece of presentPieces(template, attempt, ink)) {
    const part = typeof piece === "string" ? toPart(piece) : writeAtom(piece, attempt, ink, digests);
    if (typeof part === "string") text += part;
    else {
      if (text !== "") parts.push(text);
      text = "";
      parts.push(part);
    }
  }
  if (text !== "") parts.push(text);
  return parts;
}

/** All pieces but those of groups whose atoms are not all there. */
function presentPieces({ pieces, hasGroups }: Template, attempt: Attempt, ink: Ink): readonly (string | Atom)[] {
  if (!hasGroups) return pieces as readonly (string | Atom)[];
  return pieces.flatMap((piece) => {
    if (!isGroup(piece)) return [piece];
    const group = flatten(piece.optional);
    return group.every((part) => typeof part === "string" || readAtom(part, attempt, ink) !== undefined) ? group : [];
  });
}

const toPart = (text: string): Part => (isAscii(text) ? text : toUtf8(text));

function writeAtom(atom: Atom, attempt: Attempt, ink: Ink, digests: Map<Atom, string> | undefined): Part {
  const value = digests?.get(atom) ?? filtered(atom, attempt, ink);
  if (value === undefined) throw new Refusal("HEADER_MISSING", `${atom.text} is not there`);
  return typeof value === "string" && !isAscii(value) ? toBytes(value, atom) : value;
}

function toBytes(text: string, atom: Atom): Uint8Array {
  const wire = typeof atom.name === "object" ? !atom.name.utf8 : atom.name === "url" || atom.name === "method";
  return wire ? toWireBytes(text) : toUtf8(text);
}

function filtered(atom: Atom, attempt: Attempt, ink: Ink): Part | undefined {
  const value = readAtom(atom, attempt, ink);
  if (value === undefined || atom.filter === undefined) return value;
  if (atom.filter === "crc32") return String(crc32(typeof value === "string" ? toBytes(value, atom) : value));
  if (typeof value !== "string") return value;
  switch (atom.filter) {
    case "lower":
      return value.toLowerCase();
    case "port":
      return withPort(value);
    case "portless":
      return withoutPort(value);
    default: // reserved characters alone, as HubSpot's v3 scheme decodes them
      return value.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, decodeURIComponent);
  }
}

function readAtom({ name, text }: Atom, attempt: Attempt, { context, secret }: Ink): Part | undefined {
  if (typeof name === "object") return attempt.read(name);
  const { reading } = attempt;
  switch (name) {
    case "body":
      return reading.body;
    case "secret":
      return secret?.bytes();
    case "method":
      return reading.method;
    case "publicUrl":
      return context.publicUrl;
    case "url":
      return signedUrl(context.publicUrl as string, reading.path, reading.search);
    case "params":
      return sortedParams(attempt);
    default:
      return context.options[text];
  }
}

/** The configured origin, the received query, and the received path unless the configured URL names one. */
function signedUrl(publicUrl: string, path: string, search: string): string {
  const [, origin, configured] = /^(https?:\/\/[^/?#]*)([^?#]*)/i.exec(publicUrl) as unknown as [string, string, string];
  return origin + (configured === "" || configured === "/" ? path : configured) + search;
}

/** Form parameters by name, and each name's distinct values, in the order of their UTF-16 code units; names and values run together. */
function sortedParams({ reading, proven }: Attempt): string {
  const body = reading.parsed(!proven);
  if (body.kind === "empty") return "";
  if (body.kind !== "form") throw new Refusal("SIGNATURE_MISMATCH", "form parameters are signed, and the body is no form");
  const values = new Map<string, Set<string>>();
  for (const [name, value] of body.fields) values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values.keys()]
    .sort()
    .map((name) =>
      [...(values.get(name) as Set<string>)]
        .sort()
        .map((value) => name + value)
        .join(""),
    )
    .join("");
}
