/**
 * Makes Kernel IR. Pure instructions are placed in the outermost scope where their operands are
 * defined and are made once, so loop-invariant code is hoisted and common values are shared while
 * a schedule is being written; schedules need not care.
 */
import type {
  Address,
  BinaryOp,
  Carried,
  Elem,
  Inst,
  Kernel,
  KType,
  MemElem,
  Predicate,
  Reg,
  UnaryOp,
} from './ir.ts';

interface Scope {
  readonly insts: Inst[];
  /** Pure instructions already made in this scope, by structure. */
  readonly known: Map<string, Reg>;
}

type Body = (index: Reg, carried: readonly Reg[]) => readonly Reg[];

export class KernelBuilder {
  private readonly name: string;
  private readonly params: { name: string; elem: 'ptr' | 'index' | Elem }[] = [];
  private readonly scopes: Scope[] = [{ insts: [], known: new Map() }];
  /** The number of the innermost scope, and its instructions. */
  private depth = 0;
  private here = this.scopes[0].insts;
  /** Scope depth of each register. */
  private readonly depths: number[] = [];
  private readonly constants = new Map<number, number | bigint>();
  /** Constants of `index` by value: there are many. */
  private readonly indices = new Map<number, Reg>();

  constructor(name: string) {
    this.name = name;
  }

  finish(): Kernel {
    if (this.scopes.length !== 1) throw new Error('finish inside an open loop');
    return {
      name: this.name,
      params: this.params,
      body: this.scopes[0].insts,
      registers: this.depths.length,
    };
  }

  // ---- arguments and constants

  /**
   * The next argument slot: `ptr` and `index` give an index register. With `from`, as many slots
   * further on.
   */
  param(name: string, elem: 'ptr' | 'index' | Elem, from?: Reg): Reg {
    const slot = this.params.push({ name, elem }) - 1;
    const type = scalar(elem === 'ptr' ? 'index' : elem);
    if (from !== undefined) {
      const key = `param ${slot} ${from.id}`;
      return this.pure(key, type, [from], (dst) => ({ op: 'param', dst, slot, from }));
    }
    const dst = this.reg(type, 0);
    this.scopes[0].insts.push({ op: 'param', dst, slot });
    return dst;
  }

  /** Runs `body` for each tile of the call. What it stores must not depend on other tiles. */
  tiles(body: (tile: Reg) => void): void {
    this.loop(this.tile('first'), this.tile('end'), 1, [], (tile) => {
      body(tile);
      return [];
    });
  }

  /** The first tile of the call. */
  firstTile(): Reg {
    return this.tile('first');
  }

  /** The thread that runs this call, from 0. */
  thread(): Reg {
    return this.tile('thread');
  }

  private tile(which: 'first' | 'end' | 'thread'): Reg {
    return this.pure(`tile ${which}`, scalar('index'), [], (dst) => ({ op: 'tile', dst, which }));
  }

  const(elem: Elem, value: number | bigint): Reg {
    const text = Object.is(value, -0) ? '-0' : String(value);
    const r = this.pure(`const ${elem} ${text}`, scalar(elem), [], (dst) => ({
      op: 'const',
      dst,
      value,
    }));
    this.constants.set(r.id, value);
    return r;
  }

  index(value: number): Reg {
    let r = this.indices.get(value);
    if (r === undefined) {
      r = this.const('index', value);
      this.indices.set(value, r);
    }
    return r;
  }

  /** The value of a constant register, else undefined. */
  constantOf(r: Reg): number | bigint | undefined {
    return this.constants.get(r.id);
  }

  // ---- arithmetic

  unary(fn: UnaryOp, a: Reg): Reg {
    return this.pure(`${fn} ${a.id}`, a.type, [a], (dst) => ({ op: 'unary', fn, dst, a }));
  }

  binary(fn: BinaryOp, a: Reg, b: Reg): Reg {
    const folded = a.type.elem === 'index' ? this.foldIndex(fn, a, b) : undefined;
    if (folded !== undefined) return folded;
    return this.pure(`${fn} ${a.id} ${b.id}`, a.type, [a, b], (dst) => ({
      op: 'binary',
      fn,
      dst,
      a,
      b,
    }));
  }

  add(a: Reg, b: Reg | number): Reg {
    return this.binary('add', a, this.like(a, b));
  }

  sub(a: Reg, b: Reg | number): Reg {
    return this.binary('sub', a, this.like(a, b));
  }

  mul(a: Reg, b: Reg | number): Reg {
    return this.binary('mul', a, this.like(a, b));
  }

  min(a: Reg, b: Reg | number): Reg {
    return this.binary('min', a, this.like(a, b));
  }

  max(a: Reg, b: Reg | number): Reg {
    return this.binary('max', a, this.like(a, b));
  }

