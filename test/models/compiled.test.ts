/** The models of examples/models under compile(): recorded once, whole, with the bits of eager code. */
import { expect, test } from 'vitest';
import { type Losses, models, type Training } from '../../examples/models/index.ts';
import { compile, devices, manualSeed, Tensor } from '../../src/index.ts';

const STEPS = 3;
// The reference rounds where a tensor is stored: between ops, and not within a program.
const exact = !devices()[0].engine.startsWith('reference');

const numbers = (losses: Losses): number[] =>
  (losses instanceof Tensor ? [losses] : Object.values(losses)).map((loss) => loss.item());

function made(recipe: (typeof models)[number]): Training {
  manualSeed(0);
  return recipe.make();
}

/** Losses of some steps, and the model they lead to. */
function trained({ model }: Training, step: Training['step'], batch: Tensor[]) {
  manualSeed(2);
  const losses = Array.from({ length: STEPS }, () => numbers(step(...batch)));
  return { losses, state: Object.entries(model.stateDict()) };
}

test.each(models.map((m) => [m.name, m] as const))('%s', (_, recipe) => {
  const [eager, own] = [made(recipe), made(recipe)];
  const batch = eager.inputs();
  // No fallback: what cannot be recorded throws.
  const step = compile((...inputs: Tensor[]) => own.step(...inputs));
  const want = trained(eager, (...inputs) => eager.step(...inputs), batch);
  const got = trained(own, step, batch);
  expect(step.explain()).toMatch(/recorded once/);
  if (exact) expect(got.losses).toEqual(want.losses);
  const wrong = want.state.filter(([, t], i) => !same(got.state[i][1], t));
  expect(wrong.map(([name]) => name)).toEqual([]);
});

function same(a: Tensor, b: Tensor): boolean {
  const [x, y] = [a.data(), b.data()];
  return x.every((v, i) =>
    exact
      ? Object.is(v, y[i])
      : Math.abs(Number(v) - Number(y[i])) <= 5e-3 * (1 + Math.abs(Number(y[i]))),
  );
}
