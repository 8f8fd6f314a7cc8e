/** The deliveries of the demo, in order, each with what should come of it. */
import { deliver, type Outcome, type Sent } from "./deliver.js";
import type { DemoServer } from "./servers.js";
import { askMeta, signGithub, signStandard, signStripe, signTwilio, stripeEvent } from "./sign.js";
import { MAX_BYTES } from "./verifiers.js";

/** One line of the table. */
export interface Row {
  readonly delivery: string;
  readonly framework: string;
  readonly expected: Outcome;
  readonly seen: Outcome;
  readonly milliseconds: number;
}

const accepted = (status: Outcome["status"] = 200, reason = ""): Outcome => ({ verdict: "accepted", reason, status, ran: true });
const rejected = (status: number, reason: string): Outcome => ({ verdict: "rejected", reason, status, ran: false });
const duplicate = (reason: string, status = 200): Outcome => ({ verdict: "duplicate", reason, status, ran: false });
const handshake: Outcome = { verdict: "handshake", reason: "", status: 200, ran: false };

const withHeaders = (sent: Sent, headers: Readonly<Record<string, string>>): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...headers },
});
const without = (sent: Sent, name: string): Sent => ({
  ...sent,
  headers: Object.fromEntries(Object.entries(sent.headers).filter(([given]) => given !== name)),
});

/** Sends them all to one server. */
export async function* sendDeliveries({ framework, port }: DemoServer): AsyncGenerator<Row> {
  const row = async (delivery: string, expected: Outcome, outcome: ReturnType<typeof deliver>["outcome"]): Promise<Row> => {
    const { milliseconds, ...seen } = await outcome;
    return { delivery, framework, expected, seen, milliseconds };
  };
  const send = (delivery: string, expected: Outcome, sent: Sent): Promise<Row> => row(delivery, expected, deliver(port, sent).outcome);

  const body = stripeEvent();
  const genuine = signStripe(body);
  yield send("Stripe: genuine", accepted(), genuine);
  yield send("Stripe: the same, replayed", duplicate("exact"), genuine);
  yield send("Stripe: redelivered, signed anew", duplicate("redelivery"), signStripe(body, { seconds: 1 }));

  const other = signStripe(stripeEvent());
  yield send("Stripe: one byte tampered with", rejected(401, "SIGNATURE_MISMATCH"), { ...other, body: other.body.replace("4200", "4201") });
  yield send("Stripe: another secret", rejected(401, "SIGNATURE_MISMATCH"), signStripe(stripeEvent(), { secret: "whsec_guessed" }));
  yield send("Stripe: unsigned", rejected(401, "HEADER_MISSING"), without(other, "stripe-signature"));
  yield send("Stripe: ten minutes old", rejected(401, "TIMESTAMP_TOO_OLD"), signStripe(stripeEvent(), { seconds: -600 }));
  yield send("Stripe: dated ten minutes ahead", rejected(401, "TIMESTAMP_IN_FUTURE"), signStripe(stripeEvent(), { seconds: 600 }));
  yield send(
    "Stripe: from a wrong address",
    rejected(403, "ADDRESS_NOT_ALLOWED"),
    withHeaders(other, { "x-forwarded-for": "198.51.100.9" }),
  );
  yield send("Stripe: over plain HTTP", rejected(403, "HTTPS_REQUIRED"), withHeaders(other, { "x-forwarded-proto": "http" }));
  yield send("Stripe: by GET", rejected(405, "METHOD_NOT_ALLOWED"), { ...other, method: "GET", body: "" });
  yield send("Stripe: over the limit", rejected(413, "BODY_TOO_LARGE"), signStripe(stripeEvent("succeed", MAX_BYTES)));
  yield send("Stripe: parsed before it was verified", rejected(500, "BODY_ALREADY_PARSED"), { ...other, url: "/parsed/stripe" });

  const failing = stripeEvent("fail once");
  yield send("Stripe: its handler fails", accepted(500, "HANDLER_FAILED"), signStripe(failing));
  yield send("Stripe: redelivered after the failure", accepted(), signStripe(failing, { seconds: 1 }));

  const shared = signStripe(stripeEvent("wait"));
  const first = deliver(port, shared);
  await first.started;
  const second = await send("Stripe: concurrent, the second", duplicate("CLAIM_BUSY", 503), shared);
  first.proceed();
  yield row("Stripe: concurrent, the first", accepted(), first.outcome);
  yield second;

  const slow = stripeEvent("wait");
  const left = deliver(port, signStripe(slow));
  await left.started;
  await left.hangUp();
  const early = await send("Stripe: retried while its handler runs", duplicate("CLAIM_BUSY", 503), signStripe(slow));
  left.proceed();
  yield row("Stripe: hung up, its handler goes on", accepted("hung up"), left.outcome);
  yield early;
  yield send("Stripe: retried once its handler is done", duplicate("redelivery"), signStripe(slow, { seconds: 1 }));

  const push = JSON.stringify({ ref: "refs/heads/main" });
  yield send("GitHub: genuine", accepted(), await signGithub(push));
  yield send("GitHub: that body under another id", accepted(200, "repeats: done"), await signGithub(push));
  yield send("Standard Webhooks: genuine", accepted(), signStandard());
  const message = signTwilio();
  yield send("Twilio: genuine", accepted(), message);
  yield send("Twilio: a form field tampered with", rejected(401, "SIGNATURE_MISMATCH"), {
    ...message,
    body: message.body.replace("delivered", "undelivered"),
  });
  yield send("Meta: handshake", handshake, askMeta());
  yield send("Meta: handshake with a guessed token", rejected(401, "HANDSHAKE_REFUSED"), askMeta("guess"));
}
