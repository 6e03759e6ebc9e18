// A vitest reporter that ends the run with one plain line: "N passed, N failed".
export default class PlainReporter {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const before = failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
      }
      // A file that does not load, or a hook that throws, fails without a failed test.
      if (failed === before && module.state() === 'failed') failed += 1;
    }
    console.log(`${passed} passed, ${failed} failed`);
  }
}
