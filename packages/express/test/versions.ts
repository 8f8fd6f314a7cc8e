import { createRequire } from "node:module";
import express, { type ErrorRequestHandler } from "express";

/** Both lines of Express. The second brings no types of its own. */
export const VERSIONS: [string, typeof express][] = [
  ["Express 5", express],
  ["Express 4", createRequire(import.meta.url)("express4") as typeof express],
];

/** An app's error handling that answers with one status. */
export const failWith =
  (status: number): ErrorRequestHandler =>
  (error, _req, res, _next) => {
    res.status(status).json({ said: String(error instanceof Error ? error.message : error) });
  };
