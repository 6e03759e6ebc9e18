/** Checks that Kernel IR is well formed: assigned once, in scope, types and lanes agreeing. */
import type { Address, BinaryOp, Elem, Inst, Kernel, KType, Reg } from './ir.ts';
import { isPure, operandsOf } from './operands.ts';
import { printInst } from './print.ts';

/** Throws an Error that shows the first offending instruction. */
export function verifyKernel(kernel: Kernel): void {
  new Verifier(kernel).block(kernel.body);
}

type Of<Op extends Inst['op']> = Extract<Inst, { op: Op }>;

const scalar = (elem: Elem): KType => ({ elem, lanes: 1 });
const show = ({ elem, lanes }: KType): string => `${elem}${lanes === 1 ? '' : `x${lanes}`}`;
const isFloat = (elem: Elem): boolean => elem === 'f32' || elem === 'f64';
const isInt = (elem: Elem): boolean => elem === 'i32' || elem === 'i64';
const is32 = (elem: Elem): boolean => elem === 'f32' || elem === 'i32';

class Verifier {
  readonly #kernel: Kernel;
  /** Every register assigned so far, in whatever scope. */
  readonly #assigned = new Set<number>();
  /** Registers that may be read, with the type of their assignment. */
  readonly #scopes: Map<number, KType>[] = [new Map()];
  readonly #constants = new Map<number, number | bigint>();
  #inst: Inst | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  block(block: readonly Inst[]): void {
    for (const inst of block) {
      this.#inst = inst;
      for (const reg of operandsOf(inst)) this.#read(reg);
      if (inst.op === 'loop') this.#loop(inst);
      else if (inst.op === 'if') this.#if(inst);
      else this.#check(inst);
    }
  }

  // ---- scopes

  #require(condition: boolean, problem: string): asserts condition {
    if (condition) return;
    const where = this.#inst === undefined ? '' : `, in: ${printInst(this.#inst, this.#kernel)}`;
    throw new Error(`kernel ${this.#kernel.name}: ${problem}${where}`);
  }

  #read(reg: Reg): void {
    const type = this.#scopes.map((scope) => scope.get(reg.id)).findLast((t) => t !== undefined);
    this.#require(type !== undefined, `%${reg.id} is read where it is not assigned`);
    this.#same(reg.type, type, `%${reg.id}`);
  }

  #assign(reg: Reg): void {
    const { id, type } = reg;
    this.#require(id >= 0 && id < this.#kernel.registers, `%${id} is not below registers`);
    this.#require(!this.#assigned.has(id), `%${id} is assigned twice`);
    const { lanes } = type;
    this.#require(Number.isInteger(lanes) && lanes >= 1, `%${id} has ${lanes} lanes`);
    this.#require(type.elem !== 'index' || lanes === 1, `%${id} is a vector of index`);
    this.#assigned.add(id);
    this.#scopes[this.#scopes.length - 1].set(id, type);
  }

  #same(actual: KType, wanted: KType, what: string): void {
    const same = actual.elem === wanted.elem && actual.lanes === wanted.lanes;
    this.#require(same, `${what} is ${show(actual)} where ${show(wanted)} is wanted`);
  }

  /** Runs `body` in a scope of its own, then `after` while what it assigned may be read. */
  #inside(inst: Inst, body: () => void, after: () => void): void {
    this.#scopes.push(new Map());
    body();
    this.#inst = inst;
    after();
    this.#scopes.pop();
  }

  // ---- control

  #loop(inst: Of<'loop'>): void {
    this.#require(Number.isInteger(inst.step) && inst.step > 0, 'the step must be positive');
    for (const reg of [inst.from, inst.to, inst.index]) {
      this.#same(reg.type, scalar('index'), `%${reg.id}`);
    }
    const body = (): void => {
      this.#assign(inst.index);
      for (const c of inst.carried) this.#assign(c.reg);
      this.block(inst.body);
    };
    this.#inside(inst, body, () => {
      for (const c of inst.carried) this.#read(c.next);
    });
    for (const c of inst.carried) {
      for (const reg of [c.init, c.next, c.result]) this.#same(reg.type, c.reg.type, `%${reg.id}`);
      this.#assign(c.result);
    }
  }

  #if(inst: Of<'if'>): void {
    this.#same(inst.cond.type, scalar('mask'), `%${inst.cond.id}`);
    for (const branch of ['then', 'else'] as const) {
      const give = (): void => {
        for (const r of inst.results) this.#read(r[branch]);
      };
      this.#inside(inst, () => this.block(inst[branch]), give);
    }
    for (const r of inst.results) {
      for (const reg of [r.then, r.else]) this.#same(reg.type, r.dst.type, `%${reg.id}`);
      this.#assign(r.dst);
    }
  }

  // ---- instructions

  #check(inst: Exclude<Inst, { op: 'loop' | 'if' }>): void {
    switch (inst.op) {
      case 'const':
        this.#const(inst);
        break;
      case 'param':
        this.#param(inst);
        break;
      case 'tile':
        this.#same(inst.dst.type, scalar('index'), `%${inst.dst.id}`);
        break;
      case 'unary':
        this.#unary(inst);
        break;
      case 'binary':
        this.#binary(inst);
        break;
      case 'fma':
        for (const reg of [inst.a, inst.b, inst.c]) this.#like(reg, inst.dst);
        this.#require(isFloat(inst.dst.type.elem), 'fma is for floats');
        break;
      case 'compare':
        this.#compare(inst);
        break;
      case 'select':
        this.#same(inst.mask.type, { elem: 'mask', lanes: inst.dst.type.lanes }, 'the mask');
        for (const reg of [inst.a, inst.b]) this.#like(reg, inst.dst);
        break;
      case 'convert':
        this.#sameLanes(inst.a, inst.dst);
        break;
      case 'bitcast': {
        this.#sameLanes(inst.a, inst.dst);
        const elems = [inst.a.type.elem, inst.dst.type.elem];
        const allowed = elems.every((e) => isInt(e) || isFloat(e));
        const sizes = elems.map(is32);
        this.#require(allowed && sizes[0] === sizes[1], 'a bitcast keeps the size of an elem');
        break;
      }
      case 'splat':
        this.#same(inst.a.type, scalar(inst.dst.type.elem), `%${inst.a.id}`);
        break;
      case 'lanes':
        this.#require(isInt(inst.dst.type.elem), 'lanes are i32 or i64');
        break;
      case 'zip':
      case 'unzip':
        for (const reg of [inst.a, inst.b]) this.#like(reg, inst.dst);
        this.#require(
          isInt(inst.dst.type.elem) || isFloat(inst.dst.type.elem),
          `${inst.op} is for numbers`,
        );
        this.#require(inst.dst.type.lanes % 2 === 0, `${inst.op} is for an even number of lanes`);
        break;
      case 'extract':
        this.#same(inst.dst.type, scalar(inst.a.type.elem), `%${inst.dst.id}`);
        this.#require(inst.lane >= 0 && inst.lane < inst.a.type.lanes, 'there is no such lane');
        break;
      case 'horizontal': {
        const { elem, lanes } = inst.a.type;
        this.#same(inst.dst.type, scalar(elem), `%${inst.dst.id}`);
        this.#require(elem !== 'mask' && elem !== 'index', 'horizontal is for numbers');
        this.#require(lanes > 1 && Number.isInteger(Math.log2(lanes)), 'lanes must halve to one');
        break;
      }
      case 'edge':
        this.#same(inst.count.type, scalar('index'), 'the count');
        this.#require(inst.dst.type.elem === 'mask', 'an edge is a mask');
        break;
      case 'load':
        this.#address(inst.addr);
        this.#memory(inst.mem, inst.dst, inst.mask);
        break;
      case 'store':
        this.#address(inst.addr);
        this.#memory(inst.mem, inst.value, inst.mask);
        if (inst.stream) {
          const whole = inst.mask === undefined && inst.value.type.lanes > 1 && inst.mem !== 'u8';
          this.#require(whole, 'only whole vectors of numbers are streamed');
        }
        break;
      case 'prefetch':
        this.#address(inst.addr);
        break;
      case 'fault':
        this.#same(inst.cond.type, scalar('mask'), 'the condition');
        this.#same(inst.position.type, scalar('i32'), 'the position');
        break;
    }
    if (isPure(inst) || inst.op === 'load') this.#assign((inst as { dst: Reg }).dst);
  }

  #like(reg: Reg, dst: Reg): void {
    this.#same(reg.type, dst.type, `%${reg.id}`);
  }

  #sameLanes(a: Reg, dst: Reg): void {
    this.#require(a.type.lanes === dst.type.lanes, 'the numbers of lanes differ');
    const vectorIndex = a.type.elem === 'index' || dst.type.elem === 'index';
    this.#require(!vectorIndex || dst.type.lanes === 1, 'an index is scalar');
  }

  #const({ dst, value }: Of<'const'>): void {
    const { elem } = dst.type;
    this.#require(typeof value === 'bigint' || elem !== 'i64', 'an i64 constant is a bigint');
    this.#require(typeof value === 'number' || elem === 'i64', 'only i64 constants are bigints');
    const whole = isFloat(elem) || typeof value === 'bigint' || Number.isInteger(value);
    this.#require(whole, `${value} is not a whole number`);
    this.#constants.set(dst.id, value);
  }

  #param({ dst, slot, from }: Of<'param'>): void {
    const param = this.#kernel.params[slot];
    this.#require(param !== undefined, `there is no argument slot ${slot}`);
    if (from !== undefined) this.#same(from.type, scalar('index'), `%${from.id}`);
    this.#same(dst.type, scalar(param.elem === 'ptr' ? 'index' : param.elem), `%${dst.id}`);
  }

  #unary({ fn, dst, a }: Of<'unary'>): void {
    this.#like(a, dst);
    const { elem } = dst.type;
    if (fn === 'not') this.#require(isInt(elem) || elem === 'mask', 'not is for bits');
    else if (fn === 'neg' || fn === 'abs') this.#number(elem, fn);
    else this.#require(isFloat(elem), `${fn} is for floats`);
  }

  #number(elem: Elem, what: string): void {
    this.#require(isInt(elem) || isFloat(elem), `${what} is for numbers`);
  }

  #binary({ fn, dst, a, b }: Of<'binary'>): void {
    const { elem } = dst.type;
    this.#like(a, dst);
    if (fn === 'shl' || fn === 'shr' || fn === 'sar') {
      this.#require(isInt(elem), 'shifts are for integers');
      this.#same(b.type, scalar('i32'), 'the shift count');
      const count = this.#constants.get(b.id);
      const width = elem === 'i64' ? 64 : 32;
      const fits = count === undefined || (count >= 0 && count < width);
      this.#require(fits, `the shift count must be below ${width}`);
      return;
    }
    this.#like(b, dst);
    this.#require(BINARY[fn].includes(elem), `${fn} is not defined on ${elem}`);
  }

  #compare({ fn, dst, a, b }: Of<'compare'>): void {
    this.#like(b, a);
    this.#same(dst.type, { elem: 'mask', lanes: a.type.lanes }, `%${dst.id}`);
    this.#require(a.type.elem !== 'mask', `${fn} does not compare masks: combine them by xor`);
  }

  #address({ base, index, offset, scale = 1 }: Address): void {
    for (const reg of index === undefined ? [base] : [base, index]) {
      this.#same(reg.type, scalar('index'), `%${reg.id}`);
    }
    this.#require([1, 2, 4, 8].includes(scale), `there is no scale ${scale}`);
    this.#require(Number.isInteger(offset) && offset === (offset | 0), 'the offset must fit i32');
  }

  #memory(mem: string, value: Reg, mask: Reg | undefined): void {
    const { elem, lanes } = value.type;
    this.#require(mem === (elem === 'mask' ? 'u8' : elem), `memory of ${mem} holds no ${elem}`);
    if (mask !== undefined) this.#same(mask.type, { elem: 'mask', lanes }, 'the mask');
  }
}

const FLOATS: readonly Elem[] = ['f32', 'f64'];
const INTS: readonly Elem[] = ['i32', 'i64'];
const ALL: readonly Elem[] = [...FLOATS, ...INTS, 'index'];
const BITS: readonly Elem[] = [...INTS, 'mask'];

/** The elems on which each operation is defined. */
const BINARY: Readonly<Record<Exclude<BinaryOp, 'shl' | 'shr' | 'sar'>, readonly Elem[]>> = {
  add: ALL,
  sub: ALL,
  mul: ALL,
  min: ALL,
  max: ALL,
  div: [...FLOATS, ...INTS],
  rem: INTS,
  and: BITS,
  or: BITS,
  xor: BITS,
  mulhu: ['i32'],
};