  /** a * b + c. */
  fma(a: Reg, b: Reg, c: Reg): Reg {
    return this.pure(`fma ${a.id} ${b.id} ${c.id}`, c.type, [a, b, c], (dst) => ({
      op: 'fma',
      dst,
      a,
      b,
      c,
    }));
  }

  compare(fn: Predicate, a: Reg, b: Reg): Reg {
    const type = { elem: 'mask', lanes: a.type.lanes } as const;
    return this.pure(`${fn} ${a.id} ${b.id}`, type, [a, b], (dst) => ({
      op: 'compare',
      fn,
      dst,
      a,
      b,
    }));
  }

  select(mask: Reg, a: Reg, b: Reg): Reg {
    return this.pure(`select ${mask.id} ${a.id} ${b.id}`, a.type, [mask, a, b], (dst) => ({
      op: 'select',
      dst,
      mask,
      a,
      b,
    }));
  }

  convert(a: Reg, elem: Elem): Reg {
    if (a.type.elem === elem) return a;
    const type = { elem, lanes: a.type.lanes };
    return this.pure(`convert ${elem} ${a.id}`, type, [a], (dst) => ({ op: 'convert', dst, a }));
  }

  bitcast(a: Reg, elem: Elem): Reg {
    const type = { elem, lanes: a.type.lanes };
    return this.pure(`bitcast ${elem} ${a.id}`, type, [a], (dst) => ({ op: 'bitcast', dst, a }));
  }

  splat(a: Reg, lanes: number): Reg {
    if (lanes === a.type.lanes) return a;
    const type = { elem: a.type.elem, lanes };
    return this.pure(`splat ${lanes} ${a.id}`, type, [a], (dst) => ({ op: 'splat', dst, a }));
  }

  lanes(elem: 'i32' | 'i64', lanes: number): Reg {
    return this.pure(`lanes ${elem} ${lanes}`, { elem, lanes }, [], (dst) => ({
      op: 'lanes',
      dst,
    }));
  }

  extract(a: Reg, lane: number): Reg {
    return this.pure(`extract ${a.id} ${lane}`, scalar(a.type.elem), [a], (dst) => ({
      op: 'extract',
      dst,
      a,
      lane,
    }));
  }

  zip(half: 'low' | 'high', a: Reg, b: Reg): Reg {
    return this.pure(`zip ${half} ${a.id} ${b.id}`, a.type, [a, b], (dst) => ({
      op: 'zip',
      half,
      dst,
      a,
      b,
    }));
  }

  unzip(part: 'even' | 'odd', a: Reg, b: Reg): Reg {
    return this.pure(`unzip ${part} ${a.id} ${b.id}`, a.type, [a, b], (dst) => ({
      op: 'unzip',
      part,
      dst,
      a,
      b,
    }));
  }

  /** As many vectors as they have lanes, turned: lane i of result j is lane j of operand i. */
  transpose(vectors: readonly Reg[]): Reg[] {
    const half = vectors.length / 2;
    let now = [...vectors];
    for (let n = vectors.length; n > 1; n /= 2) {
      now = now.slice(0, half).flatMap((a, i) => {
        const b = now[half + i];
        return [this.zip('low', a, b), this.zip('high', a, b)];
      });
    }
    return now;
  }

  horizontal(fn: 'add' | 'mul' | 'min' | 'max', a: Reg): Reg {
    if (a.type.lanes === 1) return a;
    return this.pure(`horizontal ${fn} ${a.id}`, scalar(a.type.elem), [a], (dst) => ({
      op: 'horizontal',
      fn,
      dst,
      a,
    }));
  }

  edge(count: Reg, lanes: number): Reg {
    return this.pure(`edge ${lanes} ${count.id}`, { elem: 'mask', lanes }, [count], (dst) => ({
      op: 'edge',
      dst,
      count,
    }));
  }

  // ---- memory: stays where it is written

  load(
    mem: MemElem,
    lanes: number,
    addr: Address,
    options: { splat?: boolean; mask?: Reg } = {},
  ): Reg {
    const dst = this.reg({ elem: mem === 'u8' ? 'mask' : mem, lanes });
    const { splat = false, mask } = options;
    if (mask === undefined) this.emit({ op: 'load', dst, mem, addr, splat });
    else this.emit({ op: 'load', dst, mem, addr, splat, mask });
    return dst;
  }

  store(mem: MemElem, addr: Address, value: Reg, mask?: Reg): void {
    if (mask === undefined) this.emit({ op: 'store', mem, addr, value });
    else this.emit({ op: 'store', mem, addr, value, mask });
  }

  /** Stores a whole vector past the caches; its address is a multiple of its bytes. */
  stream(mem: MemElem, addr: Address, value: Reg): void {
    this.emit({ op: 'store', mem, addr, value, stream: true });
  }

