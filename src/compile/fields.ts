/** What modules hold in plain fields while a function that runs them is recorded. */
import { GraphError, runningModule } from '../base/index.ts';
import { abstractHandle, type Place, Tensor } from '../tensor/index.ts';
import type { Guard } from './bindings.ts';

interface Seen {
  /** The module's class, and its path when its forward was first met. */
  readonly name: string;
  readonly path: string;
  /** What its fields held when its forward was first met. */
  readonly places: readonly Place[];
}

const stands = ({ holder, key, value }: Place): boolean => Object.is(holder[key], value);

const isRecorded = (x: unknown): boolean => x instanceof Tensor && abstractHandle(x) !== null;

export class Fields {
  private readonly seen = new Map<object, Seen>();

  watch(owner: object, name: string, places: readonly Place[]): void {
    if (!this.seen.has(owner)) this.seen.set(owner, { name, path: runningModule(), places });
  }

  /** Guards of the fields that the function has not written itself. */
  guards(): Guard[] {
    return [...this.seen.values()].map(({ name, places }) => {
      const kept = places.filter(stands);
      return {
        get what() {
          return `the field '${kept.find((p) => !stands(p))?.key}' of ${name}`;
        },
        holds: () => kept.every(stands),
      };
    });
  }

  /** The tensors that are fields of modules, each by the first that has it: `net.0.weight`. */
  names(): ReadonlyMap<unknown, string> {
    const names = new Map<unknown, string>();
    for (const [owner, { path, places }] of this.seen) {
      for (const { holder, key, value } of places) {
        if (holder === owner && !names.has(value)) names.set(value, `${path}.${key}`);
      }
    }
    return names;
  }

  /** The fields that the function has changed, in words. */
  changed(): string[] {
    return [...this.seen.values()].flatMap(({ name, places }) =>
      places.filter((p) => !stands(p)).map((p) => `the field '${p.key}' of ${name}`),
    );
  }

  /**
   * Throws where a field held a tensor that was read, and now holds what was computed: state that would
   * go on from call to call eagerly, and not in a recording.
   */
  refuseCarried(op: string, isRead: (t: Tensor) => boolean): void {
    for (const { name, places } of this.seen.values()) {
      for (const place of places) {
        const { holder, key, value } = place;
        if (!(value instanceof Tensor) || stands(place) || !isRecorded(holder[key])) continue;
        if (!isRead(value)) continue;
        throw new GraphError({
          op,
          problem:
            `forward of ${name} reads its field '${key}' and replaces it by what it computed; that would ` +
            'happen once, when it is recorded, and not in each call',
          operands: [value],
          remedy: `keep it in a buffer: ${key} = nn.buffer(...), and this.${key}.assign(...) in forward`,
        });
      }
    }
  }

  /** Puts back what the function has written. */
  restore(): void {
    for (const { places } of this.seen.values()) {
      const known = new Map<object, Set<string>>();
      for (const place of places) {
        const { holder, key, value } = place;
        const keys = known.get(holder);
        if (keys === undefined) known.set(holder, new Set([key]));
        else keys.add(key);
        if (!stands(place)) (holder as Record<string, unknown>)[key] = value;
      }
      for (const [holder, keys] of known) withoutRecorded(holder, keys);
    }
  }
}

/** Takes away what was recorded and stands where nothing was: it is of no use to anyone. */
function withoutRecorded(holder: object, known: ReadonlySet<string>): void {
  const fields = holder as Record<string, unknown>;
  for (const key of Object.keys(fields).reverse()) {
    if (known.has(key) || !isRecorded(fields[key])) continue;
    if (Array.isArray(holder) && Number(key) === holder.length - 1) holder.pop();
    else delete fields[key];
  }
}
