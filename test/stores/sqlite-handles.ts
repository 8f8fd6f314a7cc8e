import Database from "libsql";
import { afterEach, beforeEach } from "vitest";
import { makeDatabaseFile } from "./sqlite-harness.js";

/** Gives each test of a suite one database file; what is opened on it, or on another name, is closed afterwards, and the file gone. */
export function databaseForEach() {
  let place: ReturnType<typeof makeDatabaseFile>;
  let handles: InstanceType<typeof Database>[];
  beforeEach(() => {
    place = makeDatabaseFile();
    handles = [];
  });
  afterEach(() => {
    for (const handle of handles) handle.close();
    place.remove();
  });
  return {
    file: () => place.file,
    open(name = place.file) {
      const handle = new Database(name);
      handles.push(handle);
      return handle;
    },
  };
}
