import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createVerifier, type Delivery, type ObserverRecord, type VerifierOptions } from "@countersign/core";
import { genericSharedToken } from "@countersign/providers/generic-shared-token";
import { describe, expect, it } from "vitest";
import { ROOT } from "./markdown.js";

const SENDER = "3.18.12.63";
const STRANGER = "198.51.100.9";

interface Recipe {
  readonly name: string;
  readonly options: Partial<VerifierOptions>;
  /** The peer, as the socket has it. */
  readonly address: string | undefined;
  /** What the platform sends for a client, after what the client itself sent. */
  readonly headers: (client: string) => Readonly<Record<string, string>>;
}

const forwarded = (list: string, proto = "https"): Record<string, string> => ({ "x-forwarded-for": list, "x-forwarded-proto": proto });
const CLOUDFLARE = "173.245.48.5";
const cloudflare = ["173.245.48.0/20", "103.21.244.0/22"];

/** The recipes of docs/proxies.md. A client that writes X-Forwarded-For itself stands at its left. */
const RECIPES: readonly Recipe[] = [
  { name: "nginx here", options: { trustedProxies: ["loopback"] }, address: "127.0.0.1", headers: (c) => forwarded(`${SENDER}, ${c}`) },
  { name: "a Unix socket", options: { trustedProxies: ["unix"] }, address: undefined, headers: (c) => forwarded(`${SENDER}, ${c}`) },
  {
    name: "a private network",
    options: { trustedProxies: ["private"] },
    address: "10.1.2.3",
    headers: (c) => forwarded(`${SENDER}, ${c}`),
  },
  {
    name: "a public proxy",
    options: { trustedProxies: ["203.0.113.7"] },
    address: "203.0.113.7",
    headers: (c) => forwarded(`${SENDER}, ${c}`),
  },
  {
    name: "Cloudflare",
    options: { trustedProxies: cloudflare, forwardedHeader: "cf-connecting-ip" },
    address: CLOUDFLARE,
    headers: (c) => ({ ...forwarded(SENDER), "cf-connecting-ip": c }),
  },
  {
    name: "Cloudflare, then nginx",
    options: { trustedProxies: ["loopback", ...cloudflare] },
    address: "127.0.0.1",
    headers: (c) => forwarded(`${SENDER}, ${c}, ${CLOUDFLARE}`),
  },
  {
    name: "a Cloudflare tunnel",
    options: { trustedProxies: ["loopback"], forwardedHeader: "cf-connecting-ip" },
    address: "127.0.0.1",
    headers: (c) => ({ ...forwarded(SENDER), "cf-connecting-ip": c }),
  },
  {
    name: "CloudFront, then a load balancer",
    options: { trustedProxies: { hops: 2 } },
    address: "10.0.0.5",
    headers: (c) => forwarded(`${SENDER}, ${c}, 130.176.1.1`),
  },
  {
    name: "an HTTP API over a VPC link",
    options: { trustedProxies: ["private"], forwardedHeader: "forwarded" },
    address: "10.0.0.5",
    headers: (c) => ({ ...forwarded(SENDER, "http"), forwarded: `for=${SENDER}, by=1.2.3.4;for=${c};host=example.com;proto=https` }),
  },
  { name: "Heroku", options: { trustedProxies: { hops: 1 } }, address: "10.1.1.1", headers: (c) => forwarded(`${SENDER}, ${c}`) },
  { name: "Azure App Service", options: { trustedProxies: { hops: 1 } }, address: "169.254.1.1", headers: (c) => forwarded(`${c}:51000`) },
  {
    name: "Render",
    options: { trustedProxies: { hops: 2 } },
    address: "10.21.157.68",
    headers: (c) => forwarded(`${SENDER}, ${c}, ${CLOUDFLARE}`),
  },
  {
    name: "Fly.io",
    options: { trustedProxies: { hops: 1 }, forwardedHeader: "fly-client-ip" },
    address: "172.16.3.2",
    headers: (c) => ({ ...forwarded(`${SENDER}, ${c}, 66.241.124.1`), "fly-client-ip": c }),
  },
  {
    name: "Google Cloud's load balancer",
    options: { trustedProxies: { hops: 2 } },
    address: "35.191.0.1",
    headers: (c) => forwarded(`${SENDER}, ${c},34.120.0.1`),
  },
  {
    name: "ngrok",
    options: { trustedProxies: ["loopback"] },
    address: "::1",
    headers: (c) => forwarded(`${SENDER}, ${c}`, "http, https"),
  },
];

async function codeOf(options: Partial<VerifierOptions>, arrival: Partial<Delivery>, details?: string[]): Promise<string> {
  const provider = genericSharedToken({ secret: "a secret for tests", header: "x-token" });
  const observe = ({ detail }: ObserverRecord): void => void details?.push(detail ?? "");
  const verdict = await createVerifier({ provider, observe, ...options }).receive({
    method: "POST",
    url: "/",
    body: "",
    protocol: "http",
    ...arrival,
    headers: { host: "example.com", "x-token": "a secret for tests", ...arrival.headers },
  } as Delivery);
  if (verdict.outcome === "accepted") await verdict.claim.commit();
  return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
}

