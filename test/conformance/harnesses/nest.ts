import "reflect-metadata";
import type { AddressInfo } from "node:net";
import type { WebhookEvent } from "@countersign/core";
import { Event, Webhook } from "@countersign/nest";
import { conformanceCases, createStages, type Harness, type Stage } from "@countersign/testing/conformance";
import { All, type ArgumentsHost, Controller, createParamDecorator, type INestApplication, Module, Res, type Type } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";

/** Nest has parsers of its own in front, and keeps raw bodies for its guards. */
const TRAITS = ["sockets", "raw-target", "addresses", "methods", "background", "error-handler"] as const;

const createHarness = (name: string, traits: Harness["traits"], createAdapter: () => ExpressAdapter | FastifyAdapter): Harness => ({
  name,
  traits,
  forms: ["handler"],
  async open() {
    const { stages, at, control } = createStages(conformanceCases);
    class AppModule {}
    Module({ controllers: stages.map(toController) })(AppModule);
    const options = { rawBody: true, logger: false, forceCloseConnections: true } as const;
    const app: INestApplication = await NestFactory.create(AppModule, createAdapter() as ExpressAdapter, options);
    app.useGlobalFilters({
      catch(error: unknown, host: ArgumentsHost) {
        const { url } = host.switchToHttp().getRequest<{ url: string }>();
        const { status = 500 } = (error ?? {}) as { status?: number };
        host
          .switchToHttp()
          .getResponse<Reply>()
          .status(at(url)?.errorsAnswer200 ? 200 : status)
          .send("failed");
      },
    });
    await app.listen(0, "127.0.0.1");
    return { port: (app.getHttpServer().address() as AddressInfo).port, control, close: () => app.close() };
  },
});

/** What Express's response and Fastify's reply have in common. */
interface Reply {
  status(status: number): Reply;
  send(body?: string): unknown;
}

/** Stands in for `@Res()`, by which a handler says that it answers for itself. */
const Nothing = createParamDecorator(() => undefined);

function toController({ path, verifier, handle, answers }: Stage): Type {
  class WebhookController {
    async handle(event: WebhookEvent, reply: Reply): Promise<void> {
      const answer = await handle(event);
      if (typeof answer === "object") reply.status(answer.status);
    }
  }
  const { prototype } = WebhookController;
  const method = Object.getOwnPropertyDescriptor(prototype, "handle") as PropertyDescriptor;
  Controller()(WebhookController);
  Event()(prototype, "handle", 0);
  (answers ? Res({ passthrough: true }) : Nothing())(prototype, "handle", 1);
  for (const decorate of [All(path), Webhook(verifier)]) decorate(prototype, "handle", method);
  return WebhookController;
}

export const nestOnExpress = createHarness("Nest on Express", [...TRAITS, "any-type"], () => new ExpressAdapter());
// Nest lets Fastify refuse the types that it has no parser for
export const nestOnFastify = createHarness("Nest on Fastify", TRAITS, () => new FastifyAdapter());
