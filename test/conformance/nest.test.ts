import { driveHarness } from "./drive-harness.js";
import { nestOnExpress, nestOnFastify } from "./harnesses/nest.js";

driveHarness(nestOnExpress);
driveHarness(nestOnFastify);
