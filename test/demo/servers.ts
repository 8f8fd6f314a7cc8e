/** Three real servers, each on a free port: the same routes on Express, Koa and Hono. */
import { createServer } from "node:http";
import * as onExpress from "@countersign/express";
import * as onHono from "@countersign/hono";
import * as onKoa from "@countersign/koa";
import { getRequestListener } from "@hono/node-server";
import Router from "@koa/router";
import express, { type NextFunction, type Request, type Response } from "express";
import { Hono } from "hono";
import Koa from "koa";
import { listening } from "../conformance/listening.js";
import { createEventHandler, createRoutes, type Route } from "./verifiers.js";
import { withVisit } from "./visit.js";

type Handler = ReturnType<typeof createEventHandler>;
type Listener = NonNullable<Parameters<typeof createServer>[1]>;

function onExpress5(routes: readonly Route[], handler: Handler): Listener {
  const app = express();
  for (const { path, verifier, parsedFirst } of routes) {
    if (parsedFirst) app.use(path, express.json());
    app.all(path, onExpress.webhook(verifier, handler));
  }
  app.use((_error: unknown, _req: Request, res: Response, _next: NextFunction) => void res.status(500).end());
  return app;
}

function onKoa3(routes: readonly Route[], handler: Handler): Listener {
  const router = new Router();
  for (const { path, verifier, parsedFirst } of routes) {
    if (parsedFirst)
      router.use(path, async (ctx, next) => {
        const chunks: Buffer[] = [];
        for await (const chunk of ctx.req) chunks.push(chunk);
        Object.assign(ctx.request, { body: JSON.parse(Buffer.concat(chunks).toString()) });
        await next();
      });
    router.all(path, onKoa.webhook(verifier, handler));
  }
  const app = new Koa();
  app.silent = true;
  return app.use(router.routes()).callback();
}

function onHonoOfNode(routes: readonly Route[], handler: Handler): Listener {
  const app = new Hono();
  for (const { path, verifier, parsedFirst } of routes) {
    if (parsedFirst)
      app.use(path, async (c, next) => {
        await c.req.raw.json();
        await next();
      });
    app.all(path, onHono.webhook(verifier, handler));
  }
  app.onError((_error, c) => c.body(null, 500));
  return getRequestListener(app.fetch);
}

const FRAMEWORKS = { Express: onExpress5, Koa: onKoa3, Hono: onHonoOfNode };

/** A server of the demo. */
export interface DemoServer {
  readonly framework: string;
  readonly port: number;
  close(): Promise<void>;
}

async function startServer(framework: keyof typeof FRAMEWORKS): Promise<DemoServer> {
  const routes = createRoutes();
  const listener = FRAMEWORKS[framework](routes, createEventHandler());
  const { port, close } = await listening(createServer((req, res) => withVisit(req, () => void listener(req, res))));
  if (port === undefined) throw new Error(`${framework} has no port`);
  return {
    framework,
    port,
    async close() {
      await Promise.all(routes.map(({ verifier }) => verifier.close()));
      await close();
    },
  };
}

/** Starts them all. */
export function startServers(): Promise<DemoServer[]> {
  return Promise.all(Object.keys(FRAMEWORKS).map((framework) => startServer(framework as keyof typeof FRAMEWORKS)));
}
