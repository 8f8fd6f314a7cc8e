import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { formatAddress } from "../../src/network/address.js";
import { clientOf } from "../../src/network/client-address.js";
import { type Arrival, createNetwork, type NetworkOptions } from "../../src/network/network.js";
import { createTrustedProxies } from "../../src/network/trusted-proxies.js";
import { toArrival, toPlatformArrival } from "./arrivals.js";

const make = (options: object) => createNetwork(options as NetworkOptions, () => {}, { nodeEnv: "production" });

describe("createNetwork", () => {
  it("requires HTTPS and allows every address by default", () => {
    const network = make({});
    expect(network.check(toArrival("203.0.113.7", {}, "https"))).toBeUndefined();
    expect(network.check(toArrival("203.0.113.7", {}, "http"))?.code).toBe("HTTPS_REQUIRED");
    expect(network.check(toPlatformArrival("203.0.113.7"))?.code).toBe("HTTPS_REQUIRED");
    expect(network.check(toArrival(undefined, {}, "https"))).toBeUndefined();
    expect(network.check(toArrival("nonsense", {}, "https"))).toBeUndefined();
  });

  it("judges HTTPS before the address", () => {
    const network = make({ allow: [] });
    expect(network.check(toArrival("203.0.113.7", {}, "http"))?.code).toBe("HTTPS_REQUIRED");
    expect(network.check(toArrival("203.0.113.7", {}, "https"))?.code).toBe("ADDRESS_NOT_ALLOWED");
  });

  it("takes undefined for an option left out, except allow", () => {
    expect(
      make({ https: undefined, trustedProxies: undefined, forwardedHeader: undefined }).check(toArrival("::1", {}, "https")),
    ).toBeUndefined();
    expect(() => make({ allow: undefined })).toThrow(/^allow: saw undefined; expected a list, .*; leave it out to allow every address/);
  });

  it("finds allow: undefined on a prototype too", () => {
    expect(() => make(Object.create({ allow: undefined }))).toThrow(ConfigurationError);
  });

  it("passes over options that are not its own", () => {
    expect(make({ provider: "x", maxBytes: -1 }).check(toArrival("::1", {}, "https"))).toBeUndefined();
  });

  it.each([
    ["allow", null, /saw null; expected a list/],
    ["allow", "203.0.113.7", /"203.0.113.7"; expected a list/],
    ["allow", "", /""; expected a list/],
    ["allow", new Set(["203.0.113.7"]), /an object; expected a list/],
    ["allow", [""], /""; expected/],
    ["allow", [undefined], /undefined; expected/],
    ["allow", ["private"], /"private"; expected/],
    ["allow", ["10.0.0.0/33"], /"10.0.0.0\/33", whose prefix length is none of \/0 to \/32; expected/],
    ["allow", ["10.0.0.0/08"], /"10.0.0.0\/08", whose prefix length is none of \/0 to \/32; expected/],
    ["allow", ["::/129"], /"::\/129", whose prefix length is none of \/0 to \/128; expected/],
    ["allow", ["::ffff:10.0.0.0/90"], /prefix length is none of \/96 to \/128;/],
    ["allow", ["::ffff:10.0.0.0/129"], /prefix length is none of \/96 to \/128;/],
    ["allow", ["fe80::1%eth0"], /"fe80::1%eth0"; expected/],
    ["trustedProxies", true, /true; expected/],
    ["trustedProxies", ["localnet"], /"localnet"; expected/],
    ["https", "maybe", /"maybe"; expected "required" or "off"/],
    ["https", "", /""; expected/],
    ["https", false, /false; expected/],
    ["https", null, /null; expected/],
    ["forwardedHeader", "", /""; expected "x-forwarded-for", "forwarded"/],
    ["forwardedHeader", "x forwarded", /; expected "x-forwarded-for"/],
    ["forwardedHeader", "x-real-ip\n", /; expected "x-forwarded-for"/],
    ["forwardedHeader", "x-réal-ip", /; expected "x-forwarded-for"/],
    ["forwardedHeader", ["x-real-ip"], /a list; expected/],
    ["forwardedHeader", null, /null; expected/],
  ])("refuses %s: %j, naming the option, what was seen and what is expected", (option, value, message) => {
    let thrown: unknown;
    try {
      make({ [option]: value });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigurationError);
    expect(thrown).toMatchObject({ option, message: expect.stringMatching(message) });
    expect((thrown as Error).message).toMatch(/expected/);
  });
});

describe("clientOf", () => {
  const client = (trustedProxies: unknown, arrival: Arrival): string | undefined => {
    const told = clientOf(arrival, "x-forwarded-for", createTrustedProxies(trustedProxies));
    return "problem" in told ? undefined : formatAddress(told.address);
  };

  it("tells the client in its canonical form, and none where it cannot be told", () => {
    const trusted = ["private"];
    const forwarded = { "x-forwarded-for": "6.6.6.6, 2001:DB8:0::7" };
    expect(client(trusted, toArrival("10.0.0.1", forwarded))).toBe("2001:db8::7");
    expect(client(trusted, toArrival("203.0.113.7", forwarded))).toBe("203.0.113.7");
    expect(client(trusted, toArrival("::ffff:203.0.113.7"))).toBe("203.0.113.7");
    expect(client(trusted, toArrival("10.0.0.1", { "x-forwarded-for": "unknown" }))).toBeUndefined();
    expect(client(trusted, toArrival(undefined, forwarded))).toBeUndefined();
  });

  it("tells the peer as client while no proxy is named", () => {
    expect(client(undefined, toArrival("127.0.0.1", { "x-forwarded-for": "6.6.6.6" }))).toBe("127.0.0.1");
  });
});
