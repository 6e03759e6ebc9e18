import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  FormatError,
  manualSeed,
  nn,
  noGrad,
  Parameter,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../../index.ts'; // prettier-ignore
import { layerName, layerNames, Module } from '../../nn/index.ts';
import { decodeSafetensors } from '../safetensors/decode.ts';
import { encodeSafetensors } from '../safetensors/encode.ts';
import { loadSafetensors, saveSafetensors } from '../safetensors/files.ts';
import { loadModel, modelInfo } from './load-model.ts';
import { saveModel } from './save-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradus-model-'));
afterAll(() => rmSync(folder, { recursive: true }));
let path = '';
let n = 0;
beforeEach(() => {
  path = join(folder, `${n++}.safetensors`);
});

const bits = (t: Tensor): string => Buffer.from(t.data().buffer as ArrayBuffer).toString('hex');
const run = (net: Module, x: Tensor): string =>
  bits(noGrad(() => (net as nn.Sequential).forward(x) as never) as Tensor);

/** The same model anew, whose outputs for `x` are the same to the bit. */
function again(net: Module, x: Tensor, options = {}): Module {
  saveModel(net, path);
  manualSeed(99);
  const other = loadModel(path, options);
  expect(other.training).toBe(false);
  expect(run(other, x)).toBe(run(net.eval(), x));
  expect(String(other)).toBe(String(net));
  expect(
    other.namedParameters().map(([name, t]) => `${name} ${t.dtype} ${t.requiresGrad}`),
  ).toEqual(net.namedParameters().map(([name, t]) => `${name} ${t.dtype} ${t.requiresGrad}`));
  return other;
}

