/** The native host: where machine code lives and how it is called. */
import { ARG_CODE, ARG_TILES, PROGRAM_COUNT, PROGRAM_FIRST } from '../../../target/x64/index.ts';
import { CodeMemory } from './code-memory.ts';
import { type CpuInfo, readCpu } from './cpuid.ts';
import type { NativeFunction, Platform } from './koffi.ts';
import { ARG_SLOTS, CONTROL, MAX_THREADS } from './layout.ts';
import {
  assembled,
  CALL,
  COMPARE_AND_SWAP,
  CPUID,
  PAUSES,
  RAISE_FAULT,
  type Routine,
  RUN,
  XGETBV,
} from './machine-code.ts';
import { NativeMemory } from './native-memory.ts';
import { PAGE, System } from './system.ts';
import { ThreadPool } from './thread-pool.ts';

/** How long a thread looks for work before it sleeps, in microseconds. */
const SPIN_US = 20;

export class NativeHost {
  readonly cpu: CpuInfo;
  readonly code: CodeMemory;
  readonly memory: NativeMemory;
  /** Threads that take part in `run`, JavaScript's among them. */
  readonly threads: number;
  /**
   * The argument block of `call` and `runArgs`, at an address of its own; see target/x64/abi.ts.
   * Write the kernel's address, the number of tiles and the rest, then call.
   */
  readonly args: Float64Array;
  /** Runs the kernel in `args` on this thread, all tiles in one call. About 10 ns. */
  readonly call: () => void;
  /** Address of the routine that lowers a fault word (rdi) to a value (rsi), changing only rax. */
  readonly raiseFault: number;
  readonly system: System;
  private readonly enter: () => void;
  private readonly control: Float64Array;
  private readonly argsProgram: number;
  private readonly compareAndSwap: NativeFunction;
  private readonly spins: number;
  /** Whether `run` still has to start threads. */
  private cold: boolean;

  /** Throws where the system refuses; `openNative` says why. */
  constructor(platform: Platform, threads: number | undefined) {
    if (platform.koffi === null) throw new Error(platform.reason);
    const system = new System(platform.koffi);
    this.system = system;
    const page = system.allocatePages(PAGE);
    const buffer = system.view(page, PAGE);
    this.control = new Float64Array(buffer, 0, 1);
    this.args = new Float64Array(buffer, CONTROL.args, ARG_SLOTS);

    let serialize = (): void => {};
    this.code = new CodeMemory(system, () => serialize());
    const place = (r: Routine, here?: number): number =>
      this.code.write(assembled(r, here)).address;
    const cpuid = system.function(place(CPUID), 'void', 3);
    serialize = () => void cpuid(0, 0, page + CONTROL.scratch);
    const xgetbv = system.function(place(XGETBV), 'int64_t', 0);
    const words = new Uint32Array(buffer, CONTROL.scratch, 4);
    this.cpu = readCpu(
      (leaf, subleaf) => {
        cpuid(leaf, subleaf, page + CONTROL.scratch);
        return [...words];
      },
      () => Number(xgetbv()),
    );
    this.compareAndSwap = system.function(place(COMPARE_AND_SWAP), 'int64_t', 3);
    this.raiseFault = place(RAISE_FAULT);
    this.call = system.function(place(CALL, page + CONTROL.args), 'void', 0) as () => void;
    this.enter = system.function(place(RUN, page), 'void', 0) as () => void;

    this.memory = new NativeMemory(system, platform);
    this.threads = Math.max(1, Math.min(threads ?? platform.processors, MAX_THREADS));
    this.cold = this.threads > 1;
    this.spins = this.cold ? spinCount(system.function(place(PAUSES), 'void', 1)) : 1;
    const settings = new Uint32Array(buffer);
    settings[CONTROL.threads >> 2] = this.threads;
    settings[CONTROL.spins >> 2] = this.spins;
    this.argsProgram = page + CONTROL.argsProgram;
    const program = new BigInt64Array(buffer, CONTROL.argsProgram, PROGRAM_FIRST + 1);
    program[PROGRAM_COUNT] = 1n;
    program[PROGRAM_FIRST] = BigInt(page + CONTROL.args);
  }

  /**
   * Runs the program at an address (see target/x64/abi.ts) on all threads that have time, or on
   * this one alone while another isolate uses the pool. Returns when every thread is out.
   */
  run(program: number): void {
    if (this.cold) this.warm();
    this.control[0] = program;
    this.enter();
  }

  /** Runs the kernel in `args` on all threads that have time. */
  runArgs(): void {
    this.run(this.argsProgram);
  }

  /** `runArgs` for a kernel with one operand or more, as an example and for tests. */
  runKernel(code: number, tiles: number, ...operands: readonly number[]): void {
    this.args[ARG_CODE] = code;
    this.args[ARG_TILES] = tiles;
    for (let i = 0; i < operands.length; i++) this.args[ARG_TILES + 1 + i] = operands[i];
    this.runArgs();
  }

  /** The first kernel that is worth more than one thread starts them. */
  private warm(): void {
    const pool = ThreadPool.open(this.system, this.compareAndSwap, this.spins);
    const started = pool.start(this.threads - 1);
    const address = new BigUint64Array(this.control.buffer, CONTROL.pool, 1);
    address[0] = BigInt(pool.address);
    this.cold = !started;
  }
}

/** How many pauses fill the time a thread may spin; processors differ by a factor of ten. */
function spinCount(pauses: NativeFunction): number {
  const tries = 200;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    pauses(tries);
    least = Math.min(least, performance.now() - start);
  }
  const count = (tries * SPIN_US) / (least * 1000);
  return Math.max(50, Math.min(20_000, Math.round(count)));
}
