import type { WebhookEvent } from "@countersign/core";
import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import { toPlatform } from "./platform.js";

/**
 * Gives a handler's parameter the event that `@Webhook` has accepted, or one part of it.
 *
 * @throws Error on a route without `@Webhook`
 * @example
 * handle(@Event() event: WebhookEvent, @Event("payload") order: Order) {}
 */
export const Event: (part?: keyof WebhookEvent) => ParameterDecorator = createParamDecorator(
  (part: keyof WebhookEvent | undefined, context: ExecutionContext) => {
    const accepted = toPlatform(context).request.webhook;
    if (accepted === undefined) throw new Error("@Event: no webhook was accepted on this route; give it @Webhook(verifier)");
    return part === undefined ? accepted.event : accepted.event[part];
  },
);
