/** Conditions of jumps, moves and sets: a row named `jCC` defines sixteen, with all their names. */

const CONDITIONS =
  'o no b/c/nae ae/nb/nc e/z ne/nz be/na a/nbe s ns p/pe np/po l/nge ge/nl le/ng g/nle'
    .split(' ')
    .map((names) => names.split('/'));
const STEMS = ['j', 'set', 'cmov'];

/** The mnemonics of rows with this first word. */
export function mnemonicsOf(name: string): string[] {
  if (!name.endsWith('CC')) return [name.replace('_', ' ')];
  const stem = name.slice(0, -2);
  return CONDITIONS.flatMap((names) => names.map((condition) => stem + condition));
}

/** The first word of a conditional mnemonic's row, and what the condition adds to the opcode. */
export function conditionOf(mnemonic: string): { row: string; code: number } | undefined {
  for (const stem of STEMS) {
    if (!mnemonic.startsWith(stem)) continue;
    const code = CONDITIONS.findIndex((names) => names.includes(mnemonic.slice(stem.length)));
    if (code >= 0) return { row: `${stem}CC`, code };
  }
  return undefined;
}
