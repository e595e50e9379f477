// A vitest reporter that counts every test once, with the reason of each that was skipped, for scripts/test.mjs.
import { writeFileSync } from 'node:fs';

export default class TestReporter {
  onTestRunEnd(testModules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: [] };
    for (const module of testModules) {
      for (const test of module.children.allTests()) this.#count(test, counts);
      // A file that cannot be loaded has no tests that could fail, a failing hook may fail none: they count as one.
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    }
    counts.failed += unhandledErrors.length;
    writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify(counts));
  }

  #count(test, counts) {
    const { state, note } = test.result();
    if (state === 'passed') counts.passed++;
    else if (state === 'failed') counts.failed++;
    else if (state === 'skipped') counts.skipped.push({ name: test.fullName, reason: note ?? 'no reason given' });
  }
}
