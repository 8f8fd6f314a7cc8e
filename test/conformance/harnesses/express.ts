import { createServer } from "node:http";
import { createRequire } from "node:module";
import { webhook } from "@countersign/express";
import { keepRawBody } from "@countersign/raw-body";
import { type Answer, conformanceCases, createStages, type Harness } from "@countersign/testing/conformance";
import express, { type NextFunction, type Request, type Response } from "express";
import { afterwards } from "../afterwards.js";
import { listening } from "../listening.js";

const TRAITS = ["sockets", "streams", "closes", "any-type", "raw-target", "addresses", "methods", "background"] as const;

function createHarness(name: string, make: typeof express): Harness {
  return {
    name,
    traits: [...TRAITS, "parsed-first", "parsed-kept", "error-handler", "silent", "break-off", "answers-first"],
    forms: ["handler", "middleware"],
    // to the middleware, what an error handler answers is the response, and so is what is answered first
    without: { middleware: ["error-handler", "answers-first"] },
    async open(form) {
      const { stages, control } = createStages(conformanceCases);
      const app = make();
      for (const { path, verifier, handle, parser, errorsAnswer200 } of stages) {
        if (parser !== undefined) app.use(path, make.json(parser === "json-kept" ? { verify: keepRawBody } : {}));
        if (form === "handler")
          app.all(
            path,
            webhook(verifier, async (event, _req, res) => {
              const answer = await handle(event);
              reply(res, answer);
              await afterwards(answer);
            }),
          );
        else
          app.all(path, webhook(verifier), (_req, res, next) => {
            const answered = handle(res.locals.webhook.event).then((answer) =>
              answer === "silent" ? next() : reply(res, answer ?? { status: 200 }),
            );
            answered.catch((error) => next(error ?? new Error("it threw nothing")));
          });
        if (errorsAnswer200)
          app.use(path, (_error: unknown, _req: Request, res: Response, _next: NextFunction) => void res.status(200).end());
      }
      return { ...(await listening(createServer(app))), control };
    },
  };
}

function reply(res: Response, answer: Answer): void {
  if (typeof answer === "object") res.status(answer.status).end();
  if (answer === "break-off") res.write("half");
  if (answer === "break-off" || answer === "drop") res.destroy();
}

export const express5 = createHarness("Express 5", express);
export const express4 = createHarness("Express 4", createRequire(import.meta.url)("express4") as typeof express);
