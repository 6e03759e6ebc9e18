import { describe, expect, test } from 'vitest';
import { PASSES, type Pass } from '../compile/index.ts';
import { rebuild } from '../compile/rebuild.ts';
import {
  compile,
  cond,
  devices,
  grad,
  manualSeed,
  nn,
  optim,
  Parameter,
  randint,
  randn,
  scan,
  type Tensor,
  tensor,
  whileLoop,
} from '../index.ts';
import { apply1, defineOp, type GraphNode, ops } from '../ir/index.ts';
import { getRandomState } from '../tensor/index.ts';
import { compareUnder } from './compare-eager-compiled.ts';
import { type Comparison, ComparisonError, compareEagerCompiled } from './index.ts';

// The reference rounds where a tensor is stored: between ops, and not within a program.
const options = { exact: !devices()[0].engine.startsWith('reference') };

/** A pass that makes another op of the nodes that `which` finds. */
const wrongly = (which: (node: GraphNode) => boolean, op: string, name = 'wrong'): Pass => ({
  name,
  run: (graph) =>
    rebuild(graph, ({ ...node }, inputs, recorder) => {
      recorder.origin = node.origin;
      const def = which(node as GraphNode) ? ops.get(op) : node.def;
      return recorder.apply(def ?? node.def, inputs, node.attrs, node.regions);
    }),
});
const named = (name: string) => (node: GraphNode) => node.def.name === name;
const isWrong = (c: Comparison): Extract<Comparison, { recording: false }> => {
  if (c.same || c.recording) throw new Error('the same');
  return c;
};

/** A training step with running statistics, random numbers and an optimiser. */
function training() {
  manualSeed(3);
  const net = nn.sequential(
    nn.conv2d(1, 2, 3, { bias: false }),
    nn.batchNorm2d(2),
    nn.relu(),
    nn.flatten(),
    nn.dropout(0.25),
    nn.linear(32, 3),
  );
  const opt = optim.adam(net.parameters(), { lr: 0.01 });
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = nn.crossEntropy(net.forward(x) as Tensor, y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    return loss;
  };
  const [x, y] = [randn([4, 1, 6, 6]) as Tensor, randint(0, 3, [4]) as Tensor];
  const cells = () => [...Object.values(net.stateDict()), ...Object.values(opt.stateDict())];
  return { net, opt, step, x, y, cells, state: () => cells().map((t) => (t as Tensor).toArray()) };
}

