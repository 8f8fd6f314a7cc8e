import { createServer } from "node:http";
import { fromNodeRequest, outcomeOf, sendNodeReply, serve, serveNext } from "@countersign/core/adapter";
import { conformanceCases, createStages, type Harness } from "@countersign/testing/conformance";
import { listening } from "../listening.js";

/** No framework: what core offers to adapters, on Node's own server. */
export const nodeHttp: Harness = {
  name: "core on node:http",
  traits: ["sockets", "streams", "closes", "any-type", "raw-target", "addresses", "methods", "background", "break-off"],
  forms: ["handler", "middleware"],
  async open(form) {
    const { at, control } = createStages(conformanceCases);
    const server = createServer(async (request, response) => {
      const stage = at(new URL(request.url ?? "/", "http://localhost").pathname);
      if (stage === undefined) return void response.writeHead(404).end();
      const delivery = fromNodeRequest(request);
      if (form === "handler") {
        const served = await serve(stage.verifier, delivery, stage.handle, (answer) => {
          if (answer !== "break-off" && answer !== "drop") return typeof answer === "object" ? answer.status : undefined;
          if (answer === "break-off") response.write("half");
          response.destroy();
          throw new Error("broken off");
        });
        sendNodeReply(
          request,
          response,
          served.reply ?? { status: typeof served.answer === "object" ? served.answer.status : 500, headers: {}, body: null },
        );
        return;
      }
      const served = await serveNext(stage.verifier, delivery, async (event) => {
        const outcome = outcomeOf(request, response);
        const answer = await stage.handle(event).catch((error: unknown) => {
          outcome.catch(() => {});
          throw error;
        });
        if (answer === "break-off" || answer === "drop") {
          if (answer === "break-off") response.write("half");
          response.destroy();
        } else response.writeHead(typeof answer === "object" ? answer.status : 200, { "content-length": 0 }).end();
        return outcome;
      });
      if (served.reply !== undefined) sendNodeReply(request, response, served.reply);
    });
    return { ...(await listening(server)), control };
  },
};
