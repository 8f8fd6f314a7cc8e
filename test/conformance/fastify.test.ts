import { driveHarness } from "./drive-harness.js";
import { fastify4, fastify5 } from "./harnesses/fastify.js";

driveHarness(fastify5);
driveHarness(fastify4);
