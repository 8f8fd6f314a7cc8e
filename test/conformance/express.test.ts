import { driveHarness } from "./drive-harness.js";
import { express4, express5 } from "./harnesses/express.js";

driveHarness(express5);
driveHarness(express4);
