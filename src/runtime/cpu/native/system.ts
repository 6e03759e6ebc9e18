/** The operating system by its C library: memory, files and threads. Linux with glibc. */
import type { Koffi, NativeFunction } from './koffi.ts';

export const PAGE = 4096;

const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const O_RDWR_CREATE_EXCL_CLOEXEC = 0o2 | 0o100 | 0o200 | 0o2000000;
const MFD_CLOEXEC = 1;
const MFD_EXEC = 0x10;
const SYS_MEMFD_CREATE = 319;
const SYS_MEMBARRIER = 324;
const SYNC_CORE = 32;
const REGISTER_SYNC_CORE = 64;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
const MADV_HUGEPAGE = 14;
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

/** The same memory twice: what is written at `writable` runs at `executable`. */
export interface DoubleMapping {
  readonly writable: number;
  readonly executable: number;
  readonly bytes: number;
}

export class System {
  readonly koffi: Koffi;
  private readonly libc: ReturnType<Koffi['load']>;
  private readonly mmap: NativeFunction;
  private readonly munmap: NativeFunction;
  private readonly mprotect: NativeFunction;
  private readonly madvise: NativeFunction;
  private readonly syscall: NativeFunction;
  private readonly pthreadCreate: NativeFunction;
  private readonly pthreadDetach: NativeFunction;
  private readonly pthreadSigmask: NativeFunction;
  /** Whether running threads can be told that code changed; asked at first need, as it takes 15 ms. */
  private membarrier: boolean | undefined;

  /** Throws where something is missing; `openNative` turns that into a reason. */
  constructor(koffi: Koffi) {
    this.koffi = koffi;
    this.libc = koffi.load(null);
    const i64 = 'int64_t';
    const f = (name: string, result: string, ...args: string[]): NativeFunction =>
      this.libc.func(name, result, args);
    this.symbol('gnu_get_libc_version');
    this.mmap = f('mmap', i64, i64, i64, 'int', 'int', 'int', i64);
    this.munmap = f('munmap', 'int', i64, i64);
    this.mprotect = f('mprotect', 'int', i64, i64, 'int');
    this.madvise = f('madvise', 'int', i64, i64, 'int');
    this.syscall = f('syscall', i64, i64, i64, i64, i64);
    this.pthreadCreate = f('pthread_create', 'int', i64, i64, i64, i64);
    this.pthreadDetach = f('pthread_detach', 'int', i64);
    this.pthreadSigmask = f('pthread_sigmask', 'int', 'int', i64, i64);
  }

  /** Address of a symbol of the process, or 0. */
  find(name: string): number {
    try {
      return Number(this.libc.symbol(name));
    } catch {
      return 0;
    }
  }

  private symbol(name: string): void {
    if (this.find(name) === 0) throw new Error(`the C library is not glibc: it has no ${name}`);
  }

  /** A function at an address, called with 64-bit integers. */
  function(address: number, result: 'void' | 'int64_t', args: number): NativeFunction {
    const type = this.koffi.proto(result, new Array<string>(args).fill('int64_t'));
    return this.koffi.decode(address, type);
  }

  view(address: number, bytes: number): ArrayBuffer {
    return this.koffi.view(address, bytes);
  }