describe('what is compiled well', () => {
  test('a training step is the same, and nothing is changed', () => {
    const { net, step, x, y, state } = training();
    step(x, y);
    const [before, random] = [state(), getRandomState()];
    const grads = net.parameters().map((p) => p.grad);
    const kept = grads.map((g) => g?.toArray());
    const storages = net.parameters().map((p) => p.storage);
    // What stateDict held is let go of: a comparison shares nothing of its own.
    for (const s of storages) s.shared = false;
    const versions = storages.map((s) => s.version);
    for (const keepGrads of [false, true]) {
      const found = compareEagerCompiled(step, [x, y], { ...options, keepGrads });
      expect(found).toEqual({ same: true, ops: expect.any(Number) });
      expect((found as { ops: number }).ops).toBeGreaterThan(20);
    }
    expect(net.parameters().map((p) => p.storage)).toEqual(storages);
    expect(storages.map((s) => s.shared)).toEqual(storages.map(() => false));
    expect(storages.map((s) => s.version)).toEqual(versions);
    expect(net.parameters().every((p, i) => p.grad === grads[i])).toBe(true);
    expect(grads.map((g) => g?.toArray())).toEqual(kept);
    expect(getRandomState()).toEqual(random);
    expect(state()).toEqual(before);
  });

  test('parameters without a gradient leave the optimiser as it was', () => {
    const make = () => {
      manualSeed(1);
      const [a, b] = [Parameter(tensor([1, 2])) as Tensor, Parameter(tensor([3])) as Tensor];
      const opt = optim.adam([a, b]);
      const one = (): void => {
        a.square().sum().backward();
        opt.step();
      };
      return { a, b, opt, one };
    };
    const [tried, plain] = [make(), make()];
    expect(compareEagerCompiled(tried.one, [], options).same).toBe(true);
    for (const t of [tried, plain]) {
      t.b.square().sum().backward();
      t.one();
    }
    const state = ({ opt }: typeof tried) =>
      Object.entries(opt.stateDict()).map(([k, v]) => [k, v.toArray()]);
    expect(state(tried)).toEqual(state(plain));
  });

  test('gradients within and outside, views, structures, a compiled function', () => {
    const w = Parameter(randn([3, 4])) as Tensor;
    const x = randn([4, 6]) as Tensor;
    const inner = grad((z: Tensor) => z.sin().mul(z).sum() as Tensor);
    const strided = x.at('::2').transpose() as Tensor;
    const cases: [(...a: never[]) => unknown, unknown[]][] = [
      [inner, [x]],
      [(z: Tensor) => ({ y: w.matmul(z).softmax(1), n: [z.mean(), z] }), [x]],
      [(o: { z: Tensor; by: number }) => o.z.mul(o.by).at(0), [{ z: strided, by: 2 }]],
      [compile((z: Tensor) => z.exp().sum(0) as Tensor), [strided]],
      [(z: Tensor) => [z.at(0), z.at(0), z.reshape([24]), z.mul(1), z.gt(0).any()], [x]],
    ];
    for (const [f, inputs] of cases) {
      expect(compareEagerCompiled(f, inputs, options).same).toBe(true);
    }
  });

  test('what is computed from captured tensors alone, and kept', () => {
    const norm = nn.batchNorm2d(6);
    norm.eval();
    const f = (x: Tensor): Tensor => norm.forward(x).relu() as Tensor;
    expect(compareEagerCompiled(f, [randn([2, 6, 3, 3])], options).same).toBe(true);
  });

  test('choices and loops', () => {
    const w = Parameter(tensor([0.5, -1, 2])) as Tensor;
    const loops = (x: Tensor): unknown => {
      const [last, all] = scan((c) => [c.mul(w).add(randn([3])), c.exp()], x, { length: 4 });
      const grown = whileLoop(
        (y: Tensor) => y.square().sum().lt(50),
        (y: Tensor) => y.mul(1.5).add(w),
        last as Tensor,
      );
      const chosen = cond(
        x.sum().gt(0),
        (y: Tensor) => y.sin(),
        (y: Tensor) => y.mul(w).at('::-1'),
        grown as Tensor,
      );
      return [chosen, all];
    };
    for (const x of [tensor([1, 2, 3]), tensor([-1, 0, -3], { requiresGrad: true })]) {
      expect(compareEagerCompiled(loops, [x], options).same).toBe(true);
    }
  });

  test('what cannot be recorded throws as a recording does', () => {
    expect(() => compareEagerCompiled((x: Tensor) => x.item(), [tensor(1)])).toThrow(
      /not known while the function is recorded/,
    );
    expect(() => compareEagerCompiled((x: Tensor) => new Map([[1, x]]), [tensor(1)])).toThrow(
      /compiled functions take and return/,
    );
    const within = compile((x: Tensor) => {
      compareEagerCompiled((z: Tensor) => z.exp(), [x]);
      return x;
    });
    expect(() => within(tensor([1]) as Tensor)).toThrow(/call it outside/);
    // @ts-expect-error no such option
    expect(() => compareEagerCompiled((x: Tensor) => x, [], { exakt: true })).toThrow(/exact/);
  });
});

