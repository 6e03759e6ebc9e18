/** What the outputs of a recorded function are called in messages. */
import type { Owner, Template, Trial } from '../compile/index.ts';
import { printType } from '../ir/index.ts';

/** @internal */
export function outputNames({ recorded, names }: Trial): readonly string[] {
  const places = placeNames(recorded.result);
  return recorded.targets.map((t) => {
    switch (t.kind) {
      case 'result':
        return places.get(t.place) ?? 'the result';
      case 'cell':
        return `the new value of ${ownerName({ kind: 'captured', tensor: t.cell }, names)}`;
      case 'gradient':
        return `the gradient of ${ownerName(t.of, names)}`;
      case 'residual':
        return 'a value that the backward pass needs';
    }
  });
}

/** The outputs of the backward program of a function's results. @internal */
export const gradientNames = ({ recorded, names }: Trial): readonly string[] =>
  (recorded.backward?.to ?? []).map((of) => `the gradient of ${ownerName(of, names)}`);

/** @internal */
export function ownerName(of: Owner, names: readonly string[]): string {
  if (of.kind === 'argument') return names[of.place];
  const { tensor } = of;
  const kind = !tensor.cell ? 'a tensor' : tensor.requiresGrad ? 'a parameter' : 'a buffer';
  return `${kind} ${printType(tensor)}`;
}

/** `the result`, `result[1]`, `result.loss`, by place. */
function placeNames(template: Template): Map<number, string> {
  const found = new Map<number, string>();
  const walk = (t: Template, path: string): void => {
    if (t.kind === 'tensor') found.set(t.place, path === '' ? 'the result' : `result${path}`);
    else if (t.kind === 'array') t.items.forEach((x, i) => walk(x, `${path}[${i}]`));
    else if (t.kind === 'object') for (const [key, x] of t.entries) walk(x, `${path}.${key}`);
  };
  walk(template, '');
  return found;
}
