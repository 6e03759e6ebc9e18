/** The models of examples/models train: gradients arrive everywhere, losses are finite and fall. */
import { expect, test, vi } from 'vitest';
import { type Losses, models } from '../../examples/models/index.ts';
import { manualSeed, Tensor } from '../../src/index.ts';
import { getDevice } from '../../src/runtime/device.ts';

const STEPS = 20;
/** Two networks that play against each other: neither loss need fall. */
const PLAYS = ['gan'];

const named = models.map((m) => [m.name, m] as const);

const numbers = (losses: Losses): number[] =>
  (losses instanceof Tensor ? [losses] : Object.values(losses)).map((loss) => loss.item());

test('there are twenty, each of its own name', () => {
  expect(models).toHaveLength(20);
  expect(new Set(models.map((m) => m.name)).size).toBe(20);
});

test.each(named)('%s trains', (name, recipe) => {
  manualSeed(0);
  const { model, step, inputs } = recipe.make();
  const batch = inputs();
  const curve = [numbers(step(...batch))];

  // Those that do not train are frozen, and have none.
  const wrong = model
    .namedParameters()
    .filter(([, p]) => p.requiresGrad !== (p.grad?.isfinite().all().item() === 1));
  expect(wrong.map(([path]) => path)).toEqual([]);

  for (let i = 0; i < STEPS; i++) curve.push(numbers(step(...batch)));
  for (const loss of curve.flat()) expect(loss).toSatisfy(Number.isFinite);
  if (PLAYS.includes(name)) return;
  expect(curve[STEPS][0]).toBeLessThan(curve[0][0]);
});

test.each(named)('a step of %s reads no value', (_, m) => {
  const { step, inputs } = m.make();
  const batch = inputs();
  const read = vi.spyOn(getDevice('cpu'), 'read');
  const view = vi.spyOn(getDevice('cpu'), 'view');
  try {
    step(...batch);
    expect(read).not.toHaveBeenCalled();
    expect(view).not.toHaveBeenCalled();
    // The spy would have seen it.
    batch[0].data();
    expect(read).toHaveBeenCalledOnce();
  } finally {
    vi.restoreAllMocks();
  }
});

test.each(named)('the inputs of %s follow from the seed', (_, m) => {
  const { inputs } = m.make();
  const [once, again] = [0, 0].map((seed) => {
    manualSeed(seed);
    return inputs().map((x) => [x.dtype, x.shape, x.toArray()]);
  });
  expect(once).toEqual(again);
});
