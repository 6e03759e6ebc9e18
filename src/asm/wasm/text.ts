/**
 * Functions written as text, for code that is the same in every program: the linear form of the
 * WebAssembly text format, as far as it goes with names for functions, parameters, locals and labels.
 */
import { FunctionBuilder, type Immediate, type ValueType } from './function-builder.ts';
import { INSTRUCTIONS } from './instructions.ts';

const HEADER = /\(func \$(\w+)([^\n]*)/g;
const TOKEN = /\(type \$\w+\)|[^\s]+/g;

/**
 * The functions of `text`, each exported under its name. `signatures` are the names of those that
 * `call_indirect` gives, in the module's order. A function is a line `(func $name (param $a i32)
 * (result i32) (local $b i32)`, its instructions, and a line `)`.
 */
export function functionsFromText(text: string, signatures: readonly string[]): FunctionBuilder[] {
  const bare = text.replace(/;;[^\n]*/g, '');
  const heads = [...bare.matchAll(HEADER)];
  const names = heads.map(([, name]) => name);
  return heads.map((head, i) => {
    const start = head.index + head[0].length;
    const body = bare.slice(start, heads[i + 1]?.index).trimEnd();
    if (!body.endsWith(')')) throw new Error(`${names[i]} is not closed`);
    return parse(names[i], head[2], body.slice(0, -1), names, signatures);
  });
}

function parse(
  name: string,
  head: string,
  body: string,
  functions: readonly string[],
  signatures: readonly string[],
): FunctionBuilder {
  const params = [...head.matchAll(/\(param \$(\w+) (\w+)\)/g)];
  const results = [...head.matchAll(/\(result (\w+)\)/g)];
  const f = new FunctionBuilder(
    name,
    params.map((p) => p[2] as ValueType),
    results.map((r) => r[1] as ValueType),
  );
  const locals = params.map((p) => p[1]);
  for (const [, local, type] of head.matchAll(/\(local \$(\w+) (\w+)\)/g)) {
    f.local(type as ValueType);
    locals.push(local);
  }
  const labels: string[] = [];
  const tokens = body.match(TOKEN) ?? [];
  let at = 0;
  /** The place of the next token, `$name`, in a list. */
  const place = (list: readonly string[]): number => {
    const token = tokens[at++] ?? '';
    const found = list.lastIndexOf(/\$(\w+)/.exec(token)?.[1] ?? '');
    if (found < 0) throw new Error(`${name}: nothing is named '${token}'`);
    return found;
  };
  const immediates = (kind: string): Immediate[] => {
    if (kind === 'none') return [];
    if (kind === 'local') return [place(locals)];
    if (kind === 'function') return [place(functions)];
    if (kind === 'signature') return [place(signatures)];
    if (kind === 'label') return [labels.length - 1 - place(labels)];
    if (kind === 'i32') return [Number(tokens[at++])];
    if (kind === 'i64') return [BigInt(tokens[at++])];
    if (kind === 'address') {
      return [tokens[at]?.startsWith('offset=') ? Number(tokens[at++].slice(7)) : 0];
    }
    if (kind === 'block') {
      labels.push(tokens[at]?.startsWith('$') ? tokens[at++].slice(1) : '');
      return [];
    }
    throw new Error(`${name}: no ${kind} in text`);
  };
  while (at < tokens.length) {
    const token = tokens[at++];
    const kind = INSTRUCTIONS.get(token)?.immediate ?? 'none';
    f.emit(token, ...immediates(kind));
    if (token === 'end' && labels.pop() === undefined) throw new Error(`${name}: an end too many`);
  }
  if (labels.length > 0) throw new Error(`${name}: a block has no end`);
  return f;
}
