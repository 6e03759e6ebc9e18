/** What the programs of a run reached: ops of the op table, and kinds of kernels. */

import { X64Device } from '../../src/runtime/cpu/x64-device.ts';
import type { Device } from '../../src/runtime/index.ts';

export interface CoverageReport {
  /** How often a graph with the op was compiled. */
  readonly ops: Readonly<Record<string, number>>;
  /** How many different kernels of a kind there were. */
  readonly kernels: Readonly<Record<string, number>>;
}

export class Coverage {
  private readonly ops = new Map<string, number>();
  private readonly keys = new Set<string>();

  constructor(device: Device) {
    const compile = device.compile.bind(device);
    device.compile = (graph, inputs) => {
      const names = new Set([graph.name, ...graph.nodes.map((n) => n.def.name)]);
      for (const name of names) this.ops.set(name, (this.ops.get(name) ?? 0) + 1);
      return compile(graph, inputs);
    };
    if (!(device instanceof X64Device)) return;
    const kernel = device.code.kernel.bind(device.code);
    device.code.kernel = (key, make) => {
      this.keys.add(key);
      return kernel(key, make);
    };
  }

  /** A function of the API was called; a view compiles nothing. */
  called(fn: string): void {
    const name = fn.replace(/^ir\./, '');
    this.ops.set(name, (this.ops.get(name) ?? 0) + 1);
  }

  report(): CoverageReport {
    const kernels: Record<string, number> = {};
    for (const key of this.keys) kernels[kindOf(key)] = (kernels[kindOf(key)] ?? 0) + 1;
    return { ops: Object.fromEntries(this.ops), kernels };
  }
}

/** A contraction's schedule by its name; other kernels by what is in them. */
function kindOf(key: string): string {
  const tiles = key.endsWith(' tiles') ? ' in tiles' : '';
  if (!key.includes('|')) return `${/^[a-z ]+(?= )/.exec(key)?.[0] ?? key}${tiles}`;
  const [, lines] = key.split('|');
  if (lines.startsWith('scatterAdd')) return `scatterAdd${tiles}`;
  const has = (word: RegExp, name: string): string => (word.test(lines) ? ` ${name}` : '');
  const reduces = has(/(?:^|;)(?:sum|prod|max|min|arg\w+|any|all) %\d+:/, 'reduce');
  return `loops${has(/gather/, 'gather')}${reduces}${has(/philox/, 'philox')}${tiles}`;
}
