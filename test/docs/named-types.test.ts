/**
 * What is inferred for `export const verifier = createVerifier(...)` must have a name in the package that the line imports: where
 * dependencies of dependencies are out of reach, as under pnpm, a project with `declaration: true` does not compile otherwise (TS2742).
 */
import type { Store, Verifier } from "@countersign/core";
import type { Verifier as OfExpress } from "@countersign/express";
import type { Verifier as OfFastify } from "@countersign/fastify";
import type { Verifier as OfHono } from "@countersign/hono";
import type { Verifier as OfKoa } from "@countersign/koa";
import type { Verifier as OfNest } from "@countersign/nest";
import type { Verifier as OfAzure } from "@countersign/serverless/azure";
import type { Verifier as OfFetch } from "@countersign/serverless/fetch";
import type { Verifier as OfGcf } from "@countersign/serverless/gcf";
import type { Verifier as OfLambda } from "@countersign/serverless/lambda";
import type { Verifier as OfMiddy } from "@countersign/serverless/middy";
import type { Store as OfRedis } from "@countersign/stores/redis";
import { expectTypeOf, it } from "vitest";

type Verifiers = [OfExpress, OfFastify, OfHono, OfKoa, OfNest, OfAzure, OfFetch, OfGcf, OfLambda, OfMiddy];

it("types that are inferred have a name where they are imported", () => {
  expectTypeOf<Verifiers[number]>().toEqualTypeOf<Verifier>();
  expectTypeOf<OfRedis>().toEqualTypeOf<Store>();
});
