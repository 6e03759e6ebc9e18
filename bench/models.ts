/**
 * Runs the models of examples/models eagerly and compiled, and writes what came of it as a page.
 * Usage: npm run docs:models
 */
import { writeFileSync } from 'node:fs';
import { compile, devices, manualSeed, Tensor } from 'gradus';
import { type Losses, models, type Recipe, type Training } from '../examples/models/index.ts';

const STEPS = 5;
const MIN_ROUNDS = 5;
/** For all rounds of a model. */
const BUDGET_MS = 1500;

interface Row {
  readonly recipe: Recipe;
  readonly recorded: string;
  /** Ops of the recorded step; null where that cannot be told. */
  readonly ops: number | null;
  readonly bits: string;
  readonly first: number;
  readonly eager: number;
  readonly compiled: number;
}

const numbers = (losses: Losses): number[] =>
  (losses instanceof Tensor ? [losses] : Object.values(losses)).map((loss) => loss.item());

function timed(f: () => Losses): number {
  const start = performance.now();
  numbers(f()); // the step has ended when its loss can be read
  return performance.now() - start;
}

/** The bits of the losses of some steps, and of the model they lead to. */
function bitsOf({ model }: Training, step: () => Losses): string {
  manualSeed(2);
  const losses = Array.from({ length: STEPS }, () => numbers(step()));
  const state = Object.values(model.stateDict()).map((t) => Buffer.from(t.data().buffer));
  return JSON.stringify(losses) + state.map((b) => b.toString('base64')).join();
}

function made(recipe: Recipe): Training {
  manualSeed(0);
  return recipe.make();
}

function measure(recipe: Recipe): Row {
  const [plain, own, spare] = [made(recipe), made(recipe), made(recipe)];
  manualSeed(1);
  const batch = plain.inputs();
  // As in a program that has run eagerly before: kernels of single ops are there.
  const eagerStep = () => plain.step(...batch);
  const want = bitsOf(plain, eagerStep);
  const compile_ = (t: Training) => compile((...inputs: Tensor[]) => t.step(...inputs));
  const first = compile_(spare);
  const firstCall = timed(() => first(...batch));
  const step = compile_(own);
  const compiledStep = () => step(...batch);
  const got = bitsOf(own, compiledStep);
  let [eager, compiled] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const start = performance.now();
  for (let i = 0; i < MIN_ROUNDS || performance.now() - start < BUDGET_MS; i++) {
    eager = Math.min(eager, timed(eagerStep));
    compiled = Math.min(compiled, timed(compiledStep));
  }
  const graph = (step as { graph?: (...args: Tensor[]) => { readonly nodes: readonly unknown[] } })
    .graph;
  return {
    recipe,
    recorded: /recorded (once|\d+ times)/.exec(step.explain())?.[1] ?? '?',
    ops: graph === undefined ? null : graph(...batch).nodes.length,
    bits: got === want ? 'equal' : 'DIFFER',
    first: firstCall,
    eager,
    compiled,
  };
}

/** Three digits, or milliseconds in whole numbers. */
const ms = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(3));

function page(rows: readonly Row[], version: string): string {
  const [{ engine, isa, threads }] = devices();
  const withOps = rows.every((r) => r.ops !== null);
  const head = [
    'model',
    'recorded',
    ...(withOps ? ['ops'] : []),
    'bits',
    'first call',
    'eager',
    'compiled',
    'ratio',
  ];
  const table = rows.map((r) => [
    `[${r.recipe.name}](../examples/models/${r.recipe.name}.ts)`,
    r.recorded,
    ...(withOps ? [String(r.ops)] : []),
    r.bits,
    ms(r.first),
    ms(r.eager),
    ms(r.compiled),
    (r.compiled / r.eager).toFixed(2),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `# Twenty models, eager and compiled

Made by \`npm run docs:models\`; not edited by hand. ${engine}, ${isa}, ${threads} thread${threads === 1 ? '' : 's'};
Gradus ${version}, Node ${process.versions.node}.

Each model of \`examples/models\` makes whole training steps: forward, loss, gradients, optimiser, random
numbers and running statistics. \`compile\` records the step without a fallback. *Bits* compares the
losses of ${STEPS} steps and the parameters and buffers after them with those of eager code. *First call* is
recording, compiling and running, *eager* and *compiled* are one step each, in milliseconds: the minimum of
interleaved rounds. *Ratio* is compiled over eager.

${[head, head.map(() => '---'), ...table].map(line).join('\n')}

${rows.map((r) => `- **${r.recipe.name}**: ${r.recipe.describe}`).join('\n')}
`;
}

const [, , path, version = '(these sources)'] = process.argv;
const rows = models.map((recipe) => {
  const row = measure(recipe);
  const { recorded, bits, first, eager, compiled } = row;
  console.log(
    `${recipe.name.padEnd(22)} recorded ${recorded}, bits ${bits}, first ${ms(first)}, ` +
      `eager ${ms(eager)}, compiled ${ms(compiled)} ms`,
  );
  return row;
});
if (path === undefined) console.log(page(rows, version));
else writeFileSync(path, page(rows, version));
