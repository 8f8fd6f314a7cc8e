/** A Worker with the suite: verifiers are made at start, in global scope, and live on from request to request. */
import type { Form } from "@countersign/testing/conformance";
import { createFetchApp, createHonoApp } from "./fetch-app.js";

/** Set when it is bundled. */
declare const ADAPTER: "fetch" | "hono";
declare const FORM: Form;

/** Cloudflare's edge overwrites `CF-Connecting-IP`; with no edge in front, a sender could write it. So the place of the edge is taken here. */
const EDGE = { address: "127.0.0.1", protocol: "http" } as const;

const app = ADAPTER === "hono" ? createHonoApp<object>(FORM) : createFetchApp<object>(() => EDGE);

export default { fetch: (request: Request, env: object): Response | Promise<Response> => app(request, env) };
