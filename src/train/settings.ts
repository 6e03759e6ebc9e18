import { Module } from '../nn/index.ts';
import { Tensor } from '../tensor/index.ts';

type Plain = readonly (readonly [name: string, value: unknown])[];

/**
 * Numbers, strings and booleans in fields of modules, such as a temperature, and which modules and
 * tensors are there. A recording has them as constants; what changes them between batches, such as a
 * callback, asks for a new one.
 */
export class Settings {
  /** Counts the changes. */
  version = 0;
  /** The field that changed last, in words. */
  changed = '';
  private readonly model: Module;
  private modules: readonly Module[];
  private fields: readonly Plain[];

  constructor(model: Module) {
    this.model = model;
    this.modules = model.modules();
    this.fields = this.modules.map(plainOf);
  }

  /** Compares with what was kept; the count of changes so far. */
  look(): number {
    for (const [i, module] of this.modules.entries()) {
      const differs = differing(this.fields[i], module);
      if (differs === null) continue;
      this.version++;
      this.changed = `the field '${differs}' of ${module.constructor.name}`;
      this.modules = this.model.modules();
      this.keep();
      break;
    }
    return this.version;
  }

  /** What is there now counts as known: forward itself may have changed it, while it was recorded. */
  keep(): void {
    this.fields = this.modules.map(plainOf);
  }
}

const isPlain = (x: unknown): boolean =>
  typeof x === 'number' ||
  typeof x === 'string' ||
  typeof x === 'boolean' ||
  x instanceof Module ||
  x instanceof Tensor;

const plainOf = (module: Module): Plain =>
  Object.entries(module).filter(([, value]) => isPlain(value));

function differing(before: Plain, module: Module): string | null {
  const now = module as unknown as Readonly<Record<string, unknown>>;
  return before.find(([name, value]) => !Object.is(now[name], value))?.[0] ?? null;
}
