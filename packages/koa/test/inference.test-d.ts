/** What a user writes with no annotation, held to the types by the compiler alone. */
import Router from "@koa/router";
import Koa from "koa";
import { type AcmeEvent, acmeVerifier } from "../../express/test/acme.js";
import { type EventSink, type WebhookEvent, webhook } from "../src/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<T extends true>(): T;
declare const sink: EventSink<AcmeEvent>;
declare const wide: EventSink<WebhookEvent>;
declare const other: EventSink<WebhookEvent<"other", 1>>;

const router = new Router();
const { verifier } = acmeVerifier();

export const portable = async (event: AcmeEvent): Promise<void> => {
  if (event.type === "order.paid") event.payload.cents.toFixed();
};
router.post("/", webhook(verifier, portable));
router.post(
  "/",
  webhook(verifier, async (event, ctx) => {
    is<Equal<typeof event, AcmeEvent>>();
    ctx.status = 204;
  }),
);
router.post("/", webhook(verifier, sink));
router.post("/", webhook(verifier, wide));
// @ts-expect-error a sink of other events
router.post("/", webhook(verifier, other));

router.post("/", webhook(verifier), (ctx) => {
  const { event } = ctx.state.webhook;
  is<Equal<typeof event, AcmeEvent>>();
});
new Koa().use(webhook(verifier, portable)).use(webhook(verifier));
