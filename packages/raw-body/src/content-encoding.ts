import { RawBodyError } from "./raw-body-error.js";

/** The compressions that a body may be accepted in. */
export type AcceptedEncoding = "gzip" | "deflate" | "br";

/** Tells which compression is to be undone, if any; refuses one that is not accepted, and more than one. */
export function readContentEncoding(header: string | undefined, accept: readonly AcceptedEncoding[] = []): AcceptedEncoding | undefined {
  if (header === undefined) return undefined;
  const coding = header
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== "" && part !== "identity")
    .join(", ");
  if (coding === "") return undefined;
  // RFC 9110, 8.4.1.3: x-gzip means gzip.
  const accepted = accept.find((name) => name === coding || (name === "gzip" && coding === "x-gzip"));
  if (accepted !== undefined) return accepted;
  // nothing that is printed could forge a line of a log
  const shown = coding.slice(0, 32).replace(/[^ -~]/g, "");
  throw new RawBodyError(
    "CONTENT_ENCODING_REFUSED",
    `Content-Encoding is ${shown}; expected ${["identity", ...accept].join(" or ")}: let the sender change it, or accept it (a verifier's contentEncodings)`,
  );
}
