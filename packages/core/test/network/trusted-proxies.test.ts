import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { parseAddress } from "../../src/network/address.js";
import type { Peer } from "../../src/network/arrival.js";
import { createTrustedProxies, ORIGIN_ADVICE, trustAdvice } from "../../src/network/trusted-proxies.js";
import { toArrival, toPlatformArrival } from "./arrivals.js";

const trusts = (value: unknown, peers: readonly string[]): boolean[] => {
  const trust = createTrustedProxies(value);
  return peers.map((text) => {
    const peer: Peer = parseAddress(text) ?? (text as Peer);
    const trusted = trust.trustsPeer(peer);
    if (typeof peer !== "string") expect(trust.has(peer)).toBe(trusted);
    return trusted;
  });
};

describe("createTrustedProxies", () => {
  it.each([
    ["loopback", ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"], ["126.255.255.255", "128.0.0.0", "::2", "::", "none"]],
    ["link-local", ["169.254.0.0", "169.254.255.255", "fe80::1", "febf::1"], ["169.253.255.255", "169.255.0.0", "fec0::", "fe7f::"]],
    [
      "private",
      ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "fc00::", "fdff::1"],
      [
        "9.255.255.255",
        "11.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "fbff::",
        "fe00::",
        "127.0.0.1",
        "100.64.0.1",
      ],
    ],
    ["203.0.113.0/24", ["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]],
    ["2001:db8::7", ["2001:db8::7"], ["2001:db8::8"]],
    ["unix", ["none"], ["127.0.0.1", "::1", "gone", "unreadable"]],
  ])("trusts what %s stands for and nothing beside it", (entry, inside, outside) => {
    expect(trusts([entry], [...inside, ...outside])).toEqual([...inside.map(() => true), ...outside.map(() => false)]);
  });

  it("trusts everything that several entries stand for", () => {
    expect(trusts(["unix", "loopback", "203.0.113.7"], ["none", "::1", "203.0.113.7", "203.0.113.8"])).toEqual([true, true, true, false]);
  });

  it("defaults to loopback, without having been named", () => {
    expect(createTrustedProxies(undefined).named).toBe(false);
    expect(trusts(undefined, ["127.0.0.1", "::1", "10.0.0.1", "none", "gone", "unreadable"])).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("trusts nobody by an empty list, which counts as named", () => {
    expect(createTrustedProxies([]).named).toBe(true);
    expect(trusts([], ["127.0.0.1", "none"])).toEqual([false, false]);
  });

  it("trusts every peer that is still there where hops are counted", () => {
    const trust = createTrustedProxies({ hops: 2 });
    expect(trust).toMatchObject({ named: true, hops: 2 });
    expect((["none", "unreadable", parseAddress("8.8.8.8")!] as const).map(trust.trustsPeer)).toEqual([true, true, true]);
    expect(trust.trustsPeer("gone")).toBe(false);
    expect(trust.has(parseAddress("127.0.0.1")!)).toBe(false);
  });

  it.each([
    [true, /^trustedProxies: saw true; expected a list/],
    [false, /^trustedProxies: saw false; expected a list of "loopback"/],
    [null, /null; expected/],
    ["private", /"private"; expected a list/],
    ["", /""; expected/],
    [1, /1; expected/],
    [{}, /an object; expected/],
    [() => true, /a function; expected/],
    [{ hop: 1 }, /an object; expected/],
    [["localnet"], /"localnet"; expected "loopback", "link-local", "private", "unix"/],
    [["Private"], /"Private"; expected/],
    [[""], /""; expected/],
    [[undefined], /undefined; expected/],
    [new Array(1), /undefined; expected/],
    [[["10.0.0.1"]], /a list; expected/],
    [["toString"], /"toString"; expected/],
    [["10.0.0.1/8"], /write "10.0.0.0\/8" for the network/],
    [["0.0.0.0/0"], /"0.0.0.0\/0", by which any client could write its own address/],
    [["::/0"], /any client could write its own address/],
    [["::ffff:0.0.0.0/96"], /any client could write its own address/],
    [{ hops: 0 }, /hops: 0; expected a whole number of at least 1/],
    [{ hops: -1 }, /hops: -1/],
    [{ hops: 1.5 }, /hops: 1.5/],
    [{ hops: Number.NaN }, /hops: NaN/],
    [{ hops: Number.POSITIVE_INFINITY }, /hops: Infinity/],
    [{ hops: "1" }, /hops: "1"/],
    [{ hops: undefined }, /hops: undefined/],
    [{ hops: 1, unix: true }, /"unix" beside hops/],
  ])("refuses %j", (value, message) => {
    expect(() => createTrustedProxies(value)).toThrow(ConfigurationError);
    expect(() => createTrustedProxies(value)).toThrow(message);
  });
});

describe("trustAdvice", () => {
  const advice = (text: string): string => trustAdvice(parseAddress(text)!, toArrival(text));

  it("names the narrowest option that would trust the peer", () => {
    expect(["127.0.0.1", "fe80::1", "10.1.2.3", "203.0.113.7"].map(advice)).toEqual(
      ["loopback", "link-local", "private", "203.0.113.7"].map(
        (name) => `if it is a proxy of yours, add trustedProxies: ["${name}"]; Express's \`trust proxy\` is not read`,
      ),
    );
    expect(trustAdvice("none", toArrival(undefined))).toBe('if a proxy of yours speaks over it, add trustedProxies: ["unix"]');
  });

  it("says what to do before", () => {
    expect(trustAdvice(parseAddress("::1")!, toArrival("::1"), "stop, and ")).toBe(
      'if it is a proxy of yours, stop, and add trustedProxies: ["loopback"]; Express\'s `trust proxy` is not read',
    );
  });

  it("does not take a platform that tells no address for a Unix socket", () => {
    expect(trustAdvice("none", toPlatformArrival(undefined))).toBe(ORIGIN_ADVICE);
    expect(ORIGIN_ADVICE).toMatch(/`origin`.* or count the proxies in front: trustedProxies: \{ hops: n \}$/);
  });

  it("tells how a platform's address has to be told, where what was told is none", () => {
    expect(trustAdvice("unreadable", toPlatformArrival("203.0.113.7:443"))).toBe(
      "have `origin` tell the address alone, without port, brackets or zone",
    );
  });

  it("knows no way to trust a peer that is gone or cannot be read", () => {
    for (const peer of ["gone", "unreadable"] as const) expect(trustAdvice(peer, toArrival("x"))).toBe("no option can trust such a peer");
  });
});
