import { memoryStore, type Store } from "@countersign/core";
import { ConfigurationError, webhook } from "@countersign/serverless/middy";
import middy from "@middy/core";
import { describe, expect, it } from "vitest";
import { signed, tampered, watched } from "./acme.js";
import { contextOf, eventOf, type Loose, SHAPES } from "./lambda-events.js";

/** A store whose commits take a while. */
const slowStore = (): Store => ({
  ...memoryStore(),
  commit: async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return "ok";
  },
});

const answer = (handler: Loose, event: Loose, context = contextOf()): Promise<Loose> => handler(event, context);

describe("webhook", () => {
  it.each(SHAPES)("puts the event of a genuine delivery into the context of a %s event", async (shape) => {
    const types: string[] = [];
    const handler = middy()
      .use(webhook(watched().verifier))
      .handler(async (_request, context) => void types.push(context.webhook.event.type));
    expect(await answer(handler, eventOf(shape, signed()))).toMatchObject({ statusCode: 200, body: "" });
    expect(types).toEqual(["order.paid"]);
  });

  it("answers a refusal early: neither later middlewares nor the handler run", async () => {
    const { verifier, records } = watched();
    const handler = middy()
      .use(webhook(verifier))
      .before(() => expect.unreachable())
      .handler(() => expect.unreachable());
    expect(await answer(handler, eventOf("http", tampered(signed())))).toMatchObject({ statusCode: 401 });
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("answers a second delivery of an event with success, and does not run the handler again", async () => {
    let runs = 0;
    const handler = middy()
      .use(webhook(watched().verifier))
      .handler(async () => void runs++);
    const event = eventOf("rest", signed());
    await answer(handler, event);
    expect((await answer(handler, event)).statusCode).toBe(200);
    expect(runs).toBe(1);
  });

  it("judges the response as all other middlewares left it", async () => {
    let runs = 0;
    const handler = middy()
      .use(webhook(watched().verifier))
      .after((request) => {
        if (++runs === 1) request.response = { statusCode: 503, body: "later" };
      })
      .handler(async () => ({ statusCode: 202, body: "taken" }));
    const event = eventOf("alb-multi-value", signed());
    expect(await answer(handler, event)).toMatchObject({ statusCode: 503, statusDescription: "503 Error", multiValueHeaders: {} });
    expect(await answer(handler, event)).toMatchObject({ statusCode: 202 });
    await answer(handler, event);
    expect(runs).toBe(2);
  });

  it.each(["text", 7, { taken: true }])(
    "takes a handler that returns %j for one that succeeded, and commits before it answers",
    async (value) => {
      const { verifier, records } = watched({ store: slowStore() });
      const handler = middy()
        .use(webhook(verifier))
        .handler(async () => value);
      expect(await answer(handler, eventOf("http", signed()))).toMatchObject({ statusCode: 200, body: "" });
      expect(records).toMatchObject([{ outcome: "accepted", status: 200 }]);
    },
  );

  it("commits before an answer leaves", async () => {
    const { verifier, records } = watched({ store: slowStore() });
    const handler = middy()
      .use(webhook(verifier))
      .handler(async () => ({ statusCode: 202 }));
    expect((await answer(handler, eventOf("http", signed()))).statusCode).toBe(202);
    expect(records).toMatchObject([{ outcome: "accepted", status: 202 }]);
  });

  it("leaves the error of a middleware in front of it alone", async () => {
    const { verifier, records } = watched();
    const handler = middy()
      .before(() => {
        throw new Error("no configuration");
      })
      .use(webhook(verifier))
      .handler(() => expect.unreachable());
    await expect(answer(handler, eventOf("http", signed()))).rejects.toThrow("no configuration");
    expect(records).toEqual([]);
  });

  it("answers 500 for a handler that throws, and runs it again on the retry", async () => {
    const { verifier, records } = watched();
    let runs = 0;
    const handler = middy()
      .use(webhook(verifier))
      .handler(async () => {
        if (++runs === 1) throw new Error("out of stock");
      });
    const event = eventOf("http", signed());
    expect((await answer(handler, event)).statusCode).toBe(500);
    expect(records[0]).toMatchObject({ code: "HANDLER_FAILED", cause: expect.objectContaining({ message: "out of stock" }) });
    expect((await answer(handler, event)).statusCode).toBe(200);
  });

  it("keeps the response that another middleware made of an error, but for a success", async () => {
    const failing = (statusCode: number) =>
      middy()
        .use(webhook(watched().verifier))
        .onError((request) => {
          request.response = { statusCode, body: "handled" };
        })
        .handler(async () => {
          throw new Error("out of stock");
        });
    expect(await answer(failing(422), eventOf("http", signed()))).toMatchObject({ statusCode: 422, body: "handled" });
    expect(await answer(failing(200), eventOf("http", signed()))).toMatchObject({ statusCode: 500 });
  });

  it.each([
    ["answers", async () => ({ statusCode: 202, headers: { "x-one": "1" } }), 202],
    ["answers nothing", async () => {}, 200],
    [
      "throws",
      async () => {
        throw new Error("out of stock");
      },
      500,
    ],
  ])("answers in the shape of the event as it came, whatever a parser put in its place: a handler %s", async (_, act, statusCode) => {
    const handler = middy()
      .use(webhook(watched().verifier))
      .before((request: Loose) => {
        request.event = { order: 42 };
      })
      .handler(act);
    expect(await answer(handler, eventOf("alb-multi-value", signed()))).toMatchObject({
      statusCode,
      statusDescription: expect.stringContaining(String(statusCode)),
      multiValueHeaders: {},
    });
  });

  it("sends what another middleware made of an error in the shape of the event", async () => {
    const handler = middy()
      .use(webhook(watched().verifier))
      .onError((request) => {
        request.response = { statusCode: 422, headers: { "x-one": "1" }, body: "handled" };
      })
      .handler(async () => {
        throw new Error("out of stock");
      });
    expect(await answer(handler, eventOf("alb-multi-value", signed()))).toEqual({
      statusCode: 422,
      statusDescription: "422 Error",
      multiValueHeaders: { "x-one": ["1"] },
      body: "handled",
      isBase64Encoded: false,
    });
  });

  it.each([undefined, "422", 1000])(
    "answers 500 where another middleware makes a response of statusCode %s of an error",
    async (statusCode) => {
      const handler = middy()
        .use(webhook(watched().verifier))
        .onError((request) => {
          request.response = { statusCode, body: "handled" };
        })
        .handler(async () => {
          throw new Error("out of stock");
        });
      expect((await answer(handler, eventOf("http", signed()))).statusCode).toBe(500);
    },
  );

  it("leaves the claim of a handler that ran out of time to its lease", async () => {
    const { verifier, records } = watched();
    const handler = middy({ timeoutEarlyInMillis: 300 })
      .use(webhook(verifier))
      .handler(() => new Promise(() => {}));
    const event = eventOf("http", signed());
    expect((await answer(handler, event, contextOf(600))).statusCode).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_TIMEOUT");
    expect((await answer(handler, event)).statusCode).toBe(503);
    expect(records[1]?.duplicate).toBe("running");
  });

  it("keeps invocations apart that share what Middy calls internal", async () => {
    const { verifier } = watched();
    const handler = middy({ internal: {} })
      .use(webhook(verifier))
      .handler(async (_request, context) => ({ statusCode: 200, body: String(context.webhook.event.id) }));
    const deliveries = [signed(), signed(), signed()];
    const results = await Promise.all(deliveries.map((delivery) => answer(handler, eventOf("http", delivery))));
    expect(results.map(({ body }) => body)).toEqual(deliveries.map(({ id }) => id));
  });

  it("answers an event of unknown shape with a coded 500", async () => {
    const { verifier, records } = watched();
    const handler = middy()
      .use(webhook(verifier))
      .handler(() => expect.unreachable());
    expect((await answer(handler, { Records: [] })).statusCode).toBe(500);
    expect(records[0]?.code).toBe("MISCONFIGURED");
  });

  it("refuses a body that an earlier middleware parsed", async () => {
    const { verifier, records } = watched();
    const handler = middy()
      .before((request: Loose) => {
        request.event.body = JSON.parse(request.event.body);
      })
      .use(webhook(verifier))
      .handler(() => expect.unreachable());
    expect((await answer(handler, eventOf("http", signed()))).statusCode).toBe(500);
    expect(records[0]?.code).toBe("BODY_ALREADY_PARSED");
  });

  it("says so where it stands twice, which would take its own claim for another delivery's", async () => {
    const { verifier, records } = watched();
    const handler = middy()
      .use([webhook(verifier), webhook(verifier)])
      .handler(() => expect.unreachable());
    expect((await answer(handler, eventOf("http", signed()))).statusCode).toBe(500);
    expect(records).toMatchObject([{ code: "BODY_ALREADY_PARSED", detail: expect.stringContaining("webhook stands twice on this route") }]);
  });

  it("takes invocations that share one context", async () => {
    const handler = middy()
      .use(webhook(watched().verifier))
      .handler(async (_request, context) => ({ statusCode: 200, body: String(context.webhook.event.id) }));
    const context = contextOf();
    for (const delivery of [signed(), signed()]) expect((await answer(handler, eventOf("http", delivery), context)).body).toBe(delivery.id);
  });

  it("throws while being made for what is no verifier, and for a handler, which it would not run", () => {
    const { verifier } = watched();
    expect(() => webhook(undefined as Loose)).toThrow(ConfigurationError);
    const fulfil = async (): Promise<void> => {};
    expect(() => (webhook as Loose)(verifier, fulfil)).toThrow(/middy\(\)\.use\(webhook\(verifier\)\)\.handler\(/);
  });

  it.each([undefined, "abc", Number.NaN, 1000])("takes a statusCode of %s for a failure, and says so", async (statusCode) => {
    const { verifier, records } = watched();
    const answers: Loose[] = [{ statusCode }];
    const handler = middy()
      .use(webhook(verifier))
      .handler(async () => answers.shift());
    const event = eventOf("alb", signed());
    expect((await answer(handler, event)).statusCode).toBe(500);
    expect(records[0]).toMatchObject({ code: "HANDLER_FAILED", cause: { message: expect.stringContaining("statusCode") } });
    expect((await answer(handler, event)).statusCode).toBe(200);
    expect(records[1]?.duplicate).toBeUndefined();
  });

  it("answers 500 for a handler that ends when its time is over, whatever it answers", async () => {
    const { verifier, records } = watched({ handlerTimeout: 0.02 });
    const handler = middy()
      .use(webhook(verifier))
      .handler(async (_request, context) => {
        const { signal } = context.webhook.event;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return { statusCode: 200, body: "late" };
      });
    const event = eventOf("http", signed());
    expect((await answer(handler, event)).statusCode).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_TIMEOUT");
    expect((await answer(handler, event)).statusCode).toBe(503);
  });
});
