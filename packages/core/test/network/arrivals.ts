import type { Arrival } from "../../src/network/network.js";

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Makes an arrival at a server of our own; a header may have several lines. Plain HTTP unless said otherwise. */
export function toArrival(address: string | undefined, headers: Headers = {}, protocol: "http" | "https" = "http"): Arrival {
  const values = (name: string): readonly string[] => [headers[name] ?? []].flat();
  return { address, protocol, wire: true, headers: { values } };
}

/** Makes an arrival of which a platform tells what is given here. */
export function toPlatformArrival(address: string | undefined, headers: Headers = {}, protocol?: "http" | "https"): Arrival {
  return { ...toArrival(address, headers), protocol, wire: undefined };
}
