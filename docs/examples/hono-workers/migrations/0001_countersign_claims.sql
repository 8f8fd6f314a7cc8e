-- The table of d1Store, to be copied among the files of `wrangler d1 migrations`. May run any number of times, and is what store.migrate() runs.
CREATE TABLE IF NOT EXISTS "countersign_claims" (key TEXT PRIMARY KEY NOT NULL, token TEXT, tag TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