  prefetch(addr: Address): void {
    this.emit({ op: 'prefetch', addr });
  }

  fault(cond: Reg, position: Reg): void {
    this.emit({ op: 'fault', cond, position });
  }

  // ---- control

  /**
   * for (index = from; index < to; index += step), carrying registers: `body` gets their values at
   * the start of a turn and returns those at its end; the values after the loop are returned.
   */
  loop(
    from: Reg | number,
    to: Reg | number,
    step: number,
    init: readonly Reg[],
    body: Body,
  ): Reg[] {
    const lo = typeof from === 'number' ? this.index(from) : from;
    const hi = typeof to === 'number' ? this.index(to) : to;
    const insts = this.open();
    const index = this.reg(scalar('index'));
    const regs = init.map((r) => this.reg(r.type));
    const nexts = body(index, regs);
    this.close();
    if (nexts.length !== init.length) throw new Error('a loop must return what it carries');
    const carried: Carried[] = regs.map((reg, i) => ({
      reg,
      init: init[i],
      next: nexts[i],
      result: this.reg(reg.type),
    }));
    this.emit({ op: 'loop', index, from: lo, to: hi, step, carried, body: insts });
    return carried.map((c) => c.result);
  }

  /** Runs one branch and returns its values. */
  if(cond: Reg, then: () => readonly Reg[], otherwise: () => readonly Reg[] = () => []): Reg[] {
    const thenInsts = this.open();
    const a = then();
    this.close();
    const elseInsts = this.open();
    const b = otherwise();
    this.close();
    if (a.length !== b.length) throw new Error('both branches must return as many values');
    const results = a.map((r, i) => ({ dst: this.reg(r.type), then: r, else: b[i] }));
    this.emit({ op: 'if', cond, then: thenInsts, else: elseInsts, results });
    return results.map((r) => r.dst);
  }

  // ---- inside

  private open(): Inst[] {
    const insts: Inst[] = [];
    this.depth = this.scopes.push({ insts, known: new Map() }) - 1;
    this.here = insts;
    return insts;
  }

  private close(): void {
    this.scopes.pop();
    this.depth = this.scopes.length - 1;
    this.here = this.scopes[this.depth].insts;
  }

  private emit(inst: Inst): void {
    this.here.push(inst);
  }

  private reg(type: KType, depth = this.depth): Reg {
    return { id: this.depths.push(depth) - 1, type };
  }

  /** `key` must tell the instruction, and the type where operands do not. */
  private pure(key: string, type: KType, inputs: readonly Reg[], make: (dst: Reg) => Inst): Reg {
    let depth = 0;
    for (let i = 0; i < inputs.length; i++) {
      const own = this.depths[inputs[i].id];
      if (own > depth) depth = own;
    }
    const scope = this.scopes[depth];
    let dst = scope.known.get(key);
    if (dst === undefined) {
      dst = this.reg(type, depth);
      scope.known.set(key, dst);
      scope.insts.push(make(dst));
    }
    return dst;
  }

  private like(a: Reg, b: Reg | number): Reg {
    if (typeof b !== 'number') return b;
    const { elem, lanes } = a.type;
    if (elem === 'index') return this.index(b);
    return this.splat(this.const(elem, elem === 'i64' ? BigInt(b) : b), lanes);
  }

  private foldIndex(fn: BinaryOp, a: Reg, b: Reg): Reg | undefined {
    const x = this.constants.get(a.id);
    const y = this.constants.get(b.id);
    if (x === undefined && y === undefined) return undefined;
    if (fn === 'add' && x === 0) return b;
    if ((fn === 'add' || fn === 'sub') && y === 0) return a;
    if (fn === 'mul' && x === 1) return b;
    if (fn === 'mul' && y === 1) return a;
    if (fn === 'mul' && (x === 0 || y === 0)) return this.index(0);
    if (typeof x !== 'number' || typeof y !== 'number') return undefined;
    if (fn === 'add') return this.index(x + y);
    if (fn === 'sub') return this.index(x - y);
    if (fn === 'mul') return this.index(x * y);
    if (fn === 'min') return this.index(Math.min(x, y));
    if (fn === 'max') return this.index(Math.max(x, y));
    return undefined;
  }
}

const one = (elem: Elem): KType => ({ elem, lanes: 1 });

const SCALARS: Readonly<Record<Elem, KType>> = {
  f32: one('f32'),
  f64: one('f64'),
  i32: one('i32'),
  i64: one('i64'),
  mask: one('mask'),
  index: one('index'),
};

const scalar = (elem: Elem): KType => SCALARS[elem];

/** An address: `base + index * scale + offset` bytes. */
export const at = (base: Reg, offset = 0, index?: Reg, scale?: 1 | 2 | 4 | 8): Address =>
  index === undefined ? { base, offset } : { base, index, scale: scale ?? 1, offset };
