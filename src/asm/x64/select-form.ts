/**
 * Finds the form for a mnemonic and its operands: first by the kinds of the operands, remembered
 * under their signature, then by what differs from one use to the next (register numbers, masks,
 * the size of an immediate).
 */
import { refuse } from './encoding-error.ts';
import { ENCODING, type Form } from './form.ts';
import { formsOf, formsWith } from './instruction-set.ts';
import { isVectorKind, KIND, KIND_BITS, SPECIAL } from './operand-kind.ts';
import { Memory, type Operand, type Rounding } from './operands.ts';
import { Register } from './registers.ts';

/**
 * The forms that take operands of these signatures, where `plainForm` can tell which it is: no
 * operand is special. Else none.
 */
export function plainForms(
  mnemonic: string,
  operands: readonly Operand[],
  count: number,
  avx512: boolean,
): readonly Form[] {
  for (let i = 0; i < count; i++) if ((signatureOf(operands[i]) & SPECIAL) !== 0) return [];
  const forms = candidates(mnemonic, operands, count).filter((form) => avx512 || !form.avx512);
  const plain = forms.every((form) => form.mask !== 'required' && form.extendedBits !== 16);
  return plain ? forms : [];
}

/** Whether a plain form fits whatever the operands are. */
export const isSettled = (form: Form): boolean => form.immediate < 0 && !form.hasFixed;

/** The form of `selectForm` out of the plain ones; null where it takes more to tell. */
export function plainForm(
  forms: readonly Form[],
  operands: readonly Operand[],
  avx512: boolean,
): Form | null {
  for (let i = 0; i < forms.length; i++) {
    const form = forms[i];
    if (form.immediate >= 0 && !fitsPlainly(form, operands[form.immediate])) continue;
    if (form.hasFixed && !fixedFit(form, operands)) continue;
    const vex = avx512 && form.encoding === ENCODING.vex && form.rm >= 0;
    return vex && isFar(operands[form.rm]) ? null : form;
  }
  return null;
}

/** Whether an immediate fits, of those that have 32 bits with their sign. */
const fitsPlainly = ({ least, most }: Form, value: Operand): boolean =>
  typeof value === 'number' && value >= least && value <= most && (value | 0) === value;

/** Whether it is memory at a displacement that EVEX may write shorter. */
function isFar(operand: Operand): boolean {
  const { disp } = operand as Memory;
  return (operand as Memory).kind >= KIND.memory && (disp < -128 || disp > 127);
}

/** What an operand is; numbers and bigints are immediates. */
export const kindOf = (operand: Operand): number =>
  typeof operand === 'object' ? operand.kind : KIND.immediate;

export const signatureOf = (operand: Operand): number =>
  typeof operand === 'object' ? operand.signature : KIND.immediate;

/** The forms of one mnemonic by signature of operands. */
type FormsBySignature = Map<number, readonly Form[]>;

const cache = new Map<string, FormsBySignature>();

/**
 * The form to encode the first `count` of `operands`. Prefers the first that fits in the order of the tables, so VEX to EVEX; where
 * AVX-512 may be used, a compressed displacement makes EVEX the shorter one.
 */
export function selectForm(
  mnemonic: string,
  operands: readonly Operand[],
  count: number,
  rounding: Rounding | null,
  avx512: boolean,
): Form {
  const forms = candidates(mnemonic, operands, count);
  for (let i = 0; i < forms.length; i++) {
    const form = forms[i];
    if (misfit(form, operands, rounding, avx512) !== null) continue;
    if (form.encoding !== ENCODING.vex || !avx512 || form.rm < 0) return form;
    return shorterThanVex(forms, i, operands) ?? form;
  }
  const reasons = forms.map((form) => misfit(form, operands, rounding, avx512));
  // Of several reasons the last is of the most capable form.
  return refuse(mnemonic, operands.slice(0, count), rounding, reasons.at(-1) ?? 'no form fits');
}

/** The forms that take operands of these kinds, remembered. */
function candidates(
  mnemonic: string,
  operands: readonly Operand[],
  count: number,
): readonly Form[] {
  let signature = 0;
  for (let i = count - 1; i >= 0; i--) signature = (signature << KIND_BITS) | kindOf(operands[i]);
  let bySignature = cache.get(mnemonic);
  if (bySignature === undefined) {
    bySignature = new Map();
    cache.set(mnemonic, bySignature);
  }
  let forms = bySignature.get(signature);
  if (forms === undefined) {
    forms = formsFor(mnemonic, operands.slice(0, count));
    bySignature.set(signature, forms);
  }
  return forms;
}

/** Forms that take operands of these kinds; refuses a size that nothing tells. */
function formsFor(mnemonic: string, operands: readonly Operand[]): readonly Form[] {
  const given = operands.map(kindOf);
  const forms = formsWith(
    mnemonic,
    (patterns) =>
      patterns.length === given.length &&
      patterns.every(({ kinds }, i) => ((kinds >> given[i]) & 1) === 1),
  );
  if (forms.length === 0) {
    const all = formsOf(mnemonic);
    const problem =
      all.length === 0
        ? 'there is no such instruction'
        : 'no form takes operands of these kinds and sizes';
    return refuse(mnemonic, operands, null, problem, all);
  }
  const memory = given.find((kind) => kind >= KIND.memory);
  const ambiguous =
    (memory === KIND.memory && forms.some((f) => f.memoryBits !== forms[0].memoryBits)) ||
    (memory === KIND.broadcast && forms.some((f) => f.lanes !== forms[0].lanes));
  if (ambiguous)
    return refuse(mnemonic, operands, null, 'the size of the memory operand is not known: give it');
  return forms;
}