describe('a recording that is not what the lines do', () => {
  const told = (f: (...a: never[]) => unknown, inputs: unknown[]) => {
    const found = compareEagerCompiled(f, inputs, { ...options, throws: false });
    if (found.same || !found.recording) throw new Error('the recording is the lines');
    return found;
  };
  const x = tensor([1, 2]) as Tensor;

  test('a counter, and what the message says', () => {
    let calls = 0;
    const f = (z: Tensor) => (calls++ % 2 === 0 ? z.mul(2) : z.mul(3));
    const found = told(f, [x]);
    expect(found).toMatchObject({ output: 'the result', index: [0], eager: 3, compiled: 2 });
    expect(found.message).toMatch(
      /^the recording of f itself differs from its lines in the result, element \[0\]: recorded 2, and eagerly 3\. JavaScript decided otherwise/,
    );
    expect(() => compareEagerCompiled(f, [x], options)).toThrow(ComparisonError);
  });

  test('a choice by how a tensor prints', () => {
    const f = (z: Tensor) => (String(z.sum()).includes('recorded') ? z.mul(2) : z.mul(3));
    expect(told(f, [x])).toMatchObject({ eager: 3, compiled: 2 });
  });

  test('rules of the function are part of it', () => {
    const wrong = {
      name: 'exp is nothing',
      match: 'exp',
      replace: (_: unknown, [a]: Tensor[]) => a,
    };
    const f = compile((z: Tensor) => z.exp().mul(2) as Tensor, { passes: [wrong as never] });
    const found = compareEagerCompiled(f, [x], { throws: false });
    expect(found).toMatchObject({ same: false, recording: true });
    expect((found as { message: string }).message).toMatch(/of your own.*exp is nothing/s);
  });

  test('arguments come as an array', () => {
    expect(() => compareEagerCompiled((z: Tensor) => z, x as never)).toThrow(/as an array, not a/);
  });

  test('a field that holds a tensor of the recording is an error of the lines', () => {
    class Memory extends nn.Module {
      last: Tensor | null = null;
      forward(z: Tensor): Tensor {
        const out = this.last === null ? z.mul(2) : z.add(this.last);
        this.last = out as Tensor;
        return out as Tensor;
      }
    }
    const memory = new Memory();
    const found = told((z: Tensor) => memory.forward(z), [x]);
    expect(found).toMatchObject({ output: 'an error', compiled: 'none' });
    expect(found.eager).toMatch(/function/);
  });

  test('structure, random calls, gradients and cells; all is put back', () => {
    const [a, b] = [Parameter(tensor([1, 2])) as Tensor, Parameter(tensor([3])) as Tensor];
    const [counted, other] = [nn.buffer(tensor([0])) as Tensor, nn.buffer(tensor([5])) as Tensor];
    const opt = optim.adam([a, b]);
    const state = () => [
      ...Object.entries(opt.stateDict()).map(([k, v]) => [k, v.toArray()]),
      ...[a, b, counted, other].map((t) => [t.toArray(), t.grad?.toArray()]),
      getRandomState(),
      opt.groups[0].cohorts.length,
    ];
    const before = state();
    let first = true;
    const once = (f: () => unknown, g: () => unknown) => () => {
      const now = first;
      first = !now;
      return now ? f() : g();
    };
    const step = (loss: Tensor) => {
      loss.backward();
      opt.step();
    };
    const cases: [() => unknown, () => unknown, RegExp][] = [
      [() => [a.mul(2)], () => a.mul(2), /structure/],
      [() => a.mul(2), () => [a.mul(2), randn([1])][0], /random calls/],
      [() => counted.assign(1).mul(1), () => counted.assign(2).mul(0.5), /new value of a buffer/],
      [() => x.sum(), () => [other.assign(7), x.sum()][1], /new value of a buffer/],
      [() => a.sum().backward(), () => a.mul(2).sum().backward(), /gradient of a parameter/],
      [() => undefined, () => b.sum().backward(), /structure|gradient of a parameter/],
      [() => step(a.sum() as Tensor), () => step(b.sum() as Tensor), /value|gradient/],
      [() => a.sin().sum(), () => a.detach().sin().sum(), /gradient of a parameter/],
    ];
    for (const [f, g, what] of cases) {
      expect(told(once(f, g), []).output).toMatch(what);
      expect(state()).toEqual(before);
    }
  });

  test('constants, leaves made within, disposed tensors and compiled functions are the same', () => {
    const w = Parameter(tensor([1, 2])) as Tensor;
    const inner = compile((z: Tensor) => z.exp() as Tensor);
    const cases: ((z: Tensor) => unknown)[] = [
      () => tensor([1, 2]),
      (z) => {
        const leaf = z.detach() as Tensor;
        leaf.requiresGrad = true;
        leaf.square().sum().backward();
        return leaf.grad;
      },
      (z) => inner(z).mul(w),
      (z) => [w, z],
      (z) => {
        w.grad = tensor([1, 1]) as Tensor;
        return z.mul(1);
      },
    ];
    for (const f of cases) {
      expect(compareEagerCompiled(f, [x], options)).toMatchObject({ same: true });
      expect(w.grad).toBe(null);
    }
    expect(inner.explain()).not.toMatch(/recorded once/);
    const own = randn([3]) as Tensor;
    const values = own.toArray();
    const f = (z: Tensor) => [z.exp(), z.dispose()][0];
    expect(compareEagerCompiled(f, [own], options).same).toBe(true);
    expect(own.toArray()).toEqual(values);
  });
});

