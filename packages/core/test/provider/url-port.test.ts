import { describe, expect, it } from "vitest";
import { withoutPort, withPort } from "../../src/provider/url-port.js";

describe("withPort", () => {
  it.each([
    ["https://a.example/x?b=:1", "https://a.example:443/x?b=:1"],
    ["http://a.example", "http://a.example:80"],
    ["HTTPS://a.example?x", "HTTPS://a.example:443?x"],
    ["https://a.example:8443/", "https://a.example:8443/"],
    ["https://[::1]/", "https://[::1]:443/"],
    ["https://u:p@a.example/", "https://u:p@a.example:443/"],
  ])("writes %s as %s", (url, expected) => {
    expect(withPort(url)).toBe(expected);
  });
});

describe("withoutPort", () => {
  it.each([
    ["https://a.example:443/x:443", "https://a.example/x:443"],
    ["https://a.example:8443", "https://a.example"],
    ["https://a.example/", "https://a.example/"],
    ["http://[::1]:80/", "http://[::1]/"],
  ])("writes %s as %s", (url, expected) => {
    expect(withoutPort(url)).toBe(expected);
  });
});
