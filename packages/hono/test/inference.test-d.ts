/** What a user writes with no annotation, held to the types by the compiler alone. */
import { type Context, Hono } from "hono";
import { type AcmeEvent, acmeVerifier } from "../../express/test/acme.js";
import { type EventSink, type WebhookEvent, webhook } from "../src/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<T extends true>(): T;
declare const sink: EventSink<AcmeEvent>;
declare const wide: EventSink<WebhookEvent>;
declare const other: EventSink<WebhookEvent<"other", 1>>;

type Env = { Bindings: { DB: string } };
const app = new Hono<Env>();
const { verifier } = acmeVerifier();

export const portable = async (event: AcmeEvent): Promise<void> => {
  if (event.type === "order.paid") event.payload.cents.toFixed();
};
app.post("/", webhook(verifier, portable));
app.post(
  "/",
  webhook(verifier, async (event, c) => {
    is<Equal<typeof event, AcmeEvent>>();
    return c.body(null, 204);
  }),
);
app.post(
  "/",
  webhook(verifier, async (event, c: Context<Env>) => {
    is<Equal<typeof event, AcmeEvent>>();
    const { DB } = c.env;
    is<Equal<typeof DB, string>>();
  }),
);
app.post("/", webhook(verifier, sink));
app.post("/", webhook(verifier, wide));
// @ts-expect-error a sink of other events
app.post("/", webhook(verifier, other));

app.post("/", webhook(verifier), (c) => {
  const { event } = c.var.webhook;
  is<Equal<typeof event, AcmeEvent>>();
  const { DB } = c.env;
  is<Equal<typeof DB, string>>();
  return c.text("");
});
app.use(webhook(verifier));
