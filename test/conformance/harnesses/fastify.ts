import { webhook, webhookOf } from "@countersign/fastify";
import { type Answer, conformanceCases, createStages, type Harness } from "@countersign/testing/conformance";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import Fastify4 from "fastify4";
import { afterwards } from "../afterwards.js";
import { listening } from "../listening.js";

const TRAITS = ["sockets", "streams", "closes", "any-type", "raw-target", "addresses", "methods", "background"] as const;

function createHarness(name: string, make: () => FastifyInstance): Harness {
  return {
    name,
    traits: [...TRAITS, "error-handler", "break-off", "answers-first"],
    forms: ["handler", "middleware"],
    // to the middleware, what is answered first is the response
    without: { middleware: ["answers-first"] },
    async open(form) {
      const { stages, at, control } = createStages(conformanceCases);
      const app = make();
      app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
        if (at(request.url)?.errorsAnswer200) return reply.code(200).send("fine");
        return reply.code(error?.statusCode ?? 500).send("failed");
      });
      for (const { path, verifier, handle } of stages) {
        if (form === "handler")
          app.all(
            path,
            webhook(verifier, async (event, _request, reply) => {
              const answer = await handle(event);
              answerWith(reply, answer);
              await afterwards(answer);
            }),
          );
        else
          app.all(path, webhook(verifier), async (request, reply) => {
            answerWith(reply as FastifyReply, (await handle(webhookOf(request).event)) ?? { status: 200 });
            return reply;
          });
      }
      await app.ready();
      const { close, port } = await listening(app.server);
      return {
        port,
        control,
        async close() {
          await close();
          await app.close();
        },
      };
    },
  };
}

function answerWith(reply: FastifyReply, answer: Answer): void {
  if (typeof answer === "object") reply.code(answer.status).send();
  if (answer === "break-off") {
    reply.hijack();
    reply.raw.write("half");
  }
  if (answer === "break-off" || answer === "drop") reply.raw.destroy();
}

export const fastify5 = createHarness("Fastify 5", () => Fastify());
export const fastify4 = createHarness("Fastify 4", () => Fastify4() as unknown as FastifyInstance);
