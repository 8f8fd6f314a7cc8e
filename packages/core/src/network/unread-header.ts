import { headerName } from "../seen.js";
import type { Arrival } from "./arrival.js";

/**
 * Tells of the header that a proxy sent in place of the configured one, and the option that reads it; nothing if it sent neither.
 *
 * @param header - The configured header, in lower case.
 * @param sibling - The header that takes the place of Forwarded.
 */
export function unreadHeader({ headers }: Arrival, header: string, sibling: "x-forwarded-for" | "x-forwarded-proto"): string {
  const [other, option] = header === "forwarded" ? [sibling, "x-forwarded-for"] : ["forwarded", "forwarded"];
  if (headers.values(other).length === 0) return "";
  return `; its ${headerName(other)} is not read: if the proxy writes that itself, set forwardedHeader: "${option}"`;
}
