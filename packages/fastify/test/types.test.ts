import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyTypeProvider } from "fastify";
import Fastify4 from "fastify4";
import { describe, expectTypeOf, it } from "vitest";
import { type EventSink, type Verifier, type WebhookEvent, webhook, webhookOf } from "../src/index.js";

type Order = WebhookEvent<"order.created", { orderId: string }> | WebhookEvent<"order.paid", { cents: number }>;

/** Compiled, and never run: what a user writes, against both major versions. */
function compiled(
  verifier: Verifier<Order>,
  sink: EventSink<Order>,
  wide: EventSink<WebhookEvent>,
  other: EventSink<WebhookEvent<"zz", 1>>,
): void {
  const app = Fastify();
  app.post(
    "/",
    webhook(verifier, async (event, request, reply) => {
      expectTypeOf(event).toEqualTypeOf<Order>();
      if (event.type === "order.paid") expectTypeOf(event.payload.cents).toBeNumber();
      request.log.info(request.ip);
      return reply.code(204).send();
    }),
  );
  app.post(
    "/",
    webhook(verifier, async () => {}),
  );
  app.post("/", webhook(verifier, sink));
  app.post("/", webhook(verifier, wide));
  // @ts-expect-error a sink of other events
  app.post("/", webhook(verifier, other));
  app.all(
    "/",
    webhook(verifier, () => {}),
  );
  app.post("/", webhook(verifier), async (request) => {
    expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>();
    expectTypeOf(request.body).toEqualTypeOf<Order["payload"]>();
  });
  app.post("/", { ...webhook(verifier), preHandler: async () => {} }, async (request, reply) => {
    expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>();
    return reply.send();
  });
  app.route({
    method: "POST",
    url: "/",
    ...webhook(verifier),
    handler: async (request) => {
      expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>();
    },
  });
  app.route({ method: ["GET", "POST"], url: "/", ...webhook(verifier, async () => {}) });
  app.post("/plain", async (request) => {
    expectTypeOf(webhookOf(request).event).toEqualTypeOf<WebhookEvent>();
  });

  const app4 = Fastify4() as unknown as FastifyInstance;
  app4.post(
    "/",
    webhook(verifier, async (event) => expectTypeOf(event).toEqualTypeOf<Order>()),
  );

  const https = Fastify({ https: {} });
  https.post(
    "/",
    webhook(verifier, async (event) => expectTypeOf(event).toEqualTypeOf<Order>()),
  );
  https.post("/", webhook(verifier), async (request) => expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>());
  const http2 = Fastify({ http2: true });
  http2.post(
    "/",
    webhook(verifier, async (event) => expectTypeOf(event).toEqualTypeOf<Order>()),
  );
  http2.post("/", webhook(verifier), async (request) => expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>());
  interface Own extends FastifyTypeProvider {
    readonly validator: this["schema"];
  }
  const typed = Fastify().withTypeProvider<Own>();
  typed.post(
    "/",
    webhook(verifier, async (event) => expectTypeOf(event).toEqualTypeOf<Order>()),
  );
  typed.post("/", webhook(verifier), async (request) => expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>());
  const logged = Fastify({ loggerInstance: {} as FastifyBaseLogger & { own(): void } });
  logged.post(
    "/",
    webhook(verifier, async (event) => expectTypeOf(event).toEqualTypeOf<Order>()),
  );
  logged.post("/", webhook(verifier), async (request) => expectTypeOf(webhookOf(request).event).toEqualTypeOf<Order>());
}

describe("webhook", () => {
  it("gives handlers the event's type with no annotation, on any server, logger and type provider", () => {
    expectTypeOf(compiled).toBeFunction();
  });
});
