import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { webhook } from "@countersign/serverless/fetch";
import { describe, expect, it } from "vitest";
import { adviseRequest } from "../src/advise-request.js";
import { signed, watched } from "./acme.js";

const node = Object.assign(new IncomingMessage(new Socket()), { method: "POST", url: "/" });
const request = new Request("https://hooks.example.com/", { method: "POST", ...signed() });

describe("adviseRequest", () => {
  it("has nothing to say of a Request", () => {
    expect(adviseRequest(request)).toBeUndefined();
  });

  it.each([
    [
      "SvelteKit, Astro, React Router and Pages Functions",
      { request, url: new URL(request.url), params: {} },
      "({ request }) => hook(request)",
    ],
    ["h3 2", { req: request, url: new URL(request.url) }, "hook(event.req)"],
    ["h3 2 on Node", { req: request, url: new URL(request.url), node: { req: node } }, "hook(event.req)"],
    ["h3 1", { node: { req: node }, req: node, method: "POST", path: "/" }, "hook(toWebRequest(event))"],
    ["Hono", { req: { raw: request, path: "/", method: "POST", url: request.url } }, "hook(c.req.raw)"],
    ["Hono, of which the request alone was passed", { raw: request, path: "/", method: "POST", url: request.url }, "hook(c.req.raw)"],
    ["nobody", { body: "{}" }, "pass the Request of the Web APIs"],
    ["nobody", undefined, "pass the Request of the Web APIs"],
  ])("knows the event or context of %s", (_, given, advice) => {
    expect(adviseRequest(given)).toContain(advice);
  });

  it.each([
    ["Fastify's request", (raw: object) => ({ raw, method: "POST", url: "/", headers: {}, body: {} })],
    ["Koa's context", (req: object) => ({ req, method: "POST", url: "/", headers: {} })],
  ])("knows Node's own request in %s", (_, around) => {
    expect(adviseRequest(around(node))).toContain("Node's own request");
  });

  it("knows Node's own request, as an Express app, Next.js's pages and Vercel's older functions pass it", () => {
    expect(adviseRequest(node)).toContain("Node's own request");
    expect(adviseRequest(node)).toContain("export const POST = hook");
  });

  it("is what the operator reads of such a call", async () => {
    const { verifier, records } = watched();
    const response = await webhook(verifier, () => expect.unreachable())({ request, url: new URL(request.url) } as never);
    expect(response.status).toBe(500);
    expect(records).toMatchObject([{ code: "MISCONFIGURED", detail: expect.stringContaining("hook(request)") }]);
  });
});