describe("the recipes of docs/proxies.md", () => {
  it.each(RECIPES)("let the sender pass, and a client that writes the sender's address itself not: $name", async (recipe) => {
    const options = { ...recipe.options, allow: [SENDER] };
    expect(await codeOf(options, { address: recipe.address, headers: recipe.headers(SENDER) })).toBe("accepted");
    expect(await codeOf(options, { address: recipe.address, headers: recipe.headers(STRANGER) })).toBe("ADDRESS_NOT_ALLOWED");
  });

  it.each(RECIPES)("refuse what the proxy says came over plain HTTP: $name", async ({ options, address, headers }) => {
    const plain = Object.entries(headers(SENDER)).map(([name, value]) => [name, value.replaceAll("https", "http")]);
    expect(await codeOf(options, { address, headers: Object.fromEntries(plain) })).toBe("HTTPS_REQUIRED");
  });

  it.each(RECIPES)("believe no peer that is gone: $name", async ({ options, headers }) => {
    expect(await codeOf({ ...options, allow: [SENDER] }, { address: "", headers: headers(SENDER) })).toBe("HTTPS_REQUIRED");
    expect(await codeOf({ ...options, allow: [SENDER] }, { address: "", protocol: "https", headers: headers(SENDER) })).toBe(
      "ADDRESS_UNKNOWN",
    );
  });

  it("need no option for HTTPS through ngrok, and believe nobody else", async () => {
    expect(await codeOf({}, { address: "127.0.0.1", headers: forwarded(SENDER, "http, https") })).toBe("accepted");
    expect(await codeOf({}, { address: STRANGER, headers: forwarded(SENDER) })).toBe("HTTPS_REQUIRED");
  });

  it("end the exemption for local development, which a proxy without headers would pass as", async () => {
    const local = { address: "127.0.0.1", headers: { host: "127.0.0.1:3000" } };
    expect(await codeOf({}, local)).toBe("accepted");
    expect(await codeOf({ trustedProxies: ["loopback"] }, local)).toBe("HTTPS_REQUIRED");
  });

  it("see a client decide where the proxy passes its header on", async () => {
    const written = forwarded(SENDER);
    expect(await codeOf({ trustedProxies: ["loopback"], allow: [SENDER] }, { address: "127.0.0.1", headers: written })).toBe("accepted");
  });
});

describe("the two requests of docs/proxies.md, by which a proxy is tested from outside", () => {
  /** The client's headers, as they come from a proxy that writes some of them itself. */
  const through = (scheme: string, writes: readonly string[]): Record<string, string> => ({
    "x-forwarded-proto": writes.includes("proto") ? scheme : "https",
    "x-forwarded-for": writes.includes("for") ? `${SENDER}, ${STRANGER}` : SENDER,
  });

  it.each([
    { writes: ["proto", "for"], plain: "HTTPS_REQUIRED", tls: "ADDRESS_NOT_ALLOWED" },
    { writes: ["proto"], plain: "HTTPS_REQUIRED", tls: "accepted" },
    { writes: ["for"], plain: "ADDRESS_NOT_ALLOWED", tls: "ADDRESS_NOT_ALLOWED" },
    { writes: [], plain: "accepted", tls: "accepted" },
  ])("tell which header the client decides, where the proxy writes $writes", async ({ writes, plain, tls }) => {
    const options = { trustedProxies: ["loopback"], allow: [SENDER] };
    expect(await codeOf(options, { address: "127.0.0.1", headers: through("http", writes) })).toBe(plain);
    expect(await codeOf(options, { address: "127.0.0.1", headers: through("https", writes) })).toBe(tls);
  });
});

describe("the log lines of docs/proxies.md", () => {
  const page = readFileSync(join(ROOT, "docs/proxies.md"), "utf8");
  const section = page.slice(page.indexOf("## Finding out"));

  it("begin with what is logged", async () => {
    const details: string[] = [];
    await codeOf({}, { address: "10.1.2.3", wire: true, headers: { "x-forwarded-proto": "https" } }, details);
    expect(section).toContain(`HTTPS_REQUIRED ... ${details.at(-1)}\n`);
  });

  it("are explained as they are logged", async () => {
    const details: string[] = [];
    const proxied = { trustedProxies: ["private"], allow: [SENDER] };
    await codeOf({}, { address: "10.1.2.3", headers: { "x-forwarded-proto": "http" } }, details);
    await codeOf(proxied, { address: "10.1.2.3", headers: { forwarded: "proto=https" } }, details);
    await codeOf(proxied, { address: "10.1.2.3", headers: { "x-forwarded-proto": "https," } }, details);
    await codeOf(proxied, { address: "10.1.2.3", headers: forwarded(STRANGER) }, details);
    await codeOf({}, {}, details);
    await codeOf({}, { address: "" }, details);
    await codeOf({}, { address: `${SENDER}:443` }, details);
    const phrases = [...section.matchAll(/^\| `([^`]*)`/gm)].map(([, phrase = ""]) => phrase.split("..."));
    expect(phrases).toHaveLength(7);
    for (const parts of phrases) expect(details.some((detail) => parts.every((part) => detail.includes(part)))).toBe(true);
  });
});