describe('a round trip', () => {
  const sequences = (): Tensor => {
    manualSeed(5);
    return randn([3, 4, 8]) as Tensor;
  };
  const images = (): Tensor => {
    manualSeed(5);
    return randn([2, 4, 8, 8]) as Tensor;
  };
  const indices = (): Tensor =>
    tensor(
      [
        [0, 2],
        [1, 1],
      ],
      { dtype: 'int32' },
    ); // prettier-ignore
  // Every layer with settings that are not the usual ones.
  const layers: Record<string, [Module, () => Tensor][]> = {
    AvgPool2d: [[nn.avgPool2d(3, { stride: [2, 1], padding: 1 }), images]],
    BatchNorm2d: [
      [nn.batchNorm2d(4, { eps: 0.1, momentum: 0.5 }), images],
      [nn.batchNorm2d(4, { affine: false, momentum: null }), images],
      [nn.batchNorm2d(4, { trackRunningStats: false }), images],
    ],
    Conv2d: [
      [nn.conv2d(4, 6, 3, { stride: 2, padding: [1, 0], dilation: [1, 2], groups: 2 }), images],
      [nn.conv2d(4, 2, [1, 3], { bias: false }), images],
    ],
    Dropout: [[nn.dropout(0.25), images]],
    ELU: [[nn.elu(0.5), images]],
    Embedding: [
      [nn.embedding(3, 5, { paddingIdx: -1 }), indices],
      [nn.embedding(3, 5), indices],
    ], // prettier-ignore
    Flatten: [[nn.flatten(2, 3), images]],
    GELU: [
      [nn.gelu({ approximate: 'tanh' }), images],
      [nn.gelu(), images],
    ], // prettier-ignore
    Identity: [[nn.identity(), images]],
    LayerNorm: [
      [nn.layerNorm([8, 8], { eps: 0.1, bias: false }), images],
      [nn.layerNorm(8, { elementwiseAffine: false }), images],
    ],
    LeakyReLU: [[nn.leakyRelu(0.3), images]],
    Linear: [
      [nn.linear(8, 3, { bias: false }), images],
      [nn.linear(8, 3), images],
    ], // prettier-ignore
    // What it gives is no tensor: see below.
    LSTM: [],
    LSTMOutput: [
      [nn.lstmOutput(8, 3, { numLayers: 2, bidirectional: true, batchFirst: true }), sequences],
      [nn.lstmOutput(8, 3, { bias: false, dropout: 0.5, returnSequences: true }), sequences],
    ],
    LogSoftmax: [[nn.logSoftmax(1), images]],
    MaxPool2d: [[nn.maxPool2d([2, 3], { stride: 1, padding: [1, 1] }), images]],
    ReLU: [[nn.relu(), images]],
    Sigmoid: [[nn.sigmoid(), images]],
    SiLU: [[nn.silu(), images]],
    Softmax: [[nn.softmax(-1), images]],
    Tanh: [[nn.tanh(), images]],
  };

  test('every layer class that nn exports is known by name, or is Sequential', () => {
    const classes = Object.entries(nn).filter(
      ([, x]) => typeof x === 'function' && x.prototype instanceof Module,
    );
    const known = [...layerNames(), 'Sequential'].sort();
    expect(classes.map(([name]) => name).sort()).toEqual(known);
    expect(Object.keys(layers).sort()).toEqual(layerNames().sort());
    for (const [name, list] of Object.entries(layers)) {
      for (const [layer] of list) expect(layerName(layer)).toBe(name);
    }
  });

  test.each(Object.entries(layers))('of %s', (_, list) => {
    for (const [layer, input] of list) {
      for (const p of layer.parameters()) p.assign(randn(p.shape) as never);
      again(layer, input());
      again(nn.sequential(nn.sequential(layer)), input());
    }
  });

  test('of an LSTM, which gives its state as well', () => {
    const net = nn.lstm(8, 3, { numLayers: 2, bias: false, bidirectional: true });
    saveModel(net, path);
    const other = loadModel(path) as Module as nn.LSTM;
    expect(String(other)).toBe(String(net));
    const flat = (lstm: nn.LSTM) =>
      lstm
        .forward(sequences())
        .flat()
        .map((t) => bits(t));
    expect(flat(other)).toEqual(flat(net));
  });

  test('of running statistics, after training', () => {
    const net = nn.sequential(nn.conv2d(4, 3, 3), nn.batchNorm2d(3), nn.relu());
    for (let i = 0; i < 3; i++) net.forward(images());
    const other = again(net, images());
    expect(other.namedBuffers().map(([name, b]) => [name, b.toArray()])).toEqual(
      net.namedBuffers().map(([name, b]) => [name, b.toArray()]),
    );
  });

  test('of nn.build', () => {
    const { conv2d, dense, flatten, maxPool2d } = nn.spec;
    const net = nn.build(
      [4, 8, 8],
      [
        conv2d({ filters: 3, kernel: 3, padding: 'same', activation: 'relu' }),
        maxPool2d({ kernel: 2 }),
        flatten(),
        dense({ units: 5 }),
      ],
    );
    again(net, images());
  });

  test('of float64, of mixed dtypes and of frozen parameters', () => {
    const net = nn.sequential(nn.linear(8, 4), nn.tanh(), nn.linear(4, 2));
    again(net.to('float64'), images().to('float64') as Tensor);
    net.to('float32').at(0).requiresGrad(false);
    again(net, images());
    const mixed = nn.sequential(nn.linear(2, 2), nn.linear(2, 2));
    mixed.at(1).to('float64');
    saveModel(mixed, path);
    expect(
      loadModel(path)
        .parameters()
        .map((p) => p.dtype),
    ).toEqual(['float32', 'float32', 'float64', 'float64']);
  });

  test('of what is shared: modules and values, written once', () => {
    const line = nn.linear(8, 8);
    const net = nn.sequential(line, nn.relu(), line, nn.linear(8, 8));
    (net.at(3) as { weight: Tensor }).weight = line.weight;
    const other = again(net, images()) as nn.Sequential;
    expect(Object.keys(loadSafetensors(path))).toEqual(['0.weight', '0.bias', '3.bias']);
    expect(other.at(0)).toBe(other.at(2));
    const [a, b] = [other.at(0), other.at(3)] as unknown as nn.Linear[];
    expect(a.weight).toBe(b.weight);
    expect(other.parameters()).toHaveLength(3);
  });

  test('of a class of the user: with an instance, or with classes', () => {
    class Head extends Module {
      readonly line: nn.Linear;
      readonly classes: number;
      constructor(classes: number) {
        super();
        this.classes = classes;
        this.line = nn.linear(8, classes);
      }
      override config() {
        return [this.classes];
      }
      forward(x: Tensor): Tensor {
        return this.line.forward(x) as Tensor;
      }
    }
    class Net extends Module {
      scale = Parameter(tensor([2])) as Tensor;
      head = new Head(3);
      forward(x: Tensor): Tensor {
        return this.head.forward(x).mul(this.scale) as Tensor;
      }
    }
    const net = new Net();
    again(net, images(), { classes: { Net } });
    again(new Head(5), images(), { classes: { Head: (n: number) => new Head(n) } });
    saveModel(net, path);
    const given = new Net();
    expect(loadModel(path, given)).toBe(given);
    expect(given.training).toBe(false);
    expect(run(given, images())).toBe(run(net, images()));
    expect(() => loadModel(path)).toThrow(
      /holds a module of the class Net, which is none of Gradus[^]*loadModel\(path, new Net\(\)\)/,
    );
    saveModel(nn.sequential(net), path);
    expect(() => loadModel(path)).toThrow(/holds 0, a module of the class Net/);
    expect(() => loadModel(path, { classes: { Net: 3 as never } })).toThrow(/not a class/);
    expect(() => loadModel(path, { classes: { Net: (() => 3) as never } })).toThrow(/not a module/);
  });
});

