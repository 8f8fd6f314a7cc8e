/** Names that a page speaks of without saying where they come from: its reader has them. By page, `*` for all of them. */
export const GIVEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "*": {
    provider: 'declare const provider: import("@countersign/core").Provider;',
    store: 'declare const store: import("@countersign/core").Store;',
    endpoint: "declare const endpoint: string;",
    pool: 'declare const pool: import("pg").Pool;',
    fulfil: "declare function fulfil(payload: unknown): Promise<void>;",
    createVerifier: 'import { createVerifier } from "@countersign/core";',
  },
  "docs/errors.md": {
    app: 'declare const app: import("express").Express;',
    express: 'import express from "express";',
  },
  "docs/stores.md": {
    app: 'declare const app: import("express").Express;',
    webhook: 'import { webhook } from "@countersign/express";',
    harness: 'declare const harness: import("@countersign/testing/stores").StoreHarness;',
    verifier:
      'declare const verifier: import("@countersign/core").Verifier<import("@countersign/core").WebhookEvent<string, { data: { object: { id: string } } }>>;',
  },
  "packages/core/README.md": { findSecret: "declare function findSecret(tenant: string): Promise<string | undefined>;" },
  "packages/raw-body/README.md": {
    app: 'declare const app: import("express").Express;',
    express: 'import express from "express";',
  },
  "packages/hono/README.md": {
    Env: "interface Env { QUEUE: { send(payload: unknown): Promise<void> } }",
    Context: 'import type { Context } from "hono";',
  },
  "packages/fastify/README.md": {
    audit: "declare function audit(): Promise<void>;",
    handler: "declare function handler(): Promise<void>;",
  },
};
