/** A text as numbers: one for each of its characters. */
import { checkOptions, given, ValueError } from '../base/index.ts';
import { fromHost, type Tensor } from '../tensor/index.ts';
import type { Dataset } from './dataset.ts';

export interface WindowOptions {
  /** Characters between the beginnings of windows. Default the window's length. */
  readonly stride?: number;
}

/** Characters, and those that follow each. */
export interface TextExample {
  readonly x: Tensor<readonly [number]>;
  readonly y: Tensor<readonly [number]>;
}

export interface TextBatch {
  readonly x: Tensor<readonly [number, number]>;
  readonly y: Tensor<readonly [number, number]>;
}

/**
 * A text whose characters (code points) are numbered in the order of their code.
 *
 * @example
 * const corpus = new TextCorpus('hello');
 * corpus.vocabulary; // ['e', 'h', 'l', 'o']
 * corpus.encode('hole').toArray(); // [1, 3, 2, 0]
 */
export class TextCorpus {
  readonly text: string;
  /** The distinct characters: number i stands for `vocabulary[i]`. */
  readonly vocabulary: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly ids: Int32Array;

  /** Without a vocabulary, the text's own characters are it. */
  constructor(text: string, vocabulary?: readonly string[]) {
    const op = 'TextCorpus';
    if (typeof text !== 'string' || text === '') {
      throw new ValueError({
        op,
        problem: text === '' ? 'the text is empty' : `takes a text, not ${given(text)}`,
      });
    }
    this.text = text;
    this.vocabulary =
      vocabulary ??
      [...new Set(text)].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
    this.numbers = new Map(this.vocabulary.map((character, i) => [character, i]));
    this.ids = this.numbersOf(text, op);
  }

  /** Characters in the text. */
  get length(): number {
    return this.ids.length;
  }

  /** The numbers of a text's characters, int32 `[N]`. Throws ValueError for a character not in the vocabulary. */
  encode(text: string): Tensor<readonly [number]> {
    const ids = this.numbersOf(text, 'encode');
    return fromHost(ids, 'int32', [ids.length]) as Tensor as Tensor<readonly [number]>;
  }

  /** The text of some numbers: a tensor, or an array. Throws ValueError for what is no number of a character. */
  decode(ids: Tensor | Iterable<number>): string {
    const list: Iterable<number | bigint> = 'data' in ids ? ids.data() : ids;
    let text = '';
    for (const id of list) {
      const character = this.vocabulary[Number(id)];
      if (character === undefined) {
        throw new ValueError({
          op: 'decode',
          problem: `${id} stands for no character: the vocabulary has ${this.vocabulary.length}`,
        });
      }
      text += character;
    }
    return text;
  }

  /** The beginning to learn from, and the last `fraction` to test with; both with this vocabulary. */
  split(fraction: number): { readonly train: TextCorpus; readonly test: TextCorpus } {
    if (typeof fraction !== 'number' || !(fraction > 0 && fraction < 1)) {
      throw new ValueError({
        op: 'split',
        problem: `the fraction held out must lie between 0 and 1, not ${given(fraction)}`,
      });
    }
    const held = Math.floor(this.length * fraction);
    if (held === 0 || held === this.length) {
      throw new ValueError({
        op: 'split',
        problem: `a share of ${fraction} of ${this.length} characters leaves a part empty`,
      });
    }
    const characters = [...this.text];
    const part = (list: string[]): TextCorpus => new TextCorpus(list.join(''), this.vocabulary);
    return { train: part(characters.slice(0, -held)), test: part(characters.slice(-held)) };
  }

  /**
   * Windows of `length` characters as a data set: `x` their numbers, `y` those one further on, both
   * int32 `[length]`, in batches `[batchSize, length]`.
   *
   * @example
   * const loader = new DataLoader(corpus.windows(128), { batchSize: 32, shuffle: true });
   */
  windows(length: number, options: WindowOptions = {}): Dataset<TextExample, TextBatch> {
    const op = 'windows';
    checkOptions(op, options, ['stride']);
    const { stride = length } = options;
    for (const [name, n] of Object.entries({ length, stride })) {
      if (Number.isSafeInteger(n) && n >= 1) continue;
      throw new ValueError({ op, problem: `${name} counts characters, not ${given(n)}` });
    }
    const { ids } = this;
    if (length >= ids.length) {
      throw new ValueError({
        op,
        problem: `a text of ${ids.length} characters has no window of ${length} and one more`,
      });
    }
    const count = Math.floor((ids.length - length - 1) / stride) + 1;
    const gather = (rows: Int32Array, shift: number): Int32Array => {
      const out = new Int32Array(rows.length * length);
      rows.forEach((row, i) => {
        const start = row * stride + shift;
        out.set(ids.subarray(start, start + length), i * length);
      });
      return out;
    };
    const pair = (rows: Int32Array, shape: readonly number[]): { x: Tensor; y: Tensor } => ({
      x: fromHost(gather(rows, 0), 'int32', shape),
      y: fromHost(gather(rows, 1), 'int32', shape),
    });
    return {
      length: count,
      get(index) {
        if (!Number.isSafeInteger(index) || index < 0 || index >= count) {
          throw new ValueError({ op, problem: `there is no window ${given(index)} of ${count}` });
        }
        return pair(Int32Array.of(index), [length]) as unknown as TextExample;
      },
      pick: (rows) => pair(rows, [rows.length, length]) as unknown as TextBatch,
    };
  }

  private numbersOf(text: string, op: string): Int32Array {
    const ids: number[] = [];
    for (const character of text) {
      const id = this.numbers.get(character);
      if (id === undefined) {
        throw new ValueError({
          op,
          problem: `${JSON.stringify(character)} is not among the ${this.vocabulary.length} characters`,
        });
      }
      ids.push(id);
    }
    return Int32Array.from(ids);
  }
}
