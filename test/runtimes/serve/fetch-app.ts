/** Every stage of the suite behind one fetch function, for a runtime to serve. */
import { webhook as honoWebhook } from "@countersign/hono";
import { webhook } from "@countersign/serverless/fetch";
import { type Answer, type Control, conformanceCases, createStages, type Form, type Report } from "@countersign/testing/conformance";
import { type Context, Hono } from "hono";

/** Where a request came from, as the server says it. */
export interface Origin {
  readonly address: string | undefined;
  readonly protocol: "http" | "https";
}

/** Answers a request; `info` is what the server passes with it. */
export type FetchApp<Info> = (request: Request, info: Info) => Response | Promise<Response>;

/** Answers control messages, and leaves all else to the app. */
function withControl<Info>(control: (path: string, message: Control) => Promise<Report>, app: FetchApp<Info>): FetchApp<Info> {
  return async (request, info) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/control/")) return app(request, info);
    return Response.json(await control(pathname.slice("/control".length), (await request.json()) as Control));
  };
}

/** The fetch adapter, with what its platform says of the origin. */
export function createFetchApp<Info>(origin: (request: Request, info: Info) => Origin): FetchApp<Info> {
  const { stages, at, control } = createStages(conformanceCases);
  const hooks = new Map(
    stages.map((stage) => [
      stage.path,
      webhook(
        stage.verifier,
        async (event) => {
          const answer = await stage.handle(event);
          return typeof answer === "object" ? new Response(null, { status: answer.status }) : undefined;
        },
        origin,
      ),
    ]),
  );
  return withControl(control, async (request, info) => {
    const stage = at(new URL(request.url).pathname);
    const hook = stage && hooks.get(stage.path);
    if (stage === undefined || hook === undefined) return new Response(null, { status: 404 });
    if (stage.parser !== undefined) await request.json();
    return hook(request, info);
  });
}

/** Hono, which finds the origin by itself in what its runtime passes. */
export function createHonoApp<Info extends object>(form: Form): FetchApp<Info> {
  const { stages, at, control } = createStages(conformanceCases);
  const app = new Hono();
  app.onError((error, c) => (at(c.req.path)?.errorsAnswer200 ? c.text("fine") : c.text(error.message, 500)));
  for (const { path, verifier, handle, parser } of stages) {
    if (parser !== undefined)
      app.use(path, async (c, next) => {
        // Hono's own reader keeps what it has read; whoever takes the request itself does not
        await (parser === "json-kept" ? c.req : c.req.raw).json();
        await next();
      });
    if (form === "handler")
      app.all(
        path,
        honoWebhook(verifier, async (event, c) => reply(c, await handle(event))),
      );
    else app.all(path, honoWebhook(verifier), async (c) => reply(c, (await handle(c.var.webhook.event)) ?? { status: 200 }) as Response);
  }
  return withControl(control, (request, info) => app.fetch(request, info));
}

function reply(c: Context, answer: Answer): Response | undefined {
  return typeof answer === "object" ? c.body(null, answer.status as 200) : undefined;
}
