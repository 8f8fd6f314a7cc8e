import type { WebhookEvent } from "@countersign/core";
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from "@nestjs/common";
import { toPlatform } from "./platform.js";

type Pipe = PipeTransform | Type<PipeTransform>;

/**
 * Gives a handler's parameter the event that `@Webhook` has accepted, or one part of it, as the pipes leave it. A pipe that throws
 * is a handler that failed.
 *
 * @throws Error on a route without `@Webhook`
 * @example
 * handle(@Event() event: WebhookEvent, @Event("payload") order: Order) {}
 */
export const Event: (part?: keyof WebhookEvent | Pipe, ...pipes: Pipe[]) => ParameterDecorator = createParamDecorator(
  (part: keyof WebhookEvent | undefined, context: ExecutionContext) => {
    const accepted = toPlatform(context).request.webhook;
    if (accepted === undefined) throw new Error("@Event: no webhook was accepted on this route; give it @Webhook(verifier)");
    return part === undefined ? accepted.event : accepted.event[part];
  },
);
