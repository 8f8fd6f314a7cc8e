// What ran and how it went: a line per runtime, and the sums.

export function createResults() {
  const all = [];
  // a rejection that nobody handles in the end is a failure of its own
  const unhandled = new Set();
  const reasons = new Map();
  process.on("unhandledRejection", (error, promise) => {
    unhandled.add(promise);
    reasons.set(promise, error);
  });
  process.on("rejectionHandled", (promise) => unhandled.delete(promise));

  return {
    all,
    /** `{ runtime, suite, form, name, outcome, reason, lacks }` */
    add(result) {
      all.push(result);
      if (result.outcome === "failed") console.log(`FAILED  ${result.runtime}, ${result.suite}: ${result.name}\n        ${result.reason}`);
    },
    line(runtime, suite) {
      console.log(`${runtime}, ${suite}: ${count(all.filter((one) => one.runtime === runtime && one.suite === suite))}`);
    },
    endUnhandled() {
      for (const promise of unhandled)
        this.add({
          runtime: "driver",
          suite: "rejections",
          name: "handles every rejection",
          outcome: "failed",
          reason: reasons.get(promise)?.stack,
        });
    },
    end() {
      console.log(count(all));
      return all.some(({ outcome }) => outcome === "failed") ? 1 : 0;
    },
  };
}

function count(results) {
  const sum = (wanted) => results.filter(({ outcome }) => outcome === wanted).length;
  return `${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`;
}
