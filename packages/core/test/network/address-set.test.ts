import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { parseAddress } from "../../src/network/address.js";
import { createAddressSet } from "../../src/network/address-set.js";

const has = (list: readonly string[], text: string): boolean => createAddressSet(list, "allow").has(parseAddress(text)!);

/** An address as bytes; few values each, so that random networks nest, touch and hold random addresses. */
const bytes = (length: number) =>
  fc.array(fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.integer({ min: 0, max: 255 })), { minLength: length, maxLength: length });
const toText = (value: readonly number[]): string => ipaddr.fromByteArray([...value]).toNormalizedString();
const anyBytes = fc.oneof(bytes(4), bytes(16));
const network = anyBytes.chain((value) =>
  fc.integer({ min: 0, max: value.length * 8 }).map((bits) => {
    const masked = value.map((byte, index) => byte & (0xff00 >> Math.min(Math.max(bits - 8 * index, 0), 8)) & 0xff);
    const last = masked.map((byte, index) => byte | (0xff >> Math.min(Math.max(bits - 8 * index, 0), 8)));
    return { first: masked, last, cidr: `${toText(masked)}/${bits}` };
  }),
);
const step = (value: readonly number[], by: 1 | -1): number[] => {
  const next = [...value];
  for (let index = next.length - 1; index >= 0; index--) {
    const sum = next[index]! + by;
    next[index] = (sum + 256) % 256;
    if (sum >= 0 && sum <= 255) break;
  }
  return next;
};
const isWithin = (address: string, cidrs: readonly string[]): boolean => {
  const subject = ipaddr.process(address);
  return cidrs.some((cidr) => {
    const [range, bits] = ipaddr.parseCIDR(cidr);
    return range.kind() === subject.kind() && (subject as ipaddr.IPv4).match(range as ipaddr.IPv4, bits);
  });
};
const isMapped = (cidr: string): boolean => cidr.includes(":") && ipaddr.IPv6.parseCIDR(cidr)[0].isIPv4MappedAddress();

describe("createAddressSet", () => {
  it("agrees with ipaddr.js on random addresses and at the edges of every network", () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 12 }), fc.array(anyBytes, { minLength: 1, maxLength: 8 }), (networks, others) => {
        // How a mapped network is read is our own decision, tested below.
        const kept = networks.filter(({ cidr }) => !isMapped(cidr));
        const cidrs = kept.map(({ cidr }) => cidr);
        const set = createAddressSet(cidrs, "allow");
        const edges = kept.flatMap(({ first, last }) => [first, last, step(first, -1), step(last, 1)]);
        for (const text of [...edges, ...others].map(toText)) {
          expect([text, set.has(parseAddress(text)!)]).toEqual([text, isWithin(text, cidrs)]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("holds single addresses and nothing beside them", () => {
    expect(["203.0.113.6", "203.0.113.7", "203.0.113.8"].map((text) => has(["203.0.113.7"], text))).toEqual([false, true, false]);
    expect(["2001:db8::", "2001:db8::1", "2001:db8::2"].map((text) => has(["2001:db8::1"], text))).toEqual([false, true, false]);
  });

  it("holds nothing when empty", () => {
    expect(has([], "0.0.0.0")).toBe(false);
    expect(has([], "::")).toBe(false);
  });

  it("compares IPv4-mapped IPv6 and IPv4 as the same, in entries and in questions", () => {
    expect(has(["::ffff:10.0.0.0/104"], "10.9.9.9")).toBe(true);
    expect(has(["::ffff:10.0.0.0/104"], "11.0.0.0")).toBe(false);
    expect(has(["::ffff:203.0.113.7"], "203.0.113.7")).toBe(true);
    expect(has(["10.0.0.0/8"], "::ffff:a01:203")).toBe(true);
  });

  it("keeps the two versions apart: ::/0 is no IPv4 address, 0.0.0.0/0 no IPv6 address", () => {
    expect(has(["::/0"], "10.0.0.1")).toBe(false);
    expect(has(["::/0"], "2001:db8::1")).toBe(true);
    expect(has(["0.0.0.0/0"], "255.255.255.255")).toBe(true);
    expect(has(["0.0.0.0/0"], "::1")).toBe(false);
  });

  it("holds a network inside another, whatever the order", () => {
    for (const list of [
      ["10.0.0.0/8", "10.1.0.0/16"],
      ["10.1.0.0/16", "10.0.0.0/8"],
      ["10.0.0.0/16", "10.0.0.0/8", "10.0.0.0/24"],
    ]) {
      expect(["9.255.255.255", "10.0.0.0", "10.200.0.1", "10.255.255.255", "11.0.0.0"].map((text) => has(list, text))).toEqual([
        false,
        true,
        true,
        true,
        false,
      ]);
    }
  });

  it("does not change when the list is changed afterwards", () => {
    const list = ["203.0.113.7"];
    const set = createAddressSet(list, "allow");
    list[0] = "0.0.0.0/0";
    expect(set.has(parseAddress("198.51.100.1")!)).toBe(false);
  });

  it("looks at few of ten thousand networks: cost grows with the logarithm", () => {
    const list = Array.from({ length: 10_000 }, (_, index) => `${(index >> 8) + 1}.${index & 255}.0.0/24`);
    const set = createAddressSet(list, "allow");
    let looks = 0;
    // The first word is looked at once for the start, and again only where it is equal.
    const words = new Proxy([0x09080001, 0, 0, 0], {
      get: (target, key) => {
        looks++;
        return Reflect.get(target, key);
      },
    }) as unknown as [number, number, number, number];
    expect(set.has({ version: 4, words })).toBe(true);
    expect(looks).toBeLessThan(40);
  });

  it.each([
    ["10.0.0.1/8", '"10.0.0.0/8" for the network, "10.0.0.1" for the address'],
    ["203.0.113.7/31", '"203.0.113.6/31"'],
    ["2001:db8::1/64", '"2001:db8::/64" for the network, "2001:db8::1" for the address'],
    ["::ffff:10.0.0.1/104", '"10.0.0.0/8"'],
  ])("refuses %s, whose host bits are set, and names what was probably meant", (entry, meant) => {
    expect(() => createAddressSet(["10.0.0.0/8", entry], "allow")).toThrow(meant);
  });

  it.each([
    "",
    " ",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/08",
    "10.0.0.0/",
    "10.0.0.0/+8",
    "10.0.0.0/8/8",
    "10.0.0.0/8 ",
    " 10.0.0.0/8",
    "10.0.0/8",
    "010.0.0.0/8",
    "10.0.0.0/255.0.0.0",
    "/8",
    "example.com",
    "private",
    "fe80::%eth0/64",
    "::ffff:0:0/95",
    "::ffff:10.0.0.0/8",
    "1.2.3.4,5.6.7.8",
    undefined,
    null,
    7,
    ["10.0.0.0/8"],
    {},
  ])("refuses the entry %j and names option, entry and what is expected", (entry) => {
    let thrown: unknown;
    try {
      createAddressSet([entry], "allow");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigurationError);
    expect(thrown).toMatchObject({ option: "allow", code: "MISCONFIGURED" });
    expect(String(thrown)).toMatch(/^ConfigurationError: allow: saw .*; expected an address or a CIDR/);
  });

  it("refuses a hole in the list", () => {
    expect(() => createAddressSet(new Array(1), "allow")).toThrow("saw undefined; expected");
  });

  it("clips a long entry in its message", () => {
    expect(() => createAddressSet(["x".repeat(5000)], "allow")).toThrow(/^allow: saw "x{64}\.\.\."; expected/);
  });
});