describe('a wrong pass', () => {
  const passes = [...PASSES.slice(0, 2), wrongly(named('add'), 'sub'), ...PASSES.slice(2)];
  const f = (x: Tensor, y: Tensor) => {
    const a = x.mul(y);
    const b = a.add(y);
    return { loss: b.exp().sum(), b };
  };
  const inputs = [tensor([1, 2]), tensor([3, 5])];

  test('is named, with the op, its line and values', () => {
    const found = isWrong(compareUnder(f, inputs, { ...options, throws: false }, passes));
    expect(found).toMatchObject({ op: 'add', pass: 'wrong', output: 'result.loss', index: [0] });
    expect(found).toMatchObject({ eager: 6, compiled: 0, module: undefined });
    expect(found.line).toMatch(/compare-eager-compiled\.test\.ts:\d+:\d+$/);
    expect(found.node).toBe('%3 = add(%2, %1) : float32[2]');
    expect(found.message).toMatch(
      /^compiled, f differs from eager mode in result\.loss\. The first op that differs is add at .*test\.ts:\d+:\d+: element \[0\] is 0, and eagerly 6 \(2 of 2 differ\), in %3 = .*It differs from pass wrong on, and not before$/,
    );
    expect(() => compareUnder(f, inputs, options, passes)).toThrow(ComparisonError);
    expect(() => compareUnder(f, inputs, options, passes)).toThrow(/first op that differs is add/);
  });

  test('by tolerance: small differences pass, large ones do not', () => {
    const near = (by: number) => (x: Tensor) => x.add(by).mul(3);
    const inexact = { exact: false, throws: false };
    expect(compareUnder(near(1e-7), [randn([9])], inexact, passes).same).toBe(true);
    expect(compareUnder(near(1e-1), [randn([9])], inexact, passes).same).toBe(false);
  });

  test('that replaces inline, and one that comes first', () => {
    const bad = wrongly(named('mul'), 'add', 'early');
    const first = isWrong(compareUnder(f, inputs, { ...options, throws: false }, [bad, ...PASSES]));
    expect(first).toMatchObject({ op: 'mul', pass: 'early' });
    const over = [{ ...bad, name: 'inline' }, ...PASSES];
    expect(isWrong(compareUnder(f, inputs, { ...options, throws: false }, over)).pass).toBe(
      'inline',
    );
  });

  test('in a new value of a cell, in a module, and in a gradient', () => {
    const { step, x, y, state } = training();
    const before = state();
    const sqrt = wrongly(named('sqrt'), 'neg');
    const found = isWrong(
      compareUnder(step, [x, y], { ...options, throws: false }, [...PASSES, sqrt]),
    );
    expect(found).toMatchObject({ same: false, pass: 'wrong' });
    expect(state()).toEqual(before);

    const cell = nn.buffer(tensor([4])) as Tensor;
    const write = (z: Tensor): Tensor => {
      cell.assign(z.exp().sqrt());
      return z.neg();
    };
    expect(
      isWrong(compareUnder(write, [tensor([1])], { ...options, throws: false }, [...PASSES, sqrt])),
    ).toMatchObject({ op: 'sqrt', output: 'the new value of a buffer float32[1]' });
    expect(cell.toArray()).toEqual([4]);

    const cosine = wrongly(named('cos'), 'sin');
    const w = Parameter(tensor([1, 2])) as Tensor;
    const forward = (z: Tensor) => w.sin().mul(z);
    expect(
      isWrong(
        compareUnder(forward, [tensor([1, 2])], { ...options, throws: false }, [...PASSES, cosine]),
      ),
    ).toMatchObject({ op: 'cos', output: 'the gradient of a parameter float32[2]' });

    class Net extends nn.Module {
      inner = nn.tanh();
      forward(z: Tensor): Tensor {
        return this.inner.forward(z.neg()) as Tensor;
      }
    }
    const model = new Net();
    const tanh = wrongly(named('tanh'), 'exp');
    expect(
      isWrong(
        compareUnder((z: Tensor) => model.forward(z), [tensor([1])], { throws: false }, [
          tanh,
          ...PASSES,
        ]),
      ),
    ).toMatchObject({ op: 'tanh', module: expect.stringContaining('inner') });
  });

  test('that changes a type, and one that shows only at an output', () => {
    const asWhole = wrongly(named('exp'), 'isnan');
    const found = compareUnder((z: Tensor) => z.exp(), [tensor([1])], { throws: false }, [asWhole]);
    expect(found).toMatchObject({ op: 'exp', index: [], eager: 'float32[1]', compiled: 'bool[1]' });
  });

  test('that is wrong only as long as nobody looks', () => {
    const shy = (outputs: number): Pass => ({
      name: 'shy',
      run: (g) => (g.outputs.length === outputs ? wrongly(named('neg'), 'abs').run(g) : g),
    });
    const x = tensor([1, 2]);
    const quiet = { throws: false };
    const one = (z: Tensor) => z.neg().sum();
    const alone = isWrong(compareUnder(one, [x], quiet, [...PASSES, shy(1)]));
    expect(alone).toMatchObject({ op: 'neg', pass: 'shy', eager: -1, compiled: 1 });
    expect(alone.message).toMatch(/or that is fused with one that does, is neg/);
    const two = (z: Tensor) => [z.neg().sum(), z];
    const pair = (z: Tensor) => [z.neg().sum(), z.mul(2)];
    expect(compareUnder(two, [x], quiet, [...PASSES, shy(2)]).same).toBe(true);
    const unseen = isWrong(compareUnder(pair, [x], quiet, [...PASSES, shy(2)]));
    expect(unseen).toMatchObject({ op: 'sum', pass: 'shy', output: 'result[0]', eager: -3 });
    expect(unseen.message).toMatch(/No op differs when it is looked at; this comes from sum/);
  });
});

