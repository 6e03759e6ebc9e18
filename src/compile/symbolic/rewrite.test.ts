import { expect, test, vi } from 'vitest';
import {
  compile,
  graph,
  nn,
  OpGraph,
  type OpValue,
  ones,
  optim,
  Parameter,
  type Pass,
  placeholder,
  type Rule,
  randn,
  scan,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../../index.ts';

const expOfLog: Rule = {
  name: 'exp(log x) is x',
  match: 'exp',
  replace(node) {
    const [x] = node.inputs as [OpValue];
    return x.node?.op === 'log' ? (x.node.inputs[0] as OpValue).tensor : undefined;
  },
};
const twice: Rule = {
  name: 'twice',
  match: (node) => node.op === 'mul' && node.inputs[1] === 2,
  replace: (_, [x], ops) => ops.add(x, x),
};

test('rules change the graph and keep its values, also of methods and in turn', () => {
  const x = placeholder('x', ['n']);
  const w = Parameter(tensor([3]));
  const f = graph(x, x.exp().log().exp().mul(2).mul(w));
  const g = f.rewrite([expOfLog, twice]);
  expect(g.nodes.map((n) => n.op)).toEqual(['exp', 'add', 'mul']);
  expect(f.nodes.map((n) => n.op)).toEqual(['exp', 'log', 'exp', 'mul', 'mul']);
  const a = tensor([0.5, 1]);
  expect(g(a).toArray()).toEqual(a.exp().mul(2).mul(w).toArray());
  const h = graph(x, x.mul(2).sum()).rewrite([
    { name: 'by methods', match: 'mul', replace: (_, [t]) => (t as Tensor).add(t as Tensor) },
  ]);
  expect(h.grad(x)(a).toArray()).toEqual([2, 2]);
});

test('rules of open sizes follow them', () => {
  const x = placeholder('x', ['n', 'k']);
  const rule: Rule = {
    name: 'mean by sum',
    match: 'mean',
    replace: (_, [t], ops) => ops.mul(ops.sum(t as Tensor, 0), 1 / (t as Tensor).shape[0]),
  };
  const g = graph(x, x.mean(0)).rewrite([rule]);
  expect(g.find('mean')).toEqual([]);
  expect(
    g(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).toArray(),
  ).toEqual([2, 3]);
});

test('a rule that changes a type, or uses strangers, is named', () => {
  const x = placeholder('x', ['n']);
  const f = graph(x, x.exp());
  const bad = (replace: Rule['replace']): (() => unknown) => {
    return () => f.rewrite([{ name: 'my rule', match: 'exp', replace }]);
  };
  expect(bad((_, [t], ops) => ops.sum(t as Tensor))).toThrow(/my rule.*float32\[\] in the place/s);
  expect(bad((_, [t]) => (t as Tensor).add(tensor([1])))).toThrow(/my rule.*none of the graph/s);
  expect(bad((_, [t]) => [t as Tensor, t as Tensor])).toThrow(/my rule.*2 values for 1/s);
  const broken: Pass = { name: 'my pass', run: (g) => ({ ...g, nodes: [] }) };
  expect(() => f.rewrite([broken])).toThrow(/my pass.*never defined/s);
  expect(() => f.rewrite([{ name: 'x' } as unknown as Rule])).toThrow(/neither a rule nor a pass/);
});

test('a rule that fits for ever is stopped', () => {
  const x = placeholder('x', ['n']);
  const g = graph(x, x.neg()).rewrite([
    {
      name: 'again',
      match: 'neg',
      replace: (_, [t], ops) => ops.neg(ops.neg(ops.neg(t as Tensor))),
    },
  ]);
  expect(g(tensor([1])).toArray()).toEqual([-1]);
}, 20_000);

test('rules and passes of compiled functions', () => {
  const seen: string[] = [];
  const look: Pass = { name: 'look', run: (g) => (seen.push(g.name), g) };
  const step = compile((x: Tensor) => x.exp().log().exp().mul(2), {
    passes: [expOfLog, twice, look],
  });
  const a = tensor([0.5, 1]);
  expect(step(a).toArray()).toEqual(a.exp().mul(2).toArray());
  expect(seen.length).toBe(1);
  expect(step.graph(a).nodes.map((n) => n.op)).toEqual(['exp', 'add']);
});

test('a compiled step shows its graph, recorded or not', () => {
  const net = nn.sequential(nn.linear(4, 3), nn.relu());
  const opt = optim.sgd(net.parameters(), { lr: 0.1 });
  const step = compile(
    (x: Tensor) => {
      const loss = (net.forward(x) as Tensor).sum();
      opt.zeroGrad();
      loss.backward();
      opt.step();
      return loss;
    },
    { name: 'step' },
  );
  const x = randn([2, 4]);
  const before = net.parameters()[0].toArray();
  const g = step.graph(x);
  expect(g).toBeInstanceOf(OpGraph);
  expect(net.parameters()[0].toArray()).toEqual(before);
  expect(g.inputs[0]).toMatchObject({ name: 'x', kind: 'argument', shape: [2, 4] });
  expect(g.find('linear')[0]).toMatchObject({ module: 'sequential.0' });
  expect(g.find('sgdUpdate').length).toBe(2);
  step(x);
  expect(step.graph(x).toString()).toBe(g.toString());
  expect(g.toSvg()).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
});

test('a step with a loop shows its body', () => {
  const sums = compile((xs: Tensor) =>
    scan((c: Tensor, x: Tensor) => [c.add(x), c], zeros([2]), xs),
  );
  const g = sums.graph(ones([3, 2]));
  expect(g.find('scan').length).toBe(1);
  expect(g.toString()).toMatch(/scan[\s\S]*graph [\s\S]*add\(/);
  expect(g.toSvg()).toContain('scan');
});

test('a compiled function shows parameters and buffers by the fields that they are', () => {
  const net = nn.sequential(nn.linear(4, 3), nn.batchNorm2d(1));
  const own = Parameter(tensor([2]));
  const f = compile((x: Tensor) => {
    const y = net[0].forward(x).reshape([2, 1, 1, 3]) as Tensor;
    return (net[1].forward(y) as Tensor).mul(own).mul(tensor([3]));
  });
  const { inputs } = f.graph(ones([2, 4]));
  expect(inputs.filter((i) => i.kind !== 'hidden').map((i) => `${i.name} ${i.kind}`)).toEqual([
    'x argument',
    'linear.weight parameter',
    'linear.bias parameter',
    'batchNorm2d.weight parameter',
    'batchNorm2d.bias parameter',
    'batchNorm2d.numBatchesTracked buffer',
    'batchNorm2d.runningMean buffer',
    'batchNorm2d.runningVar buffer',
    'parameter1 parameter',
    'constant1 constant',
  ]);
});

test('a parameter that another module reads first keeps the name of its own', () => {
  class Tied extends nn.Module {
    line = nn.linear(4, 4);
    scale = Parameter(tensor([2]));
    forward(x: Tensor): Tensor {
      return this.line.forward(x.matmul(this.line.weight).mul(this.scale) as Tensor) as Tensor;
    }
  }
  const net = new Tied();
  const { inputs } = compile((x: Tensor) => net.forward(x)).graph(ones([2, 4]));
  const names = inputs.filter((i) => i.kind === 'parameter').map((i) => i.name);
  expect(names).toEqual(['tied.line.weight', 'tied.scale', 'tied.line.bias']);
});

test('walking, printing and drawing a symbolic graph', () => {
  const x = placeholder('x', ['batch', 4]);
  const net = nn.sequential(nn.linear(4, 3), nn.relu());
  const f = graph(x, (net.forward(x) as Tensor).reshape([x.shape[0] * 3]), { name: 'net' });
  expect(f.name).toBe('net');
  expect(f).toBeInstanceOf(OpGraph);
  expect(f.inputs.map((i) => `${i.name} ${i.kind} [${i.shape}]`)).toEqual([
    'x argument [batch,4]',
    'parameter1 parameter [3,4]',
    'parameter2 parameter [3]',
  ]);
  const [linear, relu, reshape] = f.nodes;
  expect([linear.op, relu.op, reshape.op]).toEqual(['linear', 'relu', 'reshape']);
  expect(linear.module).toBe('sequential.0');
  expect(linear.line).toContain('rewrite.test.ts');
  expect((relu.inputs[0] as OpValue).node).toBe(linear);
  expect(linear.outputs[0].shape).toEqual(['batch', 3]);
  expect(f.outputs[0].shape).toEqual(['3*batch']);
  const text = f.toString();
  expect(text).toContain('graph net(%0: float32[batch, 4]');
  expect(text).toContain('%0 is argument x');
  expect(text).toContain('reshape(%4) {shape: [3*batch]} : float32[3*batch]');
  expect(text).not.toMatch(/7\d{4}/);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  f.print();
  expect(log).toHaveBeenCalledWith(text);
  log.mockRestore();
  const svg = f.toSvg();
  expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  expect(svg).toContain('batch');
  expect(String(x)).toContain('float32');
});

test('errors of rules name open sizes; a rule of no op is none', () => {
  const x = placeholder('x', ['batch', 3]);
  const f = graph(x, x.exp());
  const cut: Rule = { name: 'cut', match: 'exp', replace: (_, [t]) => (t as Tensor).sum(1) };
  expect(() => f.rewrite([cut])).toThrow(
    /float32\[batch\] in the place of float32\[batch, ?3\], for exp/,
  );
  const none: Rule = { name: 'none', match: 'nonsense', replace: () => undefined };
  expect(() => f.rewrite([none])).toThrow(ValueError);
  expect(() => f.rewrite([none])).toThrow(/rule none matches 'nonsense'/);
  const detached = graph(x, x.exp().detach());
  expect(detached.rewrite([{ ...none, match: 'detach' }]).nodes.length).toBe(2);
});

test('rules and passes that give nothing sensible, or throw, are named', () => {
  const x = placeholder('x', ['n']);
  const f = graph(x, x.exp());
  const rule = (replace: unknown): Rule =>
    ({ name: 'odd rule', match: 'exp', replace }) as unknown as Rule;
  const pass = (run: unknown): Pass => ({ name: 'odd pass', run }) as unknown as Pass;
  const broken = () => {
    throw new TypeError('no such thing');
  };
  for (const [made, text] of [
    [rule(() => 2), /odd rule: the rule gives 2[^]*full/],
    [rule(() => ['x']), /odd rule: the rule gives 'x'/],
    [rule(broken), /odd rule: it threw TypeError: no such thing/],
    [pass(() => undefined), /odd pass: the pass gives undefined, and no graph/],
    [pass(async (g: unknown) => g), /odd pass: the pass gives a Promise/],
    [pass(broken), /odd pass: it threw TypeError: no such thing/],
  ] as const) {
    expect(() => f.rewrite([made])).toThrow(text);
    expect(() => compile((a: Tensor) => a.exp(), { passes: [made] })(tensor([1]))).toThrow(text);
  }
});
