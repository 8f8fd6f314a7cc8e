import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../src/network/address.js";
import { type HopSyntax, hopsFromRight, syntaxOf, valuesFromRight } from "../../src/network/forwarded.js";

const addresses = (lines: readonly string[], syntax: HopSyntax): (string | undefined)[] =>
  Array.from(hopsFromRight(lines, syntax), ({ address }) => address && formatAddress(address));

describe("syntaxOf", () => {
  it("knows the two lists, and takes any other header for a single address", () => {
    expect(["x-forwarded-for", "forwarded", "cf-connecting-ip"].map(syntaxOf)).toEqual(["list", "forwarded", "single"]);
  });
});

describe("valuesFromRight", () => {
  it("joins all lines in order and reads them from the right", () => {
    expect([...valuesFromRight(["a, b", "c", "\td ,e "])]).toEqual(["e", "d", "c", "b", "a"]);
  });

  it("keeps empty values", () => {
    expect([...valuesFromRight(["", "a,,b,"])]).toEqual(["", "b", "", "a", ""]);
    expect([...valuesFromRight([" \t "])]).toEqual([""]);
    expect([...valuesFromRight([])]).toEqual([]);
  });

  it("takes only blanks and tabs for white space", () => {
    expect([...valuesFromRight(["a\u00a0,\u00a0b"])]).toEqual(["\u00a0b", "a\u00a0"]);
  });

  it("leaves commas inside quotes alone where there are quotes", () => {
    expect([...valuesFromRight(['a="1,2",b="3\\",4",c="5\\\\",d'], true)]).toEqual(["d", 'c="5\\\\"', 'b="3\\",4"', 'a="1,2"']);
    expect([...valuesFromRight(['"a,b"'])]).toEqual(['b"', '"a']);
  });

  it("reads what stands at the right as the same, whatever stands before it", () => {
    const end = ['for="[2001:db8::7]:443";proto=https', 'for="192.0.2.1";host="a,b\\"c"'];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', "\\", ",", ";", "=", "a", " ") }), (before) => {
        const values = valuesFromRight([`${before}, ${end.join(", ")}`], true);
        expect([values.next().value, values.next().value]).toEqual(end.toReversed());
      }),
    );
  });

  it("stays linear on a long header made of backslashes, quotes or blanks", () => {
    const size = 200_000;
    const started = performance.now();
    for (const text of ["\\", '"', '\\"', " ", " ,", ","]) Array.from(hopsFromRight([text.repeat(size / text.length)], "forwarded"));
    Array.from(hopsFromRight([`for="${"\\a".repeat(size)}`, `${" ".repeat(size)}a`, "a=b;".repeat(size), "a".repeat(size)], "forwarded"));
    // Quadratic work would take minutes.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("hopsFromRight", () => {
  it("reads X-Forwarded-For with and without ports and brackets", () => {
    const lines = ["1.2.3.4, 1.2.3.4:5678", "::1 ,[::1], [2001:db8::1]:443,::ffff:10.0.0.1,[::ffff:10.0.0.1]:1"];
    expect(addresses(lines, "list")).toEqual(["10.0.0.1", "10.0.0.1", "2001:db8::1", "::1", "::1", "1.2.3.4", "1.2.3.4"]);
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "unix:",
    "1.2.3",
    "1.2.3.4:",
    "1.2.3.4:65536",
    "1.2.3.4:123456",
    "1.2.3.4:8o",
    "1.2.3.4:-1",
    "1.2.3.4 5.6.7.8",
    "01.2.3.4",
    "[::1",
    "::1]",
    "[::1]443",
    "[::1]:",
    "[1.2.3.4]",
    "[1.2.3.4]:80",
    "[]",
    "[",
    "[fe80::1%eth0]",
    "2001:db8::1:2:3:4:5:6:80",
    '"1.2.3.4"',
    "for=1.2.3.4",
    "1.2.3.4;",
  ])("takes the X-Forwarded-For entry %j for no address", (entry) => {
    expect(addresses([entry], "list")).toEqual([undefined]);
  });

  it("reads RFC 7239: quoted strings, ports, any letter case, blanks around semicolons", () => {
    const lines = [
      'for=192.0.2.43, For="[2001:db8:cafe::17]:4711"',
      'for="192.0.2.60:80";proto=HTTP;by=203.0.113.43 , FOR="\\1.2.3.4" ; Proto="https"; ;',
      'for="1.2.3.4:_p-1"',
    ];
    expect(Array.from(hopsFromRight(lines, "forwarded"), ({ address, protocol }) => [address && formatAddress(address), protocol])).toEqual(
      [
        ["1.2.3.4", undefined],
        ["1.2.3.4", "https"],
        ["192.0.2.60", "HTTP"],
        ["2001:db8:cafe::17", undefined],
        ["192.0.2.43", undefined],
      ],
    );
  });

  it.each([
    "",
    "for=unknown",
    "for=_gazonk",
    'for="_gazonk:80"',
    "proto=https",
    "for=",
    'for=""',
    "for",
    "=1.2.3.4",
    "for =1.2.3.4",
    "for= 1.2.3.4",
    "for=1.2.3.4:80",
    "for=[::1]",
    'for="::1"',
    'for="[::1]"x',
    'for="1.2.3.4',
    'for=1.2.3.4"',
    "for=1.2.3.4;for=5.6.7.8",
    "for=1.2.3.4;For=1.2.3.4",
    "for=1.2.3.4 proto=https",
    "1.2.3.4",
  ])("takes the Forwarded element %j for no address", (element) => {
    expect(addresses([element], "forwarded")).toEqual([undefined]);
  });

  it("believes no protocol of a malformed element", () => {
    const [hop] = hopsFromRight(["for=1.2.3.4;proto=https;proto=http"], "forwarded");
    expect(hop).toEqual({ text: "for=1.2.3.4;proto=https;proto=http", address: undefined, protocol: undefined, malformed: true });
  });

  it.each(["", ";", " ; ;", "for", "proto:https", 'for="1.2.3.4'])("takes the Forwarded element %j for malformed", (element) => {
    const [hop] = hopsFromRight([element], "forwarded");
    expect(hop).toMatchObject({ malformed: true, protocol: undefined });
  });

  it("takes an element with parameters without an end for malformed", () => {
    const element = (count: number): string =>
      ["for=1.2.3.4", ...Array.from({ length: count - 1 }, (_, index) => `ext${index}=a`)].join(";");
    expect(addresses([element(20), element(21)], "forwarded")).toEqual([undefined, "1.2.3.4"]);
    expect(addresses([`for=1.2.3.4${";".repeat(21)}`], "forwarded")).toEqual([undefined]);
  });

  it.each(["for=unknown", "proto=https", 'ext=""', "for=1.2.3.4;;proto=http"])(
    "takes the Forwarded element %j for well formed",
    (element) => {
      const [hop] = hopsFromRight([element], "forwarded");
      expect(hop).toMatchObject({ malformed: false });
    },
  );
});