describe('a wrong kernel', () => {
  let broken = false;
  const twice = defineOp({
    name: 'test.twice',
    infer: ([x]) => x,
    reference: ([x]) => ({ ...x, data: (x.data as Float64Array).map((v) => 2 * v) }),
    lower: { kind: 'element', expr: (e, [x]) => (broken ? x : e.add(x, x)) },
  });
  const double = (x: Tensor): Tensor => apply1(twice, x) as Tensor;

  test.skipIf(!options.exact)('is no pass: the op that differs is named', () => {
    const x = tensor([0.5, 1, 2]) as Tensor;
    const f = (z: Tensor) =>
      double(z.sin() as Tensor)
        .mul(3)
        .sum();
    expect(compareEagerCompiled(f, [x]).same).toBe(true);
    // The eager kernel is there already; the fault is in those that are made from now on.
    broken = true;
    const g = (z: Tensor) =>
      double(z.cos() as Tensor)
        .mul(3)
        .sum();
    const found = isWrong(compareEagerCompiled(g, [x], { throws: false }));
    broken = false;
    expect(found).toMatchObject({ op: 'test.twice', output: 'the result' });
    expect(found.pass).toBe(undefined);
    expect(found.message).toMatch(/No pass makes the difference: look at the kernels/);
  });
});
