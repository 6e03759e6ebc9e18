/**
 * The code that goes through the launches of a program, on the calling thread and on workers: what
 * `abi.ts` describes, in WebAssembly, so that no thread comes back to JavaScript between kernels.
 */
import {
  encodeModule,
  functionsFromText,
  type Signature,
  type TableImport,
} from '../../asm/wasm/index.ts';
import {
  CLOSED,
  CONTROL,
  DONE,
  ENTRY,
  ENTRY_BYTES,
  INSIDE,
  KERNEL_PARAMS,
  PHASE_SHIFT,
  SHARED,
  TRAPPED,
} from './abi.ts';

export interface DriverEnv {
  /** Whether threads share the memory; without, there is `run` alone, for one thread. */
  readonly shared: boolean;
  /** Whether the calling thread may sleep until another wakes it; a page's main thread may not. */
  readonly mayWait: boolean;
}

/** What the module exports. */
export interface Driver {
  /**
   * Runs the entries from one address to another: DONE, or the `check` of the one after which there was
   * a fault, or TRAPPED. What traps on this thread leaves as an exception, with the phase perhaps open.
   */
  run(first: number, end: number): number;
}

/** What it exports besides where threads share the memory. */
export interface SharedDriver extends Driver {
  /** One launch on all threads that have time: DONE or TRAPPED. */
  launch(args: number, slot: number, kernel: number, tiles: number): number;
  /** Lets nobody in any more and waits for those inside, who have a tile each at most. */
  close(): number;
  /**
   * A worker's part in phases whose kernels are below `count`, `last` being the number of the last phase
   * that it was in. Returns that number when there has been nothing for it for about 0.1 ms, or when
   * it lacks the kernel.
   */
  help(thread: number, last: number, count: number): number;
  /** Takes a worker out of a phase. */
  leave(): void;
}

/** How often a thread looks before it does something else: about 0.1 ms. */
const TURNS = 80_000;

const SIGNATURES: readonly Signature[] = [{ params: KERNEL_PARAMS, results: [] }];
const TABLE: TableImport = { min: 0, signatures: SIGNATURES };

/** The module: it imports `env.memory` and `env.table`, and exports the functions of {@link SharedDriver}. */
export function compileDriver({ shared, mayWait }: DriverEnv): Uint8Array<ArrayBuffer> {
  const text = shared ? `${phases(mayWait)} ${program(SEVERAL)}` : program(ALONE);
  return encodeModule(functionsFromText(text, ['kernel']), shared ? SHARED : undefined, TABLE);
}

const ALONE = `
        local.get $args i32.const 0 local.get $tiles i32.const 0
        local.get $slot call_indirect (type $kernel)`;

const SEVERAL = `
        local.get $number i32.const 0 i32.lt_s
        if ${ALONE}
        else
          local.get $args local.get $slot local.get $number local.get $tiles call $launch
          if
            i32.const ${TRAPPED} return
          end
        end`;

const program = (launch: string): string => `
  (func $run ${params('at end')} (result i32) ${i32s('check args slot number tiles')}
    block $done
      loop $next
        local.get $at local.get $end i32.eq br_if $done
        local.get $at i32.load offset=${ENTRY.args} local.set $args
        local.get $at i32.load offset=${ENTRY.slot} local.set $slot
        local.get $at i32.load offset=${ENTRY.kernel} local.set $number
        local.get $at i32.load offset=${ENTRY.tiles} local.set $tiles
        local.get $at i32.load offset=${ENTRY.check} local.set $check
        local.get $at i32.const ${ENTRY_BYTES} i32.add local.set $at
        ${launch}
        local.get $check i32.eqz br_if $next
        i32.const 0 i32.load offset=${CONTROL.fault} i32.eqz br_if $next
        local.get $check return
      end
    end
    i32.const ${DONE}
  )`;

/** Leaves the processor to the last worker inside, which may have lost its own. */
const SLEEP = `
        local.get $turns i32.const 1 i32.sub local.set $turns
        local.get $turns br_if $join
        i32.const 0 i32.const 1 i32.atomic.store offset=${CONTROL.waiting}
        i32.const 0 i32.atomic.load offset=${CONTROL.phase} i32.const ${INSIDE} i32.and
        if
          i32.const 0 i32.const 1 i64.const -1 memory.atomic.wait32 offset=${CONTROL.waiting}
          drop
        end
        i32.const 0 i32.const 0 i32.atomic.store offset=${CONTROL.waiting}
        i32.const ${TURNS} local.set $turns`;

