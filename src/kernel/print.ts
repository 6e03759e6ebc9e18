/**
 * Kernel IR as text, one instruction a line; golden tests compare it.
 *
 * A register shows its type where it is assigned (`%12:f32x4`). A loop lists what it carries as
 * `carry register = initial value -> value at the end of a turn -> value after the loop`.
 */
import type { Address, Inst, Kernel, Reg } from './ir.ts';

export function printKernel(kernel: Kernel): string {
  const params = kernel.params.map((p) => `${p.name}: ${p.elem}`).join(', ');
  const lines = [`kernel ${kernel.name}(${params})`];
  printBlock(kernel.body, kernel, 1, lines);
  return `${lines.join('\n')}\n`;
}

/** One instruction; of a loop or a branch, only its head. */
export function printInst(inst: Inst, kernel?: Kernel): string {
  switch (inst.op) {
    case 'const':
      return `${assigned(inst.dst)} = ${Object.is(inst.value, -0) ? '-0' : inst.value}`;
    case 'param': {
      const name = kernel?.params[inst.slot]?.name;
      const from = inst.from === undefined ? '' : ` + ${used(inst.from)}`;
      return `${assigned(inst.dst)} = param ${inst.slot}${from}${name === undefined ? '' : ` ${name}`}`;
    }
    case 'tile':
      return `${assigned(inst.dst)} = tile ${inst.which}`;
    case 'unary':
    case 'horizontal': {
      const name = inst.op === 'unary' ? inst.fn : `horizontal.${inst.fn}`;
      return `${assigned(inst.dst)} = ${name} ${used(inst.a)}`;
    }
    case 'binary':
    case 'compare':
      return `${assigned(inst.dst)} = ${inst.fn} ${used(inst.a)} ${used(inst.b)}`;
    case 'fma':
      return `${assigned(inst.dst)} = fma ${used(inst.a)} ${used(inst.b)} ${used(inst.c)}`;
    case 'select':
      return `${assigned(inst.dst)} = select ${used(inst.mask)} ${used(inst.a)} ${used(inst.b)}`;
    case 'convert':
    case 'bitcast':
    case 'splat':
      return `${assigned(inst.dst)} = ${inst.op} ${used(inst.a)}`;
    case 'lanes':
      return `${assigned(inst.dst)} = lanes`;
    case 'unzip':
      return `${assigned(inst.dst)} = unzip.${inst.part} ${used(inst.a)} ${used(inst.b)}`;
    case 'zip':
      return `${assigned(inst.dst)} = zip.${inst.half} ${used(inst.a)} ${used(inst.b)}`;
    case 'extract':
      return `${assigned(inst.dst)} = extract ${used(inst.a)} ${inst.lane}`;
    case 'edge':
      return `${assigned(inst.dst)} = edge ${used(inst.count)}`;
    case 'load': {
      const name = inst.splat ? 'load.splat' : 'load';
      return `${assigned(inst.dst)} = ${name} ${inst.mem} ${address(inst.addr)}${masked(inst.mask)}`;
    }
    case 'store':
      return `${inst.stream ? 'stream' : 'store'} ${inst.mem} ${address(inst.addr)} = ${used(inst.value)}${masked(inst.mask)}`;
    case 'prefetch':
      return `prefetch ${address(inst.addr)}`;
    case 'loop':
      return `for ${assigned(inst.index)} = ${used(inst.from)} to ${used(inst.to)} step ${inst.step}`;
    case 'if':
      return `if ${used(inst.cond)}`;
    case 'fault':
      return `fault ${used(inst.position)} if ${used(inst.cond)}`;
  }
}

function printBlock(block: readonly Inst[], kernel: Kernel, depth: number, lines: string[]): void {
  const line = (text: string, deeper = 0): void => {
    lines.push(`${'  '.repeat(depth + deeper)}${text}`);
  };
  for (const inst of block) {
    line(printInst(inst, kernel));
    if (inst.op === 'loop') {
      for (const c of inst.carried) {
        const values = [c.init, c.next, c.result].map(used).join(' -> ');
        line(`carry ${assigned(c.reg)} = ${values}`, 1);
      }
      printBlock(inst.body, kernel, depth + 1, lines);
    } else if (inst.op === 'if') {
      printBlock(inst.then, kernel, depth + 1, lines);
      if (inst.else.length > 0) {
        line('else');
        printBlock(inst.else, kernel, depth + 1, lines);
      }
      for (const r of inst.results) {
        line(`${assigned(r.dst)} = then ${used(r.then)} else ${used(r.else)}`);
      }
    }
  }
}

const used = (reg: Reg): string => `%${reg.id}`;

function assigned({ id, type }: Reg): string {
  return `%${id}:${type.elem}${type.lanes === 1 ? '' : `x${type.lanes}`}`;
}

const masked = (mask: Reg | undefined): string => (mask === undefined ? '' : ` if ${used(mask)}`);

function address({ base, index, scale = 1, offset }: Address): string {
  const parts = [used(base)];
  if (index !== undefined) parts.push(`+ ${used(index)}${scale === 1 ? '' : `*${scale}`}`);
  if (offset !== 0) parts.push(offset < 0 ? `- ${-offset}` : `+ ${offset}`);
  return `[${parts.join(' ')}]`;
}
