/** Puts code, branches, padding and constants together and fills in distances. */
import { ValueError } from '../../base/index.ts';
import { CodeBuffer } from './code-buffer.ts';
import type { ConstantPool } from './constant-pool.ts';
import {
  addressOf,
  type Branch,
  branchDistance,
  type Layout,
  layOut,
  type Stretch,
} from './layout.ts';
import { appendNops } from './nops.ts';
import type { Label } from './operands.ts';

/** Four bytes that hold the distance of a label from the end of their instruction. */
export interface Reference {
  readonly position: number;
  readonly end: number;
  /** Stretches before it. */
  readonly stretch: number;
  readonly target: Label;
}

export interface Linked {
  readonly bytes: Uint8Array;
  readonly codeBytes: number;
  readonly layout: Layout;
  readonly offsetOf: (label: Label) => number;
}

export function link(
  code: CodeBuffer,
  stretches: readonly Stretch[],
  references: readonly Reference[],
  pool: ConstantPool,
): Linked {
  for (const stretch of stretches) if (stretch.kind === 'branch') checkBound(stretch.target);
  const layout = layOut(stretches);
  const out = new CodeBuffer();
  copyCode(code, stretches, layout, out);
  const codeBytes = out.length;
  const start = Math.ceil(codeBytes / pool.alignment) * pool.alignment;
  const constants = pool.place(start);
  if (constants.length > 0) {
    // Nothing runs here; what strays here traps.
    out.append(new Uint8Array(start - codeBytes).fill(INT3));
    out.append(constants);
  }
  const bytes = out.bytes.slice(0, out.length);
  const view = new DataView(bytes.buffer);
  for (const { position, end, stretch, target } of references) {
    checkBound(target);
    const shift = layout.before[stretch];
    const disp = view.getInt32(position + shift, true);
    view.setInt32(position + shift, addressOf(target, layout) + disp - (end + shift), true);
  }
  const offsetOf = (label: Label): number => {
    checkBound(label);
    return addressOf(label, layout);
  };
  return { bytes, codeBytes, layout, offsetOf };
}

const INT3 = 0xcc;

function checkBound(label: Label): void {
  if (label.position < 0)
    throw new ValueError({ op: 'x64 label', problem: `${label.name} was never bound` });
}

function copyCode(
  code: CodeBuffer,
  stretches: readonly Stretch[],
  layout: Layout,
  out: CodeBuffer,
): void {
  let from = 0;
  stretches.forEach((stretch, i) => {
    out.append(code.bytes.subarray(from, stretch.position));
    from = stretch.position;
    if (stretch.kind === 'align') appendNops(out, layout.sizes[i]);
    else appendBranch(stretch, i, layout, out);
  });
  out.append(code.bytes.subarray(from, code.length));
}

const SHORT_BYTES = 2;
const LONG_JMP = 0xe9;

function appendBranch(branch: Branch, i: number, layout: Layout, out: CodeBuffer): void {
  const distance = branchDistance(branch, i, layout);
  out.reserve(6);
  if (layout.sizes[i] === SHORT_BYTES) {
    out.byte(branch.opcode);
    out.byte(distance);
    return;
  }
  if (branch.type === 'jcc') {
    out.byte(0x0f);
    out.byte(branch.opcode + 0x10);
  } else {
    out.byte(branch.type === 'jmp' ? LONG_JMP : branch.opcode);
  }
  out.integer(distance, 4);
}
