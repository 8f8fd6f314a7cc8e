import { describe, expect, it } from "vitest";
import { whyNotLocal } from "../../src/network/local-request.js";
import { toArrival } from "./arrivals.js";

const why = (address: string | undefined, headers: Readonly<Record<string, string | readonly string[]>>) =>
  whyNotLocal(toArrival(address, headers), "x-caller");

describe("whyNotLocal", () => {
  it.each(["localhost", "LocalHost:3000", "app.localhost", "a.b-c.localhost:80", "127.0.0.1", "127.9.8.7:8080", "[::1]", "[::1]:65535"])(
    "takes the Host %j for this machine",
    (host) => {
      expect(why("127.0.0.1", { host })).toBeUndefined();
      expect(why("::1", { host })).toBeUndefined();
    },
  );

  it.each([
    "",
    "example.com",
    "localhost.example.com",
    "notlocalhost",
    "127.0.0.1.example.com",
    "example.com/.localhost",
    "user@a.localhost",
    "localhost:",
    "localhost:123456",
    "localhost:80:80",
    "localhost, localhost",
    "128.0.0.1",
    "127.1",
    "0177.0.0.1",
    "0.0.0.0",
    "::1",
    "[::2]",
    "[::1",
    "::1]",
    "[localhost]",
    "[127.0.0.1]",
    "192.168.0.1",
  ])("does not take the Host %j for this machine", (host) => {
    expect(why("127.0.0.1", { host })).toBe("the Host header does not name this machine");
  });

  it("wants exactly one Host", () => {
    expect(why("127.0.0.1", {})).toBe("the Host header does not name this machine");
    expect(why("127.0.0.1", { host: ["localhost", "localhost"] })).toBe("the Host header does not name this machine");
  });

  it.each([undefined, "", "unix", "10.0.0.1", "::2", "fe80::1"])("wants a peer on this machine, which %j is not", (address) => {
    expect(why(address, { host: "localhost" })).toBe("the peer is not this machine");
  });

  it.each([
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Real-IP",
    "CF-Connecting-IP",
    "Front-End-Https",
    "X-Caller",
  ])("sees a proxy in %s, even an empty one", (name) => {
    expect(why("127.0.0.1", { host: "localhost", [name.toLowerCase()]: "" })).toBe(`${name} is present`);
  });
});
