import { RawBodyError } from "./raw-body-error.js";

/** The compressions that a body may be accepted in. */
export type AcceptedEncoding = "gzip" | "deflate" | "br";

/** Control, format and unassigned characters, lone surrogates, and Unicode's own line ends: what could forge a line of a log. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Tells which compression is to be undone, if any; refuses one that is not accepted, and more than one. */
export function readContentEncoding(
  header: string | undefined,
  accept: readonly AcceptedEncoding[] | undefined,
): AcceptedEncoding | undefined {
  if (header === undefined) return undefined;
  const [coding, another] = header
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== "" && part !== "identity");
  if (coding === undefined) return undefined;
  if (another !== undefined) {
    throw new RawBodyError("CONTENT_ENCODING_REFUSED", "Content-Encoding names more than one compression; let the sender use one at most");
  }
  // RFC 9110, 8.4.1.3: x-gzip means gzip.
  const accepted = accept?.find((name) => name === coding || (name === "gzip" && coding === "x-gzip"));
  if (accepted !== undefined) return accepted;
  throw new RawBodyError(
    "CONTENT_ENCODING_REFUSED",
    `Content-Encoding is ${coding.slice(0, 32).replace(UNPRINTABLE, "")}, and ${accept?.length ? `only ${accept.join(", ")} is` : "no compression is"} accepted; let the sender send plain bodies, or accept it (a verifier's contentEncodings)`,
  );
}
