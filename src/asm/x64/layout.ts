/**
 * From code with holes to final addresses. Branches and alignments have no bytes in the buffer; each
 * is a stretch whose size is chosen here. All branches start short, and those that do not reach
 * grow, until nothing changes: growing is one-way, so this ends.
 */
import type { Label } from './operands.ts';

export type Stretch = Branch | Alignment;

export interface Branch {
  readonly kind: 'branch';
  /** Where in the buffer it goes. */
  readonly position: number;
  readonly target: Label;
  /** Opcode of the short form; of a call, which has none, that of the long one. */
  readonly opcode: number;
  readonly type: 'jmp' | 'jcc' | 'call';
}

export interface Alignment {
  readonly kind: 'align';
  readonly position: number;
  readonly bytes: number;
}

/** Sizes of all stretches, and how many bytes those before each have. */
export interface Layout {
  readonly sizes: Int32Array;
  readonly before: Int32Array;
}

const LONG = { jmp: 5, jcc: 6, call: 5 } as const;
const SHORT = 2;

export function layOut(stretches: readonly Stretch[]): Layout {
  const sizes = new Int32Array(stretches.length);
  const before = new Int32Array(stretches.length + 1);
  stretches.forEach((s, i) => {
    sizes[i] = s.kind === 'align' ? 0 : s.type === 'call' ? LONG.call : SHORT;
  });
  const layout = { sizes, before };
  do place(stretches, layout);
  while (growBranches(stretches, layout));
  return layout;
}

/** Addresses for the present sizes of branches. */
function place(stretches: readonly Stretch[], { sizes, before }: Layout): void {
  for (let i = 0; i < stretches.length; i++) {
    const stretch = stretches[i];
    if (stretch.kind === 'align') {
      const misaligned = (stretch.position + before[i]) % stretch.bytes;
      sizes[i] = misaligned === 0 ? 0 : stretch.bytes - misaligned;
    }
    before[i + 1] = before[i] + sizes[i];
  }
}

function growBranches(stretches: readonly Stretch[], layout: Layout): boolean {
  let grown = false;
  for (let i = 0; i < stretches.length; i++) {
    const stretch = stretches[i];
    if (stretch.kind === 'align' || layout.sizes[i] !== SHORT) continue;
    const distance = branchDistance(stretch, i, layout);
    if (distance >= -128 && distance <= 127) continue;
    layout.sizes[i] = LONG[stretch.type];
    grown = true;
  }
  return grown;
}

export const addressOf = (label: Label, { before }: Layout): number =>
  label.position + before[label.stretch];

/** From the end of branch `i` to its target. */
export const branchDistance = (branch: Branch, i: number, layout: Layout): number =>
  addressOf(branch.target, layout) - (branch.position + layout.before[i] + layout.sizes[i]);
