import "reflect-metadata";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { INestApplication, NestApplicationOptions, Type } from "@nestjs/common";
import type { NestFactoryStatic } from "@nestjs/core/nest-factory.js";
import { closeAfterEach } from "../../fastify/test/close-after-each.js";

// The platforms are installed beside the tests that cross packages, with a Nest of their own: two copies of it, as a package manager may
// leave them, must do.
const require = createRequire(new URL("../../../test/package.json", import.meta.url));
const { NestFactory } = require("@nestjs/core") as { NestFactory: NestFactoryStatic };
const { Module } = require("@nestjs/common") as typeof import("@nestjs/common");
type Adapter = Parameters<NestFactoryStatic["create"]>[1];
const { ExpressAdapter } = require("@nestjs/platform-express") as { ExpressAdapter: new () => Adapter };
const { FastifyAdapter } = require("@nestjs/platform-fastify") as { FastifyAdapter: new (options?: object) => Adapter };

export const platforms = [
  { platform: "Express", createAdapter: (_options?: object): Adapter => new ExpressAdapter() },
  { platform: "Fastify", createAdapter: (options?: object): Adapter => new FastifyAdapter(options) },
] as const;

type Options = NestApplicationOptions & { setUp?: (app: INestApplication) => void };

/** Makes the `listen` of a test file: it starts an app of one controller on a free port, and the app is closed after the test. */
export function createListen(): (createAdapter: () => Adapter, controller: Type, options?: Options) => Promise<number> {
  const closing = closeAfterEach();
  return async (createAdapter, controller, { setUp, ...options } = {}) => {
    class AppModule {}
    Module({ controllers: [controller] })(AppModule);
    const app = await NestFactory.create(AppModule, createAdapter() as never, {
      rawBody: true,
      logger: false,
      forceCloseConnections: true,
      ...options,
    });
    closing.push(app);
    setUp?.(app);
    await app.listen(0, "127.0.0.1");
    return (app.getHttpServer().address() as AddressInfo).port;
  };
}
