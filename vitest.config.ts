import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { readPackage, root, sourceNames } from './scripts/package-map.mjs';

// Tests run on the sources: 'gradus', 'gradus/data' and '#names' lead to src, not to dist.
const alias = [...sourceNames(readPackage())].map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: join(root, file),
}));

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/types/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './scripts/plain-reporter.mjs'],
  },
});
