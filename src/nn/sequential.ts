import { given, type Shape, ValueError } from '../base/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Chain, CheckChain } from './chain.ts';
import { Module } from './module.ts';
import { isModule } from './walk.ts';

/** See {@link sequential}. */
export class Sequential<M extends readonly Module[] = readonly Module[]> extends Module {
  /** Modules by number; their parameters are named `0.weight`, ... */
  readonly [index: number]: M[number];
  readonly length: number;

  constructor(modules: M) {
    super();
    modules.forEach((module: unknown, i) => {
      if (!isModule(module)) {
        throw new ValueError({
          op: 'nn.sequential',
          problem: `argument ${i} is ${describe(module)}, not a module`,
          remedy: remedyFor(module),
        });
      }
      (this as unknown as Record<number, Module>)[i] = module;
    });
    this.length = modules.length;
  }

  forward<S extends Shape>(x: Tensor<S> & CheckChain<S, M>): Tensor<Chain<S, M>> {
    let y: unknown = x;
    for (let i = 0; i < this.length; i++) y = this[i].forward(y);
    return y as Tensor<Chain<S, M>>;
  }

  /** Module `index`, counted from the end if negative. */
  at<const I extends number>(index: I): M[I] {
    return this[index < 0 ? index + this.length : index] as M[I];
  }

  *[Symbol.iterator](): IterableIterator<M[number]> {
    for (let i = 0; i < this.length; i++) yield this[i];
  }
}

/** An array of layers would be told in full. */
const describe = (x: unknown): string => (Array.isArray(x) ? 'an array' : given(x));

function remedyFor(x: unknown): string {
  if (Array.isArray(x)) return 'spread it: nn.sequential(...layers)';
  if (typeof x !== 'function') return 'pass modules, e.g. nn.linear(4, 2), nn.relu()';
  // Bundlers change the names of functions, so that none is quoted.
  return (
    'call the layer function, e.g. nn.relu(), or make the module, e.g. new Block(); a function of ' +
    'your own goes into the forward of a class that extends nn.Module'
  );
}

/**
 * Modules one after another: each takes what the one before gives.
 *
 * `net[0]` and `net.at(-1)` are the modules, `for (const m of net)` goes through them. Throws
 * ValueError for an argument that is no module.
 *
 * @example
 * const net = nn.sequential(nn.linear(784, 128), nn.relu(), nn.linear(128, 10));
 * net.forward(randn([32, 784])).shape; // [32, 10]
 */
export const sequential = <const M extends readonly Module[]>(...modules: M): Sequential<M> =>
  new Sequential(modules);