const phases = (mayWait: boolean): string => `
  (func $launch ${params('args slot number tiles')} (result i32) ${i32s('tile')}
    ;; What runs, then the phase's number, which opens it; then those who sleep.
    i32.const 0 local.get $number i32.store offset=${CONTROL.kernel}
    i32.const 0 local.get $args i32.store offset=${CONTROL.args}
    i32.const 0 local.get $tiles i32.store offset=${CONTROL.tiles}
    i32.const 0 i32.const 0 i32.atomic.store offset=${CONTROL.tile}
    i32.const 0
    i32.const 0 i32.load offset=${CONTROL.phase} i32.const ${PHASE_SHIFT} i32.shr_u
    i32.const 1 i32.add i32.const ${PHASE_SHIFT} i32.shl
    i32.atomic.store offset=${CONTROL.phase}
    i32.const 0 i32.atomic.load offset=${CONTROL.sleepers}
    if
      i32.const 0 local.get $tiles i32.const 1 i32.sub
      memory.atomic.notify offset=${CONTROL.phase}
      drop
    end
    block $none
      loop $mine
        i32.const 0 i32.const 1 i32.atomic.rmw.add offset=${CONTROL.tile} local.set $tile
        local.get $tile local.get $tiles i32.ge_u br_if $none
        local.get $args local.get $tile local.get $tile i32.const 1 i32.add i32.const 0
        local.get $slot call_indirect (type $kernel)
        br $mine
      end
    end
    call $close
  )

  (func $close (result i32) ${i32s('turns word')}
    i32.const 0 i32.const ${CLOSED} i32.atomic.rmw.or offset=${CONTROL.phase} local.set $word
    i32.const ${TURNS} local.set $turns
    block $out
      loop $join
        local.get $word i32.const ${INSIDE} i32.and i32.eqz br_if $out
        i32.const 0 i32.atomic.load offset=${CONTROL.phase} local.set $word
        ${mayWait ? SLEEP : ''}
        br $join
      end
    end
    i32.const 0 i32.load offset=${CONTROL.trapped}
    if
      i32.const 0 i32.const 0 i32.store offset=${CONTROL.trapped}
      i32.const ${TRAPPED} return
    end
    i32.const ${DONE}
  )

  (func $help ${params('thread last count')} (result i32) ${i32s('turns word number args tiles tile')}
    i32.const ${TURNS} local.set $turns
    loop $look
      block $nothing
        i32.const 0 i32.atomic.load offset=${CONTROL.phase} local.set $word
        local.get $word i32.const ${CLOSED} i32.and br_if $nothing
        local.get $word i32.const ${PHASE_SHIFT} i32.shr_u local.get $last i32.eq br_if $nothing
        ;; Nobody enters who lacks the kernel: it would be compiled while others wait.
        i32.const 0 i32.atomic.load offset=${CONTROL.kernel} local.get $count i32.ge_u
        if
          local.get $last return
        end
        i32.const 0 local.get $word local.get $word i32.const 1 i32.add
        i32.atomic.rmw.cmpxchg offset=${CONTROL.phase}
        local.get $word i32.ne br_if $look
        local.get $word i32.const ${PHASE_SHIFT} i32.shr_u local.set $last
        i32.const 0 i32.load offset=${CONTROL.kernel} local.set $number
        i32.const 0 i32.load offset=${CONTROL.args} local.set $args
        i32.const 0 i32.load offset=${CONTROL.tiles} local.set $tiles
        block $none
          local.get $number local.get $count i32.ge_u br_if $none
          loop $mine
            i32.const 0 i32.const 1 i32.atomic.rmw.add offset=${CONTROL.tile} local.set $tile
            local.get $tile local.get $tiles i32.ge_u br_if $none
            local.get $args local.get $tile local.get $tile i32.const 1 i32.add
            local.get $thread
            local.get $number call_indirect (type $kernel)
            br $mine
          end
        end
        call $leave
        i32.const ${TURNS} local.set $turns
        br $look
      end
      local.get $turns i32.const 1 i32.sub local.set $turns
      local.get $turns br_if $look
    end
    local.get $last
  )

  ;; The last worker to leave a closed phase wakes the caller, if that sleeps.
  (func $leave
    i32.const 0 i32.const 1 i32.atomic.rmw.sub offset=${CONTROL.phase}
    i32.const ${CLOSED | INSIDE} i32.and i32.const ${CLOSED + 1} i32.ne
    if
      return
    end
    i32.const 0 i32.const 1 i32.const 0 i32.atomic.rmw.cmpxchg offset=${CONTROL.waiting}
    if
      i32.const 0 i32.const 1 memory.atomic.notify offset=${CONTROL.waiting}
      drop
    end
  )`;

const params = (names: string): string => names.replace(/(\w+)/g, '(param $$$1 i32)');
const i32s = (names: string): string => names.replace(/(\w+)/g, '(local $$$1 i32)');
