/** What a user writes with no annotation, held to the types by the compiler alone. */
import express from "express";
import { type EventSink, type WebhookEvent, type WebhookMiddleware, webhook } from "../src/index.js";
import { type AcmeEvent, acmeVerifier } from "./acme.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<T extends true>(): T;
declare const sink: EventSink<AcmeEvent>;
declare const wide: EventSink<WebhookEvent>;
declare const other: EventSink<WebhookEvent<"other", 1>>;

const app = express();
const { verifier } = acmeVerifier();

export const portable = async (event: AcmeEvent): Promise<void> => {
  if (event.type === "order.paid") event.payload.cents.toFixed();
};
app.post("/", webhook(verifier, portable));
app.post(
  "/:id",
  webhook(verifier, async (event, req, res) => {
    is<Equal<typeof event, AcmeEvent>>();
    req.ip?.length;
    res.sendStatus(204);
  }),
);
app.post("/", webhook(verifier, sink), webhook(verifier, wide));
// @ts-expect-error a sink of other events
app.post("/", webhook(verifier, other));
const ofText = (event: string): string => event;
// @ts-expect-error a handler of something else
app.post("/", webhook(verifier, ofText));

app.post("/:id", webhook(verifier), (req, res) => {
  const { event } = res.locals.webhook;
  is<Equal<typeof event, AcmeEvent>>();
  is<Equal<typeof req.params, express.Request["params"]>>();
  req.body.anything;
  res.end();
});
app.post("/", [webhook(verifier), (_req: express.Request, res: express.Response) => void res.end()]);
app.use("/", webhook(verifier));
export const middleware: WebhookMiddleware<AcmeEvent> = webhook(verifier);
