import type { Arrival } from "../../src/network/network.js";

/** Makes an arrival; a header may have several lines. Plain HTTP unless said otherwise; `"untold"` is a platform that does not say. */
export function toArrival(
  address: string | undefined,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  protocol: "http" | "https" | "untold" = "http",
): Arrival {
  const values = (name: string): readonly string[] => [headers[name] ?? []].flat();
  return { address, protocol: protocol === "untold" ? undefined : protocol, headers: { values } };
}
