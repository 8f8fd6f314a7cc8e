import { createRequire } from "node:module";
import Koa from "koa";

/** Both lines of Koa, under the types of the newer. */
export const VERSIONS: [string, typeof Koa][] = [
  ["Koa 3", Koa],
  ["Koa 2", createRequire(import.meta.url)("koa2") as typeof Koa],
];

/** An app that says nothing of errors on the console. */
export function makeApp(make: typeof Koa): Koa {
  const app = new make();
  app.silent = true;
  return app;
}
