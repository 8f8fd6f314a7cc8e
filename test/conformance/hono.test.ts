import { driveHarness } from "./drive-harness.js";
import { honoNode } from "./harnesses/hono.js";

driveHarness(honoNode);
