import { driveHarness } from "./drive-harness.js";
import { koa2, koa3 } from "./harnesses/koa.js";

driveHarness(koa3);
driveHarness(koa2);
