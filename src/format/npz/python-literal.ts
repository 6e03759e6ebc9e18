/** The literals that the headers of NPY files are made of: a small part of Python's. */

/** A tuple or a list. */
export interface Sequence {
  readonly kind: 'tuple' | 'list';
  readonly items: readonly Literal[];
}

export type Literal = string | number | boolean | null | Sequence | ReadonlyMap<string, Literal>;

const MAX_DEPTH = 16;
const WORDS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };

/**
 * The value of a Python literal: dicts with string keys, tuples, lists, strings, integers (`3L` of
 * Python 2 too), True, False, None. Throws SyntaxError that tells the place.
 */
export function parseLiteral(text: string): Literal {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Literal {
    if (depth > MAX_DEPTH) throw this.#wrong('nested too deeply');
    this.#space();
    const c = this.#text[this.#at];
    if (c === '{') return this.#dict(depth);
    if (c === '(') return this.#sequence('tuple', ')', depth);
    if (c === '[') return this.#sequence('list', ']', depth);
    const number = this.#take(/-?(?:0|[1-9]\d*)L?(?!\w)/y);
    if (number !== undefined) return Number(number.replace('L', ''));
    const word = this.#take(/(?:True|False|None)\b/y);
    return word === undefined ? this.#string() : WORDS[word];
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#wrong('more than one value');
  }

  #string(): string {
    const quoted = this.#take(/[ub]?'(?:[^'\\\n]|\\.)*'|[ub]?"(?:[^"\\\n]|\\.)*"/y);
    if (quoted === undefined) throw this.#wrong('no value');
    return quoted.replace(/^[ub]/, '').slice(1, -1);
  }

  #dict(depth: number): ReadonlyMap<string, Literal> {
    const entries = new Map<string, Literal>();
    this.#at++;
    while (!this.#skip('}')) {
      this.#space();
      const key = this.#string();
      if (entries.has(key)) throw this.#wrong(`the key '${key}' twice`);
      if (!this.#skip(':')) throw this.#wrong("no ':'");
      entries.set(key, this.value(depth + 1));
      if (!this.#skip(',') && !this.#sees('}')) throw this.#wrong("no ',' or '}'");
    }
    return entries;
  }

  #sequence(kind: 'tuple' | 'list', close: string, depth: number): Sequence | Literal {
    const items: Literal[] = [];
    this.#at++;
    let commas = 0;
    while (!this.#skip(close)) {
      items.push(this.value(depth + 1));
      if (this.#skip(',')) commas++;
      else if (!this.#sees(close)) throw this.#wrong(`no ',' or '${close}'`);
    }
    // (3) is the number 3, (3,) a tuple.
    return kind === 'tuple' && items.length === 1 && commas === 0 ? items[0] : { kind, items };
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #space(): void {
    this.#take(/[ \t\r\n\f]*/y);
  }

  #sees(c: string): boolean {
    this.#space();
    return this.#text[this.#at] === c;
  }

  #skip(c: string): boolean {
    const found = this.#sees(c);
    if (found) this.#at++;
    return found;
  }

  #wrong(problem: string): SyntaxError {
    return new SyntaxError(`${problem} at character ${this.#at}`);
  }
}
