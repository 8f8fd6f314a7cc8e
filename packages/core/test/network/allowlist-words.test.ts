import { describe, expect, it } from "vitest";
import { createAddressCheck } from "../../src/network/allowlist.js";
import { createTrustedProxies } from "../../src/network/trusted-proxies.js";
import { toPlatformArrival } from "./arrivals.js";
import { CLIENT, refuse, xff } from "./refuse-address.js";

describe("createAddressCheck, in its words for the operator", () => {
  it("names a header that was not believed and the option to set", () => {
    expect(refuse({}, "10.0.0.1", xff(CLIENT))?.detail).toBe(
      "10.0.0.1, the connection's peer, is not in allow; its X-Forwarded-For is not believed, since trustedProxies is left out; " +
        'if it is a proxy of yours, add trustedProxies: ["private"]; Express\'s `trust proxy` is not read',
    );
    expect(refuse({ trustedProxies: ["loopback"] }, "198.51.100.9", xff(CLIENT))?.detail).toMatch(
      /is not believed; if .* add trustedProxies: \["198.51.100.9"\];/,
    );
  });

  it("names the hop at which it stopped, and what would make it go on", () => {
    const what = "198.51.100.9, told by X-Forwarded-For, is not in allow; if it is a proxy of yours";
    const headers = xff(`${CLIENT}, 198.51.100.9`);
    expect(refuse({ trustedProxies: ["private"] }, "10.0.0.1", headers)?.detail).toBe(`${what}, name it in trustedProxies too`);
    expect(refuse({ trustedProxies: { hops: 1 } }, "10.0.0.1", headers)?.detail).toBe(`${what}, hops: 1 counts too few`);
  });

  it.each([[["private"]], [{ hops: 1 }]])("does not say that %j could make a header with a single address go on", (trustedProxies) => {
    expect(refuse({ trustedProxies, header: "x-real-ip" }, "10.0.0.1", { "x-real-ip": "198.51.100.9" })?.detail).toBe(
      "198.51.100.9, told by X-Real-IP, is not in allow; if it is a proxy of yours, what writes X-Real-IP sees that proxy alone: " +
        "let another header be forwardedHeader",
    );
  });

  it("names the option where a trusted proxy sends the other header", () => {
    const other = "is not read: if the proxy writes that itself, set forwardedHeader:";
    const forwarded = { forwarded: `for=${CLIENT}` };
    expect(refuse({ trustedProxies: ["private"] }, "10.0.0.1", forwarded)?.detail).toBe(
      `10.0.0.1, the connection's peer, is not in allow, and no X-Forwarded-For came with it; its Forwarded ${other} "forwarded"`,
    );
    expect(refuse({ trustedProxies: ["unix"] }, undefined, forwarded)?.detail).toBe(
      `the trusted proxy sent no X-Forwarded-For; its Forwarded ${other} "forwarded"`,
    );
    expect(refuse({ trustedProxies: { hops: 1 }, header: "forwarded" }, "10.0.0.1", xff(CLIENT))?.detail).toBe(
      `trustedProxies is { hops: 1 }, and Forwarded has no entries; its X-Forwarded-For ${other} "x-forwarded-for"`,
    );
    for (const trustedProxies of [undefined, ["loopback"]])
      expect(refuse({ trustedProxies }, "10.0.0.1", forwarded)?.detail).toMatch(/and no X-Forwarded-For came with it$/);
  });

  it("tells that no header came", () => {
    expect(refuse({}, "198.51.100.9")?.detail).toBe(
      "198.51.100.9, the connection's peer, is not in allow, and no X-Forwarded-For came with it",
    );
  });

  it("tells what to do about a connection without an address", () => {
    expect(refuse({}, undefined)?.detail).toBe(
      "the connection came from a peer without an address (a Unix socket); " +
        'if a proxy of yours speaks over it, add trustedProxies: ["unix"]',
    );
    expect(refuse({}, "::1%eth0")?.detail).toBe(
      'the connection came from a peer whose address "::1%eth0" cannot be read; no option can trust such a peer',
    );
  });

  it("does not take a platform that tells no address for a Unix socket", () => {
    const check = createAddressCheck([CLIENT], "x-forwarded-for", createTrustedProxies(undefined));
    expect(check(toPlatformArrival(undefined))?.detail).toMatch(
      /^the connection came from a peer whose address nobody tells; have `origin` .* tell .* trustedProxies: \{ hops: n \}$/,
    );
    expect(check(toPlatformArrival("10.0.0.1", xff(CLIENT)))?.detail).toMatch(/add trustedProxies: \["private"\]$/);
  });

  it("clips what a client sent and removes control characters", () => {
    const detail = refuse({ trustedProxies: ["private"] }, "10.0.0.1", xff(`\u001b[31m\u0000${"x".repeat(5000)}`))?.detail ?? "";
    expect(detail).toMatch(/^X-Forwarded-For holds "\[31mx{50,64}\.\.\." where an address must stand$/);
  });
});
