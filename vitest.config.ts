import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { readPackage, root, sourceNames } from './scripts/package-map.mjs';

// Tests run on the sources: 'gradus', 'gradus/data' and '#names' lead to src, not to dist.
const alias = [...sourceNames(readPackage())].map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: join(root, file),
}));

// Every engine of the CPU device runs the conformance suite; the first, the usual one, runs everything.
// test/conformance/engine.test.ts checks that the engine named here is the one that computes.
const conformance = ['test/conformance/**/*.test.ts'];
// The suite under compile(): the passes are the same for all, so one engine of each kind is enough.
const compiled = 'test/conformance/compiled*.test.ts';
// Kernels that compile for the engine itself, not for each in turn.
const contractions = 'src/kernel/contraction/**/*.test.ts';
const everything = ['src/**/*.test.ts', 'test/**/*.test.ts'];
// Machine code runs on Linux, with koffi's library; elsewhere WebAssembly is the usual engine.
const native = existsSync(join(root, 'node_modules/@koromix/koffi-linux-x64'));
const flags = native && process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
const engines = [
  {
    name: 'x64',
    cpu: 'x64',
    engine: 'x86-64 machine code (avx512)',
    runs: flags.includes(' avx512vl'),
    include: everything,
    // Not told: Gradus itself must choose it.
    env: {},
  },
  {
    name: 'x64-avx2',
    cpu: 'x64',
    engine: 'x86-64 machine code (avx2)',
    runs: flags.includes(' avx2') && flags.includes(' fma'),
    include: conformance,
    env: { GRADUS_CPU: 'x64', GRADUS_ISA: 'avx2' },
  },
  {
    name: 'wasm-relaxed',
    cpu: 'wasm',
    engine: 'WebAssembly SIMD (wasm-relaxed)',
    include: conformance,
    env: { GRADUS_CPU: 'wasm' },
  },
  {
    name: 'wasm',
    cpu: 'wasm',
    engine: 'WebAssembly SIMD (wasm)',
    include: [...conformance, contractions],
    exclude: [compiled],
    env: { GRADUS_CPU: 'wasm', GRADUS_WASM_RELAXED: '0' },
  },
  {
    name: 'reference',
    cpu: 'reference',
    engine: 'reference interpreter (float64)',
    include: conformance,
    exclude: [compiled],
    env: { GRADUS_CPU: 'reference' },
  },
];

// `GRADUS_CPU=wasm npm test` runs everything on that engine.
const asked = process.env.GRADUS_CPU;
const chosen = engines
  .filter(({ cpu, runs = true }) => runs && (asked === undefined || cpu === asked))
  .map((e, i) => (i === 0 ? { ...e, include: everything } : e));

const left = ['test/types/**', 'node_modules/**', 'dist/**'];

export default defineConfig({
  resolve: { alias },
  test: {
    exclude: left,
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    // Machines that others use at the same time are several times slower; the reference is slow itself.
    testTimeout: asked === 'reference' ? 600_000 : 60_000,
    hookTimeout: 30_000,
    reporters: ['default', './scripts/plain-reporter.mjs'],
    projects: chosen.map(({ name, engine, include, env, exclude = [] }, i) => ({
      extends: true as const,
      // The first engine runs everything.
      test: {
        name,
        include,
        env: { ...env, GRADUS_TEST_ENGINE: engine },
        ...(i === 0 ? {} : { exclude: [...left, ...exclude] }),
      },
    })),
  },
});