  /** Zeroed pages; throws if there are none. */
  allocatePages(bytes: number): number {
    return this.map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1);
  }

  freePages(address: number, bytes: number): void {
    this.munmap(address, bytes);
  }

  /**
   * Asks for large pages (2 MB) where memory has not been touched yet: each is one fault rather than 512, and
   * one entry of the processor's tables of addresses. Systems that have none say no, which changes nothing.
   */
  preferLargePages(address: number, bytes: number): void {
    const first = Math.ceil(address / PAGE) * PAGE;
    const end = Math.floor((address + bytes) / PAGE) * PAGE;
    if (end > first) this.madvise(first, end - first, MADV_HUGEPAGE);
  }

  /** Makes pages trap on any access. */
  forbidPages(address: number, bytes: number): void {
    if (Number(this.mprotect(address, bytes, PROT_NONE)) !== 0) this.fail('mprotect');
  }

  /** Pages mapped twice, writable and executable, never both at one address. */
  mapCode(bytes: number): DoubleMapping {
    const fd = this.codeFile();
    try {
      const ftruncate = this.libc.func('ftruncate', 'int', ['int', 'int64_t']);
      if (Number(ftruncate(fd, bytes)) !== 0) this.fail('ftruncate');
      const executable = this.map(bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd);
      try {
        const writable = this.map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        return { writable, executable, bytes };
      } catch (error) {
        this.freePages(executable, bytes);
        throw error;
      }
    } finally {
      this.libc.func('close', 'int', ['int'])(fd);
    }
  }

  unmapCode({ writable, executable, bytes }: DoubleMapping): void {
    this.freePages(writable, bytes);
    this.freePages(executable, bytes);
  }

  /**
   * Makes every running thread of the process forget instructions it has fetched, which must happen
   * before new code runs where old code ran. False if the system cannot.
   */
  flushInstructions(): boolean {
    this.membarrier ??= Number(this.syscall(SYS_MEMBARRIER, REGISTER_SYNC_CORE, 0, 0)) === 0;
    return this.membarrier && Number(this.syscall(SYS_MEMBARRIER, SYNC_CORE, 0, 0)) === 0;
  }

  /**
   * Starts a thread at `entry` that takes no signal: handlers, and the terminal's SIGINT, are for
   * JavaScript's thread. The two sets are room for 128 bytes each. False if there is no more.
   */
  startThread(entry: number, argument: number, room: ThreadRoom): boolean {
    this.pthreadSigmask(SIG_BLOCK, room.allSignals, room.oldSignals);
    try {
      const result = Number(this.pthreadCreate(room.threadId, 0, entry, argument));
      if (result !== 0) return false;
      const [id] = new BigUint64Array(this.view(room.threadId, 8));
      this.pthreadDetach(Number(id));
      return true;
    } finally {
      this.pthreadSigmask(SIG_SETMASK, room.oldSignals, 0);
    }
  }

  /**
   * Lets malloc keep what is freed: fresh pages cost more than what is computed on them. Worth
   * 2-15 % of a training step for 15-45 MB.
   */
  keepFreedMemory(): void {
    const mallopt = this.libc.func('mallopt', 'int', ['int', 'int']);
    mallopt(M_MMAP_THRESHOLD, 2 ** 30);
    mallopt(M_TRIM_THRESHOLD, 2 ** 30);
  }

  private map(bytes: number, protection: number, flags: number, fd: number): number {
    const address = Number(this.mmap(0, bytes, protection, flags, fd, 0));
    if (address === -1) this.fail('mmap');
    return address;
  }

  /** A file without a name, on a file system that programs may run from. */
  private codeFile(): number {
    const name = new TextEncoder().encode('gradus-code\0');
    const at = Number(this.koffi.address(name));
    for (const flags of [MFD_CLOEXEC | MFD_EXEC, MFD_CLOEXEC]) {
      const fd = Number(this.syscall(SYS_MEMFD_CREATE, at, flags, 0));
      if (fd >= 0) return fd;
    }
    const open = this.libc.func('open', 'int', ['str', 'int', 'int']) as unknown as OpenFunction;
    const unlink = this.libc.func('unlink', 'int', ['str']) as unknown as UnlinkFunction;
    const unique = `gradus-code-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    for (const folder of ['/dev/shm', '/tmp']) {
      const path = `${folder}/${unique}`;
      const fd = open(path, O_RDWR_CREATE_EXCL_CLOEXEC, 0o600);
      if (fd < 0) continue;
      unlink(path);
      return fd;
    }
    return this.fail('memfd_create');
  }

  private fail(what: string): never {
    throw new Error(`${what} failed (errno ${this.koffi.errno()})`);
  }
}

interface ThreadRoom {
  readonly allSignals: number;
  readonly oldSignals: number;
  readonly threadId: number;
}
type OpenFunction = (path: string, flags: number, mode: number) => number;
type UnlinkFunction = (path: string) => number;
