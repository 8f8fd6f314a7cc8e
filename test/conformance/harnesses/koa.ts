import { createServer } from "node:http";
import { createRequire } from "node:module";
import { webhook } from "@countersign/koa";
import { type Answer, conformanceCases, createStages, type Harness } from "@countersign/testing/conformance";
import Koa, { type ParameterizedContext } from "koa";
import { afterwards } from "../afterwards.js";
import { listening } from "../listening.js";

const TRAITS = ["sockets", "streams", "closes", "any-type", "raw-target", "addresses", "methods", "background"] as const;

function createHarness(name: string, make: typeof Koa): Harness {
  return {
    name,
    traits: [...TRAITS, "parsed-first", "parsed-kept", "error-handler", "silent", "break-off", "answers-first"],
    forms: ["handler", "middleware"],
    async open(form) {
      const { at, control } = createStages(conformanceCases);
      const app = new make();
      app.silent = true;
      app.use(async (ctx, next) => {
        const stage = at(ctx.path);
        if (stage === undefined) return;
        try {
          if (stage.parser !== undefined) await parse(ctx, stage.parser === "json-kept");
          if (form === "handler") await webhook(stage.verifier, async (event) => answer(ctx, await stage.handle(event)))(ctx, next);
          else
            await webhook(stage.verifier)(ctx as Parameters<ReturnType<typeof webhook>>[0], async () =>
              answer(ctx, (await stage.handle(ctx.state.webhook.event)) ?? { status: 200 }),
            );
        } catch (error) {
          if (!stage.errorsAnswer200) throw error;
          ctx.status = 200;
          ctx.body = "fine";
        }
      });
      return { ...(await listening(createServer(app.callback()))), control };
    },
  };
}

/** What Koa's body parsers do: the parsed body on Koa's own request, and its text beside it, or not. */
async function parse(ctx: ParameterizedContext, keep: boolean): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  Object.assign(ctx.request, { body: JSON.parse(text), ...(keep && { rawBody: text }) });
}

async function answer(ctx: ParameterizedContext, given: Answer): Promise<void> {
  if (typeof given === "object") ctx.status = given.status;
  if (given === "break-off") {
    ctx.respond = false;
    ctx.res.write("half");
  }
  if (given === "break-off" || given === "drop") ctx.res.destroy();
  await afterwards(given);
}

export const koa3 = createHarness("Koa 3", Koa);
export const koa2 = createHarness("Koa 2", createRequire(import.meta.url)("koa2") as typeof Koa);
