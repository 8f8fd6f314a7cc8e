/** Strict, canonical decoding: one text for each run of bytes (hex in either case), and `undefined` for everything else. */

export type Encoding = "hex" | "base64" | "base64url";

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;
const INVALID = 255;

function tableOf(alphabet: string): Uint8Array {
  const table = new Uint8Array(128).fill(INVALID);
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
}

/** The value of each hexadecimal digit by its ASCII code, more than 15 for all else. */
export const HEX_TABLE = tableOf("0123456789abcdef");
for (const digit of "abcdef") HEX_TABLE[digit.toUpperCase().charCodeAt(0)] = HEX_TABLE[digit.charCodeAt(0)] as number;
const STANDARD_TABLE = tableOf(STANDARD);
const URL_TABLE = tableOf(URL_SAFE);

const valueAt = (table: Uint8Array, text: string, at: number): number => table[text.charCodeAt(at)] ?? INVALID;

function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = valueAt(HEX_TABLE, text, 2 * i);
    const low = valueAt(HEX_TABLE, text, 2 * i + 1);
    if ((high | low) > 15) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Base64 is padded; base64url may go without. Bits beyond the last byte must be zero. */
function decodeBase64(text: string, table: Uint8Array, padded: boolean): Uint8Array | undefined {
  let end = text.length;
  if (end % 4 === 0) {
    if (text.charCodeAt(end - 1) === 61) end--;
    if (text.charCodeAt(end - 1) === 61) end--;
  } else if (padded) return undefined;
  const rest = end % 4;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array((end * 3) >> 2);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < end; i++) {
    const value = valueAt(table, text, i);
    if (value > 63) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 0xff;
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}

/** Decodes a text, or answers `undefined` where it is not canonical in that encoding. */
export function decode(text: string, encoding: Encoding): Uint8Array | undefined {
  if (encoding === "hex") return decodeHex(text);
  return encoding === "base64" ? decodeBase64(text, STANDARD_TABLE, true) : decodeBase64(text, URL_TABLE, false);
}

const FOREIGN: Readonly<Record<Encoding, RegExp>> = { hex: /[^\da-f]/i, base64: /[^A-Za-z\d+/=]/, base64url: /[^\w=-]/ };

/** Tells what is wrong with a text that {@link decode} refuses, and nothing of the text itself. */
export function faultOf(text: string, encoding: Encoding): string {
  const at = text.search(FOREIGN[encoding]);
  if (at >= 0) return `character ${at + 1} is none of its alphabet`;
  return encoding === "hex" ? "its number of digits is odd" : "it is cut off, or wrongly padded";
}

/** Encodes bytes: hex in lower case, base64 with padding, base64url without. */
export function encode(bytes: Uint8Array, encoding: Encoding): string {
  let text = "";
  if (encoding === "hex") {
    for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
    return text;
  }
  const alphabet = encoding === "base64" ? STANDARD : URL_SAFE;
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] as number, bytes[i + 1], bytes[i + 2]];
    text += (alphabet[a >> 2] as string) + (alphabet[((a & 3) << 4) | ((b ?? 0) >> 4)] as string);
    if (b !== undefined) text += alphabet[((b & 15) << 2) | ((c ?? 0) >> 6)] as string;
    if (c !== undefined) text += alphabet[c & 63] as string;
  }
  return encoding === "base64" ? text.padEnd(Math.ceil(text.length / 4) * 4, "=") : text;
}

/** Refuses what no Ed25519 key is: one of another length, or the one of zeros, under which a forged signature fits a quarter of all texts. */
export function checkRaw(bytes: Uint8Array): void {
  if (bytes.length !== 32) throw new Error(`it has ${bytes.length} bytes instead of 32`);
  if (bytes.every((byte) => byte === 0)) throw new Error("all its bytes are zero");
}

const utf8 = new TextEncoder();

/** Takes a text as UTF-8. */
export function toUtf8(text: string): Uint8Array {
  return utf8.encode(text);
}

/**
 * Takes a header's text back to the bytes on the wire: runtimes hand each byte over as one character. A text with characters beyond
 * that was decoded as UTF-8 by the runtime, and is encoded so again.
 */
export function toWireBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return utf8.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** Tells whether every character is ASCII, so that all encodings agree on its bytes. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
