/** The opcode column of a row. `parse-row.ts` describes the notation. */

export interface Opcode {
  readonly prefix: number;
  readonly map: number;
  readonly opcode: number;
  readonly tail: number;
  readonly digit: number;
  readonly inOpcode: boolean;
}

export const PREFIXES: Readonly<Record<string, number>> = { np: 0, '66': 1, f3: 2, f2: 3 };
const MAPS: Readonly<Record<string, number>> = { '0f': 1, '0f38': 2, '0f3a': 3 };

/** `added` is what a condition adds to the opcode. */
export function parseOpcode(text: string, added: number): Opcode {
  const inOpcode = text.endsWith('+r');
  const [code, digit] = (inOpcode ? text.slice(0, -2) : text).split('/');
  const bytes = code.split('.');
  // A lone byte is the opcode, even if it could be a prefix or map.
  const prefix = bytes.length > 1 && bytes[0] in PREFIXES ? PREFIXES[bytes.shift() ?? ''] : 0;
  const map = bytes.length > 1 && bytes[0] in MAPS ? MAPS[bytes.shift() ?? ''] : 0;
  return {
    prefix,
    map,
    opcode: Number.parseInt(bytes[0], 16) + added,
    tail: bytes.length > 1 ? Number.parseInt(bytes[1], 16) : -1,
    digit: digit === undefined ? -1 : Number(digit),
    inOpcode,
  };
}
