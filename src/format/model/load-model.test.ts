import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FormatError, nn, noGrad, Parameter, randn, type Tensor, tensor } from '../../index.ts';
import { getRandomState } from '../../tensor/index.ts';
import type { writeFile } from '../bytes/files.node.ts';
import { FileError, loadModel, loadSafetensors, modelInfo, saveModel } from '../index.ts';

const { Module } = nn;
const folder = fs.mkdtempSync(join(tmpdir(), 'gradus-load-model-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
let path = '';
let n = 0;
beforeEach(() => {
  path = join(folder, `${n++}.safetensors`);
});

/** The disk of the test below. */
const disk = vi.hoisted(() => ({ code: '' }));
vi.mock('#format-files', async () => {
  const real = await import('../bytes/files.node.ts');
  const writeSync: typeof fs.writeSync = () => {
    throw Object.assign(new Error(disk.code), { code: disk.code });
  };
  const failing = (...[op, to, chunks]: Parameters<typeof writeFile>): void =>
    real.writeFile(op, to, chunks, { ...fs, writeSync });
  return {
    ...real,
    writeFile: (...args: Parameters<typeof writeFile>) =>
      (disk.code === '' ? real.writeFile : failing)(...args),
  };
});

const bits = (t: Tensor): string => Buffer.from(t.data().buffer as ArrayBuffer).toString('hex');

class Net extends Module {
  scale = Parameter(tensor([0.1])) as Tensor;
  head = nn.linear(2, 2);
  forward(x: Tensor): Tensor {
    return this.head.forward(x).mul(this.scale) as Tensor;
  }
}

describe('classes of the user', () => {
  test('are not taken for the layers that are called as they are', () => {
    class Dropout extends Module {
      override config(): readonly unknown[] {
        return [0.5];
      }
      forward(x: Tensor): Tensor {
        return x.mul(2) as Tensor;
      }
    }
    class Sequential extends Module {
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    saveModel(nn.sequential(new Dropout(), new Sequential()), path);
    expect(() => loadModel(path)).toThrow(/0, a module of the class Dropout, which is none of Gr/);
    expect(() => loadModel(path, nn.sequential(nn.dropout(0.5), new Sequential()))).toThrow(/0 is/);
    const net = loadModel(path, { classes: { Dropout, Sequential } });
    expect((noGrad(() => net.forward(tensor([1]))) as Tensor).item()).toBe(2);
  });

  test('keep the dtype of their own parameters', () => {
    const net = new Net().to('float64');
    net.scale.assign(tensor([0.1], { dtype: 'float64' }));
    saveModel(net, path);
    const other = loadModel(path, { classes: { Net } }) as unknown as Net;
    expect([other.scale.dtype, other.head.weight.dtype]).toEqual(['float64', 'float64']);
    expect(bits(other.scale)).toBe(bits(net.scale));
  });

  test('may hold what is shared with others', () => {
    const net = new Net();
    saveModel(nn.sequential(net, net.head), path);
    const other = loadModel(path, { classes: { Net } }) as nn.Sequential;
    expect(other.at(1)).toBe((other.at(0) as Net).head);
  });

  test('whose constructor takes what config() does not tell', () => {
    class Wide extends Module {
      readonly line: nn.Linear;
      constructor(width: number) {
        super();
        this.line = nn.linear(width, 2);
      }
      forward(x: Tensor): Tensor {
        return this.line.forward(x) as Tensor;
      }
    }
    saveModel(new Wide(3), path);
    expect(() => loadModel(path, { classes: { Wide } })).toThrow(
      /the model, a Wide, cannot be made[^]*\[\]: nn\.linear: inFeatures[^]*let config\(\) of Wide/,
    );
    expect(() => loadModel(path, { classes: { Wide: () => new Wide(4) } })).toThrow(
      /holds another model\s+line is Linear\(3,2[^]*, Linear\(4,2[^]*line\.weight is \[2, 3\] in/,
    );
    loadModel(path, { classes: { Wide: () => new Wide(3) } });
  });

  test('whose names a bundler changed are compared by config and values', () => {
    const renamed = (config: readonly unknown[]): nn.Module => {
      class e extends Net {
        override config(): readonly unknown[] {
          return config;
        }
      }
      return new e();
    };
    saveModel(new Net(), path);
    loadModel(path, renamed([]));
    expect(() => loadModel(path, renamed([7]))).toThrow(/Net\(\) in the file, e\(7\) here/);
  });

  test('are passed as an instance, not as a class', () => {
    saveModel(new Net(), path);
    expect(() => loadModel(path, Net as never)).toThrow(/is a class[^]*loadModel\(path, new Net/);
    expect(() => loadModel(path, { classes: 3 as never })).toThrow(/loadModel/);
    expect(loadModel(path, undefined, { classes: { Net } })).toBeInstanceOf(Net);
  });
});

describe('what is shared', () => {
  const pair = (tied: boolean): nn.Sequential => {
    const [a, b] = [nn.linear(2, 2), nn.linear(2, 2)];
    if (tied) (b as { weight: Tensor }).weight = a.weight;
    return nn.sequential(a, b);
  };

  test('on one side only is refused, and nothing changes', () => {
    const [tied, apart] = [pair(true), pair(false)];
    saveModel(apart, path);
    const before = tied.parameters().map(bits);
    expect(() => loadModel(path, tied)).toThrow(
      /0\.weight, 1\.weight: one value here, 2 in the file/,
    );
    expect(tied.parameters().map(bits)).toEqual(before);
    saveModel(tied, path);
    expect(() => loadModel(path, apart)).toThrow(
      /1\.weight is shared with 0\.weight in the file, a value of its own here/,
    );
    const line = nn.linear(2, 2);
    saveModel(nn.sequential(line, line), path);
    expect(() => loadModel(path, apart)).toThrow(/1 is the same module as '0' in the file, Linear/);
  });

  test('on both sides is loaded', () => {
    const [from, to] = [pair(true), pair(true)];
    saveModel(from, path);
    loadModel(path, to);
    expect(to.parameters().map(bits)).toEqual(from.parameters().map(bits));
  });
});

test('no random number is drawn', () => {
  saveModel(nn.sequential(nn.linear(2, 2), nn.embedding(3, 2)), path);
  const before = getRandomState();
  loadModel(path);
  expect(getRandomState()).toEqual(before);
});

test('parameters of integers are none', () => {
  saveModel(nn.linear(1, 1), path);
  const bytes = fs.readFileSync(path, 'latin1').replaceAll('"F32"', '"I32"');
  fs.writeFileSync(path, bytes, 'latin1');
  expect(() => loadModel(path)).toThrow(/weight is int32 in the file, float32 here/);
});

test('a model of other shapes: each is told, with the file', () => {
  class Free extends Module {
    readonly w: Tensor;
    constructor(size: number) {
      super();
      this.w = Parameter(randn([size]) as Tensor);
    }
    forward(x: Tensor): Tensor {
      return x.mul(this.w) as Tensor;
    }
  }
  saveModel(new Free(3), path);
  expect(() => loadModel(path, new Free(4))).toThrow(
    /loadModel: .*safetensors holds a model of other shapes\s+w is \[3\] in the file, \[4\] here/,
  );
});

describe('the file', () => {
  test('is safetensors to a reader of a few lines', () => {
    const net = nn.sequential(nn.linear(3, 2), nn.relu());
    saveModel(net, path, { metadata: { by: 'test' } });
    const bytes = fs.readFileSync(path);
    const data = 8 + Number(bytes.readBigUInt64LE(0));
    const { __metadata__: words, ...tensors } = JSON.parse(bytes.toString('utf8', 8, data));
    expect(Object.values(words).every((word) => typeof word === 'string')).toBe(true);
    expect(words).toMatchObject({ 'gradus.format': 'gradus-model', 'gradus.version': '1' });
    expect(Object.keys(tensors)).toEqual(['0.weight', '0.bias']);
    const [from, to] = tensors['0.weight'].data_offsets;
    const weight = new Float32Array(new Uint8Array(bytes.subarray(data + from, data + to)).buffer);
    expect(weight).toEqual(net.at(0).weight.data());
  });

  test.each(['ENOSPC', 'EROFS', 'EACCES'])('%s leaves the one before as it was', (code) => {
    const net = nn.linear(3, 2);
    saveModel(net, path);
    disk.code = code;
    try {
      expect(() => saveModel(nn.linear(5, 5), path)).toThrow(FileError);
      expect(() => saveModel(nn.linear(5, 5), path)).toThrow(/saveModel: .*is as it was/);
    } finally {
      disk.code = '';
    }
    expect(bits(loadSafetensors(path).weight)).toBe(bits(net.weight));
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('errors name the function that was called', () => {
    expect(() => saveModel(nn.relu(), join(folder, 'no', 'a'))).toThrow(/saveModel: .*no folder/);
    expect(() => loadModel(join(folder, 'no'))).toThrow(/loadModel: there is no file/);
    expect(() => modelInfo(join(folder, 'no'))).toThrow(/modelInfo: there is no file/);
    expect(() => saveModel(nn.relu(), path, { metadata: 'abc' as never })).toThrow(/not 'abc'/);
    fs.writeFileSync(path, 'PK\x03\x04 and so on, for long');
    expect(() => loadModel(path)).toThrow(FormatError);
  });
});
