import { createServer } from "node:http";
import { createVerifier, type WebhookEvent } from "@countersign/core";
import * as onExpress from "@countersign/express";
import * as onHono from "@countersign/hono";
import * as onKoa from "@countersign/koa";
import { getRequestListener } from "@hono/node-server";
import Router from "@koa/router";
import express from "express";
import { Hono } from "hono";
import Koa from "koa";
import { listening } from "../conformance/listening.js";
import type { Contact, Sent } from "./contact.js";

/** A real server with every contact mounted at its path. */
export interface InteropServer {
  /** Sends a delivery to it and answers the status. */
  send(sent: Sent): Promise<number>;
  /** What its handlers were given since it was last asked. */
  taken(): WebhookEvent[];
  close(): Promise<void>;
}

type Mounted = readonly { readonly path: string; readonly verifier: ReturnType<typeof createVerifier> }[];
type Handler = (event: WebhookEvent) => Promise<void>;
type Listener = Parameters<typeof createServer>[1];

const listeners = {
  "Express 5"(mounted: Mounted, handler: Handler): Listener {
    const app = express();
    for (const { path, verifier } of mounted) app.all(path, onExpress.webhook(verifier, handler));
    return app;
  },
  "Koa 3"(mounted: Mounted, handler: Handler): Listener {
    const router = new Router();
    for (const { path, verifier } of mounted) router.all(path, onKoa.webhook(verifier, handler));
    return new Koa().use(router.routes()).callback();
  },
  "Hono on Node"(mounted: Mounted, handler: Handler): Listener {
    const app = new Hono();
    for (const { path, verifier } of mounted) app.all(path, onHono.webhook(verifier, handler));
    return getRequestListener(app.fetch);
  },
};

export type Framework = keyof typeof listeners;
export const frameworks = Object.keys(listeners) as Framework[];

/** Starts a framework's server on a free port, each contact with a verifier of its own. */
export async function startServer(framework: Framework, contacts: readonly Contact[]): Promise<InteropServer> {
  const mounted = contacts.map(({ path, provider }) => ({ path, verifier: createVerifier({ provider, observe: false, https: "off" }) }));
  let seen: WebhookEvent[] = [];
  const listener = listeners[framework](mounted, async (event) => void seen.push(event));
  const { port, close } = await listening(createServer(listener));
  return {
    async send({ method, url, headers, body }) {
      const response = await fetch(`http://127.0.0.1:${port}${url}`, { method, headers, ...(method !== "GET" && { body }) });
      await response.arrayBuffer();
      return response.status;
    },
    taken() {
      const taken = seen;
      seen = [];
      return taken;
    },
    async close() {
      await Promise.all(mounted.map(({ verifier }) => verifier.close()));
      await close();
    },
  };
}
