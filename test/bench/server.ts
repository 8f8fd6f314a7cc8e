/** One server in a process of its own: `server.ts <framework> <variant>`. Tells its port, and what it has used when asked. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createVerifier } from "@countersign/core";
import { webhook as expressWebhook } from "@countersign/express";
import { webhook as fastifyWebhook } from "@countersign/fastify";
import { webhook as honoWebhook } from "@countersign/hono";
import { webhook as koaWebhook } from "@countersign/koa";
import { stripe } from "@countersign/providers/stripe";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import getRawBody from "raw-body";
import { createHeapSampler } from "./heap.js";
import { cpuClock } from "./measure.js";
import { schemes } from "./scheme.js";

/** `raw` reads the body and looks no further; `hmac` checks it by hand; `hmac + parse` also parses; `ours` is the handler form. */
export type Variant = "raw" | "hmac" | "hmac + parse" | "ours";

/** Microseconds of processor time so far; a start of counting bytes, of all or of those that outlive young; the bytes since. */
export type Question = "cpu" | "everything" | "outliving" | "bytes";

const [framework = "", variant = ""] = process.argv.slice(2) as [string?, Variant?];
const { signing, naive } = schemes.find(({ name }) => name === "stripe")!;
const makeVerifier = () => createVerifier({ provider: stripe({ secret: signing.secret }), https: "off", observe: false });

/** What a handler by hand does with the raw body; whether it may answer with a success. */
function accepts(headers: Readonly<Record<string, unknown>>, body: Buffer): boolean {
  if (variant === "raw") return body.length > 0;
  const { prefix, signature } = naive(headers as Readonly<Record<string, string>>);
  const mac = createHmac("sha256", signing.secret).update(prefix).update(body).digest();
  if (signature.length !== mac.length || !timingSafeEqual(mac, signature)) return false;
  return variant === "hmac" || (JSON.parse(body.toString("utf8")) as { readonly id?: unknown }).id !== undefined;
}

const PATH = "/webhooks";

const frameworks: Readonly<Record<string, () => Promise<Server> | Server>> = {
  express() {
    const app = express();
    if (variant === "ours")
      app.post(
        PATH,
        expressWebhook(makeVerifier(), async () => {}),
      );
    else
      app.post(PATH, express.raw({ type: "*/*" }), (req, res) => {
        res.status(accepts(req.headers, req.body as Buffer) ? 200 : 401).send();
      });
    return createServer(app);
  },
  koa() {
    const app = new Koa();
    if (variant === "ours") app.use(koaWebhook(makeVerifier(), async () => {}));
    else
      app.use(async (ctx) => {
        const body = await getRawBody(ctx.req, { length: ctx.req.headers["content-length"] ?? null, limit: "1mb" });
        ctx.status = accepts(ctx.req.headers, body) ? 200 : 401;
        ctx.body = "";
      });
    return createServer(app.callback());
  },
  hono() {
    const app = new Hono();
    if (variant === "ours")
      app.post(
        PATH,
        honoWebhook(makeVerifier(), async () => {}),
      );
    else
      app.post(PATH, async (c) => {
        const body = Buffer.from(await c.req.arrayBuffer());
        const headers = { "stripe-signature": variant === "raw" ? "" : c.req.header("stripe-signature") };
        return c.body("", accepts(headers, body) ? 200 : 401);
      });
    return createServer(getRequestListener(app.fetch));
  },
  async fastify() {
    const app = Fastify();
    if (variant === "ours")
      app.post(
        PATH,
        fastifyWebhook(makeVerifier(), async () => {}),
      );
    else {
      app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
      app.post(PATH, async (request, reply) => {
        reply.code(accepts(request.headers, request.body as Buffer) ? 200 : 401);
        return "";
      });
    }
    await app.ready();
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

const make = frameworks[framework];
if (make === undefined) throw new Error(`server: no such framework: ${framework}`);
const server = await make();
if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const heap = createHeapSampler();
const answers: Readonly<Record<Question, () => number | Promise<number>>> = {
  cpu: cpuClock,
  everything: () => heap.start("everything").then(() => 0),
  outliving: () => heap.start("outliving").then(() => 0),
  bytes: () => heap.stop(),
};
process.on("message", (question: Question) => void Promise.resolve(answers[question]()).then((figure) => process.send?.({ figure })));
process.on("disconnect", () => process.exit(0));
process.send?.({ port: (server.address() as AddressInfo).port });
