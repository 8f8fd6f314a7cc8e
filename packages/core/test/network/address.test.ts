import { isIP } from "node:net";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { formatAddress, isLoopback, parseAddress } from "../../src/network/address.js";

const fixedLength = (address: ipaddr.IPv6): string => address.parts.map((part) => part.toString(16).padStart(4, "0")).join(":");
const alphabet = (units: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...units), maxLength });
const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
/** Colons, short groups and dots in all sorts of order: most are nearly addresses. */
const nearlyIPv6 = fc
  .array(fc.oneof(group, fc.constantFrom("", "", "0", "00", "0000", "12345", "1.2.3.4", "1.2.3", "01.2.3.4", "256.1.1.1", "G")), {
    maxLength: 10,
  })
  .map((groups) => groups.join(":"));
const nearlyIPv4 = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.constantFrom("", "00", "01", "0x1", " 1", "-1", "1e1")), {
    maxLength: 6,
  })
  .map((octets) => octets.join("."));

describe("parseAddress", () => {
  it("agrees with node:net on every text without a zone id", () => {
    const text = fc.oneof(fc.string(), alphabet("0123456789.", 16), alphabet("0123456789abcdefABCDEF:.", 48), nearlyIPv4, nearlyIPv6);
    fc.assert(
      fc.property(text, (candidate) => {
        fc.pre(!candidate.includes("%"));
        const parsed = parseAddress(candidate);
        const mapped = parsed?.version === 4 && candidate.includes(":");
        expect(parsed === undefined ? 0 : mapped ? 6 : parsed.version).toBe(isIP(candidate));
      }),
      { numRuns: 5000 },
    );
  });

  it("reads the same number as ipaddr.js from every spelling of an IPv6 address", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (bytes, upper) => {
        // Zeros made frequent, so that gaps of every place and length occur.
        const address = new ipaddr.IPv6(Array.from(bytes, (byte) => (byte < 128 ? 0 : byte)));
        for (const text of [address.toString(), address.toNormalizedString(), fixedLength(address), address.toRFC5952String()]) {
          const parsed = parseAddress(upper ? text.toUpperCase() : text);
          const { parts } = address;
          const words = [0, 2, 4, 6].map((index) => (parts[index] ?? 0) * 65536 + (parts[index + 1] ?? 0));
          const four = address.isIPv4MappedAddress();
          expect(parsed).toEqual(four ? { version: 4, words: [words[3], 0, 0, 0] } : { version: 6, words });
        }
      }),
    );
  });

  it.each([
    ["203.0.113.7", 4, [0xcb007107, 0, 0, 0]],
    ["255.255.255.255", 4, [0xffffffff, 0, 0, 0]],
    ["0.0.0.0", 4, [0, 0, 0, 0]],
    ["::", 6, [0, 0, 0, 0]],
    ["::1", 6, [0, 0, 0, 1]],
    ["2001:DB8::1", 6, [0x20010db8, 0, 0, 1]],
    ["1:2:3:4:5:6:7::", 6, [0x10002, 0x30004, 0x50006, 0x70000]],
    ["64:ff9b::192.0.2.33", 6, [0x64ff9b, 0, 0, 0xc0000221]],
    ["1:2:3:4:5:6:1.2.3.4", 6, [0x10002, 0x30004, 0x50006, 0x01020304]],
    ["::10.0.0.1", 6, [0, 0, 0, 0x0a000001]],
  ])("reads %s", (text, version, words) => {
    expect(parseAddress(text)).toEqual({ version, words });
  });

  it.each(["::ffff:10.1.2.3", "::FFFF:a01:203", "0:0:0:0:0:ffff:10.1.2.3"])("unmaps %s to IPv4", (text) => {
    expect(parseAddress(text)).toEqual(parseAddress("10.1.2.3"));
  });

  it.each([
    ["octal", "010.0.0.1"],
    ["octal in an IPv4 tail", "::ffff:010.0.0.1"],
    ["hexadecimal", "0x7f.0.0.1"],
    ["a short form", "127.1"],
    ["a single number", "2130706433"],
    ["five octets", "1.2.3.4.5"],
    ["an octet over 255", "1.2.3.256"],
    ["an empty octet", "1..3.4"],
    ["a dot at the start", ".1.2.3"],
    ["a dot at the end", "1.2.3."],
    ["a zone id", "fe80::1%eth0"],
    ["a zone id that is empty", "fe80::1%"],
    ["brackets", "[::1]"],
    ["a port", "1.2.3.4:80"],
    ["white space before", " 1.2.3.4"],
    ["white space after", "::1 "],
    ["digits of another script", "١.2.3.4"],
    ["a fullwidth colon", "：：1"],
    ["a letter of another script", "::é"],
    ["nothing", ""],
    ["a lone colon", ":"],
    ["three colons", ":::"],
    ["two gaps", "1::2::3"],
    ["one colon at the start", ":1:2:3:4:5:6:7"],
    ["one colon at the end", "1:2:3:4:5:6:7:"],
    ["nine groups", "1:2:3:4:5:6:7:8:9"],
    ["seven groups", "1:2:3:4:5:6:7"],
    ["a gap for no group", "1:2:3:4::5:6:7:8"],
    ["five digits", "1::00001"],
    ["an IPv4 tail after seven groups", "1:2:3:4:5:6:7:1.2.3.4"],
    ["an IPv4 tail after five groups", "1:2:3:4:5:1.2.3.4"],
    ["an IPv4 tail in the middle", "::1.2.3.4:5"],
    ["an address and more", `::${"0".repeat(60)}1`],
  ])("refuses %s", (_, text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe("formatAddress", () => {
  it("writes RFC 5952, as ipaddr.js does, and reads back what it wrote", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const address = new ipaddr.IPv6(Array.from(bytes, (byte) => (byte < 160 ? 0 : byte)));
        fc.pre(!address.isIPv4MappedAddress());
        const parsed = parseAddress(fixedLength(address))!;
        expect(formatAddress(parsed)).toBe(address.toRFC5952String());
        expect(parseAddress(formatAddress(parsed))).toEqual(parsed);
      }),
    );
  });

  it.each(["203.0.113.7", "255.0.255.0", "::", "::1", "1::", "1:0:2::3:0:4", "1:2:3:4:5:6:7:0"])("writes %s as it was read", (text) => {
    expect(formatAddress(parseAddress(text)!)).toBe(text);
  });

  it("writes a mapped address as IPv4", () => {
    expect(formatAddress(parseAddress("::ffff:cb00:7107")!)).toBe("203.0.113.7");
  });
});

describe("isLoopback", () => {
  it.each(["127.0.0.0", "127.9.9.9", "127.255.255.255", "::1", "::ffff:127.0.0.1"])("takes %s for this machine", (text) => {
    expect(isLoopback(parseAddress(text)!)).toBe(true);
  });

  it.each(["126.255.255.255", "128.0.0.0", "::", "::2", "1::1", "0:1::1", "0:0:0:0:1::1", "::7f00:1"])("takes %s for another", (text) => {
    expect(isLoopback(parseAddress(text)!)).toBe(false);
  });
});