test('values shared in arrays, and dtypes of one value beside others', () => {
  class Odd extends Module {
    ws = [Parameter(tensor([1, 2])), Parameter(tensor([3]))] as Tensor[];
    s = Parameter(tensor([0.1], { dtype: 'float64' })) as Tensor;
    line = nn.linear(2, 2);
    constructor() {
      super();
      this.ws.push(this.ws[0]);
    }
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  class Untied extends Odd {
    constructor() {
      super();
      this.ws[2] = Parameter(tensor([0, 0])) as Tensor;
      this.s = Parameter(tensor([0])) as Tensor;
    }
  }
  saveModel(new Odd(), path);
  const odd = loadModel(path, { classes: { Odd: () => new Untied() } }) as unknown as Odd;
  expect(odd.ws[2]).toBe(odd.ws[0]);
  expect(odd.s.dtype).toBe('float64');
  expect(odd.s.item()).toBe(0.1);
});

test('metadata and info', () => {
  const net = nn.sequential(nn.linear(3, 2));
  saveModel(net, path, { metadata: { accuracy: '0.9' } });
  const info = modelInfo(path);
  expect(info).toMatchObject({ version: 1, metadata: { accuracy: '0.9' }, frozen: [], shared: {} });
  expect(info.model.children).toEqual([
    ['0', { type: 'Linear', config: [3, 2, { bias: true }], children: [] }],
  ]);
  expect(info.tensors['0.weight']).toMatchObject({ dtype: 'F32', shape: [2, 3] });
  expect(() => saveModel(net, path, { metadata: { 'gradus.x': '' } })).toThrow(/are the format's/);
  expect(() => saveModel(net, path, { metadta: {} } as never)).toThrow(/did you mean 'metadata'/);
  expect(() => saveModel({} as never, path)).toThrow(/the first argument is a module/);
});

describe('a model that was passed', () => {
  const save = (): void => saveModel(nn.sequential(nn.linear(3, 2), nn.relu()), path);

  test('must have the same layers: every difference is listed, nothing changes', () => {
    save();
    const net = nn.sequential(nn.linear(3, 4), nn.tanh(), nn.linear(4, 1));
    const before = net.parameters().map(bits);
    expect(() => loadModel(path, net)).toThrow(
      /0 is Linear\(3,2[^]*1 is ReLU\(\) in the file, Tanh\(\) here[^]*2 is Linear.* here, nothing in the file/,
    );
    expect(() => loadModel(path, nn.sequential(nn.linear(3, 2)))).toThrow(
      /1 is ReLU\(\) in the file, nothing here/,
    );
    expect(net.parameters().map(bits)).toEqual(before);
  });

  test('other settings of a class, and modules of its own where one was shared, are told', () => {
    class Scaled extends Module {
      readonly k: number;
      line = nn.linear(2, 2);
      constructor(k: number) {
        super();
        this.k = k;
      }
      override config() {
        return [this.k];
      }
      forward(x: Tensor): Tensor {
        return this.line.forward(x) as Tensor;
      }
    }
    saveModel(new Scaled(1), path);
    expect(() => loadModel(path, new Scaled(7))).toThrow(
      /Scaled\(1\) in the file, Scaled\(7\) here/,
    );
    const line = nn.linear(2, 2);
    saveModel(nn.sequential(line, line), path);
    const own = nn.sequential(nn.linear(2, 2), nn.linear(2, 2));
    expect(() => loadModel(path, own)).toThrow(
      /1 is the same module as '0' in the file, Linear\(2,2/,
    );
  });

  test('with strict: false takes the values that match', () => {
    save();
    const net = nn.sequential(nn.linear(3, 2), nn.tanh(), nn.linear(2, 1));
    loadModel(path, net, { strict: false });
    expect(bits(net.at(0).weight)).toBe(bits(loadSafetensors(path)['0.weight']));
  });
});

describe('files that are not sound', () => {
  const net = nn.sequential(nn.linear(3, 2), nn.relu());
  const tensors = net.stateDict();

  /** The file of a model with other words in its header. */
  const write = (change: Record<string, string>): void => {
    saveModel(net, path);
    const { metadata } = decodeSafetensors(new Uint8Array(readFileSync(path)));
    saveSafetensors(tensors, path, { metadata: { ...metadata, ...change } });
  };

  test('tensors alone, a checkpoint, a newer version, none', () => {
    saveSafetensors(tensors, path);
    expect(() => loadModel(path)).toThrow(/with tensors only[^]*net\.loadStateDict/);
    write({ 'gradus.format': 'gradus-checkpoint' });
    expect(() => loadModel(path)).toThrow(/the checkpoint of a training run/);
    write({ 'gradus.version': '2' });
    expect(() => loadModel(path)).toThrow(/of version 2[^]*newer Gradus: update/);
    write({ 'gradus.version': 'x' });
    expect(() => loadModel(path)).toThrow(/no version 'x'/);
    expect(() => loadModel(join(folder, 'none'))).toThrow(/there is no file/);
    expect(() => loadModel(path, 3 as never)).toThrow(/options/);
  });

  const deep = (depth: number): string =>
    `${'{"type":"Sequential","config":[],"children":[["0",'.repeat(depth)}null${']]}'.repeat(depth)}`;
  test.each([
    ['', /no JSON/],
    ['{', /no JSON/],
    ['null', /no tree/],
    ['{"type":"Linear"}', /no tree/],
    ['{"type":"Sequential","config":[],"children":[1]}', /without a name/],
    [deep(100_000), /nested more than 100 deep/],
    [
      '{"type":"Sequential","config":[],"children":[["1",{"type":"ReLU","config":[],"children":[]}]]}',
      /a module '1'/,
    ],
    [
      '{"type":"Linear","config":[1e12,1e12],"children":[]}',
      /1\.0+1e\+24 elements, more than the file holds/,
    ],
    ['{"type":"Linear","config":[3e9],"children":[]}', /cannot be made: nn\.linear: outFeatures/],
    ['{"type":"Linear","config":[-1,2],"children":[]}', /the model cannot be made: nn\.linear/],
    ['{"type":"Linear","config":["a",null],"children":[]}', /cannot be made/],
    [
      '{"type":"Linear","config":[3,2,{"__proto__":{"bias":false}}],"children":[]}',
      /cannot be made/,
    ],
    ['{"type":"Linear","config":[3,2,{"constructor":1}],"children":[]}', /cannot be made/],
    ['{"type":"constructor","config":[],"children":[]}', /the class constructor/],
    ['{"type":"__proto__","config":[],"children":[]}', /the class __proto__/],
    ['{"type":"Linear","config":[3,2],"children":[],"same":"x"}', /which is not/],
    [
      '{"type":"Linear","config":[3,2],"children":[]}',
      /missing: weight, bias[^]*unexpected: 0\.weight/,
    ],
  ])('the description, case %#', (text, message) => {
    write({ 'gradus.model': text });
    expect(() => loadModel(path)).toThrow(message);
    expect(({} as Record<string, unknown>).bias).toBeUndefined();
  });

  test('what is shared and frozen', () => {
    for (const words of ['', '3', '{"a":1}']) {
      write({ 'gradus.shared': words });
      expect(() => loadModel(path)).toThrow(FormatError);
    }
    write({ 'gradus.shared': '{"0.weight":"9.weight"}' });
    expect(() => loadModel(path)).toThrow(/'0\.weight' cannot be '9\.weight'/);
    write({ 'gradus.frozen': '[1]' });
    expect(() => loadModel(path)).toThrow(/frozen/);
  });

  test('other shapes than the description says', () => {
    saveModel(net, path);
    const { metadata } = decodeSafetensors(new Uint8Array(readFileSync(path)));
    const other = { ...tensors, '0.weight': zeros([2, 4]) };
    writeFileSync(path, encodeSafetensors(other as never, { metadata }));
    expect(() => loadModel(path)).toThrow(
      /does not hold what it describes\s+0\.weight is \[2, 4\] in the file, \[2, 3\] here/,
    );
  });

  test('a model nested too deep is not saved', () => {
    let nested: Module = nn.relu();
    for (let i = 0; i < 150; i++) nested = nn.sequential(nested);
    expect(() => saveModel(nested, path)).toThrow(/nested more than 100 deep/);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('a config that is no plain data is not saved', () => {
    class Odd extends Module {
      override config() {
        return [new Map()];
      }
      forward(): void {}
    }
    expect(() => saveModel(nn.sequential(new Odd()), path)).toThrow(
      /config\(\) of 0 gives no list/,
    );
  });
});

test('a file of version 1 is read as long as there is a Gradus', () => {
  const file = fileURLToPath(new URL('fixtures/version-1.safetensors', import.meta.url));
  const net = loadModel(file);
  expect(String(net)).toMatchInlineSnapshot(`
    "Sequential(
      0: Conv2d(1, 2, kernel 3, padding 1)
      1: BatchNorm2d(2)
      2: ReLU()
      3: MaxPool2d(2)
      4: Flatten(1)
      5: Dropout(0.5)
      6: Linear(8, 3)
    )"
  `);
  const x = zeros([1, 1, 4, 4]).add(0.5) as Tensor;
  const y = noGrad(() => net.forward(x)) as Tensor;
  const said = [0.02731582522392273, -0.11086231470108032, 0.31011340022087097]; // when it was written
  expect(
    noGrad(() =>
      y
        .sub(tensor([said]))
        .abs()
        .max()
        .item(),
    ),
  ).toBeLessThan(1e-6);
  const frozen = net.namedParameters().filter(([, p]) => !p.requiresGrad);
  expect(frozen.map(([name]) => name)).toEqual(['0.weight', '0.bias']);
});