/** Why a form whose kinds fit cannot encode these operands, or `null`. */
function misfit(
  form: Form,
  operands: readonly Operand[],
  rounding: Rounding | null,
  avx512: boolean,
): string | null {
  if (form.avx512 && !avx512) return 'needs AVX-512';
  if (rounding !== null) {
    const problem = roundingMisfit(form, operands, rounding);
    if (problem !== null) return problem;
  }
  const evex = form.encoding === ENCODING.evex;
  for (let i = 0; i < form.kinds.length; i++) {
    const operand = operands[i];
    if (typeof operand !== 'object') {
      const problem = immediateMisfit(form, operand);
      if (problem !== null) return problem;
    } else if (operand instanceof Memory) {
      const problem = memoryMisfit(form, operand, i) ?? gatherMisfit(form, operands, i);
      if (problem !== null) return problem;
    } else if (operand instanceof Register) {
      if (!evex && operand.id >= 16) return `${operand.name} needs EVEX, which this lacks`;
      if (operand.writeMask > 0 && (i > 0 || !takesMask(form, operand.zeroing)))
        return `${operand.name}: no such write mask here`;
    }
  }
  if (form.hasFixed && !fixedFit(form, operands)) return 'only one register can stand there';
  if (form.mask === 'required' && maskOf(operands[0]) === 0) return 'a write mask is required';
  return null;
}

const takesMask = (form: Form, zeroing: boolean): boolean =>
  form.mask === 'zero' || (form.mask !== 'none' && !zeroing);

const maskOf = (operand: Operand): number =>
  typeof operand === 'object' && 'writeMask' in operand ? operand.writeMask : 0;

function roundingMisfit(
  form: Form,
  operands: readonly Operand[],
  rounding: Rounding,
): string | null {
  if (form.rounding === 'none' || (form.rounding === 'er') !== rounding.name.endsWith('-sae}'))
    return `${rounding.name} is not possible here`;
  for (let i = 0; i < form.kinds.length; i++)
    if (operands[i] instanceof Memory) return `${rounding.name} needs registers only`;
  return form.packed && form.length !== 2 ? `${rounding.name} needs 512 bits` : null;
}

function memoryMisfit(form: Form, memory: Memory, i: number): string | null {
  if (memory.writeMask > 0 && (i > 0 || form.mask === 'none')) return 'no write mask here';
  if (memory.broadcast) {
    if (memory.bits > 0 && memory.bits !== form.broadcastBits)
      return `the element of a broadcast has ${form.broadcastBits} bits here`;
    return null;
  }
  if (memory.index !== null && isVectorKind(memory.index.kind)) {
    if (memory.bits > 0 && memory.bits !== form.memoryBits)
      return `an element has ${form.memoryBits} bits here`;
    if (form.encoding !== ENCODING.evex && memory.index.id >= 16)
      return `${memory.index.name} needs EVEX`;
  }
  return null;
}

/** A gather into its own index, or with two registers the same, is undefined. */
function gatherMisfit(form: Form, operands: readonly Operand[], i: number): string | null {
  const { index } = operands[i] as Memory;
  if (i === 0 || index === null || !isVectorKind(index.kind)) return null;
  const target = (operands[0] as Register).id;
  // With VEX the mask is a third vector.
  const mask = form.kinds.length > 2 ? (operands[2] as Register).id : -1;
  const clash = target === index.id || mask === index.id || mask === target;
  return clash ? 'a gather takes different registers only' : null;
}

function immediateMisfit(form: Form, value: number | bigint): string | null {
  if (form.immediateRange === 'one') return Number(value) === 1 ? null : 'only 1 is possible';
  const bytes = form.immediateBytes;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return `${value} is no integer`;
  const limit = 2 ** (8 * bytes - 1);
  const high = form.immediateRange === 'signed' ? limit : 2 * limit;
  if (value >= -limit && value < high) return null;
  if (form.extendedBits > 0) {
    const wraps = 2 ** form.extendedBits;
    if (value >= wraps - limit && value < wraps) return null;
  }
  return `${value} does not fit in ${8 * bytes} bits`;
}

function fixedFit(form: Form, operands: readonly Operand[]): boolean {
  for (let i = 0; i < form.fixed.length; i++)
    if (form.fixed[i] >= 0 && (operands[i] as Register).id !== form.fixed[i]) return false;
  return true;
}

/** The EVEX twin of a VEX form, if it can write as one byte a displacement that VEX cannot. */
function shorterThanVex(
  forms: readonly Form[],
  vex: number,
  operands: readonly Operand[],
): Form | null {
  const memory = operands[forms[vex].rm];
  if (!(memory instanceof Memory) || memory.base === null) return null;
  const { disp } = memory;
  if (disp >= -128 && disp <= 127) return null;
  for (let i = vex + 1; i < forms.length; i++) {
    const form = forms[i];
    if (form.encoding !== ENCODING.evex || form.mask === 'required') continue;
    if (form.row !== forms[vex].row) continue;
    const steps = disp / form.dispUnit;
    if (Number.isInteger(steps) && steps >= -128 && steps <= 127) return form;
  }
  return null;
}

/** Whether VEX could encode what was given (then text for other assemblers must ask for EVEX). */
export function fitsVex(
  mnemonic: string,
  operands: readonly Operand[],
  count: number,
  rounding: Rounding | null,
): boolean {
  return candidates(mnemonic, operands, count).some(
    (form) => form.encoding === ENCODING.vex && misfit(form, operands, rounding, true) === null,
  );
}
