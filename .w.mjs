var __defProp = Object.defineProperty;
var __export = (target2, all3) => {
  for (var name in all3)
    __defProp(target2, name, { get: all3[name], enumerable: true });
};

// src/base/flags.ts
var env = globalThis.process?.env ?? {};
var debugLevel = () => Number(env.GRADUS_DEBUG ?? 0) || 0;
var verifying = () => env.GRADUS_VERIFY === "1";
var cpuEngine = () => env.GRADUS_CPU;
var isaWanted = () => env.GRADUS_ISA;
var wasmHeap = () => env.GRADUS_WASM_HEAP ?? "256";
var threadsWanted = () => env.GRADUS_THREADS;
var compileWanted = () => env.GRADUS_COMPILE !== "0";

// src/base/errors/user-frame.ts
var here = import.meta.url ?? "";
var folder = (part2, keep3) => here.includes(part2) ? here.slice(0, here.lastIndexOf(part2) + keep3) : "";
var root = folder("/base/errors/", 1) || folder("/dist/node/", "/dist/node/".length) || here;
var rootPath = root.startsWith("file://") ? decodeURIComponent(root.slice(7)) : root;
function placeOf(line) {
  const at4 = /^\s*at (?:.* \()?((?:file|https?):\/\/.+|\/.+|[A-Za-z]:\\.+?):(\d+):(\d+)\)?$/.exec(
    line
  );
  if (at4 === null) return null;
  const file = at4[1].replace(/^file:\/\//, "");
  const inside = root !== "" && (file.startsWith(rootPath) || at4[1].startsWith(root));
  const own = inside && !file.includes(".test.") || file.split(":")[0] === "node";
  return { text: `${file}:${at4[2]}:${at4[3]}`, own };
}
function userFrame(stack3) {
  for (const line of stack3.split("\n")) {
    const place4 = placeOf(line);
    if (place4 !== null && !place4.own) return place4.text;
  }
  return void 0;
}
function userFrames(stack3) {
  const lines = stack3.split("\n").filter((line) => line.startsWith("    at "));
  const first = lines.findIndex((line) => placeOf(line)?.own === false);
  return (first < 0 ? lines : lines.slice(first)).join("\n");
}

// src/base/errors/gradus-error.ts
var modulePath = () => "";
function setModulePathSource(f2) {
  modulePath = f2;
}
var runningModule = () => modulePath();
var GradusError = class extends Error {
  op;
  /** `file:line:column` of the first stack frame outside Gradus, or `undefined`. */
  userLine;
  constructor(parts2) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.max(limit ?? 0, 40);
    super("", parts2.cause === void 0 ? void 0 : { cause: parts2.cause });
    Error.stackTraceLimit = limit;
    this.name = new.target.name;
    this.op = parts2.op;
    this.userLine = userFrame(this.stack ?? "");
    this.message = format(parts2, this.userLine);
    if (this.stack !== void 0) {
      const frames = debugLevel() > 0 ? framesOf(this.stack) : userFrames(this.stack);
      this.stack = `${this.name}: ${this.message}
${frames}`;
    }
  }
  /** Adds a line to the message: where in a longer run it happened. @internal */
  addContext(line) {
    const before = this.message;
    this.message = `${before}
  ${line}`;
    this.stack = this.stack?.replace(before, () => this.message);
  }
};
var framesOf = (stack3) => stack3.slice(stack3.indexOf("\n    at ") + 1);
function format(p, line) {
  let s = p.op === void 0 ? p.problem : `${p.op}: ${p.problem}`;
  if (p.operands !== void 0 && p.operands.length > 0) {
    const list = p.operands.map((o) => `${o.dtype}[${o.shape.join(", ")}]`).join(", ");
    s += `
  operands: ${list}`;
  }
  const module = p.module ?? modulePath();
  if (module !== "") s += `
  module: ${module}`;
  if (line !== void 0) s += `
  at: ${line}`;
  if (p.remedy !== void 0) s += `
  remedy: ${p.remedy}`;
  return s;
}

// src/base/errors/dtype-error.ts
var DtypeError = class extends GradusError {
};

// src/base/dtype.ts
var INFO = {
  bool: { bytes: 1, category: 0, array: Uint8Array },
  int32: { bytes: 4, category: 1, array: Int32Array },
  int64: { bytes: 8, category: 1, array: BigInt64Array },
  float32: { bytes: 4, category: 2, array: Float32Array },
  float64: { bytes: 8, category: 2, array: Float64Array }
};
var DTYPES = Object.keys(INFO);
function isDType(x) {
  return typeof x === "string" && Object.hasOwn(INFO, x);
}
function checkDType(x, op) {
  if (isDType(x)) return x;
  throw new DtypeError({
    op,
    problem: `unknown dtype ${typeof x === "string" ? `'${x}'` : String(x)}`,
    remedy: `use one of ${DTYPES.map((d) => `'${d}'`).join(", ")}`
  });
}
var bytesOf = (d) => INFO[d].bytes;
var isFloat = (d) => INFO[d].category === 2;
var isInt = (d) => INFO[d].category === 1;
var arrayOf = (d) => INFO[d].array;
function promote(a, b) {
  if (a === b) return a;
  const ia = INFO[a];
  const ib = INFO[b];
  if (ia.category !== ib.category) return ia.category > ib.category ? a : b;
  return ia.bytes > ib.bytes ? a : b;
}

// src/base/errors/device-error.ts
var DeviceError = class extends GradusError {
};

// src/base/errors/graph-error.ts
var GraphError = class extends GradusError {
};

// src/base/errors/index-error.ts
var IndexError = class extends GradusError {
};

// src/base/errors/shape-error.ts
var ShapeError = class extends GradusError {
};

// src/base/errors/value-error.ts
var ValueError = class extends GradusError {
};

// src/base/extents.ts
var Extents = class {
  starts = [];
  sizes = [];
  /** Address of `bytes` bytes, or -1. */
  take(bytes2) {
    let best2 = -1;
    for (let i = 0; i < this.sizes.length; i++) {
      const s = this.sizes[i];
      if (s >= bytes2 && (best2 < 0 || s < this.sizes[best2])) {
        best2 = i;
        if (s === bytes2) break;
      }
    }
    if (best2 < 0) return -1;
    const at4 = this.starts[best2];
    if (this.sizes[best2] === bytes2) {
      this.starts.splice(best2, 1);
      this.sizes.splice(best2, 1);
    } else {
      this.starts[best2] += bytes2;
      this.sizes[best2] -= bytes2;
    }
    return at4;
  }
  give(start, bytes2) {
    const { starts: starts2, sizes } = this;
    let lo = 0;
    let hi = starts2.length;
    while (lo < hi) {
      const mid = lo + hi >> 1;
      if (starts2[mid] < start) lo = mid + 1;
      else hi = mid;
    }
    const joinsBefore = lo > 0 && starts2[lo - 1] + sizes[lo - 1] === start;
    const joinsAfter = lo < starts2.length && start + bytes2 === starts2[lo];
    if (joinsBefore && joinsAfter) {
      sizes[lo - 1] += bytes2 + sizes[lo];
      starts2.splice(lo, 1);
      sizes.splice(lo, 1);
    } else if (joinsBefore) sizes[lo - 1] += bytes2;
    else if (joinsAfter) {
      starts2[lo] = start;
      sizes[lo] += bytes2;
    } else {
      starts2.splice(lo, 0, start);
      sizes.splice(lo, 0, bytes2);
    }
  }
  /** Bytes of the extent that ends at `end`; 0 if none does. */
  before(end) {
    const last = this.starts.findLastIndex((start, i) => start + this.sizes[i] === end);
    return last < 0 ? 0 : this.sizes[last];
  }
  largest() {
    let n = 0;
    for (const s of this.sizes) n = Math.max(n, s);
    return n;
  }
  total() {
    return this.sizes.reduce((a, b) => a + b, 0);
  }
};

// src/base/given.ts
function given(x) {
  if (typeof x === "string") return `'${x.length > 40 ? `${x.slice(0, 40)}...` : x}'`;
  if (typeof x === "bigint") return `${x}n`;
  if (typeof x === "function") return "a function";
  if (typeof x === "symbol") return "a symbol";
  if (typeof x !== "object" || x === null) return String(x);
  if (Array.isArray(x)) return x.length <= 8 && x.every(isPlain) ? givenList(x) : "an array";
  if (isTensorLike(x)) return `a ${x.dtype} tensor of shape [${x.shape.join(", ")}]`;
  if (x instanceof Promise) return "a Promise (await it first)";
  return withArticle(className(x));
}
var givenList = (list) => `[${list.map(given).join(", ")}]`;
var isTensorLike = (x) => typeof x === "object" && x !== null && "dtype" in x && "shape" in x && Array.isArray(x.shape);
var isPlain = (x) => typeof x !== "object" || x === null;
function className(x) {
  const name = x.constructor?.name.replace(/^_+/, "") ?? "";
  return name === "" || name === "Object" ? "object" : name;
}
var withArticle = (noun) => `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;

// src/base/options.ts
function checkOptions(op, options, known) {
  if (options === void 0) return;
  const remedy2 = `the options are ${known.join(", ")}`;
  if (typeof options !== "object" || options === null || !isOptions(options)) {
    throw new ValueError({
      op,
      problem: `the last argument must be an object of options, not ${given(options)}`,
      remedy: `write { ${known[0]}: ... }; ${remedy2}`
    });
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    throw new ValueError({
      op,
      problem: `there is no option '${key}'`,
      remedy: meant === void 0 ? remedy2 : `did you mean '${meant}'? ${remedy2}`
    });
  }
}
var isOptions = (x) => !Array.isArray(x) && !ArrayBuffer.isView(x) && !isTensorLike(x) && !(x instanceof Promise);
var plain = (name) => name.replace(/[^a-z0-9]/gi, "").toLowerCase();
function nearest(key, known) {
  const same = known.find((name) => plain(name) === plain(key));
  if (same !== void 0) return same;
  const distances = known.map((name) => editDistance(plain(key), plain(name)));
  const least = Math.min(...distances);
  const at4 = distances.indexOf(least);
  return at4 >= 0 && least <= Math.max(1, Math.floor(known[at4].length / 3)) ? known[at4] : void 0;
}
function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

// src/base/shape.ts
function numelOf(shape) {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}
function contiguousStrides(shape) {
  const strides = new Array(shape.length);
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n;
    n *= shape[i];
  }
  return strides;
}
function isContiguous(shape, strides) {
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && strides[i] !== n) return false;
    n *= shape[i];
  }
  return true;
}
function sameShape(a, b) {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
function broadcastShapes(a, b) {
  const rank = Math.max(a.length, b.length);
  const out = new Array(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out[rank - i] = x === 1 ? y : x;
  }
  return out;
}
function broadcastStrides(shape, strides, target2) {
  const pad3 = target2.length - shape.length;
  return target2.map((_, i) => i < pad3 || shape[i - pad3] === 1 ? 0 : strides[i - pad3]);
}
function normalizeDim(dim, rank, op) {
  const d = dim < 0 ? dim + rank : dim;
  if (Number.isInteger(dim) && d >= 0 && d < rank) return d;
  if (!Number.isInteger(dim)) refuseDim(dim, op);
  throw new IndexError({
    op,
    problem: `dimension ${dim} is out of range for a tensor of rank ${rank}`,
    remedy: rank === 0 ? "a 0-d tensor has no dimensions" : `use ${-rank} to ${rank - 1}`
  });
}
var OF_TWO = {
  max: "maximum",
  min: "minimum",
  any: "logicalOr",
  all: "logicalAnd"
};
function refuseDim(dim, op) {
  const two = isTensorLike(dim) ? OF_TWO[op] : void 0;
  throw new ValueError({
    op,
    problem: `a dimension is a whole number, not ${given(dim)}`,
    remedy: two === void 0 ? `give the dimension itself, e.g. ${op}(0); options come after it` : `for two tensors, element by element, use ${two}`
  });
}
function normalizeDims(dims, rank, op) {
  if (dims === void 0) return Array.from({ length: rank }, (_, i) => i);
  if (typeof dims !== "number" && !Array.isArray(dims)) refuseDim(dims, op);
  const list = typeof dims === "number" ? [dims] : dims;
  const out = list.map((d) => normalizeDim(d, rank, op)).sort((a, b) => a - b);
  for (let i = 1; i < out.length; i++) {
    if (out[i] === out[i - 1]) {
      throw new ShapeError({ op, problem: `dimension ${out[i]} is listed twice in [${list}]` });
    }
  }
  return out;
}
function reducedShape(shape, dims, keepdim) {
  if (keepdim) return shape.map((n, i) => dims.includes(i) ? 1 : n);
  return shape.filter((_, i) => !dims.includes(i));
}
function checkList(list, name, op, example) {
  if (Array.isArray(list)) return;
  throw new ValueError({
    op,
    problem: `${name} are given as one array, not as ${given(list)}`,
    remedy: `write ${example}`
  });
}
function checkShape(shape, op) {
  if (!Array.isArray(shape)) {
    throw new ShapeError({
      op,
      problem: `a shape is an array of sizes, not ${given(shape)}`,
      remedy: `write the sizes in brackets, e.g. ${typeof shape === "number" ? `[${shape}]` : "[2, 3]"}`
    });
  }
  let n = 1;
  for (const d of shape) {
    if (!Number.isInteger(d) || d < 0) {
      throw new ShapeError({
        op,
        problem: `sizes must be whole numbers from 0: ${givenList(shape)}`
      });
    }
    n *= d;
  }
  if (!Number.isSafeInteger(n)) {
    throw new ShapeError({ op, problem: `shape [${shape}] has more elements than can be counted` });
  }
  return shape;
}
var formatShape = (shape) => `[${shape.join(", ")}]`;

// src/base/spec.ts
var Spec = class {
  id;
  dtype;
  shape;
  strides;
  device;
  numel;
  contiguous;
  weak;
  constructor(id, dtype, shape, strides, device2, weak) {
    Object.freeze(shape);
    Object.freeze(strides);
    this.id = id;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.device = device2;
    this.numel = numelOf(shape);
    this.contiguous = isContiguous(shape, strides);
    this.weak = weak;
  }
};
var MAX_INTERNED = 1 << 16;
var table = /* @__PURE__ */ new Map();
var nextId = 2;
var WEAK_INT = new Spec(0, "int32", [], [], "", "int");
var WEAK_FLOAT = new Spec(1, "float32", [], [], "", "float");
function specOf(dtype, shape, strides, device2 = "cpu") {
  const key = `${dtype}|${shape}|${strides === void 0 ? "" : strides}|${device2}`;
  let s = table.get(key);
  if (s !== void 0) return s;
  if (table.size >= MAX_INTERNED) table.clear();
  const dense3 = contiguousStrides(shape);
  const same = strides === void 0 || strides.every((n, i) => n === dense3[i]);
  s = same ? table.get(`${dtype}|${shape}||${device2}`) : void 0;
  if (s === void 0) {
    s = new Spec(nextId++, dtype, [...shape], same ? dense3 : [...strides ?? []], device2);
    if (same) table.set(`${dtype}|${shape}||${device2}`, s);
  }
  table.set(key, s);
  return s;
}

// src/runtime/cpu/choose-isa.ts
function chooseIsa({ isa, model }, wanted = isaWanted()) {
  if (wanted === void 0 || wanted === "") return isa;
  if (wanted !== "avx512" && wanted !== "avx2") {
    throw new DeviceError({
      op: "GRADUS_ISA",
      problem: `there is no ISA class '${wanted}'`,
      remedy: "set it to 'avx512' or 'avx2', or unset it"
    });
  }
  if (isa === null || wanted === "avx512" && isa !== wanted) {
    throw new DeviceError({
      op: "GRADUS_ISA",
      problem: `${model} has no ${wanted === "avx2" ? "AVX2 with FMA" : "AVX-512"}`,
      remedy: "unset it: Gradus then takes what there is"
    });
  }
  return wanted;
}

// src/runtime/cpu/native/code-memory.ts
var CHUNK_BYTES = 2 ** 20;
var ALIGN = 64;
var TRAP = 204;
var CodeBlock = class {
  address;
  bytes;
  freed = false;
  constructor(address2, bytes2) {
    this.address = address2;
    this.bytes = bytes2;
  }
};
var Chunk = class {
  mapping;
  memory;
  free = new Extents();
  /** Above this nothing has ever run. */
  fresh = 0;
  constructor(system, bytes2) {
    this.mapping = system.mapCode(bytes2);
    this.memory = new Uint8Array(system.view(this.mapping.writable, bytes2));
    this.free.give(0, bytes2);
  }
};
var CodeMemory = class {
  /** Bytes of code in place, rounded up to cache lines. */
  bytesInUse = 0;
  system;
  serialize;
  chunks = [];
  /** `serialize` runs an instruction that serializes the calling thread. */
  constructor(system, serialize) {
    this.system = system;
    this.serialize = serialize;
  }
  /** Bytes mapped, used or not. */
  get bytesMapped() {
    return this.chunks.reduce((sum3, c2) => sum3 + c2.mapping.bytes, 0);
  }
  /** Puts code in place. It must not depend on where that is, which it cannot know before. */
  write(code) {
    const room = Math.max(ALIGN, code.length + ALIGN - 1 & -ALIGN);
    const { chunk: chunk3, at: at4 } = this.take(room);
    const block = new CodeBlock(chunk3.mapping.executable + at4, room);
    chunk3.memory.set(code, at4);
    chunk3.memory.fill(TRAP, at4 + code.length, at4 + room);
    this.bytesInUse += room;
    if (at4 < chunk3.fresh && !this.system.flushInstructions()) this.serialize();
    chunk3.fresh = Math.max(chunk3.fresh, at4 + room);
    return block;
  }
  /** Gives code's memory back; it must not be called again. Freeing twice does nothing. */
  free(block) {
    if (block.freed) return;
    const chunk3 = this.chunks.find(({ mapping: { executable, bytes: bytes2 } }) => {
      return block.address >= executable && block.address < executable + bytes2;
    });
    if (chunk3 === void 0) return;
    block.freed = true;
    const at4 = block.address - chunk3.mapping.executable;
    chunk3.memory.fill(TRAP, at4, at4 + block.bytes);
    chunk3.free.give(at4, block.bytes);
    this.bytesInUse -= block.bytes;
  }
  take(room) {
    for (const chunk4 of this.chunks) {
      const at4 = chunk4.free.take(room);
      if (at4 >= 0) return { chunk: chunk4, at: at4 };
    }
    const chunk3 = new Chunk(this.system, Math.ceil(room / CHUNK_BYTES) * CHUNK_BYTES);
    this.chunks.push(chunk3);
    return { chunk: chunk3, at: chunk3.free.take(room) };
  }
};

// src/target/x64/abi.ts
var ARG_CODE = 0;
var ARG_TILES = 1;
var ARG_FIRST = 2;
var ARG_FAULT = ARG_FIRST;
var ARG_PARAMS = ARG_FIRST + 1;
var PROGRAM_COUNT = 0;
var PROGRAM_FAULT = 1;
var PROGRAM_FIRST = 2;
var FAULT_POSITION_BITS = 48;

// src/asm/x64/code-buffer.ts
var CodeBuffer = class {
  bytes = new Uint8Array(1024);
  length = 0;
  /** Makes room for `count` bytes more; the writers below do not look. */
  reserve(count) {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }
  byte(value) {
    this.bytes[this.length++] = value;
  }
  /** `count` bytes of an integer, lowest first. */
  integer(value, count) {
    if (typeof value === "bigint") {
      for (let i = 0; i < count; i++) this.byte(Number(value >> BigInt(8 * i) & 0xffn));
      return;
    }
    let rest = value;
    for (let i = 0; i < count; i++) {
      this.byte(rest & 255);
      rest = count > 4 ? Math.floor(rest / 256) : rest >> 8;
    }
  }
  append(bytes2) {
    this.reserve(bytes2.length);
    this.bytes.set(bytes2, this.length);
    this.length += bytes2.length;
  }
};

// src/asm/x64/operand-kind.ts
var KIND = {
  none: 0,
  gp8: 1,
  gp16: 2,
  gp32: 3,
  gp64: 4,
  xmm: 5,
  ymm: 6,
  zmm: 7,
  mask: 8,
  immediate: 9,
  label: 10,
  /** Memory whose size the instruction implies; then 8 to 512 bits. */
  memory: 11,
  memory8: 12,
  memory16: 13,
  memory32: 14,
  memory64: 15,
  memory128: 16,
  memory256: 17,
  memory512: 18,
  /** One element for every lane: any number of lanes, then 2 to 32. */
  broadcast: 19,
  broadcast2: 20,
  broadcast4: 21,
  broadcast8: 22,
  broadcast16: 23,
  broadcast32: 24,
  /** Memory addressed by an index vector. */
  indexedX: 25,
  indexedY: 26,
  indexedZ: 27
};
var KIND_BITS = 5;
var isVectorKind = (kind) => kind >= KIND.xmm && kind <= KIND.zmm;
function memoryKind(bits2) {
  return bits2 === 0 ? KIND.memory : kindOfPower(KIND.memory8, bits2 / 8, KIND.memory512);
}
function broadcastKind(lanes2) {
  return lanes2 === 0 ? KIND.broadcast : kindOfPower(KIND.broadcast2, lanes2 / 2, KIND.broadcast32);
}
function kindOfPower(first, power, last) {
  const kind = first + 31 - Math.clz32(power);
  return power >= 1 && 1 << kind - first === power && kind <= last ? kind : -1;
}

// src/asm/x64/registers.ts
var BITS = {
  gp8: 8,
  gp16: 16,
  gp32: 32,
  gp64: 64,
  xmm: 128,
  ymm: 256,
  zmm: 512,
  k: 64
};
var Register = class {
  kind;
  class;
  /** Its number in encodings: 0 to 15, of vectors 0 to 31, of masks 0 to 7. */
  id;
  bits;
  name;
  /** Number of the mask register that guards the write; 0 is none. */
  writeMask;
  /** Lanes outside the mask become 0 instead of keeping their value. */
  zeroing;
  constructor(cls, id, name, writeMask, zeroing) {
    this.kind = cls === "k" ? KIND.mask : KIND[cls];
    this.class = cls;
    this.id = id;
    this.bits = BITS[cls];
    this.name = name;
    this.writeMask = writeMask;
    this.zeroing = zeroing;
  }
};
var words = (text2) => text2.split(" ");
var numbered = (prefix, count, suffix = "") => Array.from({ length: count }, (_, i) => `${prefix}${i}${suffix}`);
var upper = (suffix) => numbered("r", 16, suffix).slice(8);
var NAMES = {
  gp8: [...words("al cl dl bl spl bpl sil dil"), ...upper("b")],
  gp16: [...words("ax cx dx bx sp bp si di"), ...upper("w")],
  gp32: [...words("eax ecx edx ebx esp ebp esi edi"), ...upper("d")],
  gp64: [...words("rax rcx rdx rbx rsp rbp rsi rdi"), ...upper("")],
  xmm: numbered("xmm", 32),
  ymm: numbered("ymm", 32),
  zmm: numbered("zmm", 32),
  k: numbered("k", 8)
};
function family(cls) {
  const all3 = NAMES[cls].map((name, id) => new Register(cls, id, name, 0, false));
  return (id) => {
    const register = all3[id];
    if (register === void 0)
      throw new ValueError({
        op: cls,
        problem: `there is no register ${id}; they run from 0 to ${all3.length - 1}`
      });
    return register;
  };
}
var gp8 = family("gp8");
var gp16 = family("gp16");
var gp32 = family("gp32");
var gp64 = family("gp64");
var xmm = family("xmm");
var ymm = family("ymm");
var zmm = family("zmm");
var k = family("k");
function vector(bytes2, id) {
  return bytes2 === 64 ? zmm(id) : bytes2 === 32 ? ymm(id) : xmm(id);
}
var [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi] = [0, 1, 2, 3, 4, 5, 6, 7].map(gp64);
var [r8, r9, r10, r11, r12, r13, r14, r15] = [8, 9, 10, 11, 12, 13, 14, 15].map(gp64);
var [eax, ecx, edx, ebx, esp, ebp, esi, edi] = [0, 1, 2, 3, 4, 5, 6, 7].map(gp32);
var [al, cl, dl, bl] = [0, 1, 2, 3].map(gp8);
var variants = /* @__PURE__ */ new Map();
function masked(register, mask, zeroing = false) {
  checkWriteMask(mask);
  const name = `${NAMES[register.class][register.id]}{${mask.name}}${zeroing ? "{z}" : ""}`;
  let found = variants.get(name);
  if (found === void 0) {
    found = new Register(register.class, register.id, name, mask.id, zeroing);
    variants.set(name, found);
  }
  return found;
}
function checkWriteMask(mask) {
  if (mask.class !== "k" || mask.id === 0)
    throw new ValueError({ op: "mask", problem: `${mask.name} is no write mask; use k1 to k7` });
}

// src/asm/x64/operands.ts
var Label = class {
  kind = KIND.label;
  name;
  /** Where it is in the code before layout, and how many stretches come before; -1 is unbound. */
  position = -1;
  stretch = 0;
  constructor(name) {
    this.name = name;
  }
};
var Rounding = class {
  kind = KIND.none;
  name;
  control;
  constructor(name, control) {
    this.name = name;
    this.control = control;
  }
};
var sae = new Rounding("{sae}", 0);
var rounding = {
  nearest: new Rounding("{rn-sae}", 0),
  down: new Rounding("{rd-sae}", 1),
  up: new Rounding("{ru-sae}", 2),
  zero: new Rounding("{rz-sae}", 3)
};
var Memory = class {
  kind;
  base;
  label;
  index;
  scale;
  disp;
  bits;
  broadcast;
  writeMask;
  constructor(base, options) {
    this.label = base instanceof Label ? base : null;
    this.base = base instanceof Label ? null : base;
    this.index = options.index ?? null;
    this.scale = options.scale ?? 1;
    this.disp = options.disp ?? 0;
    this.bits = options.bits ?? 0;
    this.broadcast = options.broadcast !== void 0 && options.broadcast !== false;
    this.writeMask = options.mask?.id ?? 0;
    this.kind = kindOf(this, options.broadcast);
    check(this, options);
  }
};
function mem(base, options = NO_OPTIONS) {
  return new Memory(base, options);
}
var NO_OPTIONS = {};
function kindOf(m, broadcast) {
  if (m.index !== null && isVectorKind(m.index.kind))
    return KIND.indexedX + (m.index.kind - KIND.xmm);
  if (!m.broadcast) return memoryKind(m.bits);
  return broadcastKind(typeof broadcast === "number" ? broadcast : 0);
}
function check(m, options) {
  if (options.mask !== void 0) checkWriteMask(options.mask);
  const problem = problemOf(m);
  if (problem !== null) throw new ValueError({ op: "mem", problem });
}
function problemOf({ base, index: index2, label, scale, disp, kind, bits: bits2, broadcast }) {
  if (base === null && index2 === null && label === null)
    return "an address needs a base, an index or a label";
  if (base !== null && base.kind !== KIND.gp64)
    return `${base.name} is no base: 64-bit registers are`;
  if (index2 !== null) {
    if (label !== null) return "an address relative to rip takes no index";
    if (index2.kind !== KIND.gp64 && !isVectorKind(index2.kind))
      return `${index2.name} is no index: 64-bit and vector registers are`;
    if (index2.kind === KIND.gp64 && index2.id === 4) return "rsp is no index";
  }
  if (scale !== 1 && scale !== 2 && scale !== 4 && scale !== 8)
    return `scale is ${scale}; it can be 1, 2, 4 or 8`;
  if (disp !== (disp | 0)) return `disp is ${disp}; it is an integer of 32 bits`;
  if (kind < 0)
    return broadcast ? "a broadcast is to 2, 4, 8, 16 or 32 lanes" : `memory of ${bits2} bits`;
  return null;
}

// src/asm/x64/constant-pool.ts
var ConstantPool = class {
  #entries = /* @__PURE__ */ new Map();
  /** Alignment that the start of the pool needs. */
  get alignment() {
    let most = 1;
    for (const entry of this.#entries.values()) most = Math.max(most, entry.alignment);
    return most;
  }
  /** The label of the bytes of `data` (a typed array, or an array of bytes). */
  label(data, alignment) {
    const bytes2 = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : Uint8Array.from(data);
    const aligned = alignment ?? naturalAlignment(bytes2.length);
    if (bytes2.length === 0 || ![4, 8, 16, 32, 64].includes(aligned))
      throw new ValueError({
        op: "x64 constant",
        problem: `${bytes2.length} bytes aligned to ${aligned}: a constant has bytes, and is aligned to 4, 8, 16, 32 or 64`
      });
    const key = bytes2.join(" ");
    let entry = this.#entries.get(key);
    if (entry === void 0) {
      entry = { label: new Label(`.C${this.#entries.size}`), bytes: bytes2, alignment: aligned };
      this.#entries.set(key, entry);
    } else {
      entry.alignment = Math.max(entry.alignment, aligned);
    }
    return entry.label;
  }
  labels() {
    return [...this.#entries.values()].map((entry) => entry.label);
  }
  /** Binds every label to its place from `start` on, most aligned first; returns the bytes. */
  place(start) {
    const entries = [...this.#entries.values()].sort((a, b) => b.alignment - a.alignment);
    let end = 0;
    for (const { label, bytes: bytes2, alignment } of entries) {
      end = Math.ceil(end / alignment) * alignment;
      label.position = start + end;
      label.stretch = 0;
      end += bytes2.length;
    }
    const pool = new Uint8Array(end);
    for (const { label, bytes: bytes2 } of entries) pool.set(bytes2, label.position - start);
    return pool;
  }
};
function naturalAlignment(bytes2) {
  let alignment = 4;
  while (alignment < 64 && alignment < bytes2) alignment *= 2;
  return alignment;
}

// src/asm/x64/form.ts
var ENCODING = { legacy: 0, vex: 1, evex: 2 };

// src/asm/x64/encode.ts
var MAX_INSTRUCTION_BYTES = 15;
var LEGACY_PREFIXES = [0, 102, 243, 242];
function encode(form, operands, rounding3, out) {
  const rm = form.rm < 0 ? null : operands[form.rm];
  const reg = form.reg < 0 ? 0 : operands[form.reg].id;
  if (form.encoding === ENCODING.legacy) return encodeLegacy(form, operands, reg, rm, out);
  const vvvv = form.vvvv < 0 ? 0 : operands[form.vvvv].id;
  if (form.encoding === ENCODING.evex) {
    const guarded = operands[0];
    encodeEvexPrefix(form, reg, vvvv, rm, guarded, rounding3, out);
  } else if (canReverse(form, reg, rm)) {
    encodeVexPrefix(form, form.reversePrefix, rm.id, vvvv, null, 0, out);
    out.byte(form.reverseOpcode);
    out.byte(192 | (rm.id & 7) << 3 | reg);
    return -1;
  } else {
    const rmId = rm instanceof Memory || rm === null ? 0 : rm.id;
    encodeVexPrefix(form, form.prefix, reg, vvvv, rm instanceof Memory ? rm : null, rmId, out);
  }
  out.byte(form.opcode);
  const unit = form.encoding === ENCODING.evex ? dispUnitOf(form, rm) : 1;
  const relative = rm === null ? -1 : encodeModRm(form.digit < 0 ? reg : form.digit, rm, unit, out);
  encodeImmediate(form, operands, out);
  return relative;
}
var canReverse = (form, reg, rm) => form.reverseOpcode >= 0 && reg < 8 && rm !== null && !(rm instanceof Memory) && rm.id >= 8;
function dispUnitOf(form, rm) {
  return rm instanceof Memory && rm.broadcast ? form.broadcastBits / 8 : form.dispUnit;
}
function encodeLegacy(form, operands, reg, rm, out) {
  if (form.operandSize16) out.byte(102);
  if (form.lock) out.byte(240);
  if (form.prefix > 0) out.byte(LEGACY_PREFIXES[form.prefix]);
  const rex = rexOf(form, operands, reg, rm);
  if (rex !== 0) out.byte(rex);
  if (form.map > 0) out.byte(15);
  if (form.map > 1) out.byte(form.map === 2 ? 56 : 58);
  out.byte(form.inOpcode ? form.opcode + (rm.id & 7) : form.opcode);
  if (form.tail >= 0) out.byte(form.tail);
  const relative = rm === null || form.inOpcode ? -1 : encodeModRm(form.digit < 0 ? reg : form.digit, rm, 1, out);
  encodeImmediate(form, operands, out);
  return relative;
}
function rexOf(form, operands, reg, rm) {
  let bits2 = (form.wide ? 8 : 0) | reg >> 3 << 2;
  if (rm instanceof Memory) {
    if (rm.index !== null) bits2 |= rm.index.id >> 3 << 1;
    if (rm.base !== null) bits2 |= rm.base.id >> 3;
  } else if (rm !== null) {
    bits2 |= rm.id >> 3;
  }
  if (bits2 !== 0) return 64 | bits2;
  return needsRex(operands, form) ? 64 : 0;
}
function needsRex(operands, form) {
  for (let i = 0; i < form.kinds.length; i++) {
    const operand = operands[i];
    if (operand instanceof Register && operand.kind === KIND.gp8 && operand.id >= 4) return true;
  }
  return false;
}
function encodeVexPrefix(form, prefix, reg, vvvv, memory, rmId, out) {
  const r = reg < 8 ? 128 : 0;
  const x = memory !== null && memory.index !== null && memory.index.id >= 8 ? 0 : 64;
  const extended = memory === null ? rmId >= 8 : memory.base !== null && memory.base.id >= 8;
  const low = (~vvvv & 15) << 3 | form.length << 2 | prefix;
  if (form.map === 1 && !form.wide && x !== 0 && !extended) {
    out.byte(197);
    out.byte(r | low);
    return;
  }
  out.byte(196);
  out.byte(r | x | (extended ? 0 : 32) | form.map);
  out.byte((form.wide ? 128 : 0) | low);
}
function encodeEvexPrefix(form, reg, vvvv, rm, guarded, rounding3, out) {
  let x = 0;
  let b = 0;
  let v = vvvv >> 4;
  let broadcast = false;
  if (rm instanceof Memory) {
    b = rm.base === null ? 0 : rm.base.id >> 3 & 1;
    if (rm.index !== null) {
      x = rm.index.id >> 3 & 1;
      if (isVectorKind(rm.index.kind)) v = rm.index.id >> 4;
    }
    broadcast = rm.broadcast;
  } else if (rm !== null) {
    b = rm.id >> 3 & 1;
    x = rm.id >> 4;
  }
  const r = reg >> 3 & 1;
  const length = rounding3 === null ? form.length : rounding3.control;
  const zeroing = guarded instanceof Memory ? false : guarded.zeroing;
  out.byte(98);
  out.byte((r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | (reg >> 4 ^ 1) << 4 | form.map);
  out.byte((form.wide ? 128 : 0) | (~vvvv & 15) << 3 | 4 | form.prefix);
  out.byte(
    (zeroing ? 128 : 0) | length << 5 | (broadcast || rounding3 !== null ? 16 : 0) | (v ^ 1) << 3 | guarded.writeMask
  );
}
function encodeModRm(reg, rm, unit, out) {
  const field = (reg & 7) << 3;
  if (!(rm instanceof Memory)) {
    out.byte(192 | field | rm.id & 7);
    return -1;
  }
  const { base, index: index2, disp } = rm;
  if (rm.label !== null) {
    out.byte(field | 5);
    out.integer(disp, 4);
    return out.length - 4;
  }
  if (base === null) {
    out.byte(field | 4);
    out.byte(SCALES[rm.scale] << 6 | (index2.id & 7) << 3 | 5);
    out.integer(disp, 4);
    return -1;
  }
  const low = base.id & 7;
  const short = disp % unit === 0 && disp >= -128 * unit && disp <= 127 * unit;
  const mod = disp === 0 && low !== 5 ? 0 : short ? 64 : 128;
  if (index2 !== null || low === 4) {
    out.byte(mod | field | 4);
    const scaled = index2 === null ? 4 << 3 : SCALES[rm.scale] << 6 | (index2.id & 7) << 3;
    out.byte(scaled | low);
  } else {
    out.byte(mod | field | low);
  }
  if (mod === 64) out.byte(disp / unit);
  else if (mod === 128) out.integer(disp, 4);
  return -1;
}
var SCALES = [0, 0, 1, 0, 2, 0, 0, 0, 3];
function encodeImmediate(form, operands, out) {
  if (form.is4 >= 0) out.byte(operands[form.is4].id << 4);
  if (form.immediateBytes === 0) return;
  out.integer(operands[form.immediate], form.immediateBytes);
}

// src/asm/x64/layout.ts
var LONG = { jmp: 5, jcc: 6, call: 5 };
var SHORT = 2;
function layOut(stretches) {
  const sizes = new Int32Array(stretches.length);
  const before = new Int32Array(stretches.length + 1);
  stretches.forEach((s, i) => {
    sizes[i] = s.kind === "align" ? 0 : s.type === "call" ? LONG.call : SHORT;
  });
  const layout = { sizes, before };
  do
    place(stretches, layout);
  while (growBranches(stretches, layout));
  return layout;
}
function place(stretches, { sizes, before }) {
  for (let i = 0; i < stretches.length; i++) {
    const stretch = stretches[i];
    if (stretch.kind === "align") {
      const misaligned = (stretch.position + before[i]) % stretch.bytes;
      sizes[i] = misaligned === 0 ? 0 : stretch.bytes - misaligned;
    }
    before[i + 1] = before[i] + sizes[i];
  }
}
function growBranches(stretches, layout) {
  let grown = false;
  for (let i = 0; i < stretches.length; i++) {
    const stretch = stretches[i];
    if (stretch.kind === "align" || layout.sizes[i] !== SHORT) continue;
    const distance = branchDistance(stretch, i, layout);
    if (distance >= -128 && distance <= 127) continue;
    layout.sizes[i] = LONG[stretch.type];
    grown = true;
  }
  return grown;
}
var addressOf = (label, { before }) => label.position + before[label.stretch];
var branchDistance = (branch, i, layout) => addressOf(branch.target, layout) - (branch.position + layout.before[i] + layout.sizes[i]);

// src/asm/x64/nops.ts
var NOPS = [
  "90",
  "66 90",
  "0f 1f 00",
  "0f 1f 40 00",
  "0f 1f 44 00 00",
  "66 0f 1f 44 00 00",
  "0f 1f 80 00 00 00 00",
  "0f 1f 84 00 00 00 00 00",
  "66 0f 1f 84 00 00 00 00 00"
].map((text2) => Uint8Array.from(text2.split(" "), (byte) => Number.parseInt(byte, 16)));
function appendNops(out, count) {
  let rest = count;
  while (rest > 0) {
    const length = Math.min(rest, NOPS.length);
    out.append(NOPS[length - 1]);
    rest -= length;
  }
}

// src/asm/x64/link.ts
function link(code, stretches, references, pool) {
  for (const stretch of stretches) if (stretch.kind === "branch") checkBound(stretch.target);
  const layout = layOut(stretches);
  const out = new CodeBuffer();
  copyCode(code, stretches, layout, out);
  const codeBytes = out.length;
  const start = Math.ceil(codeBytes / pool.alignment) * pool.alignment;
  const constants = pool.place(start);
  if (constants.length > 0) {
    out.append(new Uint8Array(start - codeBytes).fill(INT3));
    out.append(constants);
  }
  const bytes2 = out.bytes.slice(0, out.length);
  const view = new DataView(bytes2.buffer);
  for (const { position: position2, end, stretch, target: target2 } of references) {
    checkBound(target2);
    const shift3 = layout.before[stretch];
    const disp = view.getInt32(position2 + shift3, true);
    view.setInt32(position2 + shift3, addressOf(target2, layout) + disp - (end + shift3), true);
  }
  const offsetOf = (label) => {
    checkBound(label);
    return addressOf(label, layout);
  };
  return { bytes: bytes2, codeBytes, layout, offsetOf };
}
var INT3 = 204;
function checkBound(label) {
  if (label.position < 0)
    throw new ValueError({ op: "x64 label", problem: `${label.name} was never bound` });
}
function copyCode(code, stretches, layout, out) {
  let from = 0;
  stretches.forEach((stretch, i) => {
    out.append(code.bytes.subarray(from, stretch.position));
    from = stretch.position;
    if (stretch.kind === "align") appendNops(out, layout.sizes[i]);
    else appendBranch(stretch, i, layout, out);
  });
  out.append(code.bytes.subarray(from, code.length));
}
var SHORT_BYTES = 2;
var LONG_JMP = 233;
function appendBranch(branch, i, layout, out) {
  const distance = branchDistance(branch, i, layout);
  out.reserve(6);
  if (layout.sizes[i] === SHORT_BYTES) {
    out.byte(branch.opcode);
    out.byte(distance);
    return;
  }
  if (branch.type === "jcc") {
    out.byte(15);
    out.byte(branch.opcode + 16);
  } else {
    out.byte(branch.type === "jmp" ? LONG_JMP : branch.opcode);
  }
  out.integer(distance, 4);
}

// src/asm/x64/listing.ts
function makeListing(notes, layout, code, constants) {
  const items = notes.map(({ position: position2, stretch, text: text2, isLabel }) => {
    return { offset: position2 + layout.before[stretch], text: text2, isLabel };
  });
  if (constants.length > 0) items.push({ offset: code.codeBytes, text: "padding", isLabel: false });
  const placed = constants.map((label) => ({ label, offset: addressOf(label, layout) }));
  for (const { label, offset } of placed.sort((a, b) => a.offset - b.offset)) {
    items.push({ offset, text: `${label.name}:`, isLabel: true });
    items.push({ offset, text: "constant", isLabel: false });
  }
  return items.map((item, i) => {
    const end = item.isLabel ? item.offset : items[i + 1]?.offset ?? code.bytes.length;
    return { ...item, bytes: code.bytes.subarray(item.offset, end) };
  });
}
var hex = (bytes2) => Array.from(bytes2, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
function formatListing(lines) {
  return lines.filter((line) => line.isLabel || line.bytes.length > 0).map(({ offset, bytes: bytes2, text: text2, isLabel }) => {
    if (isLabel) return text2;
    return `${offset.toString(16).padStart(6)}  ${hex(bytes2).padEnd(32)}  ${text2}`;
  }).join("\n");
}

// src/asm/x64/print.ts
var SIZE_NAMES = {
  8: "BYTE",
  16: "WORD",
  32: "DWORD",
  64: "QWORD",
  128: "XMMWORD",
  256: "YMMWORD",
  512: "ZMMWORD"
};
function operandText(operand, form) {
  if (typeof operand !== "object") return String(operand);
  return operand instanceof Memory ? memoryText(operand, form) : operand.name;
}
function memoryText(m, form) {
  const bits2 = m.bits || (m.broadcast ? form?.broadcastBits : form?.memoryBits) || 0;
  const size = bits2 === 0 ? "" : `${SIZE_NAMES[bits2]} PTR `;
  const parts2 = m.label === null ? [] : ["rip", m.label.name];
  if (m.base !== null) parts2.push(m.base.name);
  if (m.index !== null) parts2.push(`${m.index.name}*${m.scale}`);
  const sign4 = m.disp < 0 ? "-" : "+";
  const disp = m.disp === 0 ? "" : `${sign4}0x${Math.abs(m.disp).toString(16)}`;
  const lanes2 = m.broadcast ? `{1to${form?.lanes ?? "n"}}` : "";
  const mask = m.writeMask > 0 ? `{k${m.writeMask}}` : "";
  return `${size}[${parts2.join("+")}${disp}]${lanes2}${mask}`;
}
function instructionText(form, operands, rounding3, vexFits) {
  const texts = form.kinds.map((_, i) => operandText(operands[i], form));
  if (rounding3 !== null)
    texts.splice(form.immediate < 0 ? texts.length : form.immediate, 0, rounding3.name);
  const name = form.encoding === ENCODING.evex && vexFits ? `{evex} ${form.mnemonic}` : form.mnemonic;
  return texts.length === 0 ? name : `${name} ${texts.join(", ")}`;
}

// src/asm/x64/encoding-error.ts
function refuse(mnemonic, operands, rounding3, problem, forms = []) {
  const list = [...operands.map((operand) => operandText(operand)), ...namesOf(rounding3)];
  const rows = new Set(forms.map((form) => form.row.split(/\s+/)[1]));
  throw new ValueError({
    op: `x64 ${mnemonic}`,
    problem: `${problem}
  given: ${list.join(", ") || "no operands"}`,
    remedy: rows.size === 0 ? void 0 : `it takes ${[...rows].join(" or ")}`
  });
}
var namesOf = (rounding3) => rounding3 === null ? [] : [rounding3.name];

// src/asm/x64/condition.ts
var CONDITIONS = "o no b/c/nae ae/nb/nc e/z ne/nz be/na a/nbe s ns p/pe np/po l/nge ge/nl le/ng g/nle".split(" ").map((names) => names.split("/"));
var STEMS = ["j", "set", "cmov"];
function conditionOf(mnemonic) {
  for (const stem of STEMS) {
    if (!mnemonic.startsWith(stem)) continue;
    const code = CONDITIONS.findIndex((names) => names.includes(mnemonic.slice(stem.length)));
    if (code >= 0) return { row: `${stem}CC`, code };
  }
  return void 0;
}

// src/asm/x64/parse-opcode.ts
var PREFIXES = { np: 0, "66": 1, f3: 2, f2: 3 };
var MAPS = { "0f": 1, "0f38": 2, "0f3a": 3 };
function parseOpcode(text2, added) {
  const inOpcode = text2.endsWith("+r");
  const [code, digit] = (inOpcode ? text2.slice(0, -2) : text2).split("/");
  const bytes2 = code.split(".");
  const prefix = bytes2.length > 1 && bytes2[0] in PREFIXES ? PREFIXES[bytes2.shift() ?? ""] : 0;
  const map = bytes2.length > 1 && bytes2[0] in MAPS ? MAPS[bytes2.shift() ?? ""] : 0;
  return {
    prefix,
    map,
    opcode: Number.parseInt(bytes2[0], 16) + added,
    tail: bytes2.length > 1 ? Number.parseInt(bytes2[1], 16) : -1,
    digit: digit === void 0 ? -1 : Number(digit),
    inOpcode
  };
}

// src/asm/x64/make-form.ts
function makeForm(parts2) {
  const { patterns, flags, width, code } = parts2;
  const flag2 = (name) => flags.includes(name);
  const encoding = ENCODING[parts2.kind];
  const { reg, rm, vvvv, is4 } = placesOf(patterns, code.digit >= 0);
  const memoryBits = Math.max(0, ...patterns.map((p) => p.memoryBits));
  const broadcastBits = Math.max(0, ...patterns.map((p) => p.broadcastBits));
  const immediate = patterns.findIndex((p) => p.isImmediate);
  const reverse = reverseOf(flags);
  return {
    mnemonic: parts2.mnemonic,
    row: parts2.row,
    kinds: patterns.map((p) => p.kinds),
    fixed: patterns.map((p) => p.fixed),
    hasFixed: patterns.some((p) => p.fixed >= 0),
    encoding,
    prefix: code.prefix,
    map: code.map,
    opcode: code.opcode,
    tail: code.tail,
    digit: code.digit,
    inOpcode: code.inOpcode,
    wide: flag2("w1") || width.gp === 64 && !flag2("w0"),
    length: flag2("l1") ? 1 : encoding === ENCODING.legacy ? 0 : Math.log2(width.vector / 128),
    packed: parts2.packed,
    operandSize16: width.gp === 16 || flag2("o16"),
    lock: flag2("lock"),
    reg,
    rm,
    vvvv,
    is4,
    immediate,
    immediateBytes: immediate < 0 ? 0 : patterns[immediate].immediateBytes,
    immediateRange: immediate < 0 ? "any" : patterns[immediate].range,
    extendedBits: immediate < 0 || width.gp === 64 ? 0 : patterns[immediate].extendedBits,
    label: patterns.findIndex((p) => p.isLabel),
    memoryBits,
    broadcastBits,
    lanes: broadcastBits === 0 ? 0 : memoryBits / broadcastBits,
    dispUnit: flag2("n32") ? 4 : flag2("n64") ? 8 : Math.max(1, memoryBits / 8),
    mask: flag2("mask") ? "required" : flag2("kz") ? "zero" : flag2("k") ? "merge" : "none",
    rounding: flag2("er") ? "er" : flag2("sae") ? "sae" : "none",
    reverseOpcode: reverse === "" ? -1 : Number.parseInt(reverse.slice(-2), 16),
    reversePrefix: PREFIXES[reverse.slice(0, -2)] ?? code.prefix,
    avx512: encoding === ENCODING.evex || patterns.some((p) => p.isMask)
  };
}
var reverseOf = (flags) => flags.find((name) => name.startsWith("rev"))?.slice(3) ?? "";
function placesOf(patterns, digit) {
  const encoded = [...patterns.keys()].filter((i) => patterns[i].isEncoded);
  const memory = encoded.find((i) => patterns[i].isMemory);
  const rm = memory ?? encoded.at(-1) ?? -1;
  const others = encoded.filter((i) => i !== rm);
  if (memory === 0 && others.length === 2) others.reverse();
  if (digit) others.unshift(-1);
  const [reg = -1, vvvv = -1, is4 = -1] = others;
  return { reg, rm, vvvv, is4 };
}

// src/asm/x64/parse-operand.ts
var FRACTIONS = { v: 1, h: 2, q: 4, e: 8 };
var FIXED_VECTORS = { x: 128, y: 256, z: 512 };
var FIXED_GP = {
  a: [0, 0],
  al: [0, 8],
  cl: [1, 8]
};
var bit = (kind) => 1 << kind;
var vectorBit = (first, bits2) => bit(first + Math.log2(Math.max(bits2, 128) / 128));
var gpBit = (bits2) => bit(KIND.gp8 + Math.log2(bits2 / 8));
var parsed = /* @__PURE__ */ new Map();
function parseOperand(text2, width, evex) {
  let patterns = parsed.get(text2);
  if (patterns === void 0) {
    patterns = [];
    parsed.set(text2, patterns);
  }
  const key = width.vector >> 7 << 4 | width.gp >> 4 << 1 | (evex ? 1 : 0);
  patterns[key] ??= parseAlternatives(text2, width, evex);
  return patterns[key];
}
function parseAlternatives(text2, width, evex) {
  const pattern = {
    kinds: 0,
    fixed: -1,
    memoryBits: 0,
    broadcastBits: 0,
    isImmediate: false,
    immediateBytes: 0,
    range: "any",
    extendedBits: 0,
    isLabel: false,
    isMask: false,
    isMemory: false,
    isEncoded: true
  };
  const alternatives = text2.split("/");
  for (const token of alternatives) {
    if (token[0] === "b" && !evex) continue;
    const known = parseRegister(token, width, pattern) || parseMemory(token, alternatives[0], width, pattern) || parseConstant(token, width, pattern);
    if (!known) throw new Error(`bad operand in the instruction tables: ${text2}`);
  }
  return pattern;
}
function parseRegister(token, width, pattern) {
  if (token[0] === "r") {
    pattern.kinds |= gpBit(token === "r" ? width.gp : Number(token.slice(1)));
  } else if (token in FRACTIONS) {
    pattern.kinds |= vectorBit(KIND.xmm, width.vector / FRACTIONS[token]);
  } else if (token in FIXED_VECTORS) {
    pattern.kinds |= vectorBit(KIND.xmm, FIXED_VECTORS[token]);
  } else if (token === "k") {
    pattern.kinds |= bit(KIND.mask);
    pattern.isMask = true;
  } else if (token in FIXED_GP) {
    const [id, bits2] = FIXED_GP[token];
    pattern.kinds |= gpBit(bits2 || width.gp);
    pattern.fixed = id;
    pattern.isEncoded = false;
  } else {
    return false;
  }
  return true;
}
function parseMemory(token, beside, width, pattern) {
  if (token === "mem") {
    for (let kind = KIND.memory; kind <= KIND.memory512; kind++) pattern.kinds |= bit(kind);
  } else if (token[0] === "m") {
    const own = width.gp > 0 ? width.gp : width.vector / (FRACTIONS[beside] ?? 1);
    pattern.memoryBits = token === "m" ? own : Number(token.slice(1));
    pattern.kinds |= bit(KIND.memory) | bit(memoryKind(pattern.memoryBits));
  } else if (token[0] === "b") {
    pattern.broadcastBits = Number(token.slice(1));
    const lanes2 = pattern.memoryBits / pattern.broadcastBits;
    pattern.kinds |= bit(KIND.broadcast) | bit(KIND.broadcast + Math.log2(lanes2));
  } else if (token[0] === "g") {
    pattern.kinds |= vectorBit(KIND.indexedX, width.vector / FRACTIONS[token[1]]);
    pattern.memoryBits = Number(token.slice(2));
  } else {
    return false;
  }
  pattern.isMemory = true;
  return true;
}
function parseConstant(token, width, pattern) {
  pattern.isEncoded = false;
  if (token === "label") {
    pattern.kinds |= bit(KIND.label);
    pattern.isLabel = true;
    return true;
  }
  pattern.kinds |= bit(KIND.immediate);
  pattern.isImmediate = true;
  if (token === "one") {
    pattern.range = "one";
    return true;
  }
  const size = token.slice(1);
  pattern.immediateBytes = size === "z" ? Math.min(width.gp, 32) / 8 : Number(size) / 8;
  if (token[0] === "s" || size === "z" && width.gp === 64) pattern.range = "signed";
  if (token === "s8") pattern.extendedBits = width.gp;
  return token[0] === "s" || token[0] === "i";
}

// src/asm/x64/parse-row.ts
function parseRow(row) {
  const [, operands, opcode, ...columns] = row.split(" ").filter((word) => word !== "");
  const names = operands === "-" ? [] : operands.split(",");
  const encodings = isVector(columns[0]) ? columns : [`legacy.${columns.join(".")}`];
  const packed = names.some((name) => PACKED.includes(name[0]));
  const all3 = [];
  for (const encoding of encodings) {
    const [kind, ...flags] = encoding.split(".");
    const evex = kind === "evex";
    const widths = packed ? vectorWidths(evex, flags) : otherWidths(names, kind, flags);
    for (const width of widths) {
      const patterns = names.map((name) => parseOperand(name, width, evex));
      all3.push({ patterns, row, opcode, packed, kind, flags, width });
    }
  }
  return all3;
}
function formOf(candidate, mnemonic, added) {
  return makeForm({ ...candidate, mnemonic, code: parseOpcode(candidate.opcode, added) });
}
var isVector = (column2 = "") => column2.startsWith("vex") || column2.startsWith("evex");
var PACKED = "vhqeg";
function stated(flags, all3) {
  const own = flags.map(Number).filter((bits2) => bits2 >= 16);
  return own.length > 0 ? own : all3;
}
var vectorWidths = (evex, flags) => stated(flags, evex ? [128, 256, 512] : [128, 256]).map((vector2) => ({ vector: vector2, gp: 0 }));
function otherWidths(names, kind, flags) {
  const starts2 = (letter) => names.some((name) => name[0] === letter);
  const vector2 = starts2("z") ? 512 : starts2("y") ? 256 : 128;
  if (!names.some(followsOperandSize)) return [{ vector: vector2, gp: 0 }];
  const all3 = kind === "legacy" ? [16, 32, 64] : [32, 64];
  return stated(flags, all3).map((gp) => ({ vector: vector2, gp }));
}
var followsOperandSize = (name) => name === "r" || name === "r/m" || name === "m" || name === "a";

// src/asm/x64/tables/conversions.ts
var CONVERSION_ROWS = `
# scalars and general registers
vcvtss2sd    x,x,x/m32       f3.0f.5a     vex       evex.w0.kz.sae
vcvtsd2ss    x,x,x/m64       f2.0f.5a     vex       evex.w1.kz.er
vcvtsi2ss    x,x,r32/m32     f3.0f.2a     vex.w0    evex.w0.er
vcvtsi2ss    x,x,r64/m64     f3.0f.2a     vex.w1    evex.w1.er
vcvtsi2sd    x,x,r32/m32     f2.0f.2a     vex.w0    evex.w0
vcvtsi2sd    x,x,r64/m64     f2.0f.2a     vex.w1    evex.w1.er
vcvtusi2ss   x,x,r32/m32     f3.0f.7b     evex.w0.er
vcvtusi2ss   x,x,r64/m64     f3.0f.7b     evex.w1.er
vcvtusi2sd   x,x,r32/m32     f2.0f.7b     evex.w0
vcvtusi2sd   x,x,r64/m64     f2.0f.7b     evex.w1.er
vcvtss2si    r,x/m32         f3.0f.2d     vex       evex.er
vcvtsd2si    r,x/m64         f2.0f.2d     vex       evex.er
vcvttss2si   r,x/m32         f3.0f.2c     vex       evex.sae
vcvttsd2si   r,x/m64         f2.0f.2c     vex       evex.sae
vcvtss2usi   r,x/m32         f3.0f.79     evex.er
vcvtsd2usi   r,x/m64         f2.0f.79     evex.er
vcvttss2usi  r,x/m32         f3.0f.78     evex.sae
vcvttsd2usi  r,x/m64         f2.0f.78     evex.sae

# between float sizes
vcvtps2pd    v,h/m/b32       np.0f.5a     vex       evex.w0.kz.sae
vcvtpd2ps    h,v/m/b64       66.0f.5a     vex       evex.w1.kz.er
vcvtph2ps    v,h/m           66.0f38.13   vex.w0    evex.w0.kz.sae
vcvtps2ph    h/m,v,i8        66.0f3a.1d   vex.w0    evex.w0.kz.sae

# 32-bit integers
vcvtdq2ps    v,v/m/b32       np.0f.5b     vex       evex.w0.kz.er
vcvtps2dq    v,v/m/b32       66.0f.5b     vex       evex.w0.kz.er
vcvttps2dq   v,v/m/b32       f3.0f.5b     vex       evex.w0.kz.sae
vcvtdq2pd    v,h/m/b32       f3.0f.e6     vex       evex.w0.kz
vcvtpd2dq    h,v/m/b64       f2.0f.e6     vex       evex.w1.kz.er
vcvttpd2dq   h,v/m/b64       66.0f.e6     vex       evex.w1.kz.sae
vcvtudq2ps   v,v/m/b32       f2.0f.7a     evex.w0.kz.er
vcvtudq2pd   v,h/m/b32       f3.0f.7a     evex.w0.kz
vcvtps2udq   v,v/m/b32       np.0f.79     evex.w0.kz.er
vcvttps2udq  v,v/m/b32       np.0f.78     evex.w0.kz.sae
vcvtpd2udq   h,v/m/b64       np.0f.79     evex.w1.kz.er
vcvttpd2udq  h,v/m/b64       np.0f.78     evex.w1.kz.sae

# 64-bit integers
vcvtqq2ps    h,v/m/b64       np.0f.5b     evex.w1.kz.er
vcvtqq2pd    v,v/m/b64       f3.0f.e6     evex.w1.kz.er
vcvtuqq2ps   h,v/m/b64       f2.0f.7a     evex.w1.kz.er
vcvtuqq2pd   v,v/m/b64       f3.0f.7a     evex.w1.kz.er
vcvtps2qq    v,h/m/b32       66.0f.7b     evex.w0.kz.er
vcvttps2qq   v,h/m/b32       66.0f.7a     evex.w0.kz.sae
vcvtpd2qq    v,v/m/b64       66.0f.7b     evex.w1.kz.er
vcvttpd2qq   v,v/m/b64       66.0f.7a     evex.w1.kz.sae
vcvtps2uqq   v,h/m/b32       66.0f.79     evex.w0.kz.er
vcvttps2uqq  v,h/m/b32       66.0f.78     evex.w0.kz.sae
vcvtpd2uqq   v,v/m/b64       66.0f.79     evex.w1.kz.er
vcvttpd2uqq  v,v/m/b64       66.0f.78     evex.w1.kz.sae

# integers to wider ones
vpmovsxbw    v,h/m           66.0f38.20   vex       evex.w0.kz
vpmovsxbd    v,q/m           66.0f38.21   vex       evex.w0.kz
vpmovsxbq    v,e/m           66.0f38.22   vex       evex.w0.kz
vpmovsxwd    v,h/m           66.0f38.23   vex       evex.w0.kz
vpmovsxwq    v,q/m           66.0f38.24   vex       evex.w0.kz
vpmovsxdq    v,h/m           66.0f38.25   vex       evex.w0.kz
vpmovzxbw    v,h/m           66.0f38.30   vex       evex.w0.kz
vpmovzxbd    v,q/m           66.0f38.31   vex       evex.w0.kz
vpmovzxbq    v,e/m           66.0f38.32   vex       evex.w0.kz
vpmovzxwd    v,h/m           66.0f38.33   vex       evex.w0.kz
vpmovzxwq    v,q/m           66.0f38.34   vex       evex.w0.kz
vpmovzxdq    v,h/m           66.0f38.35   vex       evex.w0.kz

# integers to narrower ones: truncated, saturated, saturated unsigned
vpmovwb      h/m,v           f3.0f38.30   evex.w0.kz
vpmovdb      q/m,v           f3.0f38.31   evex.w0.kz
vpmovqb      e/m,v           f3.0f38.32   evex.w0.kz
vpmovdw      h/m,v           f3.0f38.33   evex.w0.kz
vpmovqw      q/m,v           f3.0f38.34   evex.w0.kz
vpmovqd      h/m,v           f3.0f38.35   evex.w0.kz
vpmovswb     h/m,v           f3.0f38.20   evex.w0.kz
vpmovsdb     q/m,v           f3.0f38.21   evex.w0.kz
vpmovsqb     e/m,v           f3.0f38.22   evex.w0.kz
vpmovsdw     h/m,v           f3.0f38.23   evex.w0.kz
vpmovsqw     q/m,v           f3.0f38.24   evex.w0.kz
vpmovsqd     h/m,v           f3.0f38.25   evex.w0.kz
vpmovuswb    h/m,v           f3.0f38.10   evex.w0.kz
vpmovusdb    q/m,v           f3.0f38.11   evex.w0.kz
vpmovusqb    e/m,v           f3.0f38.12   evex.w0.kz
vpmovusdw    h/m,v           f3.0f38.13   evex.w0.kz
vpmovusqw    q/m,v           f3.0f38.14   evex.w0.kz
vpmovusqd    h/m,v           f3.0f38.15   evex.w0.kz
vpacksswb    v,v,v/m         66.0f.63     vex       evex.w0.kz
vpackuswb    v,v,v/m         66.0f.67     vex       evex.w0.kz
vpackssdw    v,v,v/m/b32     66.0f.6b     vex       evex.w0.kz
vpackusdw    v,v,v/m/b32     66.0f38.2b   vex       evex.w0.kz
`;

// src/asm/x64/tables/fma.ts
var FMA_ROWS = `
vfmaddsub132ps  v,v,v/m/b32  66.0f38.96  vex.w0  evex.w0.kz.er
vfmaddsub132pd  v,v,v/m/b64  66.0f38.96  vex.w1  evex.w1.kz.er
vfmaddsub213ps  v,v,v/m/b32  66.0f38.a6  vex.w0  evex.w0.kz.er
vfmaddsub213pd  v,v,v/m/b64  66.0f38.a6  vex.w1  evex.w1.kz.er
vfmaddsub231ps  v,v,v/m/b32  66.0f38.b6  vex.w0  evex.w0.kz.er
vfmaddsub231pd  v,v,v/m/b64  66.0f38.b6  vex.w1  evex.w1.kz.er
vfmsubadd132ps  v,v,v/m/b32  66.0f38.97  vex.w0  evex.w0.kz.er
vfmsubadd132pd  v,v,v/m/b64  66.0f38.97  vex.w1  evex.w1.kz.er
vfmsubadd213ps  v,v,v/m/b32  66.0f38.a7  vex.w0  evex.w0.kz.er
vfmsubadd213pd  v,v,v/m/b64  66.0f38.a7  vex.w1  evex.w1.kz.er
vfmsubadd231ps  v,v,v/m/b32  66.0f38.b7  vex.w0  evex.w0.kz.er
vfmsubadd231pd  v,v,v/m/b64  66.0f38.b7  vex.w1  evex.w1.kz.er
vfmadd132ps     v,v,v/m/b32  66.0f38.98  vex.w0  evex.w0.kz.er
vfmadd132pd     v,v,v/m/b64  66.0f38.98  vex.w1  evex.w1.kz.er
vfmadd132ss     x,x,x/m32    66.0f38.99  vex.w0  evex.w0.kz.er
vfmadd132sd     x,x,x/m64    66.0f38.99  vex.w1  evex.w1.kz.er
vfmadd213ps     v,v,v/m/b32  66.0f38.a8  vex.w0  evex.w0.kz.er
vfmadd213pd     v,v,v/m/b64  66.0f38.a8  vex.w1  evex.w1.kz.er
vfmadd213ss     x,x,x/m32    66.0f38.a9  vex.w0  evex.w0.kz.er
vfmadd213sd     x,x,x/m64    66.0f38.a9  vex.w1  evex.w1.kz.er
vfmadd231ps     v,v,v/m/b32  66.0f38.b8  vex.w0  evex.w0.kz.er
vfmadd231pd     v,v,v/m/b64  66.0f38.b8  vex.w1  evex.w1.kz.er
vfmadd231ss     x,x,x/m32    66.0f38.b9  vex.w0  evex.w0.kz.er
vfmadd231sd     x,x,x/m64    66.0f38.b9  vex.w1  evex.w1.kz.er
vfmsub132ps     v,v,v/m/b32  66.0f38.9a  vex.w0  evex.w0.kz.er
vfmsub132pd     v,v,v/m/b64  66.0f38.9a  vex.w1  evex.w1.kz.er
vfmsub132ss     x,x,x/m32    66.0f38.9b  vex.w0  evex.w0.kz.er
vfmsub132sd     x,x,x/m64    66.0f38.9b  vex.w1  evex.w1.kz.er
vfmsub213ps     v,v,v/m/b32  66.0f38.aa  vex.w0  evex.w0.kz.er
vfmsub213pd     v,v,v/m/b64  66.0f38.aa  vex.w1  evex.w1.kz.er
vfmsub213ss     x,x,x/m32    66.0f38.ab  vex.w0  evex.w0.kz.er
vfmsub213sd     x,x,x/m64    66.0f38.ab  vex.w1  evex.w1.kz.er
vfmsub231ps     v,v,v/m/b32  66.0f38.ba  vex.w0  evex.w0.kz.er
vfmsub231pd     v,v,v/m/b64  66.0f38.ba  vex.w1  evex.w1.kz.er
vfmsub231ss     x,x,x/m32    66.0f38.bb  vex.w0  evex.w0.kz.er
vfmsub231sd     x,x,x/m64    66.0f38.bb  vex.w1  evex.w1.kz.er
vfnmadd132ps    v,v,v/m/b32  66.0f38.9c  vex.w0  evex.w0.kz.er
vfnmadd132pd    v,v,v/m/b64  66.0f38.9c  vex.w1  evex.w1.kz.er
vfnmadd132ss    x,x,x/m32    66.0f38.9d  vex.w0  evex.w0.kz.er
vfnmadd132sd    x,x,x/m64    66.0f38.9d  vex.w1  evex.w1.kz.er
vfnmadd213ps    v,v,v/m/b32  66.0f38.ac  vex.w0  evex.w0.kz.er
vfnmadd213pd    v,v,v/m/b64  66.0f38.ac  vex.w1  evex.w1.kz.er
vfnmadd213ss    x,x,x/m32    66.0f38.ad  vex.w0  evex.w0.kz.er
vfnmadd213sd    x,x,x/m64    66.0f38.ad  vex.w1  evex.w1.kz.er
vfnmadd231ps    v,v,v/m/b32  66.0f38.bc  vex.w0  evex.w0.kz.er
vfnmadd231pd    v,v,v/m/b64  66.0f38.bc  vex.w1  evex.w1.kz.er
vfnmadd231ss    x,x,x/m32    66.0f38.bd  vex.w0  evex.w0.kz.er
vfnmadd231sd    x,x,x/m64    66.0f38.bd  vex.w1  evex.w1.kz.er
vfnmsub132ps    v,v,v/m/b32  66.0f38.9e  vex.w0  evex.w0.kz.er
vfnmsub132pd    v,v,v/m/b64  66.0f38.9e  vex.w1  evex.w1.kz.er
vfnmsub132ss    x,x,x/m32    66.0f38.9f  vex.w0  evex.w0.kz.er
vfnmsub132sd    x,x,x/m64    66.0f38.9f  vex.w1  evex.w1.kz.er
vfnmsub213ps    v,v,v/m/b32  66.0f38.ae  vex.w0  evex.w0.kz.er
vfnmsub213pd    v,v,v/m/b64  66.0f38.ae  vex.w1  evex.w1.kz.er
vfnmsub213ss    x,x,x/m32    66.0f38.af  vex.w0  evex.w0.kz.er
vfnmsub213sd    x,x,x/m64    66.0f38.af  vex.w1  evex.w1.kz.er
vfnmsub231ps    v,v,v/m/b32  66.0f38.be  vex.w0  evex.w0.kz.er
vfnmsub231pd    v,v,v/m/b64  66.0f38.be  vex.w1  evex.w1.kz.er
vfnmsub231ss    x,x,x/m32    66.0f38.bf  vex.w0  evex.w0.kz.er
vfnmsub231sd    x,x,x/m64    66.0f38.bf  vex.w1  evex.w1.kz.er
`;

// src/asm/x64/tables/integer.ts
var INTEGER_ROWS = `
# arithmetic on two operands
add        r/m,s8          83/0
add        a,iz            05
add        r/m,iz          81/0
add        r/m,r           01
add        r,r/m           03
add        al,i8           04
add        r8/m8,i8        80/0
add        r8/m8,r8        00
add        r8,r8/m8        02
or         r/m,s8          83/1
or         a,iz            0d
or         r/m,iz          81/1
or         r/m,r           09
or         r,r/m           0b
or         al,i8           0c
or         r8/m8,i8        80/1
or         r8/m8,r8        08
or         r8,r8/m8        0a
adc        r/m,s8          83/2
adc        a,iz            15
adc        r/m,iz          81/2
adc        r/m,r           11
adc        r,r/m           13
sbb        r/m,s8          83/3
sbb        a,iz            1d
sbb        r/m,iz          81/3
sbb        r/m,r           19
sbb        r,r/m           1b
and        r/m,s8          83/4
and        a,iz            25
and        r/m,iz          81/4
and        r/m,r           21
and        r,r/m           23
and        al,i8           24
and        r8/m8,i8        80/4
and        r8/m8,r8        20
and        r8,r8/m8        22
sub        r/m,s8          83/5
sub        a,iz            2d
sub        r/m,iz          81/5
sub        r/m,r           29
sub        r,r/m           2b
sub        al,i8           2c
sub        r8/m8,i8        80/5
sub        r8/m8,r8        28
sub        r8,r8/m8        2a
xor        r/m,s8          83/6
xor        a,iz            35
xor        r/m,iz          81/6
xor        r/m,r           31
xor        r,r/m           33
xor        al,i8           34
xor        r8/m8,i8        80/6
xor        r8/m8,r8        30
xor        r8,r8/m8        32
cmp        r/m,s8          83/7
cmp        a,iz            3d
cmp        r/m,iz          81/7
cmp        r/m,r           39
cmp        r,r/m           3b
cmp        al,i8           3c
cmp        r8/m8,i8        80/7
cmp        r8/m8,r8        38
cmp        r8,r8/m8        3a
test       a,iz            a9
test       r/m,iz          f7/0
test       r/m,r           85
test       al,i8           a8
test       r8/m8,i8        f6/0
test       r8/m8,r8        84

# moves
mov        r/m,r           89
mov        r,r/m           8b
mov        r8/m8,r8        88
mov        r8,r8/m8        8a
mov        r8,i8           b0+r
mov        r16,i16         b8+r          o16
mov        r32,i32         b8+r
mov        r64,s32         c7/0          w1
mov        r64,i64         b8+r          w1
mov        m8,i8           c6/0
mov        m,iz            c7/0
movzx      r,r8/m8         0f.b6
movzx      r,r16/m16       0f.b7         32.64
movsx      r,r8/m8         0f.be
movsx      r,r16/m16       0f.bf         32.64
movsxd     r64,r32/m32     63            w1
movbe      r,m             0f38.f0
movbe      m,r             0f38.f1
movnti     m,r             0f.c3         32.64
lea        r,mem           8d
bswap      r               0f.c8+r       32.64
push       r64             50+r
push       s8              6a
push       s32             68
push       m64             ff/6
pop        r64             58+r
pop        m64             8f/0
cmovCC     r,r/m           0f.40
setCC      r8/m8           0f.90/0

# one operand; mul and div work on rdx:rax
inc        r/m             ff/0
inc        r8/m8           fe/0
dec        r/m             ff/1
dec        r8/m8           fe/1
not        r/m             f7/2
not        r8/m8           f6/2
neg        r/m             f7/3
neg        r8/m8           f6/3
mul        r/m             f7/4
imul       r/m             f7/5
imul       r,r/m           0f.af
imul       r,r/m,s8        6b
imul       r,r/m,iz        69
div        r/m             f7/6
idiv       r/m             f7/7
cwd        -               99            o16
cdq        -               99
cqo        -               99            w1
cbw        -               98            o16
cwde       -               98
cdqe       -               98            w1

# shifts and bits
rol        r/m,one         d1/0
rol        r/m,i8          c1/0
rol        r/m,cl          d3/0
rcl        r/m,one         d1/2
rcl        r/m,i8          c1/2
rcl        r/m,cl          d3/2
rcr        r/m,one         d1/3
rcr        r/m,i8          c1/3
rcr        r/m,cl          d3/3
ror        r/m,one         d1/1
ror        r/m,i8          c1/1
ror        r/m,cl          d3/1
shl        r/m,one         d1/4
shl        r/m,i8          c1/4
shl        r/m,cl          d3/4
shl        r8/m8,one       d0/4
shl        r8/m8,i8        c0/4
shl        r8/m8,cl        d2/4
shr        r/m,one         d1/5
shr        r/m,i8          c1/5
shr        r/m,cl          d3/5
shr        r8/m8,one       d0/5
shr        r8/m8,i8        c0/5
shr        r8/m8,cl        d2/5
sar        r/m,one         d1/7
sar        r/m,i8          c1/7
sar        r/m,cl          d3/7
sar        r8/m8,one       d0/7
sar        r8/m8,i8        c0/7
sar        r8/m8,cl        d2/7
shld       r/m,r,i8        0f.a4
shld       r/m,r,cl        0f.a5
shrd       r/m,r,i8        0f.ac
shrd       r/m,r,cl        0f.ad
bt         r/m,i8          0f.ba/4
bt         r/m,r           0f.a3
bts        r/m,i8          0f.ba/5
bts        r/m,r           0f.ab
btr        r/m,i8          0f.ba/6
btr        r/m,r           0f.b3
btc        r/m,i8          0f.ba/7
btc        r/m,r           0f.bb
bsf        r,r/m           0f.bc
bsr        r,r/m           0f.bd
popcnt     r,r/m           f3.0f.b8
tzcnt      r,r/m           f3.0f.bc
lzcnt      r,r/m           f3.0f.bd
adcx       r,r/m           66.0f38.f6    32.64
adox       r,r/m           f3.0f38.f6    32.64
andn       r,r,r/m         np.0f38.f2    vex
bextr      r,r/m,r         np.0f38.f7    vex
blsr       r,r/m           np.0f38.f3/1  vex
blsmsk     r,r/m           np.0f38.f3/2  vex
blsi       r,r/m           np.0f38.f3/3  vex
bzhi       r,r/m,r         np.0f38.f5    vex
pdep       r,r,r/m         f2.0f38.f5    vex
pext       r,r,r/m         f3.0f38.f5    vex
mulx       r,r,r/m         f2.0f38.f6    vex
rorx       r,r/m,i8        f2.0f3a.f0    vex
shlx       r,r/m,r         66.0f38.f7    vex
sarx       r,r/m,r         f3.0f38.f7    vex
shrx       r,r/m,r         f2.0f38.f7    vex

# threads; xchg with memory is locked by itself
xchg       r/m,r           87
xchg       r8/m8,r8        86
xadd       r/m,r           0f.c1
xadd       r8/m8,r8        0f.c0
cmpxchg    r/m,r           0f.b1
cmpxchg    r8/m8,r8        0f.b0
cmpxchg16b m128            0f.c7/1       w1
lock_xadd       m,r        0f.c1         lock
lock_cmpxchg    m,r        0f.b1         lock
lock_cmpxchg16b m128       0f.c7/1       lock.w1
lock_add   m,s8            83/0          lock
lock_add   m,iz            81/0          lock
lock_add   m,r             01            lock
lock_or    m,s8            83/1          lock
lock_or    m,iz            81/1          lock
lock_or    m,r             09            lock
lock_and   m,s8            83/4          lock
lock_and   m,iz            81/4          lock
lock_and   m,r             21            lock
lock_sub   m,s8            83/5          lock
lock_sub   m,iz            81/5          lock
lock_sub   m,r             29            lock
lock_xor   m,s8            83/6          lock
lock_xor   m,iz            81/6          lock
lock_xor   m,r             31            lock
lock_inc   m               ff/0          lock
lock_dec   m               ff/1          lock
lock_not   m               f7/2          lock
lock_neg   m               f7/3          lock
lock_bts   m,i8            0f.ba/5       lock
lock_btr   m,i8            0f.ba/6       lock
pause      -               f3.90
mfence     -               0f.ae.f0
lfence     -               0f.ae.e8
sfence     -               0f.ae.f8

# control
jmp        label           eb
jmp        r64/m64         ff/4
jCC        label           70
call       label           e8
call       r64/m64         ff/2
ret        -               c3
ret        i16             c2
leave      -               c9
nop        -               90
nop        r/m             0f.1f/0
int3       -               cc
ud2        -               0f.0b
syscall    -               0f.05
endbr64    -               f3.0f.1e.fa
cpuid      -               0f.a2
xgetbv     -               0f.01.d0
rdtsc      -               0f.31
rdtscp     -               0f.01.f9
cld        -               fc
std        -               fd
stc        -               f9
clc        -               f8
cmc        -               f5
pushfq     -               9c
popfq      -               9d
rep_movsb  -               f3.a4
rep_movsq  -               f3.a5         w1
rep_stosb  -               f3.aa
rep_stosq  -               f3.ab         w1

# caches
prefetchnta m8             0f.18/0
prefetcht0 m8              0f.18/1
prefetcht1 m8              0f.18/2
prefetcht2 m8              0f.18/3
prefetchw  m8              0f.0d/1
clflush    m8              0f.ae/7
clflushopt m8              66.0f.ae/7
ldmxcsr    m32             0f.ae/2
stmxcsr    m32             0f.ae/3
`;

// src/asm/x64/tables/masks.ts
var MASK_ROWS = `
kmovb        k,k/m8          66.0f.90     vex.w0
kmovb        m8,k            66.0f.91     vex.w0
kmovb        k,r32           66.0f.92     vex.w0
kmovb        r32,k           66.0f.93     vex.w0
kmovw        k,k/m16         np.0f.90     vex.w0
kmovw        m16,k           np.0f.91     vex.w0
kmovw        k,r32           np.0f.92     vex.w0
kmovw        r32,k           np.0f.93     vex.w0
kmovd        k,k/m32         66.0f.90     vex.w1
kmovd        m32,k           66.0f.91     vex.w1
kmovd        k,r32           f2.0f.92     vex.w0
kmovd        r32,k           f2.0f.93     vex.w0
kmovq        k,k/m64         np.0f.90     vex.w1
kmovq        m64,k           np.0f.91     vex.w1
kmovq        k,r64           f2.0f.92     vex.w1
kmovq        r64,k           f2.0f.93     vex.w1
kandb        k,k,k           66.0f.41     vex.w0.l1
kandw        k,k,k           np.0f.41     vex.w0.l1
kandd        k,k,k           66.0f.41     vex.w1.l1
kandq        k,k,k           np.0f.41     vex.w1.l1
kandnb       k,k,k           66.0f.42     vex.w0.l1
kandnw       k,k,k           np.0f.42     vex.w0.l1
kandnd       k,k,k           66.0f.42     vex.w1.l1
kandnq       k,k,k           np.0f.42     vex.w1.l1
korb         k,k,k           66.0f.45     vex.w0.l1
korw         k,k,k           np.0f.45     vex.w0.l1
kord         k,k,k           66.0f.45     vex.w1.l1
korq         k,k,k           np.0f.45     vex.w1.l1
kxnorb       k,k,k           66.0f.46     vex.w0.l1
kxnorw       k,k,k           np.0f.46     vex.w0.l1
kxnord       k,k,k           66.0f.46     vex.w1.l1
kxnorq       k,k,k           np.0f.46     vex.w1.l1
kxorb        k,k,k           66.0f.47     vex.w0.l1
kxorw        k,k,k           np.0f.47     vex.w0.l1
kxord        k,k,k           66.0f.47     vex.w1.l1
kxorq        k,k,k           np.0f.47     vex.w1.l1
kaddb        k,k,k           66.0f.4a     vex.w0.l1
kaddw        k,k,k           np.0f.4a     vex.w0.l1
kaddd        k,k,k           66.0f.4a     vex.w1.l1
kaddq        k,k,k           np.0f.4a     vex.w1.l1
kunpckbw     k,k,k           66.0f.4b     vex.w0.l1
kunpckwd     k,k,k           np.0f.4b     vex.w0.l1
kunpckdq     k,k,k           np.0f.4b     vex.w1.l1
knotb        k,k             66.0f.44     vex.w0
knotw        k,k             np.0f.44     vex.w0
knotd        k,k             66.0f.44     vex.w1
knotq        k,k             np.0f.44     vex.w1
kortestb     k,k             66.0f.98     vex.w0
kortestw     k,k             np.0f.98     vex.w0
kortestd     k,k             66.0f.98     vex.w1
kortestq     k,k             np.0f.98     vex.w1
ktestb       k,k             66.0f.99     vex.w0
ktestw       k,k             np.0f.99     vex.w0
ktestd       k,k             66.0f.99     vex.w1
ktestq       k,k             np.0f.99     vex.w1
kshiftrb     k,k,i8          66.0f3a.30   vex.w0
kshiftrw     k,k,i8          66.0f3a.30   vex.w1
kshiftrd     k,k,i8          66.0f3a.31   vex.w0
kshiftrq     k,k,i8          66.0f3a.31   vex.w1
kshiftlb     k,k,i8          66.0f3a.32   vex.w0
kshiftlw     k,k,i8          66.0f3a.32   vex.w1
kshiftld     k,k,i8          66.0f3a.33   vex.w0
kshiftlq     k,k,i8          66.0f3a.33   vex.w1
vpmovm2b     v,k             f3.0f38.28   evex.w0
vpmovm2w     v,k             f3.0f38.28   evex.w1
vpmovm2d     v,k             f3.0f38.38   evex.w0
vpmovm2q     v,k             f3.0f38.38   evex.w1
vpmovb2m     k,v             f3.0f38.29   evex.w0
vpmovw2m     k,v             f3.0f38.29   evex.w1
vpmovd2m     k,v             f3.0f38.39   evex.w0
vpmovq2m     k,v             f3.0f38.39   evex.w1
vpbroadcastmb2q  v,k         f3.0f38.2a   evex.w1
vpbroadcastmw2d  v,k         f3.0f38.3a   evex.w0
`;

// src/asm/x64/tables/sse.ts
var SSE_ROWS = `
movss      x,x             f3.0f.10
movss      x,m32           f3.0f.10
movss      m32,x           f3.0f.11
movsd      x,x             f2.0f.10
movsd      x,m64           f2.0f.10
movsd      m64,x           f2.0f.11
movaps     x,x/m128        0f.28
movaps     m128,x          0f.29
movups     x,x/m128        0f.10
movups     m128,x          0f.11
movdqa     x,x/m128        66.0f.6f
movdqa     m128,x          66.0f.7f
movdqu     x,x/m128        f3.0f.6f
movdqu     m128,x          f3.0f.7f
movd       x,r32/m32       66.0f.6e
movd       r32/m32,x       66.0f.7e
movq       x,x/m64         f3.0f.7e
movq       m64,x           66.0f.d6
movq       x,r64           66.0f.6e      w1
movq       r64/m64,x       66.0f.7e      w1
addss      x,x/m32         f3.0f.58
addsd      x,x/m64         f2.0f.58
mulss      x,x/m32         f3.0f.59
mulsd      x,x/m64         f2.0f.59
subss      x,x/m32         f3.0f.5c
subsd      x,x/m64         f2.0f.5c
minss      x,x/m32         f3.0f.5d
minsd      x,x/m64         f2.0f.5d
divss      x,x/m32         f3.0f.5e
divsd      x,x/m64         f2.0f.5e
maxss      x,x/m32         f3.0f.5f
maxsd      x,x/m64         f2.0f.5f
sqrtss     x,x/m32         f3.0f.51
sqrtsd     x,x/m64         f2.0f.51
ucomiss    x,x/m32         0f.2e
ucomisd    x,x/m64         66.0f.2e
andps      x,x/m128        0f.54
andnps     x,x/m128        0f.55
orps       x,x/m128        0f.56
xorps      x,x/m128        0f.57
pxor       x,x/m128        66.0f.ef
cvtss2sd   x,x/m32         f3.0f.5a
cvtsd2ss   x,x/m64         f2.0f.5a
cvtsi2ss   x,r/m           f3.0f.2a      32.64
cvtsi2sd   x,r/m           f2.0f.2a      32.64
cvttss2si  r,x/m32         f3.0f.2c      32.64
cvttsd2si  r,x/m64         f2.0f.2c      32.64
cvtss2si   r,x/m32         f3.0f.2d      32.64
cvtsd2si   r,x/m64         f2.0f.2d      32.64
`;

// src/asm/x64/tables/vector-float.ts
var VECTOR_FLOAT_ROWS = `
# arithmetic
vaddps       v,v,v/m/b32     np.0f.58     vex       evex.w0.kz.er
vaddpd       v,v,v/m/b64     66.0f.58     vex       evex.w1.kz.er
vaddss       x,x,x/m32       f3.0f.58     vex       evex.w0.kz.er
vaddsd       x,x,x/m64       f2.0f.58     vex       evex.w1.kz.er
vmulps       v,v,v/m/b32     np.0f.59     vex       evex.w0.kz.er
vmulpd       v,v,v/m/b64     66.0f.59     vex       evex.w1.kz.er
vmulss       x,x,x/m32       f3.0f.59     vex       evex.w0.kz.er
vmulsd       x,x,x/m64       f2.0f.59     vex       evex.w1.kz.er
vsubps       v,v,v/m/b32     np.0f.5c     vex       evex.w0.kz.er
vsubpd       v,v,v/m/b64     66.0f.5c     vex       evex.w1.kz.er
vsubss       x,x,x/m32       f3.0f.5c     vex       evex.w0.kz.er
vsubsd       x,x,x/m64       f2.0f.5c     vex       evex.w1.kz.er
vminps       v,v,v/m/b32     np.0f.5d     vex       evex.w0.kz.sae
vminpd       v,v,v/m/b64     66.0f.5d     vex       evex.w1.kz.sae
vminss       x,x,x/m32       f3.0f.5d     vex       evex.w0.kz.sae
vminsd       x,x,x/m64       f2.0f.5d     vex       evex.w1.kz.sae
vdivps       v,v,v/m/b32     np.0f.5e     vex       evex.w0.kz.er
vdivpd       v,v,v/m/b64     66.0f.5e     vex       evex.w1.kz.er
vdivss       x,x,x/m32       f3.0f.5e     vex       evex.w0.kz.er
vdivsd       x,x,x/m64       f2.0f.5e     vex       evex.w1.kz.er
vmaxps       v,v,v/m/b32     np.0f.5f     vex       evex.w0.kz.sae
vmaxpd       v,v,v/m/b64     66.0f.5f     vex       evex.w1.kz.sae
vmaxss       x,x,x/m32       f3.0f.5f     vex       evex.w0.kz.sae
vmaxsd       x,x,x/m64       f2.0f.5f     vex       evex.w1.kz.sae
vsqrtps      v,v/m/b32       np.0f.51     vex       evex.w0.kz.er
vsqrtpd      v,v/m/b64       66.0f.51     vex       evex.w1.kz.er
vsqrtss      x,x,x/m32       f3.0f.51     vex       evex.w0.kz.er
vsqrtsd      x,x,x/m64       f2.0f.51     vex       evex.w1.kz.er
vrcpps       v,v/m           np.0f.53     vex
vrcpss       x,x,x/m32       f3.0f.53     vex
vrsqrtps     v,v/m           np.0f.52     vex
vrsqrtss     x,x,x/m32       f3.0f.52     vex
vaddsubps    v,v,v/m         f2.0f.d0     vex
vaddsubpd    v,v,v/m         66.0f.d0     vex
vhaddps      v,v,v/m         f2.0f.7c     vex
vhaddpd      v,v,v/m         66.0f.7c     vex
vhsubps      v,v,v/m         f2.0f.7d     vex
vhsubpd      v,v,v/m         66.0f.7d     vex
vdpps        v,v,v/m,i8      66.0f3a.40   vex
vdppd        x,x,x/m128,i8   66.0f3a.41   vex
vroundps     v,v/m,i8        66.0f3a.08   vex
vroundpd     v,v/m,i8        66.0f3a.09   vex
vroundss     x,x,x/m32,i8    66.0f3a.0a   vex
vroundsd     x,x,x/m64,i8    66.0f3a.0b   vex
vrndscaleps  v,v/m/b32,i8    66.0f3a.08   evex.w0.kz.sae
vrndscalepd  v,v/m/b64,i8    66.0f3a.09   evex.w1.kz.sae
vrndscaless  x,x,x/m32,i8    66.0f3a.0a   evex.w0.kz.sae
vrndscalesd  x,x,x/m64,i8    66.0f3a.0b   evex.w1.kz.sae
vreduceps    v,v/m/b32,i8    66.0f3a.56   evex.w0.kz.sae
vreducepd    v,v/m/b64,i8    66.0f3a.56   evex.w1.kz.sae
vreducess    x,x,x/m32,i8    66.0f3a.57   evex.w0.kz.sae
vreducesd    x,x,x/m64,i8    66.0f3a.57   evex.w1.kz.sae
vrangeps     v,v,v/m/b32,i8  66.0f3a.50   evex.w0.kz.sae
vrangepd     v,v,v/m/b64,i8  66.0f3a.50   evex.w1.kz.sae
vrangess     x,x,x/m32,i8    66.0f3a.51   evex.w0.kz.sae
vrangesd     x,x,x/m64,i8    66.0f3a.51   evex.w1.kz.sae
vfixupimmps  v,v,v/m/b32,i8  66.0f3a.54   evex.w0.kz.sae
vfixupimmpd  v,v,v/m/b64,i8  66.0f3a.54   evex.w1.kz.sae
vfixupimmss  x,x,x/m32,i8    66.0f3a.55   evex.w0.kz.sae
vfixupimmsd  x,x,x/m64,i8    66.0f3a.55   evex.w1.kz.sae
vscalefps    v,v,v/m/b32     66.0f38.2c   evex.w0.kz.er
vscalefpd    v,v,v/m/b64     66.0f38.2c   evex.w1.kz.er
vscalefss    x,x,x/m32       66.0f38.2d   evex.w0.kz.er
vscalefsd    x,x,x/m64       66.0f38.2d   evex.w1.kz.er
vgetexpps    v,v/m/b32       66.0f38.42   evex.w0.kz.sae
vgetexppd    v,v/m/b64       66.0f38.42   evex.w1.kz.sae
vgetexpss    x,x,x/m32       66.0f38.43   evex.w0.kz.sae
vgetexpsd    x,x,x/m64       66.0f38.43   evex.w1.kz.sae
vgetmantps   v,v/m/b32,i8    66.0f3a.26   evex.w0.kz.sae
vgetmantpd   v,v/m/b64,i8    66.0f3a.26   evex.w1.kz.sae
vgetmantss   x,x,x/m32,i8    66.0f3a.27   evex.w0.kz.sae
vgetmantsd   x,x,x/m64,i8    66.0f3a.27   evex.w1.kz.sae
vrcp14ps     v,v/m/b32       66.0f38.4c   evex.w0.kz
vrcp14pd     v,v/m/b64       66.0f38.4c   evex.w1.kz
vrcp14ss     x,x,x/m32       66.0f38.4d   evex.w0.kz
vrcp14sd     x,x,x/m64       66.0f38.4d   evex.w1.kz
vrsqrt14ps   v,v/m/b32       66.0f38.4e   evex.w0.kz
vrsqrt14pd   v,v/m/b64       66.0f38.4e   evex.w1.kz
vrsqrt14ss   x,x,x/m32       66.0f38.4f   evex.w0.kz
vrsqrt14sd   x,x,x/m64       66.0f38.4f   evex.w1.kz

# bits
vandps       v,v,v/m/b32     np.0f.54     vex       evex.w0.kz
vandpd       v,v,v/m/b64     66.0f.54     vex       evex.w1.kz
vandnps      v,v,v/m/b32     np.0f.55     vex       evex.w0.kz
vandnpd      v,v,v/m/b64     66.0f.55     vex       evex.w1.kz
vorps        v,v,v/m/b32     np.0f.56     vex       evex.w0.kz
vorpd        v,v,v/m/b64     66.0f.56     vex       evex.w1.kz
vxorps       v,v,v/m/b32     np.0f.57     vex       evex.w0.kz
vxorpd       v,v,v/m/b64     66.0f.57     vex       evex.w1.kz

# comparisons and selection
vcmpps       v,v,v/m,i8      np.0f.c2     vex
vcmppd       v,v,v/m,i8      66.0f.c2     vex
vcmpss       x,x,x/m32,i8    f3.0f.c2     vex
vcmpsd       x,x,x/m64,i8    f2.0f.c2     vex
vcmpps       k,v,v/m/b32,i8  np.0f.c2     evex.w0.k.sae
vcmppd       k,v,v/m/b64,i8  66.0f.c2     evex.w1.k.sae
vcmpss       k,x,x/m32,i8    f3.0f.c2     evex.w0.k.sae
vcmpsd       k,x,x/m64,i8    f2.0f.c2     evex.w1.k.sae
vfpclassps   k,v/m/b32,i8    66.0f3a.66   evex.w0.k
vfpclasspd   k,v/m/b64,i8    66.0f3a.66   evex.w1.k
vfpclassss   k,x/m32,i8      66.0f3a.67   evex.w0.k
vfpclasssd   k,x/m64,i8      66.0f3a.67   evex.w1.k
vucomiss     x,x/m32         np.0f.2e     vex       evex.w0.sae
vucomisd     x,x/m64         66.0f.2e     vex       evex.w1.sae
vcomiss      x,x/m32         np.0f.2f     vex       evex.w0.sae
vcomisd      x,x/m64         66.0f.2f     vex       evex.w1.sae
vtestps      v,v/m           66.0f38.0e   vex.w0
vtestpd      v,v/m           66.0f38.0f   vex.w0
vblendps     v,v,v/m,i8      66.0f3a.0c   vex
vblendpd     v,v,v/m,i8      66.0f3a.0d   vex
vblendvps    v,v,v/m,v       66.0f3a.4a   vex.w0
vblendvpd    v,v,v/m,v       66.0f3a.4b   vex.w0
vblendmps    v,v,v/m/b32     66.0f38.65   evex.w0.kz
vblendmpd    v,v,v/m/b64     66.0f38.65   evex.w1.kz

# moves
vmovaps      v,v/m           np.0f.28     vex.rev29  evex.w0.kz
vmovaps      m,v             np.0f.29     vex       evex.w0.k
vmovapd      v,v/m           66.0f.28     vex.rev29  evex.w1.kz
vmovapd      m,v             66.0f.29     vex       evex.w1.k
vmovups      v,v/m           np.0f.10     vex.rev11  evex.w0.kz
vmovups      m,v             np.0f.11     vex       evex.w0.k
vmovupd      v,v/m           66.0f.10     vex.rev11  evex.w1.kz
vmovupd      m,v             66.0f.11     vex       evex.w1.k
vmovss       x,x,x           f3.0f.10     vex.rev11  evex.w0.kz
vmovss       x,m32           f3.0f.10     vex       evex.w0.kz
vmovss       m32,x           f3.0f.11     vex       evex.w0.k
vmovsd       x,x,x           f2.0f.10     vex.rev11  evex.w1.kz
vmovsd       x,m64           f2.0f.10     vex       evex.w1.kz
vmovsd       m64,x           f2.0f.11     vex       evex.w1.k
vmovntps     m,v             np.0f.2b     vex       evex.w0
vmovntpd     m,v             66.0f.2b     vex       evex.w1
vmovhlps     x,x,x           np.0f.12     vex       evex.w0
vmovlhps     x,x,x           np.0f.16     vex       evex.w0
vmovlps      x,x,m64         np.0f.12     vex       evex.w0
vmovlps      m64,x           np.0f.13     vex       evex.w0
vmovlpd      x,x,m64         66.0f.12     vex       evex.w1
vmovlpd      m64,x           66.0f.13     vex       evex.w1
vmovhps      x,x,m64         np.0f.16     vex       evex.w0
vmovhps      m64,x           np.0f.17     vex       evex.w0
vmovhpd      x,x,m64         66.0f.16     vex       evex.w1
vmovhpd      m64,x           66.0f.17     vex       evex.w1
vmovmskps    r32,v           np.0f.50     vex
vmovmskpd    r32,v           66.0f.50     vex
vmaskmovps   v,v,m           66.0f38.2c   vex.w0
vmaskmovps   m,v,v           66.0f38.2e   vex.w0
vmaskmovpd   v,v,m           66.0f38.2d   vex.w0
vmaskmovpd   m,v,v           66.0f38.2f   vex.w0
vldmxcsr     m32             np.0f.ae/2   vex
vstmxcsr     m32             np.0f.ae/3   vex
vzeroupper   -               np.0f.77     vex
vzeroall     -               np.0f.77     vex.l1

# broadcasts and shuffles
vbroadcastss     x,x/m32     66.0f38.18   vex.w0    evex.w0.kz
vbroadcastss     y,x/m32     66.0f38.18   vex.w0    evex.w0.kz
vbroadcastss     z,x/m32     66.0f38.18   evex.w0.kz
vbroadcastsd     y,x/m64     66.0f38.19   vex.w0    evex.w1.kz
vbroadcastsd     z,x/m64     66.0f38.19   evex.w1.kz
vbroadcastf128   y,m128      66.0f38.1a   vex.w0
vbroadcastf32x2  y,x/m64     66.0f38.19   evex.w0.kz
vbroadcastf32x2  z,x/m64     66.0f38.19   evex.w0.kz
vbroadcastf32x4  y,m128      66.0f38.1a   evex.w0.kz
vbroadcastf32x4  z,m128      66.0f38.1a   evex.w0.kz
vbroadcastf64x2  y,m128      66.0f38.1a   evex.w1.kz
vbroadcastf64x2  z,m128      66.0f38.1a   evex.w1.kz
vbroadcastf32x8  z,m256      66.0f38.1b   evex.w0.kz
vbroadcastf64x4  z,m256      66.0f38.1b   evex.w1.kz
vinsertf128      y,y,x/m128,i8  66.0f3a.18  vex.w0
vextractf128     x/m128,y,i8    66.0f3a.19  vex.w0
vperm2f128       y,y,y/m256,i8  66.0f3a.06  vex.w0
vinsertf32x4     y,y,x/m128,i8  66.0f3a.18  evex.w0.kz
vinsertf32x4     z,z,x/m128,i8  66.0f3a.18  evex.w0.kz
vinsertf64x2     y,y,x/m128,i8  66.0f3a.18  evex.w1.kz
vinsertf64x2     z,z,x/m128,i8  66.0f3a.18  evex.w1.kz
vinsertf32x8     z,z,y/m256,i8  66.0f3a.1a  evex.w0.kz
vinsertf64x4     z,z,y/m256,i8  66.0f3a.1a  evex.w1.kz
vextractf32x4    x/m128,y,i8    66.0f3a.19  evex.w0.kz
vextractf32x4    x/m128,z,i8    66.0f3a.19  evex.w0.kz
vextractf64x2    x/m128,y,i8    66.0f3a.19  evex.w1.kz
vextractf64x2    x/m128,z,i8    66.0f3a.19  evex.w1.kz
vextractf32x8    y/m256,z,i8    66.0f3a.1b  evex.w0.kz
vextractf64x4    y/m256,z,i8    66.0f3a.1b  evex.w1.kz
vshuff32x4   v,v,v/m/b32,i8  66.0f3a.23   evex.w0.kz.256.512
vshuff64x2   v,v,v/m/b64,i8  66.0f3a.23   evex.w1.kz.256.512
vshufps      v,v,v/m/b32,i8  np.0f.c6     vex       evex.w0.kz
vshufpd      v,v,v/m/b64,i8  66.0f.c6     vex       evex.w1.kz
vunpcklps    v,v,v/m/b32     np.0f.14     vex       evex.w0.kz
vunpcklpd    v,v,v/m/b64     66.0f.14     vex       evex.w1.kz
vunpckhps    v,v,v/m/b32     np.0f.15     vex       evex.w0.kz
vunpckhpd    v,v,v/m/b64     66.0f.15     vex       evex.w1.kz
vmovsldup    v,v/m           f3.0f.12     vex       evex.w0.kz
vmovshdup    v,v/m           f3.0f.16     vex       evex.w0.kz
vmovddup     x,x/m64         f2.0f.12     vex       evex.w1.kz
vmovddup     y,y/m256        f2.0f.12     vex       evex.w1.kz
vmovddup     z,z/m512        f2.0f.12     evex.w1.kz
vpermilps    v,v,v/m/b32     66.0f38.0c   vex.w0    evex.w0.kz
vpermilps    v,v/m/b32,i8    66.0f3a.04   vex.w0    evex.w0.kz
vpermilpd    v,v,v/m/b64     66.0f38.0d   vex.w0    evex.w1.kz
vpermilpd    v,v/m/b64,i8    66.0f3a.05   vex.w0    evex.w1.kz
vpermps      v,v,v/m/b32     66.0f38.16   vex.w0.256  evex.w0.kz.256.512
vpermpd      v,v/m/b64,i8    66.0f3a.01   vex.w1.256  evex.w1.kz.256.512
vpermpd      v,v,v/m/b64     66.0f38.16   evex.w1.kz.256.512
vpermi2ps    v,v,v/m/b32     66.0f38.77   evex.w0.kz
vpermi2pd    v,v,v/m/b64     66.0f38.77   evex.w1.kz
vpermt2ps    v,v,v/m/b32     66.0f38.7f   evex.w0.kz
vpermt2pd    v,v,v/m/b64     66.0f38.7f   evex.w1.kz
vinsertps    x,x,x/m32,i8    66.0f3a.21   vex       evex.w0
vextractps   r32/m32,x,i8    66.0f3a.17   vex       evex.w0
vexpandps    v,v/m           66.0f38.88   evex.w0.kz.n32
vexpandpd    v,v/m           66.0f38.88   evex.w1.kz.n64
vcompressps  v/m,v           66.0f38.8a   evex.w0.kz.n32
vcompresspd  v/m,v           66.0f38.8a   evex.w1.kz.n64

# gathers and scatters: the index vector is in the address, and a mask is required
vgatherdps   v,gv32,v        66.0f38.92   vex.w0
vgatherdpd   v,gh64,v        66.0f38.92   vex.w1
vgatherqps   h,gv32,h        66.0f38.93   vex.w0
vgatherqpd   v,gv64,v        66.0f38.93   vex.w1
vgatherdps   v,gv32          66.0f38.92   evex.w0.mask
vgatherdpd   v,gh64          66.0f38.92   evex.w1.mask
vgatherqps   h,gv32          66.0f38.93   evex.w0.mask
vgatherqpd   v,gv64          66.0f38.93   evex.w1.mask
vscatterdps  gv32,v          66.0f38.a2   evex.w0.mask
vscatterdpd  gh64,v          66.0f38.a2   evex.w1.mask
vscatterqps  gv32,h          66.0f38.a3   evex.w0.mask
vscatterqpd  gv64,v          66.0f38.a3   evex.w1.mask
`;

// src/asm/x64/tables/vector-integer.ts
var VECTOR_INTEGER_ROWS = `
# arithmetic
vpaddb       v,v,v/m         66.0f.fc     vex       evex.w0.kz
vpaddw       v,v,v/m         66.0f.fd     vex       evex.w0.kz
vpaddd       v,v,v/m/b32     66.0f.fe     vex       evex.w0.kz
vpaddq       v,v,v/m/b64     66.0f.d4     vex       evex.w1.kz
vpsubb       v,v,v/m         66.0f.f8     vex       evex.w0.kz
vpsubw       v,v,v/m         66.0f.f9     vex       evex.w0.kz
vpsubd       v,v,v/m/b32     66.0f.fa     vex       evex.w0.kz
vpsubq       v,v,v/m/b64     66.0f.fb     vex       evex.w1.kz
vpaddsb      v,v,v/m         66.0f.ec     vex       evex.w0.kz
vpaddsw      v,v,v/m         66.0f.ed     vex       evex.w0.kz
vpaddusb     v,v,v/m         66.0f.dc     vex       evex.w0.kz
vpaddusw     v,v,v/m         66.0f.dd     vex       evex.w0.kz
vpsubsb      v,v,v/m         66.0f.e8     vex       evex.w0.kz
vpsubsw      v,v,v/m         66.0f.e9     vex       evex.w0.kz
vpsubusb     v,v,v/m         66.0f.d8     vex       evex.w0.kz
vpsubusw     v,v,v/m         66.0f.d9     vex       evex.w0.kz
vpmullw      v,v,v/m         66.0f.d5     vex       evex.w0.kz
vpmulhw      v,v,v/m         66.0f.e5     vex       evex.w0.kz
vpmulhuw     v,v,v/m         66.0f.e4     vex       evex.w0.kz
vpmulhrsw    v,v,v/m         66.0f38.0b   vex       evex.w0.kz
vpmulld      v,v,v/m/b32     66.0f38.40   vex       evex.w0.kz
vpmullq      v,v,v/m/b64     66.0f38.40   evex.w1.kz
vpmuldq      v,v,v/m/b64     66.0f38.28   vex       evex.w1.kz
vpmuludq     v,v,v/m/b64     66.0f.f4     vex       evex.w1.kz
vpmaddwd     v,v,v/m         66.0f.f5     vex       evex.w0.kz
vpmaddubsw   v,v,v/m         66.0f38.04   vex       evex.w0.kz
vpsadbw      v,v,v/m         66.0f.f6     vex       evex.w0
vpavgb       v,v,v/m         66.0f.e0     vex       evex.w0.kz
vpavgw       v,v,v/m         66.0f.e3     vex       evex.w0.kz
vpabsb       v,v/m           66.0f38.1c   vex       evex.w0.kz
vpabsw       v,v/m           66.0f38.1d   vex       evex.w0.kz
vpabsd       v,v/m/b32       66.0f38.1e   vex       evex.w0.kz
vpabsq       v,v/m/b64       66.0f38.1f   evex.w1.kz
vpsignb      v,v,v/m         66.0f38.08   vex
vpsignw      v,v,v/m         66.0f38.09   vex
vpsignd      v,v,v/m         66.0f38.0a   vex
vphaddw      v,v,v/m         66.0f38.01   vex
vphaddd      v,v,v/m         66.0f38.02   vex
vphaddsw     v,v,v/m         66.0f38.03   vex
vphsubw      v,v,v/m         66.0f38.05   vex
vphsubd      v,v,v/m         66.0f38.06   vex
vphsubsw     v,v,v/m         66.0f38.07   vex
vmpsadbw     v,v,v/m,i8      66.0f3a.42   vex
vphminposuw  x,x/m128        66.0f38.41   vex
vpmaxsb      v,v,v/m         66.0f38.3c   vex       evex.w0.kz
vpmaxsw      v,v,v/m         66.0f.ee     vex       evex.w0.kz
vpmaxsd      v,v,v/m/b32     66.0f38.3d   vex       evex.w0.kz
vpmaxsq      v,v,v/m/b64     66.0f38.3d   evex.w1.kz
vpmaxub      v,v,v/m         66.0f.de     vex       evex.w0.kz
vpmaxuw      v,v,v/m         66.0f38.3e   vex       evex.w0.kz
vpmaxud      v,v,v/m/b32     66.0f38.3f   vex       evex.w0.kz
vpmaxuq      v,v,v/m/b64     66.0f38.3f   evex.w1.kz
vpminsb      v,v,v/m         66.0f38.38   vex       evex.w0.kz
vpminsw      v,v,v/m         66.0f.ea     vex       evex.w0.kz
vpminsd      v,v,v/m/b32     66.0f38.39   vex       evex.w0.kz
vpminsq      v,v,v/m/b64     66.0f38.39   evex.w1.kz
vpminub      v,v,v/m         66.0f.da     vex       evex.w0.kz
vpminuw      v,v,v/m         66.0f38.3a   vex       evex.w0.kz
vpminud      v,v,v/m/b32     66.0f38.3b   vex       evex.w0.kz
vpminuq      v,v,v/m/b64     66.0f38.3b   evex.w1.kz
vplzcntd     v,v/m/b32       66.0f38.44   evex.w0.kz
vplzcntq     v,v/m/b64       66.0f38.44   evex.w1.kz
vpconflictd  v,v/m/b32       66.0f38.c4   evex.w0.kz
vpconflictq  v,v/m/b64       66.0f38.c4   evex.w1.kz

# bits and shifts
vpand        v,v,v/m         66.0f.db     vex
vpandn       v,v,v/m         66.0f.df     vex
vpor         v,v,v/m         66.0f.eb     vex
vpxor        v,v,v/m         66.0f.ef     vex
vpandd       v,v,v/m/b32     66.0f.db     evex.w0.kz
vpandq       v,v,v/m/b64     66.0f.db     evex.w1.kz
vpandnd      v,v,v/m/b32     66.0f.df     evex.w0.kz
vpandnq      v,v,v/m/b64     66.0f.df     evex.w1.kz
vpord        v,v,v/m/b32     66.0f.eb     evex.w0.kz
vporq        v,v,v/m/b64     66.0f.eb     evex.w1.kz
vpxord       v,v,v/m/b32     66.0f.ef     evex.w0.kz
vpxorq       v,v,v/m/b64     66.0f.ef     evex.w1.kz
vpternlogd   v,v,v/m/b32,i8  66.0f3a.25   evex.w0.kz
vpternlogq   v,v,v/m/b64,i8  66.0f3a.25   evex.w1.kz
vpsllw       v,v,x/m128      66.0f.f1     vex       evex.w0.kz
vpsllw       v,v,i8          66.0f.71/6   vex
vpsllw       v,v/m,i8        66.0f.71/6   evex.w0.kz
vpslld       v,v,x/m128      66.0f.f2     vex       evex.w0.kz
vpslld       v,v,i8          66.0f.72/6   vex
vpslld       v,v/m/b32,i8    66.0f.72/6   evex.w0.kz
vpsllq       v,v,x/m128      66.0f.f3     vex       evex.w1.kz
vpsllq       v,v,i8          66.0f.73/6   vex
vpsllq       v,v/m/b64,i8    66.0f.73/6   evex.w1.kz
vpsrlw       v,v,x/m128      66.0f.d1     vex       evex.w0.kz
vpsrlw       v,v,i8          66.0f.71/2   vex
vpsrlw       v,v/m,i8        66.0f.71/2   evex.w0.kz
vpsrld       v,v,x/m128      66.0f.d2     vex       evex.w0.kz
vpsrld       v,v,i8          66.0f.72/2   vex
vpsrld       v,v/m/b32,i8    66.0f.72/2   evex.w0.kz
vpsrlq       v,v,x/m128      66.0f.d3     vex       evex.w1.kz
vpsrlq       v,v,i8          66.0f.73/2   vex
vpsrlq       v,v/m/b64,i8    66.0f.73/2   evex.w1.kz
vpsraw       v,v,x/m128      66.0f.e1     vex       evex.w0.kz
vpsraw       v,v,i8          66.0f.71/4   vex
vpsraw       v,v/m,i8        66.0f.71/4   evex.w0.kz
vpsrad       v,v,x/m128      66.0f.e2     vex       evex.w0.kz
vpsrad       v,v,i8          66.0f.72/4   vex
vpsrad       v,v/m/b32,i8    66.0f.72/4   evex.w0.kz
vpsraq       v,v,x/m128      66.0f.e2     evex.w1.kz
vpsraq       v,v/m/b64,i8    66.0f.72/4   evex.w1.kz
vpslldq      v,v,i8          66.0f.73/7   vex
vpslldq      v,v/m,i8        66.0f.73/7   evex.w0
vpsrldq      v,v,i8          66.0f.73/3   vex
vpsrldq      v,v/m,i8        66.0f.73/3   evex.w0
vpsllvd      v,v,v/m/b32     66.0f38.47   vex.w0    evex.w0.kz
vpsllvq      v,v,v/m/b64     66.0f38.47   vex.w1    evex.w1.kz
vpsllvw      v,v,v/m         66.0f38.12   evex.w1.kz
vpsrlvd      v,v,v/m/b32     66.0f38.45   vex.w0    evex.w0.kz
vpsrlvq      v,v,v/m/b64     66.0f38.45   vex.w1    evex.w1.kz
vpsrlvw      v,v,v/m         66.0f38.10   evex.w1.kz
vpsravd      v,v,v/m/b32     66.0f38.46   vex.w0    evex.w0.kz
vpsravq      v,v,v/m/b64     66.0f38.46   evex.w1.kz
vpsravw      v,v,v/m         66.0f38.11   evex.w1.kz
vprold       v,v/m/b32,i8    66.0f.72/1   evex.w0.kz
vprolq       v,v/m/b64,i8    66.0f.72/1   evex.w1.kz
vprord       v,v/m/b32,i8    66.0f.72/0   evex.w0.kz
vprorq       v,v/m/b64,i8    66.0f.72/0   evex.w1.kz
vprolvd      v,v,v/m/b32     66.0f38.15   evex.w0.kz
vprolvq      v,v,v/m/b64     66.0f38.15   evex.w1.kz
vprorvd      v,v,v/m/b32     66.0f38.14   evex.w0.kz
vprorvq      v,v,v/m/b64     66.0f38.14   evex.w1.kz

# comparisons and selection
vpcmpeqb     v,v,v/m         66.0f.74     vex
vpcmpeqw     v,v,v/m         66.0f.75     vex
vpcmpeqd     v,v,v/m         66.0f.76     vex
vpcmpeqq     v,v,v/m         66.0f38.29   vex
vpcmpgtb     v,v,v/m         66.0f.64     vex
vpcmpgtw     v,v,v/m         66.0f.65     vex
vpcmpgtd     v,v,v/m         66.0f.66     vex
vpcmpgtq     v,v,v/m         66.0f38.37   vex
vpcmpeqb     k,v,v/m         66.0f.74     evex.w0.k
vpcmpeqw     k,v,v/m         66.0f.75     evex.w0.k
vpcmpeqd     k,v,v/m/b32     66.0f.76     evex.w0.k
vpcmpeqq     k,v,v/m/b64     66.0f38.29   evex.w1.k
vpcmpgtb     k,v,v/m         66.0f.64     evex.w0.k
vpcmpgtw     k,v,v/m         66.0f.65     evex.w0.k
vpcmpgtd     k,v,v/m/b32     66.0f.66     evex.w0.k
vpcmpgtq     k,v,v/m/b64     66.0f38.37   evex.w1.k
vpcmpb       k,v,v/m,i8      66.0f3a.3f   evex.w0.k
vpcmpw       k,v,v/m,i8      66.0f3a.3f   evex.w1.k
vpcmpd       k,v,v/m/b32,i8  66.0f3a.1f   evex.w0.k
vpcmpq       k,v,v/m/b64,i8  66.0f3a.1f   evex.w1.k
vpcmpub      k,v,v/m,i8      66.0f3a.3e   evex.w0.k
vpcmpuw      k,v,v/m,i8      66.0f3a.3e   evex.w1.k
vpcmpud      k,v,v/m/b32,i8  66.0f3a.1e   evex.w0.k
vpcmpuq      k,v,v/m/b64,i8  66.0f3a.1e   evex.w1.k
vptest       v,v/m           66.0f38.17   vex
vptestmb     k,v,v/m         66.0f38.26   evex.w0.k
vptestmw     k,v,v/m         66.0f38.26   evex.w1.k
vptestmd     k,v,v/m/b32     66.0f38.27   evex.w0.k
vptestmq     k,v,v/m/b64     66.0f38.27   evex.w1.k
vptestnmb    k,v,v/m         f3.0f38.26   evex.w0.k
vptestnmw    k,v,v/m         f3.0f38.26   evex.w1.k
vptestnmd    k,v,v/m/b32     f3.0f38.27   evex.w0.k
vptestnmq    k,v,v/m/b64     f3.0f38.27   evex.w1.k
vpblendw     v,v,v/m,i8      66.0f3a.0e   vex
vpblendd     v,v,v/m,i8      66.0f3a.02   vex.w0
vpblendvb    v,v,v/m,v       66.0f3a.4c   vex.w0
vpblendmb    v,v,v/m         66.0f38.66   evex.w0.kz
vpblendmw    v,v,v/m         66.0f38.66   evex.w1.kz
vpblendmd    v,v,v/m/b32     66.0f38.64   evex.w0.kz
vpblendmq    v,v,v/m/b64     66.0f38.64   evex.w1.kz
vpmovmskb    r32,v           66.0f.d7     vex

# moves
vmovdqa      v,v/m           66.0f.6f     vex.rev7f
vmovdqa      m,v             66.0f.7f     vex
vmovdqu      v,v/m           f3.0f.6f     vex.rev7f
vmovdqu      m,v             f3.0f.7f     vex
vmovdqa32    v,v/m           66.0f.6f     evex.w0.kz
vmovdqa32    m,v             66.0f.7f     evex.w0.k
vmovdqa64    v,v/m           66.0f.6f     evex.w1.kz
vmovdqa64    m,v             66.0f.7f     evex.w1.k
vmovdqu8     v,v/m           f2.0f.6f     evex.w0.kz
vmovdqu8     m,v             f2.0f.7f     evex.w0.k
vmovdqu16    v,v/m           f2.0f.6f     evex.w1.kz
vmovdqu16    m,v             f2.0f.7f     evex.w1.k
vmovdqu32    v,v/m           f3.0f.6f     evex.w0.kz
vmovdqu32    m,v             f3.0f.7f     evex.w0.k
vmovdqu64    v,v/m           f3.0f.6f     evex.w1.kz
vmovdqu64    m,v             f3.0f.7f     evex.w1.k
vmovntdq     m,v             66.0f.e7     vex       evex.w0
vmovntdqa    v,m             66.0f38.2a   vex       evex.w0
vlddqu       v,m             f2.0f.f0     vex
vmovd        x,r32/m32       66.0f.6e     vex.w0    evex.w0
vmovd        r32/m32,x       66.0f.7e     vex.w0    evex.w0
vmovq        x,x             f3.0f.7e     vex.rev66d6  evex.w1
vmovq        x,m64           f3.0f.7e     vex
vmovq        m64,x           66.0f.d6     vex
vmovq        x,r64/m64       66.0f.6e     vex.w1    evex.w1
vmovq        r64/m64,x       66.0f.7e     vex.w1    evex.w1
vpmaskmovd   v,v,m           66.0f38.8c   vex.w0
vpmaskmovd   m,v,v           66.0f38.8e   vex.w0
vpmaskmovq   v,v,m           66.0f38.8c   vex.w1
vpmaskmovq   m,v,v           66.0f38.8e   vex.w1
vpinsrb      x,x,r32/m8,i8   66.0f3a.20   vex       evex.w0
vpinsrw      x,x,r32/m16,i8  66.0f.c4     vex       evex.w0
vpinsrd      x,x,r32/m32,i8  66.0f3a.22   vex.w0    evex.w0
vpinsrq      x,x,r64/m64,i8  66.0f3a.22   vex.w1    evex.w1
vpextrb      r32/m8,x,i8     66.0f3a.14   vex       evex.w0
vpextrw      r32,x,i8        66.0f.c5     vex       evex.w0
vpextrw      m16,x,i8        66.0f3a.15   vex       evex.w0
vpextrd      r32/m32,x,i8    66.0f3a.16   vex.w0    evex.w0
vpextrq      r64/m64,x,i8    66.0f3a.16   vex.w1    evex.w1
vpexpandd    v,v/m           66.0f38.89   evex.w0.kz.n32
vpexpandq    v,v/m           66.0f38.89   evex.w1.kz.n64
vpcompressd  v/m,v           66.0f38.8b   evex.w0.kz.n32
vpcompressq  v/m,v           66.0f38.8b   evex.w1.kz.n64

# broadcasts and shuffles
vpbroadcastb v,x/m8          66.0f38.78   vex.w0    evex.w0.kz
vpbroadcastw v,x/m16         66.0f38.79   vex.w0    evex.w0.kz
vpbroadcastd v,x/m32         66.0f38.58   vex.w0    evex.w0.kz
vpbroadcastq v,x/m64         66.0f38.59   vex.w0    evex.w1.kz
vpbroadcastb v,r32           66.0f38.7a   evex.w0.kz
vpbroadcastw v,r32           66.0f38.7b   evex.w0.kz
vpbroadcastd v,r32           66.0f38.7c   evex.w0.kz
vpbroadcastq v,r64           66.0f38.7c   evex.w1.kz
vbroadcasti128   y,m128      66.0f38.5a   vex.w0
vbroadcasti32x2  v,x/m64     66.0f38.59   evex.w0.kz
vbroadcasti32x4  y,m128      66.0f38.5a   evex.w0.kz
vbroadcasti32x4  z,m128      66.0f38.5a   evex.w0.kz
vbroadcasti64x2  y,m128      66.0f38.5a   evex.w1.kz
vbroadcasti64x2  z,m128      66.0f38.5a   evex.w1.kz
vbroadcasti32x8  z,m256      66.0f38.5b   evex.w0.kz
vbroadcasti64x4  z,m256      66.0f38.5b   evex.w1.kz
vinserti128      y,y,x/m128,i8  66.0f3a.38  vex.w0
vextracti128     x/m128,y,i8    66.0f3a.39  vex.w0
vperm2i128       y,y,y/m256,i8  66.0f3a.46  vex.w0
vinserti32x4     y,y,x/m128,i8  66.0f3a.38  evex.w0.kz
vinserti32x4     z,z,x/m128,i8  66.0f3a.38  evex.w0.kz
vinserti64x2     y,y,x/m128,i8  66.0f3a.38  evex.w1.kz
vinserti64x2     z,z,x/m128,i8  66.0f3a.38  evex.w1.kz
vinserti32x8     z,z,y/m256,i8  66.0f3a.3a  evex.w0.kz
vinserti64x4     z,z,y/m256,i8  66.0f3a.3a  evex.w1.kz
vextracti32x4    x/m128,y,i8    66.0f3a.39  evex.w0.kz
vextracti32x4    x/m128,z,i8    66.0f3a.39  evex.w0.kz
vextracti64x2    x/m128,y,i8    66.0f3a.39  evex.w1.kz
vextracti64x2    x/m128,z,i8    66.0f3a.39  evex.w1.kz
vextracti32x8    y/m256,z,i8    66.0f3a.3b  evex.w0.kz
vextracti64x4    y/m256,z,i8    66.0f3a.3b  evex.w1.kz
vshufi32x4   v,v,v/m/b32,i8  66.0f3a.43   evex.w0.kz.256.512
vshufi64x2   v,v,v/m/b64,i8  66.0f3a.43   evex.w1.kz.256.512
vpshufb      v,v,v/m         66.0f38.00   vex       evex.w0.kz
vpshufd      v,v/m/b32,i8    66.0f.70     vex       evex.w0.kz
vpshufhw     v,v/m,i8        f3.0f.70     vex       evex.w0.kz
vpshuflw     v,v/m,i8        f2.0f.70     vex       evex.w0.kz
vpalignr     v,v,v/m,i8      66.0f3a.0f   vex       evex.w0.kz
valignd      v,v,v/m/b32,i8  66.0f3a.03   evex.w0.kz
valignq      v,v,v/m/b64,i8  66.0f3a.03   evex.w1.kz
vpunpcklbw   v,v,v/m         66.0f.60     vex       evex.w0.kz
vpunpcklwd   v,v,v/m         66.0f.61     vex       evex.w0.kz
vpunpckldq   v,v,v/m/b32     66.0f.62     vex       evex.w0.kz
vpunpcklqdq  v,v,v/m/b64     66.0f.6c     vex       evex.w1.kz
vpunpckhbw   v,v,v/m         66.0f.68     vex       evex.w0.kz
vpunpckhwd   v,v,v/m         66.0f.69     vex       evex.w0.kz
vpunpckhdq   v,v,v/m/b32     66.0f.6a     vex       evex.w0.kz
vpunpckhqdq  v,v,v/m/b64     66.0f.6d     vex       evex.w1.kz
vpermd       v,v,v/m/b32     66.0f38.36   vex.w0.256  evex.w0.kz.256.512
vpermq       v,v/m/b64,i8    66.0f3a.00   vex.w1.256  evex.w1.kz.256.512
vpermq       v,v,v/m/b64     66.0f38.36   evex.w1.kz.256.512
vpermw       v,v,v/m         66.0f38.8d   evex.w1.kz
vpermi2w     v,v,v/m         66.0f38.75   evex.w1.kz
vpermi2d     v,v,v/m/b32     66.0f38.76   evex.w0.kz
vpermi2q     v,v,v/m/b64     66.0f38.76   evex.w1.kz
vpermt2w     v,v,v/m         66.0f38.7d   evex.w1.kz
vpermt2d     v,v,v/m/b32     66.0f38.7e   evex.w0.kz
vpermt2q     v,v,v/m/b64     66.0f38.7e   evex.w1.kz
vdbpsadbw    v,v,v/m,i8      66.0f3a.42   evex.w0.kz

# gathers and scatters
vpgatherdd   v,gv32,v        66.0f38.90   vex.w0
vpgatherdq   v,gh64,v        66.0f38.90   vex.w1
vpgatherqd   h,gv32,h        66.0f38.91   vex.w0
vpgatherqq   v,gv64,v        66.0f38.91   vex.w1
vpgatherdd   v,gv32          66.0f38.90   evex.w0.mask
vpgatherdq   v,gh64          66.0f38.90   evex.w1.mask
vpgatherqd   h,gv32          66.0f38.91   evex.w0.mask
vpgatherqq   v,gv64          66.0f38.91   evex.w1.mask
vpscatterdd  gv32,v          66.0f38.a0   evex.w0.mask
vpscatterdq  gh64,v          66.0f38.a0   evex.w1.mask
vpscatterqd  gv32,h          66.0f38.a1   evex.w0.mask
vpscatterqq  gv64,v          66.0f38.a1   evex.w1.mask
`;

// src/asm/x64/instruction-set.ts
var TABLES = [
  INTEGER_ROWS,
  SSE_ROWS,
  VECTOR_FLOAT_ROWS,
  VECTOR_INTEGER_ROWS,
  FMA_ROWS,
  CONVERSION_ROWS,
  MASK_ROWS
];
var index;
function indexRows() {
  const rows = /* @__PURE__ */ new Map();
  for (const table4 of TABLES) {
    for (let start = 0; start < table4.length; ) {
      const end = table4.indexOf("\n", start);
      if (end > start && table4[start] !== "#") {
        const name = table4.slice(start, table4.indexOf(" ", start));
        const found = rows.get(name);
        if (found === void 0) rows.set(name, { table: table4, spans: [start, end] });
        else found.spans.push(start, end);
      }
      start = end + 1;
    }
  }
  return rows;
}
var rowsNamed = (name) => {
  const { table: table4, spans: spans3 } = index?.get(name) ?? { table: "", spans: [] };
  return Array.from(
    { length: spans3.length / 2 },
    (_, i) => table4.slice(spans3[2 * i], spans3[2 * i + 1])
  );
};
var parsed2 = /* @__PURE__ */ new Map();
function candidatesNamed(name) {
  let found = parsed2.get(name);
  if (found === void 0) {
    found = rowsNamed(name).flatMap(parseRow);
    parsed2.set(name, found);
  }
  return found;
}
var formsOf = (mnemonic) => formsWith(mnemonic, () => true);
function formsWith(mnemonic, wanted) {
  index ??= indexRows();
  const plain3 = candidatesNamed(mnemonic.replace(" ", "_"));
  const condition = plain3.length > 0 ? void 0 : conditionOf(mnemonic);
  const all3 = condition === void 0 ? plain3 : candidatesNamed(condition.row);
  const forms = [];
  for (const c2 of all3) {
    if (wanted(c2.patterns)) forms.push(formOf(c2, mnemonic, condition?.code ?? 0));
  }
  return forms;
}

// src/asm/x64/select-form.ts
var kindOf2 = (operand) => typeof operand === "object" ? operand.kind : KIND.immediate;
var cache = /* @__PURE__ */ new Map();
function selectForm(mnemonic, operands, count, rounding3, avx512) {
  const forms = candidates(mnemonic, operands, count);
  for (let i = 0; i < forms.length; i++) {
    const form = forms[i];
    if (misfit(form, operands, rounding3, avx512) !== null) continue;
    if (form.encoding !== ENCODING.vex || !avx512 || form.rm < 0) return form;
    return shorterThanVex(forms, i, operands) ?? form;
  }
  const reasons = forms.map((form) => misfit(form, operands, rounding3, avx512));
  return refuse(mnemonic, operands.slice(0, count), rounding3, reasons.at(-1) ?? "no form fits");
}
function candidates(mnemonic, operands, count) {
  let signature = 0;
  for (let i = count - 1; i >= 0; i--) signature = signature << KIND_BITS | kindOf2(operands[i]);
  let bySignature = cache.get(mnemonic);
  if (bySignature === void 0) {
    bySignature = /* @__PURE__ */ new Map();
    cache.set(mnemonic, bySignature);
  }
  let forms = bySignature.get(signature);
  if (forms === void 0) {
    forms = formsFor(mnemonic, operands.slice(0, count));
    bySignature.set(signature, forms);
  }
  return forms;
}
function formsFor(mnemonic, operands) {
  const given2 = operands.map(kindOf2);
  const forms = formsWith(
    mnemonic,
    (patterns) => patterns.length === given2.length && patterns.every(({ kinds }, i) => (kinds >> given2[i] & 1) === 1)
  );
  if (forms.length === 0) {
    const all3 = formsOf(mnemonic);
    const problem = all3.length === 0 ? "there is no such instruction" : "no form takes operands of these kinds and sizes";
    return refuse(mnemonic, operands, null, problem, all3);
  }
  const memory = given2.find((kind) => kind >= KIND.memory);
  const ambiguous = memory === KIND.memory && forms.some((f2) => f2.memoryBits !== forms[0].memoryBits) || memory === KIND.broadcast && forms.some((f2) => f2.lanes !== forms[0].lanes);
  if (ambiguous)
    return refuse(mnemonic, operands, null, "the size of the memory operand is not known: give it");
  return forms;
}
function misfit(form, operands, rounding3, avx512) {
  if (form.avx512 && !avx512) return "needs AVX-512";
  if (rounding3 !== null) {
    const problem = roundingMisfit(form, operands, rounding3);
    if (problem !== null) return problem;
  }
  const evex = form.encoding === ENCODING.evex;
  for (let i = 0; i < form.kinds.length; i++) {
    const operand = operands[i];
    if (typeof operand !== "object") {
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
  if (form.hasFixed && !fixedFit(form, operands)) return "only one register can stand there";
  if (form.mask === "required" && maskOf(operands[0]) === 0) return "a write mask is required";
  return null;
}
var takesMask = (form, zeroing) => form.mask === "zero" || form.mask !== "none" && !zeroing;
var maskOf = (operand) => typeof operand === "object" && "writeMask" in operand ? operand.writeMask : 0;
function roundingMisfit(form, operands, rounding3) {
  if (form.rounding === "none" || form.rounding === "er" !== rounding3.name.endsWith("-sae}"))
    return `${rounding3.name} is not possible here`;
  for (let i = 0; i < form.kinds.length; i++)
    if (operands[i] instanceof Memory) return `${rounding3.name} needs registers only`;
  return form.packed && form.length !== 2 ? `${rounding3.name} needs 512 bits` : null;
}
function memoryMisfit(form, memory, i) {
  if (memory.writeMask > 0 && (i > 0 || form.mask === "none")) return "no write mask here";
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
function gatherMisfit(form, operands, i) {
  const { index: index2 } = operands[i];
  if (i === 0 || index2 === null || !isVectorKind(index2.kind)) return null;
  const target2 = operands[0].id;
  const mask = form.kinds.length > 2 ? operands[2].id : -1;
  const clash = target2 === index2.id || mask === index2.id || mask === target2;
  return clash ? "a gather takes different registers only" : null;
}
function immediateMisfit(form, value) {
  if (form.immediateRange === "one") return Number(value) === 1 ? null : "only 1 is possible";
  const bytes2 = form.immediateBytes;
  if (typeof value === "number" && !Number.isSafeInteger(value)) return `${value} is no integer`;
  const limit = 2 ** (8 * bytes2 - 1);
  const high = form.immediateRange === "signed" ? limit : 2 * limit;
  if (value >= -limit && value < high) return null;
  if (form.extendedBits > 0) {
    const wraps = 2 ** form.extendedBits;
    if (value >= wraps - limit && value < wraps) return null;
  }
  return `${value} does not fit in ${8 * bytes2} bits`;
}
function fixedFit(form, operands) {
  for (let i = 0; i < form.fixed.length; i++)
    if (form.fixed[i] >= 0 && operands[i].id !== form.fixed[i]) return false;
  return true;
}
function shorterThanVex(forms, vex, operands) {
  const memory = operands[forms[vex].rm];
  if (!(memory instanceof Memory) || memory.base === null) return null;
  const { disp } = memory;
  if (disp >= -128 && disp <= 127) return null;
  for (let i = vex + 1; i < forms.length; i++) {
    const form = forms[i];
    if (form.encoding !== ENCODING.evex || form.mask === "required") continue;
    if (form.row !== forms[vex].row) continue;
    const steps = disp / form.dispUnit;
    if (Number.isInteger(steps) && steps >= -128 && steps <= 127) return form;
  }
  return null;
}
function fitsVex(mnemonic, operands, count, rounding3) {
  return candidates(mnemonic, operands, count).some(
    (form) => form.encoding === ENCODING.vex && misfit(form, operands, rounding3, true) === null
  );
}

// src/asm/x64/assembler.ts
var Assembler = class {
  #avx512;
  #code = new CodeBuffer();
  #pool = new ConstantPool();
  #stretches = [];
  #references = [];
  #notes;
  /** Of the instruction at hand; the slots are used again, so that emitting makes no garbage. */
  #operands = [0, 0, 0, 0, 0];
  #count = 0;
  #rounding = null;
  #labels = 0;
  #alignment = 16;
  constructor(options = {}) {
    this.#avx512 = options.isa !== "avx2";
    this.#notes = options.listing === true ? [] : null;
  }
  /** A new label, to be bound once; branches and addresses may name it before. */
  label(name) {
    return new Label(name ?? `.L${this.#labels++}`);
  }
  /** Puts the label here. */
  bind(label) {
    if (label.position >= 0)
      throw new ValueError({ op: "x64 label", problem: `${label.name} is bound already` });
    label.position = this.#code.length;
    label.stretch = this.#stretches.length;
    this.#note(label, `${label.name}:`);
  }
  /** A new label, bound here. */
  here(name) {
    const label = this.label(name);
    this.bind(label);
    return label;
  }
  /** Pads with nops up to a multiple of `bytes`, a power of two of at most 4096. */
  align(bytes2) {
    if (!(bytes2 >= 1 && bytes2 <= 4096) || (bytes2 & bytes2 - 1) !== 0)
      throw new ValueError({ op: "x64 align", problem: `${bytes2} is no power of two up to 4096` });
    this.#alignment = Math.max(this.#alignment, bytes2);
    this.#note(null, `align ${bytes2}`);
    this.#stretches.push({ kind: "align", position: this.#code.length, bytes: bytes2 });
  }
  /**
   * The label of a constant (a typed array, or an array of bytes), which is kept once however often
   * it is asked for. It is aligned to its size, up to 64 bytes, unless told: 4, 8, 16, 32, 64.
   */
  constant(data, alignment) {
    return this.#pool.label(data, alignment);
  }
  /**
   * Appends an instruction. Operands are in Intel's order, the destination first; a rounding may
   * stand anywhere. Throws a `ValueError` if there is no such form.
   */
  emit(mnemonic, a, b, c2, d, e) {
    const operands = this.#operands;
    this.#count = 0;
    this.#rounding = null;
    if (a !== void 0) this.#collect(a);
    if (b !== void 0) this.#collect(b);
    if (c2 !== void 0) this.#collect(c2);
    if (d !== void 0) this.#collect(d);
    if (e !== void 0) this.#collect(e);
    const rounding3 = this.#rounding;
    const count = this.#count;
    const form = selectForm(mnemonic, operands, count, rounding3, this.#avx512);
    if (this.#notes !== null) {
      const vex = fitsVex(mnemonic, operands, count, rounding3);
      this.#note(null, instructionText(form, operands, rounding3, vex));
    }
    if (form.label >= 0) {
      this.#branch(mnemonic, form.opcode, operands[form.label]);
      return;
    }
    this.#code.reserve(MAX_INSTRUCTION_BYTES);
    const position2 = encode(form, operands, rounding3, this.#code);
    if (position2 < 0) return;
    const target2 = operands[form.rm].label;
    const end = this.#code.length;
    this.#references.push({ position: position2, end, stretch: this.#stretches.length, target: target2 });
  }
  #collect(operand) {
    if (operand instanceof Rounding) this.#rounding = operand;
    else this.#operands[this.#count++] = operand;
  }
  #branch(mnemonic, opcode, target2) {
    const type = mnemonic === "jmp" || mnemonic === "call" ? mnemonic : "jcc";
    const position2 = this.#code.length;
    this.#stretches.push({ kind: "branch", position: position2, target: target2, opcode, type });
  }
  #note(label, text2) {
    const position2 = this.#code.length;
    this.#notes?.push({ position: position2, stretch: this.#stretches.length, text: text2, isLabel: label !== null });
  }
  /** The shortest move that puts an integer of up to 64 bits into a register; keeps the flags. */
  moveConstant(register, value) {
    const small = value >= 0 && value < 2 ** 32;
    this.emit("mov", small ? gp32(register.id) : register, value);
  }
  /** Sizes the branches, places the constants and returns the bytes. */
  finish() {
    const linked = link(this.#code, this.#stretches, this.#references, this.#pool);
    const { bytes: bytes2, codeBytes, layout, offsetOf } = linked;
    const notes = this.#notes;
    const listing = notes === null ? [] : makeListing(notes, layout, linked, this.#pool.labels());
    const alignment = Math.max(this.#alignment, this.#pool.alignment);
    return { bytes: bytes2, alignment, codeBytes, offsetOf, listing };
  }
};

// src/asm/x64/calling-convention.ts
var SYSTEM_V = {
  name: "System V",
  gpArguments: [rdi, rsi, rdx, rcx, r8, r9],
  vectorArguments: [0, 1, 2, 3, 4, 5, 6, 7].map(xmm),
  sharedPositions: false,
  gpResult: rax,
  vectorResult: xmm(0),
  gpScratch: [rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11],
  gpSaved: [rbx, rbp, r12, r13, r14, r15],
  vectorSaved: [],
  shadowBytes: 0,
  redZoneBytes: 128,
  stackAlignment: 16
};
var WIN64 = {
  name: "Win64",
  gpArguments: [rcx, rdx, r8, r9],
  vectorArguments: [0, 1, 2, 3].map(xmm),
  sharedPositions: true,
  gpResult: rax,
  vectorResult: xmm(0),
  gpScratch: [rax, rcx, rdx, r8, r9, r10, r11],
  gpSaved: [rbx, rbp, rdi, rsi, r12, r13, r14, r15],
  vectorSaved: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(xmm),
  shadowBytes: 32,
  redZoneBytes: 0,
  stackAlignment: 16
};

// src/target/x64/allocate.ts
var VECTOR_SLOT = 64;
function allocate(homes, registers) {
  const spills = new Spills();
  const used2 = /* @__PURE__ */ new Set();
  const byClass = { gp: [], vec: [], k: [] };
  for (const home of homes) byClass[home.members[0].class].push(home);
  for (const cls of ["gp", "vec", "k"]) {
    const order = byClass[cls].sort((a, b) => a.start - b.start);
    scan(order, registers[cls], spills, cls === "gp" ? used2 : null);
  }
  const stackBytes = spills.place();
  const places = [];
  for (const { members, place: place4 } of homes) {
    for (const { id } of members) places[id] = place4;
  }
  return { placeOf: (reg) => places[reg.id], stackBytes, used: used2 };
}
function scan(homes, registers, spills, used2) {
  const free2 = registers.toReversed();
  const active = [];
  let nextEnd = Number.POSITIVE_INFINITY;
  for (const home of homes) {
    if (nextEnd <= home.start) nextEnd = expire(active, home.start, free2);
    if (home.end <= home.start + 1 && isRemade(home)) {
      spills.add(home);
      continue;
    }
    const price = cost(home);
    if (free2.length === 0) {
      const at4 = cheapest(active);
      if (active[at4].cost >= price) {
        spills.add(home);
        continue;
      }
      const [worst] = active.splice(at4, 1);
      spills.add(worst.home);
      free2.push(worst.number);
    }
    const number2 = free2.pop();
    active.push({ home, number: number2, cost: price });
    home.place = { kind: "register", number: number2 };
    used2?.add(number2);
    if (home.end < nextEnd) nextEnd = home.end;
  }
}
function expire(active, position2, free2) {
  let nextEnd = Number.POSITIVE_INFINITY;
  let kept = 0;
  for (let i = 0; i < active.length; i++) {
    const a = active[i];
    if (a.home.end > position2) {
      active[kept++] = a;
      if (a.home.end < nextEnd) nextEnd = a.home.end;
    } else {
      free2.push(a.number);
    }
  }
  active.length = kept;
  return nextEnd;
}
function cheapest(active) {
  let at4 = 0;
  for (let i = 1; i < active.length; i++) if (active[i].cost < active[at4].cost) at4 = i;
  return at4;
}
var Spills = class {
  homes = { gp: [], vec: [], k: [] };
  add(home) {
    const [first] = home.members;
    if (first.remake !== void 0 && isRemade(home)) home.place = first.remake;
    else this.homes[first.class].push(home);
  }
  /** Gives each its place; bytes of the whole. */
  place() {
    let offset = 0;
    const put = (homes, bytes2) => {
      for (const home of homes) {
        home.place = { kind: "stack", offset };
        offset += bytes2;
      }
    };
    put(this.homes.vec, VECTOR_SLOT);
    put(this.homes.gp, 8);
    put(this.homes.k, 8);
    return Math.ceil(offset / 64) * 64;
  }
};
function cost(home) {
  return home.weight * (isRemade(home) ? 0.3 : 1) / (home.end - home.start + 1);
}
var isRemade = ({ members }) => members.length === 1 && members[0].remake !== void 0;

// src/target/x64/machine.ts
function readsOf(inst) {
  const out = inst.tied === void 0 ? [] : [inst.tied];
  inst.operands.forEach((o, i) => {
    if (typeof o !== "object") return;
    if (o.kind === "mem") {
      if (typeof o.base === "object" && "class" in o.base) out.push(o.base);
      if (o.index !== void 0) out.push(o.index);
    } else if (i > 0 || inst.def === null) out.push(o.reg);
    if (o.mask !== void 0) out.push(o.mask);
  });
  return out;
}

// src/target/x64/registers.ts
var ARGS = 7;
var RAX = 0;
var RDX = 2;
var RCX = 1;
var RSI = 6;
var firstOf = (count) => Array.from({ length: count }, (_, i) => i);
var SCRATCH = {
  avx512: { gp: [RAX, RDX, RCX], vec: [30, 31], k: [6, 7] },
  avx2: { gp: [RAX, RDX, RCX], vec: [15], k: [] }
};
var VALUES = [6, 8, 9, 10, 11, 3, 5, 12, 13, 14, 15];
var REGISTERS = {
  avx512: { gp: VALUES, vec: firstOf(30), k: [1, 2, 3, 4, 5] },
  avx2: { gp: VALUES, vec: firstOf(15), k: [] }
};
var WAITING = {
  avx512: {
    gp: { kind: "register", number: RDX },
    vec: { kind: "register", number: 31 },
    k: { kind: "register", number: 7 }
  },
  avx2: {
    gp: { kind: "register", number: RDX },
    vec: { kind: "stack", offset: -32 },
    k: { kind: "register", number: 7 }
  }
};

// src/target/x64/emit.ts
var FRAME = { caller: 0, first: 8, end: 16, thread: 24 };
function emitKernel(asm, { body, tiled }, allocation, isa) {
  const emitter = new Emitter(asm, allocation, isa, tiled);
  emitter.prologue();
  emitter.block(body);
  emitter.epilogue();
}
var Emitter = class {
  asm;
  at;
  isa;
  saved;
  tiled;
  /** Scratch registers that hold something in the present instruction. */
  taken = { gp: 0, vec: 0, k: 0 };
  /** Vector registers of values that hold something else in the present instruction. */
  borrowed = [];
  present = null;
  constructor(asm, allocation, isa, tiled) {
    this.asm = asm;
    this.at = allocation;
    this.isa = isa;
    this.tiled = tiled;
    this.saved = SYSTEM_V.gpSaved.map((r) => r.id).filter((id) => allocation.used.has(id));
  }
  // ---- the frame: spills at a multiple of 64, above them the caller's stack pointer and the call's
  // tiles and thread
  get framed() {
    return this.tiled || this.at.stackBytes > 0;
  }
  frame(place4) {
    return mem(rsp, { disp: this.at.stackBytes + FRAME[place4], bits: 64 });
  }
  prologue() {
    const { asm } = this;
    for (const id of this.saved) asm.emit("push", gp64(id));
    if (!this.framed) return;
    asm.emit("mov", gp64(RAX), rsp);
    asm.emit("sub", rsp, this.at.stackBytes + 64);
    asm.emit("and", rsp, -64);
    asm.emit("mov", this.frame("caller"), gp64(RAX));
    if (!this.tiled) return;
    asm.emit("mov", this.frame("first"), gp64(RSI));
    asm.emit("mov", this.frame("end"), gp64(RDX));
    asm.emit("mov", this.frame("thread"), gp64(RCX));
  }
  epilogue() {
    const { asm } = this;
    if (this.framed) asm.emit("mov", rsp, this.frame("caller"));
    for (const id of this.saved.toReversed()) asm.emit("pop", gp64(id));
    asm.emit("vzeroupper");
    asm.emit("ret");
  }
  // ---- control
  block(nodes) {
    for (const node of nodes) {
      if (node.kind === "inst") this.inst(node);
      else if (node.kind === "loop") this.loop(node);
      else this.branch(node);
    }
  }
  loop(node) {
    const { asm } = this;
    const [top, end] = [asm.label(), asm.label()];
    this.copies(node.entry);
    if (!node.certain) {
      this.compare(node);
      asm.emit("jge", end);
    }
    asm.align(16);
    asm.bind(top);
    this.block(node.body);
    this.copies(node.turn);
    this.step(node);
    this.compare(node);
    asm.emit("jl", top);
    asm.bind(end);
    this.copies(node.exit);
  }
  step(node) {
    const place4 = this.at.placeOf(node.index);
    const index2 = place4.kind === "register" ? gp64(place4.number) : this.memoryOf(place4, 64);
    this.asm.emit("add", index2, node.step);
  }
  compare({ index: index2, to }) {
    this.taken = { gp: 0, vec: 0, k: 0 };
    const place4 = this.at.placeOf(index2);
    const counter2 = place4.kind === "register" ? gp64(place4.number) : this.load(index2, 64);
    this.asm.emit("cmp", counter2, typeof to === "number" ? to : this.load(to, 64));
  }
  branch(node) {
    const { asm } = this;
    const [otherwise, end] = [asm.label(), asm.label()];
    this.inst(node.test);
    asm.emit(`j${node.unless}`, otherwise);
    this.block(node.then);
    this.copies(node.thenCopies);
    if (node.else.length + node.elseCopies.length > 0) asm.emit("jmp", end);
    asm.bind(otherwise);
    this.block(node.else);
    this.copies(node.elseCopies);
    asm.bind(end);
  }
  // ---- instructions
  inst(inst) {
    const { asm } = this;
    const { def, tied } = inst;
    const place4 = def === null ? null : this.at.placeOf(def);
    if (place4 !== null && place4.kind !== "register" && place4.kind !== "stack") return;
    if (inst.name === "lower") return this.lower(inst);
    if (inst.name === "divide" || inst.name === "remainder") return this.divide(inst);
    this.taken = { gp: 0, vec: 0, k: 0 };
    this.present = inst;
    const spilled = place4?.kind === "stack";
    let target2 = null;
    if (def !== null && place4 !== null) {
      const free2 = tied === void 0 ? SCRATCH[this.isa][def.class][0] : -1;
      target2 = !spilled ? place4.number : free2 >= 0 ? free2 : this.scratch(def.class);
      if (tied !== void 0) this.moveInto(def.class, target2, tied);
    }
    const { operands } = inst;
    const operand = (i) => i < operands.length ? this.operand(operands[i], i, inst, target2) : void 0;
    asm.emit(inst.name, operand(0), operand(1), operand(2), operand(3), operand(4));
    if (spilled && def !== null && target2 !== null) {
      this.storeTo(place4, def.class, target2, def.bytes);
    }
    this.giveBack();
  }
  operand(o, i, inst, target2) {
    if (typeof o !== "object") return o;
    if (o.kind === "mem") return this.memory(o);
    if (i === 0 && target2 !== null) return this.withMask(this.register(o, target2), o);
    const place4 = this.at.placeOf(o.reg);
    if (place4.kind === "register") return this.withMask(this.register(o, place4.number), o);
    if (i === inst.foldable) {
      const folded = this.foldedPlace(place4, o);
      if (folded !== null) return folded;
    }
    if (target2 !== null && inst.def === o.reg) return this.register(o, target2);
    return this.register(o, this.loadToScratch(o.reg));
  }
  /** A register operand that may lie in memory, as such; null for what memory does not hold. */
  foldedPlace(place4, { reg, ...o }) {
    const bits2 = o.memoryBits ?? o.bits;
    if (place4.kind === "call") return this.frame(place4.which);
    if (place4.kind === "broadcast") {
      if (reg.class !== "vec") return null;
      const elementBits = 8 * place4.elementBytes;
      if (o.memoryBits !== void 0) return mem(place4.label, { bits: elementBits });
      if (this.isa === "avx512") return mem(place4.label, { bits: elementBits, broadcast: true });
      return reg.bytes < 32 ? null : mem(place4.label, { bits: o.bits });
    }
    if (place4.kind !== "stack" || reg.class === "k") return null;
    return this.memoryOf(place4, bits2);
  }
  memory(m) {
    const { bits: bits2, disp, broadcast = false, mask, scale = 1 } = m;
    if (typeof m.base === "string" && m.base !== "args") return this.frame(m.base);
    const guard = mask === void 0 ? void 0 : k(this.loadNumber(mask));
    const base = m.base === "args" ? gp64(ARGS) : m.base instanceof Label ? m.base : this.base(m.base);
    if (m.index === void 0) return mem(base, { disp, bits: bits2, broadcast, mask: guard });
    const index2 = gp64(this.loadNumber(m.index));
    if (typeof m.base !== "object" || this.isInRegister(m.base) || this.isInRegister(m.index)) {
      return mem(base, { index: index2, scale, disp, bits: bits2, broadcast, mask: guard });
    }
    const both = base;
    this.asm.emit("lea", both, mem(both, { index: index2, scale, disp, bits: 64 }));
    this.taken.gp--;
    return mem(both, { bits: bits2, broadcast, mask: guard });
  }
  isInRegister = (v) => v instanceof Label || this.at.placeOf(v).kind === "register";
  base(v) {
    return gp64(this.loadNumber(v));
  }
  // ---- values in memory
  scratch(cls) {
    const number2 = SCRATCH[this.isa][cls][this.taken[cls]++] ?? this.borrow(cls);
    if (number2 === void 0) throw new Error(`an instruction needs too many ${cls} registers`);
    return number2;
  }
  /** A register that the present instruction does not name; its value waits. Keeps the flags. */
  borrow(cls) {
    const { present: present2, borrowed } = this;
    if (cls !== "vec" || present2 === null || this.isa !== "avx2") return void 0;
    const named = new Set(borrowed);
    for (const reg of present2.def === null ? readsOf(present2) : [present2.def, ...readsOf(present2)]) {
      const place4 = this.at.placeOf(reg);
      if (reg.class === "vec" && place4.kind === "register") named.add(place4.number);
    }
    const number2 = REGISTERS.avx2.vec.find((n) => !named.has(n));
    borrowed.push(number2);
    this.asm.emit("vmovups", mem(rsp, { disp: -32 * borrowed.length, bits: 256 }), ymm(number2));
    return number2;
  }
  giveBack() {
    this.borrowed.forEach((number2, i) => {
      this.asm.emit("vmovups", ymm(number2), mem(rsp, { disp: -32 * (i + 1), bits: 256 }));
    });
    this.borrowed = [];
  }
  /** The number of the register in which a value is, or was loaded. */
  loadNumber(v) {
    const place4 = this.at.placeOf(v);
    return place4.kind === "register" ? place4.number : this.loadToScratch(v);
  }
  loadToScratch(v) {
    const number2 = this.scratch(v.class);
    this.moveInto(v.class, number2, v);
    return number2;
  }
  load(v, bits2) {
    const number2 = this.loadNumber(v);
    return bits2 === 64 ? gp64(number2) : gp32(number2);
  }
  memoryOf(place4, bits2) {
    if (place4.kind === "stack") return mem(rsp, { disp: place4.offset, bits: bits2 });
    throw new Error(`${place4.kind} is no place in memory`);
  }
  /** Puts a value into a register, from wherever it is. Keeps the flags. */
  moveInto(cls, to, v, place4 = this.at.placeOf(v)) {
    const { asm } = this;
    if (place4.kind === "register") {
      if (place4.number === to) return;
      if (cls === "gp") asm.emit("mov", gp64(to), gp64(place4.number));
      else if (cls === "k") asm.emit("kmovq", k(to), k(place4.number));
      else asm.emit("vmovaps", vector(v.bytes, to), vector(v.bytes, place4.number));
      return;
    }
    if (place4.kind === "immediate") return asm.moveConstant(gp64(to), signed(place4.value));
    if (place4.kind === "broadcast") {
      const bits2 = 8 * place4.elementBytes;
      const at4 = mem(place4.label, { bits: bits2 });
      const scalar3 = bits2 === 64 ? "vmovsd" : "vmovss";
      const spread2 = bits2 === 64 ? "vbroadcastsd" : "vbroadcastss";
      return asm.emit(v.bytes === 16 ? scalar3 : spread2, vector(v.bytes, to), at4);
    }
    if (place4.kind === "call") return asm.emit("mov", gp64(to), this.frame(place4.which));
    if (place4.kind === "slot") {
      return asm.emit("vcvttsd2si", gp64(to), mem(gp64(ARGS), { disp: 8 * place4.slot, bits: 64 }));
    }
    if (cls === "gp") asm.emit("mov", gp64(to), this.memoryOf(place4, 64));
    else if (cls === "k") asm.emit("kmovq", k(to), this.memoryOf(place4, 64));
    else {
      const bits2 = 8 * v.bytes;
      asm.emit("vmovups", vector(v.bytes, to), this.memoryOf(place4, bits2));
    }
  }
  storeTo(place4, cls, from, bytes2) {
    const { asm } = this;
    if (cls === "gp") asm.emit("mov", this.memoryOf(place4, 64), gp64(from));
    else if (cls === "k") asm.emit("kmovq", this.memoryOf(place4, 64), k(from));
    else {
      const bits2 = 8 * bytes2;
      asm.emit("vmovups", this.memoryOf(place4, bits2), vector(bytes2, from));
    }
  }
  register({ bits: bits2, reg }, number2) {
    if (reg.class === "k") return k(number2);
    if (reg.class === "vec") return vector(bits2 / 8, number2);
    return bits2 === 64 ? gp64(number2) : bits2 === 32 ? gp32(number2) : gp8(number2);
  }
  withMask(register, { mask, zeroing = false }) {
    if (mask === void 0) return register;
    return masked(register, k(this.loadNumber(mask)), zeroing);
  }
  // ---- copies
  /** All are read before one is written. */
  copies(list) {
    if (list.length === 0) return;
    let left = [];
    const readers = /* @__PURE__ */ new Map();
    const read = (at4, more) => {
      if (at4 >= 0) readers.set(at4, (readers.get(at4) ?? 0) + more);
    };
    for (const { from, to } of list) {
      const source = this.at.placeOf(from);
      const target2 = this.at.placeOf(to);
      const move3 = { from, source, target: target2, reads: keyOf(from, source), writes: keyOf(to, target2) };
      if (move3.reads >= 0 && move3.reads === move3.writes) continue;
      left.push(move3);
      read(move3.reads, 1);
    }
    while (left.length > 0) {
      const blocked = [];
      const ready2 = [];
      for (const m of left) ((readers.get(m.writes) ?? 0) > 0 ? blocked : ready2).push(m);
      for (const m of ready2) {
        this.copy(m.from, m.target, m.source);
        read(m.reads, -1);
      }
      if (ready2.length === 0) {
        const [{ from, source, reads }] = left;
        const waiting = WAITING[this.isa][from.class];
        this.copy(from, waiting, source);
        for (const m of blocked) {
          if (m.reads !== reads) continue;
          m.source = waiting;
          m.reads = keyOf(from, waiting);
        }
        readers.delete(reads);
      }
      left = blocked;
    }
  }
  copy(from, target2, source) {
    const { class: cls, bytes: bytes2 } = from;
    if (target2.kind === "stack") {
      const number2 = source.kind === "register" ? source.number : SCRATCH[this.isa][cls][0];
      this.moveInto(cls, number2, from, source);
      this.storeTo(target2, cls, number2, bytes2);
    } else if (target2.kind === "register") this.moveInto(cls, target2.number, from, source);
  }
  // ---- faults
  /** Lowers what is in memory to a register, unsigned and atomically: other threads may do so too. */
  lower({ operands }) {
    const { asm } = this;
    const [word, value] = operands;
    this.taken = { gp: 1, vec: 0, k: 0 };
    const at4 = this.memory(word);
    const wanted = this.load(value.reg, 64);
    const [retry, kept] = [asm.label(), asm.label()];
    asm.emit("mov", gp64(RAX), at4);
    asm.bind(retry);
    asm.emit("cmp", wanted, gp64(RAX));
    asm.emit("jae", kept);
    asm.emit("lock_cmpxchg", at4, wanted);
    asm.emit("jne", retry);
    asm.bind(kept);
  }
  // ---- division
  /** By 0 gives 0; the most negative by -1 wraps, where the processor would trap. */
  divide({ name, operands, def }) {
    const { asm } = this;
    const [d, a, b] = operands;
    const { bits: bits2 } = d;
    const wide2 = bits2 === 64;
    const reg = (number2) => wide2 ? gp64(number2) : gp32(number2);
    const divisorPlace = this.at.placeOf(b.reg);
    const divisor2 = divisorPlace.kind === "register" ? reg(divisorPlace.number) : this.memoryOf(divisorPlace, wide2 ? 64 : 32);
    const [zero2, minus, end] = [asm.label(), asm.label(), asm.label()];
    this.moveInto("gp", RAX, a.reg);
    asm.emit("cmp", divisor2, 0);
    asm.emit("je", zero2);
    asm.emit("cmp", divisor2, -1);
    asm.emit("je", minus);
    asm.emit(wide2 ? "cqo" : "cdq");
    asm.emit("idiv", divisor2);
    if (name === "remainder") asm.emit("mov", reg(RAX), reg(RDX));
    asm.emit("jmp", end);
    asm.bind(minus);
    if (name === "divide") {
      asm.emit("neg", reg(RAX));
      asm.emit("jmp", end);
    }
    asm.bind(zero2);
    asm.emit("xor", gp32(RAX), gp32(RAX));
    asm.bind(end);
    if (def === null) return;
    const place4 = this.at.placeOf(def);
    if (place4.kind === "register") asm.emit("mov", reg(place4.number), reg(RAX));
    else this.storeTo(place4, "gp", RAX, 8);
  }
};
function keyOf({ class: cls }, place4) {
  if (place4.kind !== "register" && place4.kind !== "stack") return -1;
  const at4 = place4.kind === "register" ? place4.number : 32 + place4.offset / 8;
  return 3 * at4 + (cls === "gp" ? 0 : cls === "vec" ? 1 : 2);
}
var signed = (value) => value >= -(2n ** 31n) && value < 2n ** 32n ? Number(value) : value;

// src/target/x64/share.ts
function share(lives, copied) {
  const homes = [];
  const byId = [];
  for (const { reg, start, end, weight: weight2 } of lives) {
    const taken2 = start < end;
    const home = {
      members: [reg],
      start,
      end,
      weight: weight2,
      place: null,
      starts: taken2 ? [start] : [],
      ends: taken2 ? [end] : [],
      into: null
    };
    homes.push(home);
    byId[reg.id] = home;
  }
  for (const { from, to } of innermostFirst(copied)) {
    const a = rootOf(byId[from.id]);
    const b = rootOf(byId[to.id]);
    if (a !== b) merge(a, b);
  }
  return homes.filter((home) => home.into === null);
}
function innermostFirst(copied) {
  let deepest = 0;
  for (const { depth: depth2 } of copied) if (depth2 > deepest) deepest = depth2;
  const levels = Array.from({ length: deepest + 1 }, () => []);
  for (const c2 of copied) levels[deepest - c2.depth].push(c2);
  return levels.flat();
}
function rootOf(home) {
  let root2 = home;
  while (root2.into !== null) root2 = root2.into;
  for (let at4 = home; at4.into !== null; ) {
    const next = at4.into;
    at4.into = root2;
    at4 = next;
  }
  return root2;
}
function merge(a, b) {
  const [few, many2] = a.starts.length < b.starts.length ? [a, b] : [b, a];
  const places = [];
  for (let i = 0; i < few.starts.length; i++) {
    const at4 = firstEndingAfter(many2, few.starts[i]);
    if (at4 < many2.starts.length && many2.starts[at4] < few.ends[i]) return;
    places.push(at4);
  }
  for (let i = places.length - 1; i >= 0; i--) {
    many2.starts.splice(places[i], 0, few.starts[i]);
    many2.ends.splice(places[i], 0, few.ends[i]);
  }
  for (const reg of few.members) many2.members.push(reg);
  a.members = many2.members;
  a.starts = many2.starts;
  a.ends = many2.ends;
  a.start = Math.min(a.start, b.start);
  a.end = Math.max(a.end, b.end);
  a.weight += b.weight;
  b.into = a;
}
function firstEndingAfter({ ends }, position2) {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = low + high >> 1;
    if (ends[middle] > position2) high = middle;
    else low = middle + 1;
  }
  return low;
}

// src/target/x64/liveness.ts
var LOOP_WEIGHT = 8;
function measure(body) {
  const meter = new Meter();
  meter.block(body);
  return share(meter.lives, meter.copied);
}
var Meter = class {
  /** In the order in which registers are met. */
  lives = [];
  copied = [];
  byId = [];
  /** What is read inside each open loop; a life may stand there twice. */
  open = [];
  position = 0;
  weight = 1;
  /** Number of the innermost loop, and of loops so far. */
  current = 0;
  loops = 0;
  block(nodes) {
    for (const node of nodes) {
      if (node.kind === "inst") this.inst(node);
      else if (node.kind === "loop") this.loop(node);
      else {
        this.inst(node.test);
        this.block(node.then);
        this.copies(node.thenCopies);
        this.block(node.else);
        this.copies(node.elseCopies);
      }
    }
  }
  inst(inst) {
    const at4 = 2 * ++this.position;
    const { def, tied, operands } = inst;
    const late = tied === void 0 ? at4 : at4 + 2;
    if (tied !== void 0) this.read(tied, at4);
    let again = false;
    const operand = (reg) => {
      if (reg === tied) again = true;
      this.read(reg, reg === tied ? at4 : late);
    };
    for (let i = 0; i < operands.length; i++) {
      const o = operands[i];
      if (typeof o !== "object") continue;
      if (o.kind === "mem") {
        if (typeof o.base === "object" && "class" in o.base) operand(o.base);
        if (o.index !== void 0) operand(o.index);
      } else if (i > 0 || def === null) operand(o.reg);
      if (o.mask !== void 0) operand(o.mask);
    }
    if (again) this.read(tied, at4 + 2);
    if (def === null) return;
    this.write(def, at4 + 1);
    if (tied !== void 0) this.join(tied, def);
  }
  copies(list) {
    const at4 = 2 * ++this.position;
    for (const { from } of list) this.read(from, at4);
    for (const { from, to } of list) {
      this.write(to, at4 + 1);
      this.join(from, to);
    }
  }
  loop(node) {
    if (typeof node.to !== "number") this.read(node.to, 2 * (this.position + 1));
    this.copies(node.entry);
    const entry = 2 * this.position + 1;
    const outer = this.current;
    const inside = [];
    this.open.push(inside);
    this.current = ++this.loops;
    this.weight *= LOOP_WEIGHT;
    this.block(node.body);
    const turn2 = 2 * ++this.position;
    for (const { from } of node.turn) {
      this.read(from, turn2);
    }
    for (const { from, to } of node.turn) {
      this.touch(to);
      this.join(from, to);
    }
    this.read(node.index, turn2 + 1);
    if (typeof node.to !== "number") this.read(node.to, turn2 + 1);
    this.open.pop();
    this.current = outer;
    this.weight /= LOOP_WEIGHT;
    for (const life of inside) {
      if (life.start >= entry) continue;
      life.end = Math.max(life.end, turn2 + 1);
      this.keep(life);
    }
    const exit = 2 * ++this.position;
    for (const { from, to } of node.exit) {
      this.touch(from);
      this.write(to, exit + 1);
      this.join(from, to);
    }
  }
  life(reg) {
    let life = this.byId[reg.id];
    if (life === void 0) {
      life = { reg, start: Number.POSITIVE_INFINITY, end: -1, weight: 0, loop: 0 };
      this.byId[reg.id] = life;
      this.lives.push(life);
    }
    return life;
  }
  read(reg, at4) {
    const life = this.life(reg);
    if (at4 > life.end) life.end = at4;
    life.weight += this.weight;
    this.keep(life);
  }
  /** Notes what is read inside the innermost loop. */
  keep(life) {
    if (this.current === 0 || life.loop === this.current) return;
    life.loop = this.current;
    this.open[this.open.length - 1].push(life);
  }
  write(reg, at4) {
    const life = this.life(reg);
    if (at4 < life.start) life.start = at4;
    if (at4 + 1 > life.end) life.end = at4 + 1;
    life.weight += this.weight;
  }
  touch(reg) {
    this.life(reg).weight += this.weight;
  }
  join(from, to) {
    if (from.class === to.class && from.remake === void 0) {
      this.copied.push({ from, to, depth: this.open.length });
    }
  }
};

// src/target/x64/float-code.ts
var PREDICATES = {
  eq: 0,
  lt: 17,
  le: 18,
  ne: 4,
  ge: 29,
  gt: 30
};
var UNORDERED = 3;
var ORDERED = 7;
var compareFloats = (fn) => PREDICATES[fn];

// src/kernel/builder.ts
var KernelBuilder = class {
  name;
  params = [];
  scopes = [{ insts: [], known: /* @__PURE__ */ new Map() }];
  /** Scope depth of each register. */
  depths = [];
  constants = /* @__PURE__ */ new Map();
  constructor(name) {
    this.name = name;
  }
  finish() {
    if (this.scopes.length !== 1) throw new Error("finish inside an open loop");
    return {
      name: this.name,
      params: this.params,
      body: this.scopes[0].insts,
      registers: this.depths.length
    };
  }
  // ---- arguments and constants
  /** The next argument slot: `ptr` and `index` give an index register. */
  param(name, elem) {
    const slot2 = this.params.push({ name, elem }) - 1;
    const dst = this.reg(scalar(elem === "ptr" ? "index" : elem), 0);
    this.scopes[0].insts.push({ op: "param", dst, slot: slot2 });
    return dst;
  }
  /** Runs `body` for each tile of the call. What it stores must not depend on other tiles. */
  tiles(body) {
    this.loop(this.tile("first"), this.tile("end"), 1, [], (tile3) => {
      body(tile3);
      return [];
    });
  }
  /** The first tile of the call. */
  firstTile() {
    return this.tile("first");
  }
  /** The thread that runs this call, from 0. */
  thread() {
    return this.tile("thread");
  }
  tile(which2) {
    return this.pure(`tile ${which2}`, scalar("index"), [], (dst) => ({ op: "tile", dst, which: which2 }));
  }
  const(elem, value) {
    const text2 = Object.is(value, -0) ? "-0" : String(value);
    const r = this.pure(`const ${elem} ${text2}`, scalar(elem), [], (dst) => ({
      op: "const",
      dst,
      value
    }));
    this.constants.set(r.id, value);
    return r;
  }
  index(value) {
    return this.const("index", value);
  }
  /** The value of a constant register, else undefined. */
  constantOf(r) {
    return this.constants.get(r.id);
  }
  // ---- arithmetic
  unary(fn, a) {
    return this.pure(`${fn} ${a.id}`, a.type, [a], (dst) => ({ op: "unary", fn, dst, a }));
  }
  binary(fn, a, b) {
    const folded = a.type.elem === "index" ? this.foldIndex(fn, a, b) : void 0;
    if (folded !== void 0) return folded;
    return this.pure(`${fn} ${a.id} ${b.id}`, a.type, [a, b], (dst) => ({
      op: "binary",
      fn,
      dst,
      a,
      b
    }));
  }
  add(a, b) {
    return this.binary("add", a, this.like(a, b));
  }
  sub(a, b) {
    return this.binary("sub", a, this.like(a, b));
  }
  mul(a, b) {
    return this.binary("mul", a, this.like(a, b));
  }
  min(a, b) {
    return this.binary("min", a, this.like(a, b));
  }
  max(a, b) {
    return this.binary("max", a, this.like(a, b));
  }
  /** a * b + c. */
  fma(a, b, c2) {
    return this.pure(`fma ${a.id} ${b.id} ${c2.id}`, c2.type, [a, b, c2], (dst) => ({
      op: "fma",
      dst,
      a,
      b,
      c: c2
    }));
  }
  compare(fn, a, b) {
    const type = { elem: "mask", lanes: a.type.lanes };
    return this.pure(`${fn} ${a.id} ${b.id}`, type, [a, b], (dst) => ({
      op: "compare",
      fn,
      dst,
      a,
      b
    }));
  }
  select(mask, a, b) {
    return this.pure(`select ${mask.id} ${a.id} ${b.id}`, a.type, [mask, a, b], (dst) => ({
      op: "select",
      dst,
      mask,
      a,
      b
    }));
  }
  convert(a, elem) {
    if (a.type.elem === elem) return a;
    const type = { elem, lanes: a.type.lanes };
    return this.pure(`convert ${elem} ${a.id}`, type, [a], (dst) => ({ op: "convert", dst, a }));
  }
  bitcast(a, elem) {
    const type = { elem, lanes: a.type.lanes };
    return this.pure(`bitcast ${elem} ${a.id}`, type, [a], (dst) => ({ op: "bitcast", dst, a }));
  }
  splat(a, lanes2) {
    if (lanes2 === a.type.lanes) return a;
    const type = { elem: a.type.elem, lanes: lanes2 };
    return this.pure(`splat ${lanes2} ${a.id}`, type, [a], (dst) => ({ op: "splat", dst, a }));
  }
  lanes(elem, lanes2) {
    return this.pure(`lanes ${elem} ${lanes2}`, { elem, lanes: lanes2 }, [], (dst) => ({
      op: "lanes",
      dst
    }));
  }
  extract(a, lane) {
    return this.pure(`extract ${a.id} ${lane}`, scalar(a.type.elem), [a], (dst) => ({
      op: "extract",
      dst,
      a,
      lane
    }));
  }
  zip(half, a, b) {
    return this.pure(`zip ${half} ${a.id} ${b.id}`, a.type, [a, b], (dst) => ({
      op: "zip",
      half,
      dst,
      a,
      b
    }));
  }
  unzip(part2, a, b) {
    return this.pure(`unzip ${part2} ${a.id} ${b.id}`, a.type, [a, b], (dst) => ({
      op: "unzip",
      part: part2,
      dst,
      a,
      b
    }));
  }
  /** As many vectors as they have lanes, turned: lane i of result j is lane j of operand i. */
  transpose(vectors) {
    const half = vectors.length / 2;
    let now = [...vectors];
    for (let n = vectors.length; n > 1; n /= 2) {
      now = now.slice(0, half).flatMap((a, i) => {
        const b = now[half + i];
        return [this.zip("low", a, b), this.zip("high", a, b)];
      });
    }
    return now;
  }
  horizontal(fn, a) {
    if (a.type.lanes === 1) return a;
    return this.pure(`horizontal ${fn} ${a.id}`, scalar(a.type.elem), [a], (dst) => ({
      op: "horizontal",
      fn,
      dst,
      a
    }));
  }
  edge(count, lanes2) {
    return this.pure(`edge ${lanes2} ${count.id}`, { elem: "mask", lanes: lanes2 }, [count], (dst) => ({
      op: "edge",
      dst,
      count
    }));
  }
  // ---- memory: stays where it is written
  load(mem2, lanes2, addr, options = {}) {
    const dst = this.reg({ elem: mem2 === "u8" ? "mask" : mem2, lanes: lanes2 });
    const { splat: splat4 = false, mask } = options;
    this.emit({ op: "load", dst, mem: mem2, addr, splat: splat4, ...mask === void 0 ? {} : { mask } });
    return dst;
  }
  store(mem2, addr, value, mask) {
    this.emit({ op: "store", mem: mem2, addr, value, ...mask === void 0 ? {} : { mask } });
  }
  /** Stores a whole vector past the caches; its address is a multiple of its bytes. */
  stream(mem2, addr, value) {
    this.emit({ op: "store", mem: mem2, addr, value, stream: true });
  }
  prefetch(addr) {
    this.emit({ op: "prefetch", addr });
  }
  fault(cond, position2) {
    this.emit({ op: "fault", cond, position: position2 });
  }
  // ---- control
  /**
   * for (index = from; index < to; index += step), carrying registers: `body` gets their values at
   * the start of a turn and returns those at its end; the values after the loop are returned.
   */
  loop(from, to, step4, init, body) {
    const lo = typeof from === "number" ? this.index(from) : from;
    const hi = typeof to === "number" ? this.index(to) : to;
    const insts = this.open();
    const index2 = this.reg(scalar("index"));
    const regs = init.map((r) => this.reg(r.type));
    const nexts = body(index2, regs);
    this.close();
    if (nexts.length !== init.length) throw new Error("a loop must return what it carries");
    const carried = regs.map((reg, i) => ({
      reg,
      init: init[i],
      next: nexts[i],
      result: this.reg(reg.type)
    }));
    this.emit({ op: "loop", index: index2, from: lo, to: hi, step: step4, carried, body: insts });
    return carried.map((c2) => c2.result);
  }
  /** Runs one branch and returns its values. */
  if(cond, then, otherwise = () => []) {
    const thenInsts = this.open();
    const a = then();
    this.close();
    const elseInsts = this.open();
    const b = otherwise();
    this.close();
    if (a.length !== b.length) throw new Error("both branches must return as many values");
    const results = a.map((r, i) => ({ dst: this.reg(r.type), then: r, else: b[i] }));
    this.emit({ op: "if", cond, then: thenInsts, else: elseInsts, results });
    return results.map((r) => r.dst);
  }
  // ---- inside
  open() {
    const insts = [];
    this.scopes.push({ insts, known: /* @__PURE__ */ new Map() });
    return insts;
  }
  close() {
    this.scopes.pop();
  }
  emit(inst) {
    this.scopes[this.scopes.length - 1].insts.push(inst);
  }
  reg(type, depth2 = this.scopes.length - 1) {
    return { id: this.depths.push(depth2) - 1, type };
  }
  /** `key` must tell the instruction, and the type where operands do not. */
  pure(key, type, inputs, make) {
    let depth2 = 0;
    for (let i = 0; i < inputs.length; i++) {
      const own = this.depths[inputs[i].id];
      if (own > depth2) depth2 = own;
    }
    const scope2 = this.scopes[depth2];
    let dst = scope2.known.get(key);
    if (dst === void 0) {
      dst = this.reg(type, depth2);
      scope2.known.set(key, dst);
      scope2.insts.push(make(dst));
    }
    return dst;
  }
  like(a, b) {
    if (typeof b !== "number") return b;
    const value = a.type.elem === "i64" ? BigInt(b) : b;
    return this.splat(this.const(a.type.elem, value), a.type.lanes);
  }
  foldIndex(fn, a, b) {
    const x = this.constants.get(a.id);
    const y = this.constants.get(b.id);
    if (fn === "add" && x === 0) return b;
    if ((fn === "add" || fn === "sub") && y === 0) return a;
    if (fn === "mul" && x === 1) return b;
    if (fn === "mul" && y === 1) return a;
    if (fn === "mul" && (x === 0 || y === 0)) return this.index(0);
    if (typeof x !== "number" || typeof y !== "number") return void 0;
    if (fn === "add") return this.index(x + y);
    if (fn === "sub") return this.index(x - y);
    if (fn === "mul") return this.index(x * y);
    if (fn === "min") return this.index(Math.min(x, y));
    if (fn === "max") return this.index(Math.max(x, y));
    return void 0;
  }
};
var scalar = (elem) => ({ elem, lanes: 1 });
var at = (base, offset = 0, index2, scale) => index2 === void 0 ? { base, offset } : { base, index: index2, scale: scale ?? 1, offset };

// src/kernel/print.ts
function printKernel(kernel) {
  const params = kernel.params.map((p) => `${p.name}: ${p.elem}`).join(", ");
  const lines = [`kernel ${kernel.name}(${params})`];
  printBlock(kernel.body, kernel, 1, lines);
  return `${lines.join("\n")}
`;
}
function printInst(inst, kernel) {
  switch (inst.op) {
    case "const":
      return `${assigned(inst.dst)} = ${Object.is(inst.value, -0) ? "-0" : inst.value}`;
    case "param": {
      const name = kernel?.params[inst.slot]?.name;
      return `${assigned(inst.dst)} = param ${inst.slot}${name === void 0 ? "" : ` ${name}`}`;
    }
    case "tile":
      return `${assigned(inst.dst)} = tile ${inst.which}`;
    case "unary":
    case "horizontal": {
      const name = inst.op === "unary" ? inst.fn : `horizontal.${inst.fn}`;
      return `${assigned(inst.dst)} = ${name} ${used(inst.a)}`;
    }
    case "binary":
    case "compare":
      return `${assigned(inst.dst)} = ${inst.fn} ${used(inst.a)} ${used(inst.b)}`;
    case "fma":
      return `${assigned(inst.dst)} = fma ${used(inst.a)} ${used(inst.b)} ${used(inst.c)}`;
    case "select":
      return `${assigned(inst.dst)} = select ${used(inst.mask)} ${used(inst.a)} ${used(inst.b)}`;
    case "convert":
    case "bitcast":
    case "splat":
      return `${assigned(inst.dst)} = ${inst.op} ${used(inst.a)}`;
    case "lanes":
      return `${assigned(inst.dst)} = lanes`;
    case "unzip":
      return `${assigned(inst.dst)} = unzip.${inst.part} ${used(inst.a)} ${used(inst.b)}`;
    case "zip":
      return `${assigned(inst.dst)} = zip.${inst.half} ${used(inst.a)} ${used(inst.b)}`;
    case "extract":
      return `${assigned(inst.dst)} = extract ${used(inst.a)} ${inst.lane}`;
    case "edge":
      return `${assigned(inst.dst)} = edge ${used(inst.count)}`;
    case "load": {
      const name = inst.splat ? "load.splat" : "load";
      return `${assigned(inst.dst)} = ${name} ${inst.mem} ${address(inst.addr)}${masked2(inst.mask)}`;
    }
    case "store":
      return `${inst.stream ? "stream" : "store"} ${inst.mem} ${address(inst.addr)} = ${used(inst.value)}${masked2(inst.mask)}`;
    case "prefetch":
      return `prefetch ${address(inst.addr)}`;
    case "loop":
      return `for ${assigned(inst.index)} = ${used(inst.from)} to ${used(inst.to)} step ${inst.step}`;
    case "if":
      return `if ${used(inst.cond)}`;
    case "fault":
      return `fault ${used(inst.position)} if ${used(inst.cond)}`;
  }
}
function printBlock(block, kernel, depth2, lines) {
  const line = (text2, deeper = 0) => {
    lines.push(`${"  ".repeat(depth2 + deeper)}${text2}`);
  };
  for (const inst of block) {
    line(printInst(inst, kernel));
    if (inst.op === "loop") {
      for (const c2 of inst.carried) {
        const values = [c2.init, c2.next, c2.result].map(used).join(" -> ");
        line(`carry ${assigned(c2.reg)} = ${values}`, 1);
      }
      printBlock(inst.body, kernel, depth2 + 1, lines);
    } else if (inst.op === "if") {
      printBlock(inst.then, kernel, depth2 + 1, lines);
      if (inst.else.length > 0) {
        line("else");
        printBlock(inst.else, kernel, depth2 + 1, lines);
      }
      for (const r of inst.results) {
        line(`${assigned(r.dst)} = then ${used(r.then)} else ${used(r.else)}`);
      }
    }
  }
}
var used = (reg) => `%${reg.id}`;
function assigned({ id, type }) {
  return `%${id}:${type.elem}${type.lanes === 1 ? "" : `x${type.lanes}`}`;
}
var masked2 = (mask) => mask === void 0 ? "" : ` if ${used(mask)}`;
function address({ base, index: index2, scale = 1, offset }) {
  const parts2 = [used(base)];
  if (index2 !== void 0) parts2.push(`+ ${used(index2)}${scale === 1 ? "" : `*${scale}`}`);
  if (offset !== 0) parts2.push(offset < 0 ? `- ${-offset}` : `+ ${offset}`);
  return `[${parts2.join(" ")}]`;
}

// src/kernel/ir.ts
var WASM_TARGET = {
  isa: "wasm",
  vectorBytes: 16,
  vectorRegisters: 15,
  masks: false,
  slowMasks: false,
  fma: false,
  prefetch: false,
  indexBytes: 4,
  cache: { l1: 32 << 10, l2: 512 << 10 },
  streamBytes: Number.POSITIVE_INFINITY,
  threads: 1,
  parallelWork: 2 ** 16,
  ordersFaults: false
};
var AVX512_TARGET = {
  isa: "avx512",
  vectorBytes: 64,
  vectorRegisters: 32,
  masks: true,
  slowMasks: false,
  fma: true,
  prefetch: true,
  indexBytes: 8,
  cache: { l1: 48 << 10, l2: 1 << 20 },
  streamBytes: 32 << 20,
  threads: 1,
  parallelWork: 2 ** 16,
  ordersFaults: true
};
var AVX2_TARGET = {
  isa: "avx2",
  vectorBytes: 32,
  vectorRegisters: 16,
  masks: true,
  slowMasks: true,
  fma: true,
  prefetch: true,
  indexBytes: 8,
  cache: { l1: 32 << 10, l2: 512 << 10 },
  streamBytes: 32 << 20,
  threads: 1,
  parallelWork: 2 ** 16,
  ordersFaults: true
};

// src/ir/apply.ts
var current = null;
function setInterpreter(i) {
  const before = current;
  current = i;
  return before;
}
function interpreter() {
  if (current === null) {
    throw new Error("no interpreter: import gradus through its root, which wires one");
  }
  return current;
}
function withInterpreter(i, f2) {
  const before = setInterpreter(i);
  try {
    return f2();
  } finally {
    current = before;
  }
}
var apply1 = (def, a, attrs2 = null) => (current ?? interpreter()).apply1(def, a, attrs2);
var apply2 = (def, a, b, attrs2 = null) => (current ?? interpreter()).apply2(def, a, b, attrs2);
var apply = (def, inputs, attrs2 = null) => (current ?? interpreter()).apply(def, inputs, attrs2);

// src/ir/print.ts
function printType(t) {
  const text2 = `${t.dtype}[${t.shape.join(", ")}]`;
  return t.weak === void 0 ? text2 : `${text2} scalar`;
}
function printNode({ def, inputs, attrs: attrs2, outputs }) {
  const names = outputs.map((v) => `%${v.id}`).join(", ");
  const types = outputs.map(printType).join(", ");
  const operands = inputs.map((x) => typeof x === "number" ? `${x}` : `%${x.id}`).join(", ");
  return `${names} = ${def.name}(${operands})${printAttrs(attrs2)} : ${types}`;
}
function printGraph(graph) {
  const named = (v) => `%${v.id}: ${printType(v)}`;
  return [
    `graph ${graph.name}(${graph.inputs.map(named).join(", ")})`,
    ...graph.nodes.flatMap((node) => [
      `  ${printNode(node)}`,
      ...node.regions.map((region) => printGraph(region).trimEnd().replace(/^/gm, "    "))
    ]),
    `  return ${graph.outputs.map((v) => `%${v.id}`).join(", ")}`,
    ""
  ].join("\n");
}
function printAttrs(attrs2) {
  if (attrs2 === null) return "";
  const entries = Object.entries(attrs2).filter(([k2, v]) => k2 !== "attrId" && v !== void 0);
  return entries.length === 0 ? "" : ` {${entries.map(([k2, v]) => `${k2}: ${printValue(v)}`).join(", ")}}`;
}
function printValue(v) {
  return Array.isArray(v) ? `[${v.map(printValue).join(", ")}]` : String(v);
}

// src/ir/nd-array.ts
function ndZeros(shape, dtype) {
  const n = numelOf(shape);
  return { shape, dtype, data: dtype === "int64" ? new BigInt64Array(n) : new Float64Array(n) };
}
function setElement(a, at4, y) {
  if (a.dtype === "int64") {
    const v = typeof y === "bigint" ? y : BigInt(Number.isFinite(Number(y)) ? Math.trunc(Number(y)) : 0);
    a.data[at4] = BigInt.asIntN(64, v);
  } else if (a.dtype === "bool") a.data[at4] = Number(y) === 0 ? 0 : 1;
  else if (a.dtype === "int32") {
    a.data[at4] = typeof y === "bigint" ? Number(BigInt.asIntN(32, y)) : Number(y) | 0;
  } else a.data[at4] = Number(y);
}
function forEachIndex(shape, strides, visit) {
  const n = numelOf(shape);
  const index2 = shape.map(() => 0);
  const offsets = strides.map(() => 0);
  for (let at4 = 0; at4 < n; at4++) {
    visit(at4, offsets, index2);
    for (let d = shape.length - 1; d >= 0; d--) {
      index2[d]++;
      for (let i = 0; i < strides.length; i++) offsets[i] += strides[i][d];
      if (index2[d] < shape[d]) break;
      for (let i = 0; i < strides.length; i++) offsets[i] -= strides[i][d] * shape[d];
      index2[d] = 0;
    }
  }
}
function moveElements(x, shape, from) {
  const out = ndZeros(shape, x.dtype);
  const strides = contiguousStrides(x.shape);
  forEachIndex(shape, [], (at4, _, index2) => {
    out.data[at4] = x.data[from(index2).reduce((sum3, k2, d) => sum3 + k2 * strides[d], 0)];
  });
  return out;
}

// src/ir/op.ts
var SAVE = {
  none: 0,
  in0: 1,
  in1: 2,
  in2: 4,
  in3: 8,
  inputs: 65535,
  out0: 1 << 16,
  out1: 1 << 17,
  out2: 1 << 18
};
var nextId2 = 1;
var registry = /* @__PURE__ */ new Map();
function defineOp(def) {
  if (registry.has(def.name)) throw new Error(`op ${def.name} is defined twice`);
  if (def.lower === void 0 === (def.decompose === void 0)) {
    throw new Error(`op ${def.name} needs either lower or decompose`);
  }
  const op = {
    // Every field set, in one order: the dispatcher stays monomorphic.
    name: def.name,
    onnx: def.onnx,
    infer: def.infer,
    operands: def.operands,
    reference: def.reference,
    lower: def.lower,
    decompose: def.decompose,
    views: def.views ?? false,
    saves: def.saves ?? SAVE.none,
    gradient: def.gradient,
    id: nextId2++,
    differentiable: def.gradient !== void 0 || def.decompose !== void 0
  };
  registry.set(def.name, op);
  return op;
}
var interned = /* @__PURE__ */ new Map();
var nextAttrId = 1;
function attrs(record) {
  const key = JSON.stringify(record, (_, v) => Object.is(v, -0) ? "-0" : nonFinite(v));
  let a = interned.get(key);
  if (a === void 0) {
    if (interned.size >= 1 << 16) interned.clear();
    a = Object.freeze({ ...owned(record), attrId: nextAttrId++ });
    interned.set(key, a);
  }
  return a;
}
function owned(v) {
  if (Array.isArray(v)) return Object.freeze(v.map(owned));
  if (typeof v !== "object" || v === null) return v;
  return Object.fromEntries(Object.entries(v).map(([key, x]) => [key, owned(x)]));
}
var nonFinite = (v) => typeof v === "number" && !Number.isFinite(v) ? String(v) : v;

// src/ir/ops/cast.ts
var CAST = defineOp({
  name: "cast",
  onnx: "Cast",
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  // The conversion of the operand is all there is to do.
  operands: (_, [out]) => [out.dtype],
  reference: ([x]) => x,
  lower: { kind: "element", expr: (_, [x]) => x },
  gradient(ctx, g) {
    const to = ctx.inputType(0).dtype;
    if (g.dtype === to) ctx.alias(0, g);
    else ctx.give(0, cast(g, to));
  }
});
var cast = (x, dtype) => x.dtype === dtype ? x : apply1(CAST, x, attrs({ dtype }));

// src/ir/reduce.ts
function outputStrides(x, dims) {
  const kept = contiguousStrides(x.shape.map((n, d) => dims.includes(d) ? 1 : n));
  return kept.map((s, d) => dims.includes(d) ? 0 : s);
}
function reduceReference({ start, step: step4, big }) {
  return ([x], { dims }, outputs) => {
    const out = ndZeros(outputs[0].shape, outputs[0].dtype);
    const exact = big !== void 0 && isInt(x.dtype);
    const first = start === null ? null : exact ? BigInt(start) : start;
    const acc = new Array(numelOf(out.shape)).fill(first);
    const own = contiguousStrides(x.shape);
    forEachIndex(x.shape, [own, outputStrides(x, dims)], (_, [from, to]) => {
      const a = acc[to];
      const value = x.data[from];
      if (exact) acc[to] = a === null ? BigInt(value) : big(a, BigInt(value));
      else acc[to] = a === null ? Number(value) : step4(a, Number(value));
    });
    for (const [i, a] of acc.entries()) setElement(out, i, a ?? 0);
    return out;
  };
}
function argReference(beats) {
  return ([x], { dims }, outputs) => {
    const out = ndZeros(outputs[0].shape, outputs[0].dtype);
    const best2 = new Array(numelOf(out.shape)).fill(null);
    const own = contiguousStrides(x.shape);
    forEachIndex(x.shape, [own, outputStrides(x, dims)], (_, [from, to], index2) => {
      const value = x.data[from];
      const before = best2[to];
      const wins = before === null || !Number.isNaN(before) && (Number.isNaN(value) || beats(value, before));
      if (!wins) return;
      best2[to] = value;
      out.data[to] = index2[dims[0]];
    });
    return out;
  };
}

// src/ir/ops/reshape.ts
var RESHAPE = defineOp({
  name: "reshape",
  onnx: "Reshape",
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  reference: ([x], { shape }) => ({ ...x, shape }),
  lower: {
    kind: "view",
    view(x, { shape }) {
      const strides = reshapeStrides(x, shape);
      return strides === null ? null : { offset: 0, shape, strides };
    }
  },
  gradient(ctx, g) {
    ctx.alias(0, reshape(g, ctx.inputType(0).shape));
  }
});
function reshapeStrides(x, shape) {
  const strides = new Array(shape.length).fill(0);
  if (x.numel === 0) return strides;
  const dims = x.shape.flatMap((size, d) => size === 1 ? [] : [{ size, stride: x.strides[d] }]);
  let from = 0;
  let to = 0;
  while (from < dims.length) {
    let have = dims[from].size;
    let want = shape[to];
    const [firstFrom, firstTo] = [from, to];
    while (have !== want) {
      if (have < want) have *= dims[++from].size;
      else want *= shape[++to];
    }
    for (let d = firstFrom; d < from; d++) {
      if (dims[d].stride !== dims[d + 1].stride * dims[d + 1].size) return null;
    }
    let stride = dims[from].stride;
    for (let d = to; d >= firstTo; d--) {
      strides[d] = stride;
      stride *= shape[d];
    }
    from++;
    to++;
  }
  return strides;
}
function reshape(x, shape) {
  const full4 = resolveShape(x, shape, "reshape");
  return sameShape(full4, x.shape) ? x : apply1(RESHAPE, x, attrs({ shape: full4 }));
}
function resolveShape(x, shape, op) {
  const have = numelOf(x.shape);
  const open2 = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  if (open2 >= 0 && shape.includes(-1, open2 + 1)) {
    throw new ShapeError({
      op,
      problem: `only one size can be -1, not several as in ${formatShape(shape)}`,
      operands: [x],
      remedy: "give the others as numbers: x.shape tells them"
    });
  }
  if (open2 < 0) {
    if (numelOf(checkShape(shape, op)) === have) return shape;
  } else {
    const rest = numelOf(checkShape(shape.toSpliced(open2, 1), op));
    if (rest > 0 && have % rest === 0) return shape.with(open2, have / rest);
  }
  throw new ShapeError({
    op,
    problem: `${formatShape(x.shape)} has ${have} elements, which do not fill ${formatShape(shape)}`,
    operands: [x],
    remedy: open2 < 0 ? "use -1 for a size to have it worked out" : void 0
  });
}
function flatten(x, start = 0, end = -1) {
  const rank = x.shape.length;
  if (rank === 0) return reshape(x, [1]);
  const from = normalizeDim(start, rank, "flatten");
  const to = normalizeDim(end, rank, "flatten");
  if (from > to) {
    throw new ShapeError({
      op: "flatten",
      problem: `dimension ${start} comes after ${end}`,
      operands: [x]
    });
  }
  const merged = numelOf(x.shape.slice(from, to + 1));
  return reshape(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
}
function squeeze(x, dim) {
  const only = dim === void 0 ? null : normalizeDim(dim, x.shape.length, "squeeze");
  return reshape(
    x,
    x.shape.filter((n, d) => n !== 1 || only !== null && d !== only)
  );
}
function unsqueeze(x, dim) {
  const d = normalizeDim(dim, x.shape.length + 1, "unsqueeze");
  return reshape(x, x.shape.toSpliced(d, 0, 1));
}
function asMatrix(x) {
  if (x.shape.length === 2) return x;
  return reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]);
}

// src/ir/ops/sum.ts
var SUM = defineOp({
  name: "sum",
  onnx: "ReduceSum",
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: x.dtype === "bool" ? "int32" : x.dtype
  }),
  operands: (_, [out]) => [out.dtype],
  reference: reduceReference({ start: 0, step: (acc, x) => acc + x, big: (acc, x) => acc + x }),
  lower: { kind: "reduce", combine: "sum", dims: (a) => a.dims },
  gradient(ctx, g) {
    ctx.alias(0, expandDims(g, ctx.inputType(0).shape, ctx.attrs.dims, ctx.attrs.keepdim));
  }
});
function sum(x, dim, keepdim = false) {
  return apply1(SUM, x, attrs({ dims: normalizeDims(dim, x.shape.length, "sum"), keepdim }));
}
var EXPAND = defineOp({
  name: "expand",
  onnx: "Expand",
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  reference: ([x], { shape }) => {
    const lead = shape.length - x.shape.length;
    return moveElements(x, shape, (at4) => x.shape.map((n, d) => n === 1 ? 0 : at4[d + lead]));
  },
  lower: {
    kind: "view",
    view: (x, { shape }) => ({
      offset: 0,
      shape,
      strides: broadcastStrides(x.shape, x.strides, shape)
    })
  },
  gradient(ctx, g) {
    ctx.give(0, sumTo(g, ctx.inputType(0).shape));
  }
});
function expand(x, shape) {
  if (!Array.isArray(shape)) checkShape(shape, "expand");
  const lead = shape.length - x.shape.length;
  const full4 = checkShape(
    shape.map((n, d) => n === -1 && d >= lead ? x.shape[d - lead] : n),
    "expand"
  );
  if (sameShape(full4, x.shape)) return x;
  const both = broadcastShapes(x.shape, full4);
  if (both === null || !sameShape(both, full4)) {
    throw new ShapeError({
      op: "expand",
      problem: `${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`,
      operands: [x],
      remedy: "only sizes of 1 stretch, aligned from the last dimension"
    });
  }
  return apply1(EXPAND, x, attrs({ shape: full4 }));
}
function expandDims(g, shape, dims, keepdim) {
  return expand(keepdim ? g : reshape(g, reducedShape(shape, dims, true)), shape);
}
function sumTo(g, shape) {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const dims = g.shape.flatMap(
    (n, d) => d < lead || shape[d - lead] === 1 && n !== 1 ? [d] : []
  );
  return reshape(dims.length > 0 ? sum(g, dims, true) : g, shape);
}

// src/ir/element.ts
function promoteTypes(inputs) {
  let strong = null;
  let weak = null;
  for (const t of inputs) {
    if (t.weak !== void 0) weak = t.weak === "float" ? "float" : weak ?? "int";
    else strong = strong === null ? t.dtype : promote(strong, t.dtype);
  }
  if (strong === null) return "float32";
  if (weak === "float") return promote(strong, "float32") === strong ? strong : "float32";
  return weak === "int" && strong === "bool" ? "int32" : strong;
}
var floatOf = (d) => isFloat(d) ? d : "float32";
function broadcastTypes(op, inputs) {
  let shape = inputs[0].shape;
  for (let i = 1; i < inputs.length; i++) {
    if (sameShape(shape, inputs[i].shape)) continue;
    const next = broadcastShapes(shape, inputs[i].shape);
    if (next === null) {
      throw new ShapeError({
        op,
        problem: `shapes ${inputs.map((t) => `[${t.shape.join(", ")}]`).join(" and ")} do not broadcast`,
        operands: inputs,
        remedy: "sizes are aligned from the last dimension and must be equal or 1; reshape or unsqueeze one operand"
      });
    }
    shape = next;
  }
  return shape;
}
var floatUnary = {
  infer: ([x]) => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  operands: (_, [out]) => [out.dtype]
};
var numericUnary = (op) => ({
  infer([x]) {
    refuseBool(op, [x]);
    return { shape: x.shape, dtype: x.dtype };
  }
});
var promotedBinary = (op, float2 = false) => ({
  infer(xs) {
    const dtype = promoteTypes(xs);
    return { shape: broadcastTypes(op, xs), dtype: float2 ? floatOf(dtype) : dtype };
  },
  operands: (xs, [out]) => xs.map(() => out.dtype)
});
function refuseBool(op, xs, remedy2) {
  if (promoteTypes(xs) !== "bool" || xs.some((x) => x.weak !== void 0)) return;
  throw new DtypeError({
    op,
    problem: "not defined for bool",
    operands: xs,
    remedy: remedy2 ?? `convert first: x.to('int32')`
  });
}
function requireTensor(op, what2, x, remedy2) {
  if (isTensorLike(x)) return;
  throw new DtypeError({
    op,
    problem: `the ${what2} is ${given(x)}, not a tensor`,
    remedy: remedy2 ?? "wrap numbers and arrays with tensor(...)"
  });
}
function requireIndex(op, index2, operands) {
  if (isInt(index2.dtype)) return;
  throw new DtypeError({
    op,
    problem: `indices must be int32 or int64, not ${index2.dtype}`,
    operands,
    remedy: "convert them: index.to('int32')"
  });
}
function unbroadcast(ctx, i, g, fresh = false) {
  const target2 = ctx.inputType(i);
  const same = sameShape(g.shape, target2.shape);
  const own = same && g.dtype === target2.dtype;
  const summed = same ? g : sumTo(g, target2.shape);
  const value = g.dtype === target2.dtype ? summed : cast(summed, target2.dtype);
  if (own && !fresh) ctx.alias(i, value);
  else ctx.give(i, value);
}
function elementReference(f2, big) {
  return (inputs, _attrs, outputs) => {
    const out = ndZeros(outputs[0].shape, outputs[0].dtype);
    const steps = inputs.map(
      (x) => broadcastStrides(x.shape, contiguousStrides(x.shape), out.shape)
    );
    const exact = big !== void 0 && inputs.length > 0 && inputs.every((x) => isInt(x.dtype));
    forEachIndex(out.shape, steps, (at4, offsets) => {
      const xs = inputs.map((x, i) => x.data[offsets[i]]);
      setElement(out, at4, exact ? big(...xs.map(BigInt)) : f2(...xs.map(Number)));
    });
    return out;
  };
}

// src/ir/graph.ts
var GraphValue = class {
  id;
  shape;
  dtype;
  device;
  /** A run-time scalar: a number that the caller passes at each run. */
  weak;
  node;
  index;
  constructor(id, type, device2, node, index2) {
    this.id = id;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.device = device2;
    this.weak = type.weak;
    this.node = node;
    this.index = index2;
  }
};
var typeOf = (x) => typeof x === "number" ? Number.isInteger(x) ? WEAK_INT : WEAK_FLOAT : x;
function inferAll(def, inputs, attrs2, regions = []) {
  const t = def.infer(inputs, attrs2, regions);
  return Array.isArray(t) ? t : [t];
}
var Recorder = class {
  nodes = [];
  /** Of the nodes that are made now. */
  origin = void 0;
  nextId = 0;
  device;
  constructor(device2) {
    this.device = device2;
  }
  input(type) {
    return new GraphValue(this.nextId++, type, this.device, null, 0);
  }
  apply(def, inputs, attrs2, regions = []) {
    const outputs = [];
    const node = {
      def,
      inputs,
      attrs: attrs2,
      regions,
      outputs,
      origin: this.origin
    };
    for (const t of inferAll(def, inputs.map(typeOf), attrs2, regions)) {
      outputs.push(new GraphValue(this.nextId++, t, this.device, node, outputs.length));
    }
    this.nodes.push(node);
    return outputs;
  }
  apply1(def, a, attrs2) {
    return this.apply(def, [a], attrs2)[0];
  }
  apply2(def, a, b, attrs2) {
    return this.apply(def, [a, b], attrs2)[0];
  }
  update(def) {
    throw new Error(`${def.name}: a cell cannot be written inside a decomposition`);
  }
};
function graphOf(def, inputs, attrs2, device2) {
  const recorder = new Recorder(device2);
  const values = inputs.map((t) => recorder.input(t));
  const outputs = expandInto(recorder, def, values, attrs2);
  return { name: def.name, inputs: values, nodes: recorder.nodes, outputs };
}
function expandInto(recorder, def, inputs, attrs2, regions = []) {
  if (def.decompose === void 0) return recorder.apply(def, inputs, attrs2, regions);
  const inner = {
    apply: (d, xs, at4) => expandInto(recorder, d, xs, at4),
    apply1: (d, a, at4) => expandInto(recorder, d, [a], at4)[0],
    apply2: (d, a, b, at4) => expandInto(recorder, d, [a, b], at4)[0],
    update: (d) => recorder.update(d)
  };
  const out = withInterpreter(inner, () => def.decompose?.(inputs, attrs2));
  return Array.isArray(out) ? out : [out];
}

// src/ir/ops/mul.ts
var MUL = defineOp({
  name: "mul",
  onnx: "Mul",
  ...promotedBinary("mul"),
  reference: elementReference(
    (x, y) => x * y,
    (x, y) => x * y
  ),
  lower: {
    kind: "element",
    expr: (e, [x, y], _, out) => out.dtype === "bool" ? e.and(x, y) : e.mul(x, y)
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, mul(g, ctx.input(1)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, mul(g, ctx.input(0)), true);
  }
});
var mul = (a, b) => apply2(MUL, a, b);

// src/ir/ops/full.ts
var FULL = defineOp({
  name: "full",
  onnx: "ConstantOfShape",
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  operands: (_, [out]) => [out.dtype],
  reference: elementReference(
    (x) => x,
    (x) => x
  ),
  // The value is an operand: other values reuse the kernel.
  lower: { kind: "element", expr: (_, [x]) => x }
});
function full(shape, value, dtype = "float32", device2) {
  checkShape(shape, "full");
  return apply(FULL, [value], attrs({ shape, dtype: checkDType(dtype, "full"), device: device2 }))[0];
}
var flat = (count) => (ctx, g) => {
  for (let i = 0; i < count; i++) {
    if (!ctx.needs(i)) continue;
    const { shape, dtype } = ctx.inputType(i);
    ctx.give(i, full(shape, 0, dtype, g.device));
  }
};

// src/ir/ops/sign.ts
var SIGN = defineOp({
  name: "sign",
  onnx: "Sign",
  ...numericUnary("sign"),
  reference: elementReference(Math.sign, (x) => x > 0n ? 1n : x < 0n ? -1n : 0n),
  lower: {
    kind: "element",
    expr(e, [x], _, { dtype }) {
      const zero2 = e.constant(0, dtype);
      const negative = e.select(e.lt(x, zero2), e.constant(-1, dtype), x);
      return e.select(e.gt(x, zero2), e.constant(1, dtype), negative);
    }
  },
  // A step function: its gradient is zero wherever it exists.
  gradient: flat(1)
});
var sign = (x) => apply1(SIGN, x);

// src/ir/ops/abs.ts
var ABS = defineOp({
  name: "abs",
  onnx: "Abs",
  ...numericUnary("abs"),
  reference: elementReference(Math.abs, (x) => x < 0n ? -x : x),
  lower: { kind: "element", expr: (e, [x]) => e.abs(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, sign(ctx.input(0))));
  }
});
var abs = (x) => apply1(ABS, x);

// src/ir/ops/add.ts
var ADD = defineOp({
  name: "add",
  onnx: "Add",
  ...promotedBinary("add"),
  reference: elementReference(
    (x, y) => x + y,
    (x, y) => x + y
  ),
  lower: {
    kind: "element",
    expr: (e, [x, y], _, out) => out.dtype === "bool" ? e.or(x, y) : e.add(x, y)
  },
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, g);
    if (ctx.needs(1)) unbroadcast(ctx, 1, g);
  }
});
var add = (a, b) => apply2(ADD, a, b);

// src/ir/ops/neg.ts
var NEG = defineOp({
  name: "neg",
  onnx: "Neg",
  ...numericUnary("neg"),
  reference: elementReference(
    (x) => -x,
    (x) => -x
  ),
  lower: { kind: "element", expr: (e, [x]) => e.neg(x) },
  gradient(ctx, g) {
    ctx.give(0, neg(g));
  }
});
var neg = (x) => apply1(NEG, x);

// src/ir/ops/div.ts
var DIV = defineOp({
  name: "div",
  onnx: "Div",
  ...promotedBinary("div", true),
  reference: elementReference((x, y) => x / y),
  lower: { kind: "element", expr: (e, [x, y]) => e.div(x, y) },
  saves: SAVE.in1 | SAVE.out0,
  gradient(ctx, g) {
    const scaled = div(g, ctx.input(1));
    if (ctx.needs(0)) unbroadcast(ctx, 0, scaled, true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(mul(scaled, ctx.output(0))), true);
  }
});
var div = (a, b) => apply2(DIV, a, b);

// src/ir/ops/sqrt.ts
var SQRT = defineOp({
  name: "sqrt",
  onnx: "Sqrt",
  ...floatUnary,
  reference: elementReference(Math.sqrt),
  lower: { kind: "element", expr: (e, [x]) => e.sqrt(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, div(g, mul(ctx.output(0), 2)));
  }
});
var sqrt = (x) => apply1(SQRT, x);

// src/ir/ops/sub.ts
var rule = promotedBinary("sub");
var SUB = defineOp({
  name: "sub",
  onnx: "Sub",
  ...rule,
  infer(xs) {
    refuseBool("sub", xs, "use logicalXor, or convert to int32 first");
    return rule.infer(xs);
  },
  reference: elementReference(
    (x, y) => x - y,
    (x, y) => x - y
  ),
  lower: { kind: "element", expr: (e, [x, y]) => e.sub(x, y) },
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, g);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(g), true);
  }
});
var sub = (a, b) => apply2(SUB, a, b);

// src/ir/ops/adam-update.ts
var complement = (b, p) => cast(sub(1, cast(b, "float64")), p.dtype);
var ADAM_UPDATE = defineOp({
  name: "adamUpdate",
  infer: ([p, , m, v]) => [
    { shape: p.shape, dtype: p.dtype },
    { shape: m.shape, dtype: m.dtype },
    { shape: v.shape, dtype: v.dtype }
  ],
  decompose([parameter, gradient, m, v, ...given2], { decoupled }) {
    let p = parameter;
    const hyper = given2.map((h) => typeof h === "number" ? full([], h, "float64", p.device) : h);
    const [lr, b1, b2, eps, wd, c1, c2] = hyper.map((h) => cast(h, p.dtype));
    let g = gradient;
    if (decoupled) p = mul(p, sub(1, mul(lr, wd)));
    else g = add(g, mul(p, wd));
    const nextM = add(mul(m, b1), mul(g, complement(hyper[1], p)));
    const nextV = add(mul(v, b2), mul(mul(g, g), complement(hyper[2], p)));
    const spread2 = add(div(sqrt(nextV), sqrt(c2)), eps);
    return [sub(p, mul(div(nextM, spread2), div(lr, c1))), nextM, nextV];
  }
});

// src/ir/ops/compare.ts
function comparison(name, onnx, f2) {
  return defineOp({
    name,
    onnx,
    infer: (xs) => ({ shape: broadcastTypes(name, xs), dtype: "bool" }),
    operands(xs) {
      const meet = promoteTypes(xs);
      const dtype = meet === "bool" ? "int32" : meet;
      return [dtype, dtype];
    },
    reference: elementReference((x, y) => Number(f2(x, y)), f2),
    lower: { kind: "element", expr: (e, [x, y]) => e[name](x, y) }
  });
}
var EQ = comparison("eq", "Equal", (x, y) => x === y);
var NE = comparison("ne", void 0, (x, y) => x !== y);
var LT = comparison("lt", "Less", (x, y) => x < y);
var LE = comparison("le", "LessOrEqual", (x, y) => x <= y);
var GT = comparison("gt", "Greater", (x, y) => x > y);
var GE = comparison("ge", "GreaterOrEqual", (x, y) => x >= y);
var eq = (a, b) => apply2(EQ, a, b);
var ne = (a, b) => apply2(NE, a, b);
var lt = (a, b) => apply2(LT, a, b);
var le = (a, b) => apply2(LE, a, b);
var gt = (a, b) => apply2(GT, a, b);
var ge = (a, b) => apply2(GE, a, b);

// src/ir/ops/logical.ts
function logical(name, onnx, f2, expr) {
  return defineOp({
    name,
    onnx,
    infer: (xs) => ({ shape: broadcastTypes(name, xs), dtype: "bool" }),
    operands: (xs) => xs.map(() => "bool"),
    reference: elementReference(f2),
    lower: { kind: "element", expr }
  });
}
var LOGICAL_AND = logical(
  "logicalAnd",
  "And",
  (x, y) => x & y,
  (e, [x, y]) => e.and(x, y)
);
var LOGICAL_OR = logical(
  "logicalOr",
  "Or",
  (x, y) => x | y,
  (e, [x, y]) => e.or(x, y)
);
var LOGICAL_XOR = logical(
  "logicalXor",
  "Xor",
  (x, y) => x ^ y,
  (e, [x, y]) => e.xor(x, y)
);
var LOGICAL_NOT = logical(
  "logicalNot",
  "Not",
  (x) => 1 - x,
  (e, [x]) => e.not(x)
);
var logicalAnd = (a, b) => apply2(LOGICAL_AND, a, b);
var logicalOr = (a, b) => apply2(LOGICAL_OR, a, b);
var logicalXor = (a, b) => apply2(LOGICAL_XOR, a, b);
var logicalNot = (x) => apply1(LOGICAL_NOT, x);

// src/ir/ops/any-all.ts
var truth = (name, f2) => defineOp({
  name,
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: "bool"
  }),
  decompose: ([x], a) => f2(x, a)
});
var ANY = truth("any", (x, a) => gt(sum(cast(x, "bool"), a.dims, a.keepdim), 0));
var ALL = truth("all", (x, a) => eq(sum(logicalNot(x), a.dims, a.keepdim), 0));
var any = (x, dim, keepdim = false) => apply1(ANY, x, attrs({ dims: normalizeDims(dim, x.shape.length, "any"), keepdim }));
var all = (x, dim, keepdim = false) => apply1(ALL, x, attrs({ dims: normalizeDims(dim, x.shape.length, "all"), keepdim }));

// src/ir/ops/iota.ts
var IOTA = defineOp({
  name: "iota",
  infer(_, { shape, dtype }) {
    if (dtype !== "bool") return { shape, dtype };
    throw new DtypeError({ op: "iota", problem: "bool cannot count" });
  },
  reference(_, { shape, dtype }) {
    const out = ndZeros(shape, dtype);
    for (let i = 0; i < numelOf(shape); i++) setElement(out, i, i);
    return out;
  },
  lower: { kind: "element", expr: (e, _x, _a, { dtype }) => e.cast(e.index(), dtype) }
});
var iota = (n, dtype = "int32", device2) => apply(IOTA, [], attrs({ shape: [n], dtype, device: device2 }))[0];

// src/ir/ops/where.ts
var WHERE = defineOp({
  name: "where",
  onnx: "Where",
  infer: (xs) => ({ shape: broadcastTypes("where", xs), dtype: promoteTypes(xs.slice(1)) }),
  operands: (_, [out]) => ["bool", out.dtype, out.dtype],
  reference(inputs, _, [{ shape, dtype }]) {
    const out = ndZeros(shape, dtype);
    const strides = inputs.map((x) => broadcastStrides(x.shape, contiguousStrides(x.shape), shape));
    const [cond, a, b] = inputs;
    forEachIndex(shape, strides, (at4, [c2, i, j]) => {
      out.data[at4] = cond.data[c2] ? a.data[i] : b.data[j];
    });
    return out;
  },
  lower: { kind: "element", expr: (e, [cond, a, b]) => e.select(cond, a, b) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const cond = ctx.input(0);
    if (ctx.needs(1)) unbroadcast(ctx, 1, where(cond, g, 0), true);
    if (ctx.needs(2)) unbroadcast(ctx, 2, where(cond, 0, g), true);
  }
});
var where = (cond, a, b) => apply(WHERE, [cond, a, b])[0];

// src/ir/ops/max.ts
function requireElements(op, x, dims) {
  if (x.dtype === "bool") {
    throw new DtypeError({
      op,
      problem: "not defined for bool",
      operands: [x],
      remedy: "use any or all, or convert first: x.to('int32')"
    });
  }
  const empty = dims.find((d) => x.shape[d] === 0);
  if (empty === void 0) return;
  throw new ShapeError({
    op,
    problem: `dimension ${empty} is empty, so no element can be chosen`,
    operands: [x]
  });
}
function share2(ctx, g) {
  const { dims, keepdim } = ctx.attrs;
  const x = ctx.input(0);
  const wide2 = (y) => expandDims(y, x.shape, dims, keepdim);
  const won = cast(eq(x, wide2(ctx.output(0))), x.dtype);
  ctx.give(0, mul(won, wide2(div(g, sum(won, dims, keepdim)))));
}
var extreme = (name, onnx, step4, big) => defineOp({
  name,
  onnx,
  infer([x], { dims, keepdim }) {
    requireElements(name, x, dims);
    return { shape: reducedShape(x.shape, dims, keepdim), dtype: x.dtype };
  },
  reference: reduceReference({ start: null, step: step4, big }),
  lower: { kind: "reduce", combine: name, dims: (a) => a.dims },
  saves: SAVE.in0 | SAVE.out0,
  gradient: share2
});
var MAX = extreme("max", "ReduceMax", Math.max, (a, b) => a > b ? a : b);
var MIN = extreme("min", "ReduceMin", Math.min, (a, b) => a < b ? a : b);
var max = (x, dim, keepdim = false) => apply1(MAX, x, attrs({ dims: normalizeDims(dim, x.shape.length, "max"), keepdim }));
var min = (x, dim, keepdim = false) => apply1(MIN, x, attrs({ dims: normalizeDims(dim, x.shape.length, "min"), keepdim }));

// src/ir/ops/argmax.ts
var position = (name, onnx, beats) => defineOp({
  name,
  onnx,
  infer([x], { dims, keepdim }) {
    requireElements(name, x, dims);
    return { shape: reducedShape(x.shape, dims, keepdim), dtype: "int32" };
  },
  reference: argReference(beats),
  lower: { kind: "reduce", combine: name, dims: (a) => a.dims }
});
var ARGMAX = position("argmax", "ArgMax", (x, best2) => x > best2);
var ARGMIN = position("argmin", "ArgMin", (x, best2) => x < best2);
function find(def, x, dim, keepdim) {
  if (dim === void 0) {
    const at4 = apply1(def, flatten(x), attrs({ dims: [0], keepdim: false }));
    return keepdim ? reshape(
      at4,
      x.shape.map(() => 1)
    ) : at4;
  }
  return apply1(def, x, attrs({ dims: [normalizeDim(dim, x.shape.length, def.name)], keepdim }));
}
var argmax = (x, dim, keepdim = false) => find(ARGMAX, x, dim, keepdim);
var argmin = (x, dim, keepdim = false) => find(ARGMIN, x, dim, keepdim);

// src/ir/ops/random-bits.ts
function mulWide(a, b) {
  const product3 = BigInt(a >>> 0) * BigInt(b >>> 0);
  return [Number(BigInt.asIntN(32, product3)), Number(BigInt.asIntN(32, product3 >> 32n))];
}
function philox(counter2, key) {
  let [c0, c1, c2, c3] = counter2;
  let [k0, k1] = key;
  for (let round4 = 0; round4 < 10; round4++) {
    const [low0, high0] = mulWide(c0, 3528531795);
    const [low1, high1] = mulWide(c2, 3449720151);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = k0 + 2654435769 | 0;
    k1 = k1 + 3144134277 | 0;
  }
  return [c0, c1, c2, c3];
}
var RANDOM_BITS = defineOp({
  name: "randomBits",
  infer: (_, { shape }) => ({ shape, dtype: "int32" }),
  operands: () => ["int32", "int32", "int32", "int32"],
  reference(state, { shape, word }) {
    const out = ndZeros(shape, "int32");
    const [k0, k1, c0, c1] = state.map((x) => Number(x.data[0]));
    for (let i = 0; i < out.data.length; i++) out.data[i] = philox([i, 0, c0, c1], [k0, k1])[word];
    return out;
  },
  lower: {
    kind: "element",
    expr: (e, [k0, k1, c0, c1], { word }) => e.philox(word, k0, k1, c0, c1)
  }
});
var randomOperands = (state) => state.map((x) => typeof x === "number" ? x | 0 : x);
function randomBits(shape, state, word = 0, device2) {
  checkShape(shape, "randomBits");
  return apply(RANDOM_BITS, randomOperands(state), attrs({ shape, word, device: device2 }))[0];
}

// src/ir/ops/slice.ts
var SLICE = defineOp({
  name: "slice",
  onnx: "Slice",
  infer([x], { start, step: step4, size }) {
    checkPlaces("slice", x.shape, start, step4, size);
    return { shape: size, dtype: x.dtype };
  },
  reference: ([x], { start, step: step4, size }) => moveElements(x, size, (at4) => at4.map((i, d) => start[d] + i * step4[d])),
  lower: {
    kind: "view",
    view: (x, { start, step: step4, size }) => ({
      offset: size.includes(0) ? 0 : start.reduce((sum3, n, d) => sum3 + n * x.strides[d], 0),
      shape: size,
      strides: step4.map((n, d) => n * x.strides[d])
    })
  },
  gradient(ctx, g) {
    const { start, step: step4 } = ctx.attrs;
    ctx.give(0, place2(g, start, step4, ctx.inputType(0).shape, 0));
  }
});
var PLACE = defineOp({
  name: "place",
  onnx: "Pad",
  infer([x], { start, step: step4, size }) {
    checkPlaces("place", size, start, step4, x.shape);
    return { shape: size, dtype: x.dtype };
  },
  reference([x], { start, step: step4, size, value }) {
    const out = ndZeros(size, x.dtype);
    for (let i = 0; i < out.data.length; i++) setElement(out, i, value);
    const strides = contiguousStrides(size);
    forEachIndex(x.shape, [], (from, _, index2) => {
      out.data[index2.reduce((sum3, i, d) => sum3 + (start[d] + i * step4[d]) * strides[d], 0)] = x.data[from];
    });
    return out;
  },
  lower: {
    kind: "assemble",
    fill: (a) => a.value,
    place: (_, { start, step: step4 }) => [{ start, step: step4 }]
  },
  gradient(ctx, g) {
    const { start, step: step4 } = ctx.attrs;
    ctx.alias(0, slice(g, start, step4, ctx.inputType(0).shape));
  }
});
function checkPlaces(op, shape, start, step4, count) {
  const fits2 = [start, step4, count].every((list) => list.length === shape.length) && shape.every((n, d) => {
    const last = start[d] + (count[d] - 1) * step4[d];
    const inside = start[d] >= 0 && start[d] < n && last >= 0 && last < n;
    return step4[d] !== 0 && (count[d] === 0 || inside);
  });
  if (fits2) return;
  throw new ShapeError({
    op,
    problem: `${formatShape(count)} elements from ${formatShape(start)} by ${formatShape(step4)} do not lie within ${formatShape(shape)}`
  });
}
function slice(x, start, step4, size) {
  return apply1(SLICE, x, attrs({ start, step: step4, size }));
}
function place2(x, start, step4, size, value = 0) {
  return apply1(PLACE, x, attrs({ start, step: step4, size, value }));
}
function narrow(x, dim, start, length) {
  const d = normalizeDim(dim, x.shape.length, "narrow");
  const n = x.shape[d];
  const whole = Number.isInteger(start) && Number.isInteger(length);
  if (!whole || start < 0 || length < 0 || start + length > n) {
    throw new ShapeError({
      op: "narrow",
      problem: `${given(length)} elements from ${given(start)} on do not lie within dimension ${dim} of size ${n}`,
      operands: [x]
    });
  }
  const zeros3 = x.shape.map(() => 0);
  return slice(
    x,
    zeros3.with(d, start),
    x.shape.map(() => 1),
    x.shape.with(d, length)
  );
}
function flip(x, dims) {
  const rank = x.shape.length;
  const turned = new Set(normalizeDims(dims, rank, "flip").filter((d) => x.shape[d] > 0));
  const start = x.shape.map((n, d) => turned.has(d) ? n - 1 : 0);
  const step4 = x.shape.map((_, d) => turned.has(d) ? -1 : 1);
  return slice(x, start, step4, x.shape);
}

// src/ir/ops/concat.ts
function starts(xs, dim) {
  let at4 = 0;
  return xs.map((x) => {
    const from = at4;
    at4 += x.shape[dim];
    return from;
  });
}
var CONCAT = defineOp({
  name: "concat",
  onnx: "Concat",
  infer(xs, { dim }) {
    const first = xs[0].shape;
    for (const x of xs) {
      if (sameShape(x.shape.with(dim, 0), first.with(dim, 0))) continue;
      throw new ShapeError({
        op: "concat",
        problem: `${formatShape(x.shape)} does not fit ${formatShape(first)} along dimension ${dim}`,
        operands: xs,
        remedy: `all sizes but that of dimension ${dim} must agree`
      });
    }
    const size = xs.reduce((n, x) => n + x.shape[dim], 0);
    const dtype = xs.map((x) => x.dtype).reduce(promote);
    return { shape: first.with(dim, size), dtype };
  },
  operands: (xs, [out]) => xs.map(() => out.dtype),
  reference(xs, { dim }, [{ shape, dtype }]) {
    const out = ndZeros(shape, dtype);
    const strides = contiguousStrides(shape);
    for (const [i, from] of starts(xs, dim).entries()) {
      forEachIndex(xs[i].shape, [strides], (at4, [to]) => {
        out.data[to + from * strides[dim]] = xs[i].data[at4];
      });
    }
    return out;
  },
  lower: {
    kind: "assemble",
    fill: () => null,
    place: (xs, { dim }) => starts(xs, dim).map((from, i) => ({
      start: xs[i].shape.map((_, d) => d === dim ? from : 0),
      step: xs[i].shape.map(() => 1)
    }))
  },
  gradient(ctx, g) {
    const { dim } = ctx.attrs;
    let from = 0;
    for (let i = 0; from < g.shape[dim]; i++) {
      const { shape, dtype } = ctx.inputType(i);
      if (ctx.needs(i)) ctx.alias(i, cast(narrow(g, dim, from, shape[dim]), dtype));
      from += shape[dim];
    }
  }
});
function concat(xs, dim = 0) {
  const [first] = requireSome("concat", xs);
  const d = normalizeDim(dim, first.shape.length, "concat");
  requireRank("concat", xs);
  return apply(CONCAT, [...xs], attrs({ dim: d }))[0];
}
function stack(xs, dim = 0) {
  const [first] = requireSome("stack", xs);
  const d = normalizeDim(dim, first.shape.length + 1, "stack");
  if (!xs.every((x) => sameShape(x.shape, first.shape))) {
    throw new ShapeError({
      op: "stack",
      problem: "the shapes differ",
      operands: xs,
      remedy: "concat joins along an existing dimension and lets its sizes differ"
    });
  }
  return concat(
    xs.map((x) => unsqueeze(x, d)),
    d
  );
}
function requireSome(op, xs) {
  if (xs.length > 0) return xs;
  throw new ShapeError({ op, problem: "there are no tensors to join" });
}
function requireRank(op, xs) {
  if (xs.every((x) => x.shape.length === xs[0].shape.length)) return;
  throw new ShapeError({
    op,
    problem: "the tensors differ in rank",
    operands: xs,
    remedy: "unsqueeze or reshape some of them"
  });
}

// src/ir/ops/exp.ts
var EXP = defineOp({
  name: "exp",
  onnx: "Exp",
  ...floatUnary,
  reference: elementReference(Math.exp),
  lower: { kind: "element", expr: (e, [x]) => e.exp(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, ctx.output(0)));
  }
});
var exp = (x) => apply1(EXP, x);

// src/ir/ops/permute.ts
var PERMUTE = defineOp({
  name: "permute",
  onnx: "Transpose",
  infer: ([x], { dims }) => ({ shape: dims.map((d) => x.shape[d]), dtype: x.dtype }),
  reference: ([x], { dims }, [{ shape }]) => moveElements(x, shape, (at4) => x.shape.map((_, d) => at4[dims.indexOf(d)])),
  lower: {
    kind: "view",
    view: (x, { dims }) => ({
      offset: 0,
      shape: dims.map((d) => x.shape[d]),
      strides: dims.map((d) => x.strides[d])
    })
  },
  gradient(ctx, g) {
    const { dims } = ctx.attrs;
    ctx.alias(
      0,
      permute(
        g,
        dims.map((_, d) => dims.indexOf(d))
      )
    );
  }
});
function permute(x, dims) {
  const rank = x.shape.length;
  checkList(dims, "the dimensions", "permute", "x.permute([1, 0])");
  const order = dims.map((d) => normalizeDim(d, rank, "permute"));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new ShapeError({
      op: "permute",
      problem: `[${dims.join(", ")}] does not list each of ${rank} dimensions once`,
      operands: [x]
    });
  }
  return order.every((d, i) => d === i) ? x : apply1(PERMUTE, x, attrs({ dims: order }));
}
function transpose(x, dim0 = -2, dim1 = -1) {
  const rank = x.shape.length;
  const a = normalizeDim(dim0, rank, "transpose");
  const b = normalizeDim(dim1, rank, "transpose");
  const dims = x.shape.map((_, d) => d === a ? b : d === b ? a : d);
  return permute(x, dims);
}

// src/ir/ops/matmul.ts
function gemmMap(a, b) {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? [];
  const lead = (x) => broadcastStrides(x.shape.slice(0, -2), x.strides.slice(0, -2), batch);
  const [batchA, batchB] = [lead(a), lead(b)];
  const row = rb === 1 ? 0 : rb - 2;
  return {
    batch: batch.map((size, d) => ({ size, a: batchA[d], b: batchB[d] })),
    m: ra === 1 ? { size: 1, a: 0 } : { size: a.shape[ra - 2], a: a.strides[ra - 2] },
    n: rb === 1 ? { size: 1, b: 0 } : { size: b.shape[rb - 1], b: b.strides[rb - 1] },
    k: { size: a.shape[ra - 1], a: a.strides[ra - 1], b: b.strides[row] }
  };
}
function inferShape(a, b) {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const text2 = `${formatShape(a.shape)} by ${formatShape(b.shape)}`;
  if (ra === 0 || rb === 0) {
    throw new ShapeError({
      op: "matmul",
      problem: `${text2}: a 0-d tensor is no matrix`,
      operands: [a, b],
      remedy: "use mul to scale"
    });
  }
  const inner = [a.shape[ra - 1], b.shape[rb === 1 ? 0 : rb - 2]];
  if (inner[0] !== inner[1]) {
    throw new ShapeError({
      op: "matmul",
      problem: `${text2}: inner dimensions ${inner[0]} and ${inner[1]} differ`,
      operands: [a, b],
      remedy: transposeRemedy(a.shape, b.shape)
    });
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (batch === null) {
    throw new ShapeError({
      op: "matmul",
      problem: `${text2}: the batch dimensions do not broadcast`,
      operands: [a, b],
      remedy: "all but the last two dimensions are aligned from the right and equal or 1"
    });
  }
  return [...batch, ...ra === 1 ? [] : [a.shape[ra - 2]], ...rb === 1 ? [] : [b.shape[rb - 1]]];
}
function transposeRemedy(a, b) {
  const k2 = a[a.length - 1];
  if (b.length > 1 && b[b.length - 1] === k2) {
    return "transpose the second operand: a.matmul(b.transpose())";
  }
  if (a.length > 1 && a[a.length - 2] === b[Math.max(0, b.length - 2)]) {
    return "transpose the first operand: a.transpose().matmul(b)";
  }
  return "the last size of the first operand must equal the last but one of the second";
}
function matmulReference([a, b], _, [{ shape, dtype }]) {
  const out = ndZeros(shape, dtype);
  const dense3 = (x) => ({ shape: x.shape, strides: contiguousStrides(x.shape) });
  const { batch, m, n, k: k2 } = gemmMap(dense3(a), dense3(b));
  const sizes = [...batch.map((d) => d.size), m.size, n.size];
  const stepsA = [...batch.map((d) => d.a), m.a, 0];
  const stepsB = [...batch.map((d) => d.b), 0, n.b];
  const exact = dtype === "int32" || dtype === "int64";
  forEachIndex(sizes, [stepsA, stepsB], (at4, [i, j]) => {
    let total = exact ? 0n : 0;
    for (let t = 0; t < k2.size; t++) {
      const [x, y] = [a.data[i + t * k2.a], b.data[j + t * k2.b]];
      if (exact) total = total + BigInt(x) * BigInt(y);
      else total = total + Number(x) * Number(y);
    }
    setElement(out, at4, total);
  });
  return out;
}
var MATMUL = defineOp({
  name: "matmul",
  onnx: "MatMul",
  infer(xs) {
    const shape = inferShape(xs[0], xs[1]);
    refuseBool("matmul", xs);
    return { shape, dtype: promoteTypes(xs) };
  },
  operands: (_, [out]) => [out.dtype, out.dtype],
  reference: matmulReference,
  lower: { kind: "gemm", map: gemmMap },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [a, b] = [ctx.input(0), ctx.input(1)];
    const [ra, rb] = [a.shape.length, b.shape.length];
    if (ctx.needs(0)) unbroadcast(ctx, 0, gradLeft(g, b, ra), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, gradRight(g, a, rb), true);
  }
});
function gradLeft(g, b, rankA) {
  if (b.shape.length === 1) return mul(rankA === 1 ? g : unsqueeze(g, -1), b);
  if (rankA === 1) return sumAllBut(-1, matmul(unsqueeze(g, -2), transpose(b)));
  return matmul(g, transpose(b));
}
function gradRight(g, a, rankB) {
  if (a.shape.length === 1) {
    return rankB === 1 ? mul(g, a) : mul(unsqueeze(a, -1), unsqueeze(g, -2));
  }
  if (rankB === 2) return matmul(transpose(asMatrix(a)), asMatrix(g));
  if (rankB > 2) return matmul(transpose(a), g);
  return sumAllBut(-2, matmul(transpose(a), unsqueeze(g, -1)));
}
function sumAllBut(dim, x) {
  const kept = x.shape.length + dim;
  return sum(
    x,
    x.shape.map((_, d) => d).filter((d) => d !== kept)
  );
}
var matmul = (a, b) => apply2(MATMUL, a, b);

// src/ir/ops/attention/blocks.ts
var CAUSAL_SCORES = 256 ** 2;
var HELD_BYTES = 64 * 2 ** 20;
var CAUSAL_BLOCK = { queries: 128, keys: 128 };
var BLOCK = { queries: 512, keys: 256 };
var MOST = 16;
var MOST_BLOCKS = MOST ** 2;
var sizeOf = (x) => x.shape.at(-2);
function blockSize({ shape, dtype }, isCausal) {
  const [queries, keys] = shape.slice(-2);
  const cut2 = isCausal ? queries * keys >= CAUSAL_SCORES : numelOf(shape) * bytesOf(dtype) > HELD_BYTES;
  if (!cut2) return { queries, keys };
  const least = isCausal ? CAUSAL_BLOCK : BLOCK;
  const side = (size, n) => n * Math.max(1, Math.ceil(size / (MOST * n)));
  return { queries: side(queries, least.queries), keys: side(keys, least.keys) };
}
function spans(size, most) {
  const count = Math.max(1, Math.ceil(size / Math.max(1, most)));
  return Array.from({ length: count }, (_, i) => ({
    from: i * most,
    size: Math.min(most, size - i * most)
  }));
}
function blocksOf(q, k2, size, isCausal) {
  const columns = spans(sizeOf(k2), size.keys);
  return spans(sizeOf(q), size.queries).map(
    (queries, i) => columns.filter(({ from }) => !isCausal || from === 0 || from < queries.from + queries.size).map((keys, j) => ({ queries, keys, number: i * columns.length + j }))
  );
}

// src/ir/ops/bitwise.ts
function rule2(name) {
  const binary3 = promotedBinary(name);
  return {
    ...binary3,
    infer(xs) {
      const out = binary3.infer(xs);
      if (!isFloat(out.dtype)) return out;
      throw new DtypeError({
        op: name,
        problem: `takes integers or bools, not ${out.dtype}`,
        operands: xs,
        remedy: "convert first: x.to('int32')"
      });
    }
  };
}
function bitwise(name, onnx, f2, big, expr) {
  const reference2 = elementReference(f2, big);
  return defineOp({ name, onnx, ...rule2(name), reference: reference2, lower: { kind: "element", expr } });
}
var BITWISE_AND = bitwise(
  "bitwiseAnd",
  "BitwiseAnd",
  (x, y) => x & y,
  (x, y) => x & y,
  (e, [x, y]) => e.and(x, y)
);
var BITWISE_OR = bitwise(
  "bitwiseOr",
  "BitwiseOr",
  (x, y) => x | y,
  (x, y) => x | y,
  (e, [x, y]) => e.or(x, y)
);
var BITWISE_XOR = bitwise(
  "bitwiseXor",
  "BitwiseXor",
  (x, y) => x ^ y,
  (x, y) => x ^ y,
  (e, [x, y]) => e.xor(x, y)
);
var BITWISE_NOT = bitwise(
  "bitwiseNot",
  "BitwiseNot",
  (x) => 1 - x,
  (x) => ~x,
  (e, [x]) => e.not(x)
);
var SHIFT_RIGHT = defineOp({
  name: "shiftRight",
  infer(xs) {
    refuseBool("shiftRight", xs);
    return rule2("shiftRight").infer(xs);
  },
  reference(xs, { bits: bits2 }, outputs) {
    const width = xs[0].dtype === "int64" ? 64 : 32;
    const shift3 = (x) => BigInt.asUintN(width, x) >> BigInt(bits2);
    return elementReference(Number, shift3)(xs, null, outputs);
  },
  lower: { kind: "element", expr: (e, [x], { bits: bits2 }) => e.shr(x, bits2) }
});
var bitwiseAnd = (a, b) => apply2(BITWISE_AND, a, b);
var bitwiseOr = (a, b) => apply2(BITWISE_OR, a, b);
var bitwiseXor = (a, b) => apply2(BITWISE_XOR, a, b);
function shiftRight(x, bits2) {
  const most = x.dtype === "int64" ? 63 : 31;
  if (!(Number.isInteger(bits2) && bits2 >= 0 && bits2 <= most)) {
    throw new ValueError({
      op: "shiftRight",
      problem: `bits is a whole number from 0 to ${most}, not ${given(bits2)}`,
      operands: [x]
    });
  }
  return apply1(SHIFT_RIGHT, x, attrs({ bits: bits2 }));
}

// src/ir/ops/log.ts
var LOG = defineOp({
  name: "log",
  onnx: "Log",
  ...floatUnary,
  reference: elementReference(Math.log),
  lower: { kind: "element", expr: (e, [x]) => e.log(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, div(g, ctx.input(0)));
  }
});
var log = (x) => apply1(LOG, x);

// src/ir/ops/rounding.ts
var rounding2 = (name, onnx, f2) => defineOp({
  name,
  onnx,
  ...numericUnary(name),
  reference: elementReference(f2, (x) => x),
  lower: {
    kind: "element",
    expr: (e, [x], _, out) => isFloat(out.dtype) ? e[name](x) : x
  },
  gradient: flat(1)
});
function roundHalfEven(x) {
  const low = Math.floor(x);
  const past = x - low;
  const up = past > 0.5 || past === 0.5 && low % 2 !== 0;
  const y = up ? low + 1 : low;
  return y === 0 && x < 0 ? -0 : y;
}
var FLOOR = rounding2("floor", "Floor", Math.floor);
var CEIL = rounding2("ceil", "Ceil", Math.ceil);
var TRUNC = rounding2("trunc", void 0, Math.trunc);
var ROUND = rounding2("round", "Round", roundHalfEven);
var floor = (x) => apply1(FLOOR, x);
var ceil = (x) => apply1(CEIL, x);
var trunc = (x) => apply1(TRUNC, x);
var round = (x) => apply1(ROUND, x);

// src/ir/ops/sin-cos.ts
var SIN = defineOp({
  name: "sin",
  onnx: "Sin",
  ...floatUnary,
  reference: elementReference(Math.sin),
  lower: { kind: "element", expr: (e, [x]) => e.sin(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, cos(ctx.input(0))));
  }
});
var COS = defineOp({
  name: "cos",
  onnx: "Cos",
  ...floatUnary,
  reference: elementReference(Math.cos),
  lower: { kind: "element", expr: (e, [x]) => e.cos(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, neg(mul(g, sin(ctx.input(0)))));
  }
});
var sin = (x) => apply1(SIN, x);
var cos = (x) => apply1(COS, x);

// src/ir/ops/random.ts
var stateOf = (xs) => xs;
var bits24 = (shape, state, word) => cast(shiftRight(randomBits(shape, state, word), 8), "float32");
var UNIFORM = defineOp({
  name: "uniform",
  infer: (_, { shape }) => ({ shape, dtype: "float32" }),
  decompose: (state, { shape }) => mul(bits24(shape, stateOf(state), 0), 2 ** -24)
});
function uniform(shape, state, device2) {
  checkShape(shape, "uniform");
  return apply(UNIFORM, randomOperands(state), attrs({ shape, device: device2 }))[0];
}
var NORMAL = defineOp({
  name: "normal",
  infer: (_, { shape }) => ({ shape, dtype: "float32" }),
  decompose(state, { shape }) {
    const u = mul(add(bits24(shape, stateOf(state), 0), 1), 2 ** -24);
    const angle = mul(bits24(shape, stateOf(state), 1), 2 * Math.PI / 2 ** 24);
    return mul(sqrt(mul(log(u), -2)), cos(angle));
  }
});
function normal(shape, state, device2) {
  checkShape(shape, "normal");
  return apply(NORMAL, randomOperands(state), attrs({ shape, device: device2 }))[0];
}
var RANDINT = defineOp({
  name: "randint",
  infer: (_, { shape }) => ({ shape, dtype: "int32" }),
  decompose([low, span, ...state], { shape }) {
    const word = cast(randomBits(shape, stateOf(state)), "float64");
    const scaled = mul(mul(add(word, 2 ** 31), 2 ** -32), span);
    return cast(add(floor(scaled), low), "int32");
  }
});
function randint(shape, low, high, state, device2) {
  checkShape(shape, "randint");
  const whole = Number.isInteger(low) && Number.isInteger(high);
  if (!whole || low >= high || low < -(2 ** 31) || high > 2 ** 31) {
    throw new ValueError({
      op: "randint",
      problem: `there is no int32 from ${given(low)} up to but not including ${given(high)}`,
      remedy: "write randint(low, high, shape) with whole numbers, low < high"
    });
  }
  return apply(RANDINT, [low, high - low, ...randomOperands(state)], attrs({ shape, device: device2 }))[0];
}
var BERNOULLI = defineOp({
  name: "bernoulli",
  infer: (_, { shape }) => ({ shape, dtype: "bool" }),
  decompose: ([p, ...state], { shape }) => lt(uniform(shape, stateOf(state)), p)
});
var ALL_BUT_X = 62;
var shareKept = (p, dtype) => typeof p === "number" ? 1 - p : cast(sub(1, cast(p, "float64")), dtype);
var DROPOUT = defineOp({
  name: "dropout",
  onnx: "Dropout",
  infer: ([x]) => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  decompose([x, p, ...state]) {
    const keep3 = ge(uniform(x.shape, stateOf(state)), p);
    return where(keep3, div(x, shareKept(p, floatOf(x.dtype))), 0);
  },
  saves: ALL_BUT_X,
  // The same state gives the same mask: nothing of x's size is kept.
  gradient(ctx, g) {
    const rest = [1, 2, 3, 4, 5].map((i) => ctx.input(i));
    ctx.give(0, apply(DROPOUT, [g, ...rest])[0]);
  }
});
function dropout(x, p, state) {
  if (typeof p === "number" && !(p >= 0 && p <= 1)) {
    throw new ValueError({
      op: "dropout",
      problem: `probability ${p} is not between 0 and 1`,
      operands: [x]
    });
  }
  return apply(DROPOUT, [x, p, ...randomOperands(state)])[0];
}

// src/ir/ops/attention/scores.ts
var commonBatch = (xs) => xs.map((x) => x.shape.slice(0, -2)).reduce((a, b) => a === null || b === null ? null : broadcastShapes(a, b));
function attentionOf([q, k2, v, scale, ...rest], { mask, isCausal, dropout: drops }, dtype) {
  return {
    q: cast(q, dtype),
    k: cast(k2, dtype),
    v: cast(v, dtype),
    scale,
    mask: mask ? rest[0] : null,
    isCausal,
    drop: drops ? dropper(rest.slice(mask ? 1 : 0)) : (weights2) => weights2
  };
}
var scoresType = ({ q, k: k2, v }) => ({
  shape: [...commonBatch([q, k2, v]) ?? [], q.shape.at(-2), k2.shape.at(-2)],
  dtype: q.dtype
});
function part(x, dim, { from, size }) {
  const n = x.shape.at(dim) ?? 1;
  return n === size || n === 1 ? x : narrow(x, dim, from, size);
}
var maskPart = (mask, { queries, keys }) => part(part(mask, -2, queries), -1, keys);
function scores(a, block) {
  const { queries, keys } = block;
  const [q, k2] = [part(a.q, -2, queries), part(a.k, -2, keys)];
  let s = mul(matmul(q, transpose(k2)), a.scale);
  const whole = [...commonBatch([s, a.v]) ?? [], ...s.shape.slice(-2)];
  if (!sameShape(whole, s.shape)) s = expand(s, whole);
  if (a.mask !== null) {
    const mask = maskPart(a.mask, block);
    const isBool = mask.dtype === "bool";
    s = isBool ? where(mask, s, Number.NEGATIVE_INFINITY) : add(s, cast(mask, s.dtype));
  }
  const ahead = keys.from - queries.from;
  if (!a.isCausal || ahead + keys.size - 1 <= 0) return s;
  const key = iota(keys.size, "int32", s.device);
  const query = unsqueeze(iota(queries.size, "int32", s.device), 1);
  return where(le(ahead === 0 ? key : add(key, ahead), query), s, Number.NEGATIVE_INFINITY);
}
function dropper([p, key0, key1, call0, call1]) {
  let streams = null;
  return (weights2, { number: number2 }) => {
    if (number2 === 0) return dropout(weights2, p, [key0, key1, call0, call1]);
    streams ??= bitwiseXor(
      full([MOST_BLOCKS], call1, "int32", weights2.device),
      mul(iota(MOST_BLOCKS, "int32", weights2.device), 2 ** 16)
    );
    const stream = reshape(narrow(streams, 0, number2, 1), []);
    return dropout(weights2, p, [key0, key1, call0, stream]);
  };
}

// src/ir/ops/attention/backward.ts
var Sums = class {
  parts = /* @__PURE__ */ new Map();
  add({ from }, x) {
    const before = this.parts.get(from);
    this.parts.set(from, before === void 0 ? x : add(before, x));
  }
  /** All of them along dimension `dim`, in the order of their spans. */
  joined(dim, finish3 = (x) => x) {
    const parts2 = [...this.parts].sort(([a], [b]) => a - b).map(([, x]) => finish3(x));
    return parts2.length === 1 ? parts2[0] : concat(parts2, dim);
  }
};
var MaskSums = class {
  mask;
  rows = /* @__PURE__ */ new Map();
  constructor(mask) {
    this.mask = mask;
  }
  add(block, ds) {
    const [queries, keys] = [this.along(-2, block.queries), this.along(-1, block.keys)];
    const row = this.rows.get(queries.from) ?? { span: queries, sums: new Sums() };
    this.rows.set(queries.from, row);
    row.sums.add(keys, sumTo(ds, maskPart(this.mask, block).shape));
  }
  joined() {
    const all3 = new Sums();
    for (const { span, sums } of this.rows.values()) all3.add(span, sums.joined(-1));
    return all3.joined(-2);
  }
  /** Where a block's part lies in the mask. */
  along(dim, span) {
    return (this.mask.shape.at(dim) ?? 1) === 1 ? { from: 0, size: 1 } : span;
  }
};
function backpropagate(a, { out, sums, g, gSums }, size, ofMask) {
  const level = sub(sum(mul(g, out), -1, true), gSums);
  const [dq2, dk, dv] = [new Sums(), new Sums(), new Sums()];
  const dMask = ofMask ? new MaskSums(a.mask) : null;
  for (const block of blocksOf(a.q, a.k, size, a.isCausal).flat()) {
    const rows = (x) => part(x, -2, block.queries);
    const columns = (x) => part(x, -2, block.keys);
    const p = exp(sub(scores(a, block), rows(sums)));
    const h = a.drop(matmul(rows(g), transpose(columns(a.v))), block);
    const ds = mul(p, sub(h, rows(level)));
    dq2.add(block.queries, matmul(ds, columns(a.k)));
    dk.add(block.keys, matmul(transpose(ds), rows(a.q)));
    dv.add(block.keys, matmul(transpose(a.drop(p, block)), rows(g)));
    dMask?.add(block, ds);
  }
  const scaled = (x) => mul(x, a.scale);
  return [
    dq2.joined(-2, scaled),
    withRest(dk.joined(-2, scaled), a.k),
    withRest(dv.joined(-2), a.v),
    ...dMask === null ? [] : [dMask.joined()]
  ];
}
function withRest(gradient, of) {
  const rest = of.shape.at(-2) - gradient.shape.at(-2);
  if (rest === 0) return gradient;
  const zeros3 = full(gradient.shape.with(-2, rest), 0, gradient.dtype, gradient.device);
  return concat([gradient, zeros3], -2);
}

// src/ir/ops/maximum.ts
function share3(ctx, g, lost) {
  for (const i of [0, 1]) {
    if (!ctx.needs(i)) continue;
    const [own, other] = [ctx.input(i), ctx.input(1 - i)];
    const part2 = where(eq(own, other), mul(g, 0.5), g);
    unbroadcast(ctx, i, where(lost(own, other), 0, part2), true);
  }
}
var MAXIMUM = defineOp({
  name: "maximum",
  onnx: "Max",
  ...promotedBinary("maximum"),
  reference: elementReference(Math.max, (x, y) => x > y ? x : y),
  lower: {
    kind: "element",
    expr: (e, [x, y], _, out) => out.dtype === "bool" ? e.or(x, y) : e.max(x, y)
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient: (ctx, g) => share3(ctx, g, lt)
});
var MINIMUM = defineOp({
  name: "minimum",
  onnx: "Min",
  ...promotedBinary("minimum"),
  reference: elementReference(Math.min, (x, y) => x < y ? x : y),
  lower: {
    kind: "element",
    expr: (e, [x, y], _, out) => out.dtype === "bool" ? e.and(x, y) : e.min(x, y)
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient: (ctx, g) => share3(ctx, g, gt)
});
var maximum = (a, b) => apply2(MAXIMUM, a, b);
var minimum = (a, b) => apply2(MINIMUM, a, b);

// src/ir/ops/attention/forward.ts
function attend(a, size) {
  const blocks2 = blocksOf(a.q, a.k, size, a.isCausal);
  if (a.k.shape.at(-2) === 0) return attendToNothing(a, blocks2[0][0]);
  const rows = blocks2.map((row) => finish(run(a, row)));
  return [joined(rows.map(([out]) => out)), joined(rows.map(([, sums]) => sums))];
}
var joined = (xs) => xs.length === 1 ? xs[0] : concat(xs, -2);
function attendToNothing(a, all3) {
  const s = scores(a, all3);
  return [matmul(s, a.v), sum(s, -1, true)];
}
var run = (a, blocks2) => blocks2.reduce((before, block) => step(a, block, before), null);
function step(a, block, before) {
  const s = scores(a, block);
  const own = max(s, -1, true);
  const top = before === null ? own : maximum(before.top, own);
  const shift3 = where(eq(top, Number.NEGATIVE_INFINITY), 0, top);
  const e = exp(sub(s, shift3));
  const total = sum(e, -1, true);
  const mixed2 = matmul(a.drop(e, block), part(a.v, -2, block.keys));
  if (before === null) return { top, total, mixed: mixed2, shift: shift3 };
  const shrink = exp(sub(before.top, shift3));
  return {
    top,
    total: add(mul(before.total, shrink), total),
    mixed: add(mul(before.mixed, shrink), mixed2),
    shift: shift3
  };
}
function finish({ total, mixed: mixed2, shift: shift3 }) {
  const safe = where(eq(total, 0), 1, total);
  return [div(mixed2, safe), add(log(safe), shift3)];
}

// src/ir/ops/attention/scaled-dot-product-attention.ts
var OP = "scaledDotProductAttention";
var ATTENTION_GRAD = defineOp({
  name: "scaledDotProductAttentionGrad",
  infer(xs, { ofMask }) {
    const [g, , , , q, k2, v, , mask] = xs;
    const batch = g.shape.slice(0, -2);
    const whole = (x) => ({ shape: [...batch, ...x.shape.slice(-2)], dtype: g.dtype });
    return [q, k2, v].map(whole).concat(ofMask ? [{ shape: mask.shape, dtype: g.dtype }] : []);
  },
  decompose(operands, { ofMask, ...a }) {
    const [g, gSums, out, sums] = operands;
    const attention = attentionOf(operands.slice(4), a, g.dtype);
    const size = blockSize(scoresType(attention), a.isCausal);
    return backpropagate(attention, { out, sums, g, gSums }, size, ofMask);
  }
});
var SCALED_DOT_PRODUCT_ATTENTION = defineOp({
  name: OP,
  onnx: "Attention",
  infer(xs, a) {
    const [q, k2, v] = xs;
    const batch = checkShapes(xs.slice(0, 3), a.mask ? xs[4] : null);
    const [rows, columns] = [q.shape.at(-2), v.shape.at(-1)];
    const dtype = floatOf(promoteTypes([q, k2, v]));
    return [
      { shape: [...batch, rows, columns], dtype },
      { shape: [...batch, rows, 1], dtype }
    ];
  },
  decompose(operands, a) {
    const dtype = floatOf(promoteTypes(operands.slice(0, 3)));
    const attention = attentionOf(operands, a, dtype);
    return attend(attention, blockSize(scoresType(attention), a.isCausal));
  },
  saves: SAVE.inputs | SAVE.out0 | SAVE.out1,
  gradient(ctx, g, [, gSums]) {
    const { mask, isCausal, dropout: dropout5 } = ctx.attrs;
    const count = 4 + (mask ? 1 : 0) + (dropout5 ? 5 : 0);
    const inputs = Array.from({ length: count }, (_, i) => ctx.input(i));
    const own = [g, gSums, ctx.output(0), ctx.output(1)];
    const ofMask = mask && ctx.needs(4);
    const a = attrs({ mask, isCausal, dropout: dropout5, ofMask });
    const out = apply(ATTENTION_GRAD, [...own, ...inputs], a);
    for (const i of [0, 1, 2]) give(ctx, i, out[i]);
    if (ofMask) give(ctx, 4, out[3]);
  }
});
function give(ctx, i, g) {
  if (!ctx.needs(i)) return;
  const { shape, dtype } = ctx.inputType(i);
  const own = sameShape(g.shape, shape) ? g : sumTo(g, shape);
  ctx.give(i, cast(own, dtype));
}
function checkShapes(xs, mask) {
  const [q, k2, v] = xs.map((x) => x.shape);
  const operands = mask === null ? xs : [...xs, mask];
  const refuse2 = (problem, remedy2) => {
    throw new ShapeError({ op: OP, problem, operands, remedy: remedy2 });
  };
  const text2 = `queries ${formatShape(q)}, keys ${formatShape(k2)} and values ${formatShape(v)}`;
  if (xs.some((x) => x.shape.length < 2)) {
    refuse2(`${text2} have two dimensions at least`, "shapes are [..., positions, features]");
  }
  if (q.at(-1) !== k2.at(-1)) {
    refuse2(
      `${text2}: a query has ${q.at(-1)} features, a key ${k2.at(-1)}`,
      "the last sizes of queries and keys are equal"
    );
  }
  if (k2.at(-2) !== v.at(-2)) {
    refuse2(`${text2}: there are ${k2.at(-2)} keys, ${v.at(-2)} values`, "each key has one value");
  }
  const batch = commonBatch(xs);
  if (batch === null) {
    return refuse2(`${text2}: the batch dimensions do not broadcast`, "all but the last two agree");
  }
  const score = [...batch, q.at(-2), k2.at(-2)];
  if (mask !== null && !sameShape(broadcastShapes(mask.shape, score) ?? [-1], score)) {
    refuse2(
      `a mask of shape ${formatShape(mask.shape)} does not broadcast to the scores ${formatShape(score)}`,
      "it has a row for each query and a column for each key"
    );
  }
  return batch;
}
function scaledDotProductAttention(q, k2, v, options = {}, drop = null) {
  checkOptions(OP, options, ["mask", "isCausal", "scale"]);
  requireTensor(OP, "query", q);
  requireTensor(OP, "key", k2);
  requireTensor(OP, "value", v);
  const { mask = null, isCausal = false } = options;
  checkMask([q, k2, v], mask, isCausal);
  const scale = options.scale ?? 1 / Math.sqrt(Math.max(1, q.shape.at(-1) ?? 1));
  if (typeof scale !== "number" || !Number.isFinite(scale)) {
    throw new ValueError({ op: OP, problem: `scale is a finite number, not ${given(scale)}` });
  }
  const random = drop === null ? [] : [drop.p, ...randomOperands(drop.state)];
  const operands = [q, k2, v, scale, ...mask === null ? [] : [mask], ...random];
  const a = attrs({ mask: mask !== null, isCausal, dropout: drop !== null });
  return apply(SCALED_DOT_PRODUCT_ATTENTION, operands, a)[0];
}
function checkMask(xs, mask, isCausal) {
  if (typeof isCausal !== "boolean") {
    throw new ValueError({
      op: OP,
      problem: `isCausal must be true or false, not ${given(isCausal)}`
    });
  }
  if (mask === null) return;
  requireTensor(OP, "mask", mask);
  if (isCausal) {
    throw new ValueError({
      op: OP,
      problem: "a mask and isCausal were given",
      operands: [...xs, mask],
      remedy: "put both into the mask, e.g. mask.tril() of a mask of bools"
    });
  }
  if (mask.dtype === "bool" || isFloat(mask.dtype)) return;
  throw new DtypeError({
    op: OP,
    problem: `the mask is ${mask.dtype}, neither bool nor float`,
    operands: [...xs, mask],
    remedy: "convert it, mask.to('bool'): true where a query may attend"
  });
}

// src/ir/ops/mean.ts
var countOf = (shape, dims) => numelOf(dims.map((d) => shape[d]));
var MEAN = defineOp({
  name: "mean",
  onnx: "ReduceMean",
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: floatOf(x.dtype)
  }),
  decompose([x], { dims, keepdim }) {
    const { shape, dtype } = x;
    return div(sum(cast(x, floatOf(dtype)), dims, keepdim), countOf(shape, dims));
  },
  gradient(ctx, g) {
    const { dims, keepdim } = ctx.attrs;
    const { shape } = ctx.inputType(0);
    ctx.alias(0, expandDims(mul(g, 1 / countOf(shape, dims)), shape, dims, keepdim));
  }
});
function mean(x, dim, keepdim = false) {
  return apply1(MEAN, x, attrs({ dims: normalizeDims(dim, x.shape.length, "mean"), keepdim }));
}

// src/ir/ops/grad-composite.ts
function elementComposite(name, decompose) {
  const def = defineOp({
    name,
    infer: (xs) => ({ shape: broadcastTypes(name, xs), dtype: floatOf(promoteTypes(xs)) }),
    decompose: (xs) => decompose(...xs)
  });
  return (...operands) => apply(def, operands)[0];
}

// src/ir/ops/rsqrt.ts
var rsqrtGrad = elementComposite(
  "rsqrtGrad",
  (g, y) => mul(g, mul(mul(y, -0.5), mul(y, y)))
);
var RSQRT = defineOp({
  name: "rsqrt",
  infer: floatUnary.infer,
  decompose: ([x]) => div(1, sqrt(x)),
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, rsqrtGrad(g, ctx.output(0)));
  }
});
var rsqrt = (x) => apply1(RSQRT, x);

// src/ir/ops/layer-norm.ts
var SAVE_STATISTICS = SAVE.out1 | SAVE.out1 << 1;
var lastDims = (shape, rank) => Array.from({ length: rank }, (_, i) => shape.length - rank + i);
function checkEps(op, eps) {
  if (typeof eps === "number" && Number.isFinite(eps) && eps >= 0) return eps;
  throw new ValueError({ op, problem: `eps must be a number from 0, not ${given(eps)}` });
}
var LAYER_NORM_GRAD = defineOp({
  name: "layerNormGrad",
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  decompose(operands, { rank, eps, weight: weight2 }) {
    const [g, operand, mean3, variance3, gMean, gVariance, w] = operands;
    const dims = lastDims(g.shape, rank);
    const count = dims.reduce((n, d) => n * g.shape[d], 1);
    const h = weight2 ? mul(g, w) : g;
    const off = sub(cast(operand, g.dtype), mean3);
    const r = rsqrt(add(variance3, eps));
    const level = sub(mul(r, mean(h, dims, true)), mul(gMean, 1 / count));
    const along = mul(mul(mul(r, r), r), mean(mul(h, off), dims, true));
    const slope2 = sub(along, mul(gVariance, 2 / count));
    return sub(sub(mul(h, r), level), mul(off, slope2));
  }
});
var LAYER_NORM_WEIGHT_GRAD = defineOp({
  name: "layerNormWeightGrad",
  infer([g, , , , w]) {
    const type = { shape: w.shape, dtype: g.dtype };
    return [type, type];
  },
  decompose(operands, { eps }) {
    const [g, x, mean3, variance3, w] = operands;
    const off = sub(cast(x, g.dtype), mean3);
    const along = mul(g, mul(off, rsqrt(add(variance3, eps))));
    return [sumTo(along, w.shape), sumTo(g, w.shape)];
  }
});
var LAYER_NORM = defineOp({
  name: "layerNorm",
  onnx: "LayerNormalization",
  infer(xs, a) {
    const [x] = xs;
    const rows = x.shape.length - a.rank;
    const normalized = x.shape.slice(Math.max(0, rows));
    const misfit3 = xs.slice(1).find((p) => !sameShape(p.shape, normalized));
    if (rows < 0 || misfit3 !== void 0) {
      throw new ShapeError({
        op: "layerNorm",
        problem: misfit3 === void 0 ? `${formatShape(x.shape)} has fewer than ${a.rank} dimensions` : `${formatShape(misfit3.shape)} does not fit the normalised ${formatShape(normalized)}`,
        operands: xs,
        remedy: "weight and bias have the shape of the dimensions that are normalised"
      });
    }
    const dtype = floatOf(promoteTypes(xs));
    const statistic = { shape: x.shape.map((n, d) => d < rows ? n : 1), dtype };
    return [{ shape: x.shape, dtype }, statistic, statistic];
  },
  decompose(operands, { rank, eps, weight: weight2, bias }) {
    const values = operands;
    const x = cast(values[0], floatOf(promoteTypes(values)));
    const dims = lastDims(x.shape, rank);
    const mean3 = mean(x, dims, true);
    const off = sub(x, mean3);
    const variance3 = mean(mul(off, off), dims, true);
    let y = mul(off, rsqrt(add(variance3, eps)));
    if (weight2) y = mul(y, values[1]);
    if (bias) y = add(y, values[values.length - 1]);
    return [y, mean3, variance3];
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE_STATISTICS,
  gradient(ctx, g, [, gMean, gVariance]) {
    const { weight: weight2, bias } = ctx.attrs;
    const [mean3, variance3] = [ctx.output(1), ctx.output(2)];
    const x = ctx.input(0);
    const w = weight2 ? [ctx.input(1)] : [];
    if (ctx.needs(0)) {
      const operands = [g, x, mean3, variance3, gMean, gVariance, ...w];
      unbroadcast(ctx, 0, apply(LAYER_NORM_GRAD, operands, ctx.attrs)[0], true);
    }
    const last = weight2 ? 2 : 1;
    const needsBias = bias && ctx.needs(last);
    if (weight2 && ctx.needs(1)) {
      const operands = [g, x, mean3, variance3, ...w];
      const [along, all3] = apply(LAYER_NORM_WEIGHT_GRAD, operands, ctx.attrs);
      unbroadcast(ctx, 1, along, true);
      if (needsBias) unbroadcast(ctx, last, all3, true);
    } else if (needsBias) unbroadcast(ctx, last, g);
  }
});
function layerNorm(x, normalizedShape, weight2 = null, bias = null, options = {}) {
  checkOptions("layerNorm", options, ["eps"]);
  requireTensor("layerNorm", "input", x);
  if (weight2 !== null) requireTensor("layerNorm", "weight", weight2);
  if (bias !== null) requireTensor("layerNorm", "bias", bias);
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  const tail = Array.isArray(shape) ? x.shape.slice(x.shape.length - shape.length) : [];
  if (!Array.isArray(shape) || shape.length === 0 || !sameShape(tail, shape)) {
    throw new ShapeError({
      op: "layerNorm",
      problem: `the last dimensions of ${formatShape(x.shape)} are not ${given(normalizedShape)}`,
      operands: [x],
      remedy: "normalizedShape lists the sizes of the last dimensions, one at least"
    });
  }
  const a = attrs({
    rank: shape.length,
    eps: checkEps("layerNorm", options.eps ?? 1e-5),
    weight: weight2 !== null,
    bias: bias !== null
  });
  return apply(
    LAYER_NORM,
    [x, weight2, bias].filter((v) => v !== null),
    a
  )[0];
}

// src/ir/ops/batch-norm.ts
var SAVE_STATISTICS2 = SAVE.out1 | SAVE.out1 << 1;
var dimsOf = (x) => x.shape.flatMap((_, d) => d === 1 ? [] : [d]);
var countOf2 = (x) => numelOf(x.shape.toSpliced(1, 1));
var across = (channels, x) => reshape(
  channels,
  x.shape.map((n, d) => d === 1 ? n : 1)
);
function typeOf2(xs) {
  const [x, ...others] = xs;
  const [, channels] = x.shape;
  const misfit3 = others.find((p) => p.shape.length !== 1 || p.shape[0] !== channels);
  if (x.shape.length < 2 || misfit3 !== void 0) {
    throw new ShapeError({
      op: "batchNorm",
      problem: misfit3 === void 0 || x.shape.length < 2 ? `the input ${formatShape(x.shape)} has no channels` : `${formatShape(misfit3.shape)} does not fit the ${channels} channels of ${formatShape(x.shape)}`,
      operands: xs,
      remedy: "channels are dimension 1 of the input; statistics, weight and bias are [channels]"
    });
  }
  return { shape: x.shape, dtype: floatOf(promoteTypes(xs)) };
}
function affine(y, rest, { weight: weight2, bias }) {
  const scaled = weight2 ? mul(y, across(rest[0], y)) : y;
  return bias ? add(scaled, across(rest[rest.length - 1], y)) : scaled;
}
var BATCH_NORM_GRAD = defineOp({
  name: "batchNormGrad",
  infer([g, , mean3]) {
    const channels = { shape: mean3.shape, dtype: g.dtype };
    return [{ shape: g.shape, dtype: g.dtype }, channels, channels];
  },
  decompose(operands, { eps, weight: weight2 }) {
    const [g, x, mean3, variance3, gMean, gVariance, w] = operands;
    const part2 = 1 / countOf2(g);
    const dims = dimsOf(g);
    const off = sub(cast(x, g.dtype), across(mean3, g));
    const r = rsqrt(add(across(variance3, g), eps));
    const gSum = sum(g, dims, true);
    const offSum = mul(sum(mul(g, off), dims, true), r);
    const scale = weight2 ? mul(r, across(w, g)) : r;
    const level = mul(sub(mul(scale, gSum), across(gMean, g)), part2);
    const along = mul(mul(scale, r), offSum);
    const slope2 = mul(sub(along, mul(across(gVariance, g), 2)), part2);
    const dx = sub(sub(mul(g, scale), level), mul(off, slope2));
    return [dx, reshape(offSum, mean3.shape), reshape(gSum, mean3.shape)];
  }
});
var BATCH_NORM_TRAINING = defineOp({
  name: "batchNormTraining",
  onnx: "BatchNormalization",
  infer(xs) {
    const y = typeOf2(xs);
    const channels = { shape: [y.shape[1]], dtype: y.dtype };
    return [y, channels, channels];
  },
  decompose(operands, a) {
    const [operand, ...rest] = operands;
    const x = cast(operand, floatOf(promoteTypes([operand, ...rest])));
    const dims = dimsOf(x);
    const mean3 = mean(x, dims, true);
    const off = sub(x, mean3);
    const variance3 = mean(mul(off, off), dims, true);
    const y = affine(mul(off, rsqrt(add(variance3, a.eps))), rest, a);
    const shape = [x.shape[1]];
    return [y, reshape(mean3, shape), reshape(variance3, shape)];
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE_STATISTICS2,
  gradient(ctx, g, [, gMean, gVariance]) {
    const { weight: weight2, bias } = ctx.attrs;
    const operands = [g, ctx.input(0), ctx.output(1), ctx.output(2), gMean, gVariance];
    if (weight2) operands.push(ctx.input(1));
    const [dx, dw, db] = apply(BATCH_NORM_GRAD, operands, ctx.attrs);
    if (ctx.needs(0)) unbroadcast(ctx, 0, dx, true);
    if (weight2 && ctx.needs(1)) unbroadcast(ctx, 1, dw, true);
    const last = weight2 ? 2 : 1;
    if (bias && ctx.needs(last)) unbroadcast(ctx, last, db, true);
  }
});
var CENTRED_SUM_GRAD = defineOp({
  name: "centredSumGrad",
  infer: ([g, , mean3]) => ({ shape: mean3.shape, dtype: g.dtype }),
  decompose(operands) {
    const [g, x, mean3] = operands;
    return sum(mul(g, sub(cast(x, g.dtype), across(mean3, g))), dimsOf(g));
  }
});
var BATCH_NORM = defineOp({
  name: "batchNorm",
  onnx: "BatchNormalization",
  infer: (xs) => typeOf2(xs),
  decompose(operands, a) {
    const values = operands;
    const [operand, mean3, variance3, ...rest] = values;
    const x = cast(operand, floatOf(promoteTypes(values)));
    const r = rsqrt(add(cast(variance3, x.dtype), a.eps));
    return affine(mul(sub(x, across(mean3, x)), across(r, x)), rest, a);
  },
  saves: SAVE.inputs,
  gradient(ctx, g) {
    const { eps, weight: weight2, bias } = ctx.attrs;
    const [x, mean3, variance3] = [0, 1, 2].map((i) => ctx.input(i));
    const r = rsqrt(add(cast(variance3, g.dtype), eps));
    const scale = weight2 ? mul(r, ctx.input(3)) : r;
    if (ctx.needs(0)) unbroadcast(ctx, 0, mul(g, across(scale, g)), true);
    const last = weight2 ? 4 : 3;
    const gSum = bias && ctx.needs(last) || ctx.needs(1) ? sum(g, dimsOf(g)) : null;
    if (bias && ctx.needs(last)) unbroadcast(ctx, last, gSum);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(mul(gSum, scale)), true);
    if (!ctx.needs(2) && !(weight2 && ctx.needs(3))) return;
    const centred = mul(apply(CENTRED_SUM_GRAD, [g, x, mean3])[0], r);
    if (weight2 && ctx.needs(3)) unbroadcast(ctx, 3, centred);
    if (ctx.needs(2)) unbroadcast(ctx, 2, mul(mul(centred, -0.5), mul(scale, r)), true);
  }
});
var RUNNING_UPDATE = defineOp({
  name: "runningUpdate",
  infer: ([mean3, variance3]) => [
    { shape: mean3.shape, dtype: mean3.dtype },
    { shape: variance3.shape, dtype: variance3.dtype }
  ],
  decompose([oldMean, oldVariance, mean3, variance3, share5, correction]) {
    const [m, v] = [oldMean, oldVariance];
    const as3 = (x, to) => typeof x === "number" ? x : cast(x, to.dtype);
    const blend = (old, now) => {
      const s = as3(share5, old);
      return add(mul(old, typeof s === "number" ? 1 - s : sub(1, s)), mul(now, s));
    };
    const unbiased = mul(cast(variance3, v.dtype), as3(correction, v));
    return [blend(m, cast(mean3, m.dtype)), blend(v, unbiased)];
  }
});
function batchNormAttrs(op, options, weight2, bias) {
  checkOptions(op, options, ["eps"]);
  if (weight2 !== null) requireTensor(op, "weight", weight2);
  if (bias !== null) requireTensor(op, "bias", bias);
  const eps = checkEps(op, options.eps ?? 1e-5);
  return attrs({ eps, weight: weight2 !== null, bias: bias !== null });
}
var present = (...xs) => xs.filter((x) => x !== null);
function batchNorm(x, mean3, variance3, weight2 = null, bias = null, options = {}) {
  const a = batchNormAttrs("batchNorm", options, weight2, bias);
  requireTensor("batchNorm", "mean", mean3);
  requireTensor("batchNorm", "variance", variance3);
  return apply(BATCH_NORM, present(x, mean3, variance3, weight2, bias), a)[0];
}
function batchNormTraining(x, weight2 = null, bias = null, options = {}) {
  const a = batchNormAttrs("batchNorm", options, weight2, bias);
  const [y, mean3, variance3] = apply(BATCH_NORM_TRAINING, present(x, weight2, bias), a);
  return [y, mean3, variance3];
}

// src/ir/ops/clamp.ts
function bounds(a, at4) {
  return [a.low ? at4(1) : null, a.high ? at4(a.low ? 2 : 1) : null];
}
var CLAMP = defineOp({
  name: "clamp",
  onnx: "Clip",
  infer: promotedBinary("clamp").infer,
  decompose(xs, a) {
    const [low, high] = bounds(a, (i) => xs[i]);
    const raised = low === null ? xs[0] : maximum(xs[0], low);
    return high === null ? raised : minimum(raised, high);
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE.in2,
  gradient(ctx, g) {
    const x = ctx.input(0);
    const [low, high] = bounds(ctx.attrs, (i) => ctx.input(i));
    if (ctx.needs(0)) {
      const above = low === null ? null : ge(x, low);
      const below2 = high === null ? null : le(x, high);
      const inner = above === null ? g : where(above, g, 0);
      unbroadcast(ctx, 0, below2 === null ? inner : where(below2, inner, 0), true);
    }
    giveBounds(ctx, g, x, low, high);
  }
});
function giveBounds(ctx, g, x, low, high) {
  const highAt = low === null ? 1 : 2;
  if (low !== null && ctx.needs(1)) {
    const passed = high === null ? lt(x, low) : logicalNot(logicalOr(ge(x, low), ge(low, high)));
    unbroadcast(ctx, 1, where(passed, g, 0), true);
  }
  if (high !== null && ctx.needs(highAt)) {
    const passed = low === null ? gt(x, high) : logicalOr(gt(x, high), gt(low, high));
    unbroadcast(ctx, highAt, where(passed, g, 0), true);
  }
}
function clamp(x, low = null, high = null) {
  if (low === null && high === null) {
    throw new ValueError({ op: "clamp", problem: "give a lower or an upper bound", operands: [x] });
  }
  const operands = [x, low, high].filter((o) => o !== null);
  return apply(CLAMP, operands, attrs({ low: low !== null, high: high !== null }))[0];
}

// src/ir/ops/conv2d.ts
var windows = (n, k2, stride, padding, dilation) => Math.floor((n + 2 * padding - dilation * (k2 - 1) - 1) / stride) + 1;
function geometryOf(x, w, a) {
  const at4 = (i) => windows(x[2 + i], w[2 + i], a.stride[i], a.padding[i], a.dilation[i]);
  return {
    batch: x[0],
    groups: a.groups,
    inChannels: x[1],
    outChannels: w[0],
    input: [x[2], x[3]],
    kernel: [w[2], w[3]],
    output: [at4(0), at4(1)],
    stride: a.stride,
    padding: a.padding,
    dilation: a.dilation
  };
}
function checked(op, x, w, a) {
  const fail3 = (problem, remedy2) => {
    throw new ShapeError({ op, problem, operands: [x, w], remedy: remedy2 });
  };
  if (x.shape.length !== 4) {
    fail3(
      `the input ${formatShape(x.shape)} is not [batch, channels, height, width]`,
      x.shape.length === 3 ? "add a batch dimension: x.unsqueeze(0)" : void 0
    );
  }
  if (w.shape.length !== 4) {
    fail3(`the weight ${formatShape(w.shape)} is not [outputs, inputs / groups, height, width]`);
  }
  const [channels, perGroup] = [x.shape[1], w.shape[1]];
  if (channels !== perGroup * a.groups) {
    fail3(
      `the input has ${channels} channels, but the weight ${formatShape(w.shape)} with ${a.groups} group${a.groups === 1 ? "" : "s"} expects ${perGroup * a.groups}`,
      x.shape[3] === perGroup * a.groups ? "images are [batch, channels, height, width]: x.permute([0, 3, 1, 2])" : void 0
    );
  }
  if (w.shape[0] % a.groups !== 0) {
    fail3(`${w.shape[0]} outputs do not split into ${a.groups} groups`);
  }
  const g = geometryOf(x.shape, w.shape, a);
  if (g.output[0] < 1 || g.output[1] < 1) {
    fail3(
      `a ${g.kernel.join("x")} kernel (dilation ${a.dilation.join("x")}) is larger than the ${g.input.join("x")} input with padding ${a.padding.join("x")}`,
      "pad the input or use a smaller kernel"
    );
  }
  const dtype = promoteTypes([x, w]);
  if (dtype !== "float32" && dtype !== "float64") {
    throw new DtypeError({
      op,
      problem: `takes floats, not ${dtype}`,
      operands: [x, w],
      remedy: "convert first: x.to('float32')"
    });
  }
  return g;
}
function forEachProduct(g, visit) {
  const { batch, groups, input, kernel, output, stride, padding, dilation } = g;
  const [inner, outer] = [g.inChannels / groups, g.outChannels / groups];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let oh = 0; oh < output[0]; oh++)
        for (let ow = 0; ow < output[1]; ow++) {
          const y = ((n * g.outChannels + o) * output[0] + oh) * output[1] + ow;
          for (let c2 = 0; c2 < inner; c2++)
            for (let kh = 0; kh < kernel[0]; kh++)
              for (let kw = 0; kw < kernel[1]; kw++) {
                const h = oh * stride[0] - padding[0] + kh * dilation[0];
                const w = ow * stride[1] - padding[1] + kw * dilation[1];
                const outside3 = h < 0 || h >= input[0] || w < 0 || w >= input[1];
                const channel = Math.floor(o / outer) * inner + c2;
                visit(
                  outside3 ? -1 : ((n * g.inChannels + channel) * input[0] + h) * input[1] + w,
                  ((o * inner + c2) * kernel[0] + kh) * kernel[1] + kw,
                  y
                );
              }
        }
}
var bothFloat = (_, [out]) => [out.dtype, out.dtype];
var CONV2D = defineOp({
  name: "conv2d",
  onnx: "Conv",
  infer(xs, a) {
    const g = checked("conv2d", xs[0], xs[1], a);
    return { shape: [g.batch, g.outChannels, ...g.output], dtype: promoteTypes(xs) };
  },
  operands: bothFloat,
  reference([x, w], a, [{ shape, dtype }]) {
    const y = ndZeros(shape, dtype);
    forEachProduct(geometryOf(x.shape, w.shape, a), (i, j, k2) => {
      y.data[k2] += Number(x.data[i] ?? 0) * Number(w.data[j]);
    });
    return y;
  },
  lower: {
    kind: "conv",
    face: "forward",
    geometry: ([x, w], a) => geometryOf(x.shape, w.shape, a)
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, w] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) unbroadcast(ctx, 0, inputFace(g, w, ctx.attrs, sizeOf2(x)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, weightFace(x, g, ctx.attrs, sizeOf2(w)), true);
  }
});
var sizeOf2 = (x) => [x.shape[2], x.shape[3]];
var inputShape = (dy, w, a) => [
  dy.shape[0],
  w.shape[1] * a.groups,
  ...a.size
];
var weightShape = (x, dy, a) => [
  dy.shape[1],
  x.shape[1] / a.groups,
  ...a.size
];
function checkGradient(op, g, dy, operands) {
  const want = [g.batch, g.outChannels, ...g.output];
  if (want.length === dy.shape.length && want.every((n, d) => n === dy.shape[d])) return;
  throw new ShapeError({
    op,
    problem: `the gradient ${formatShape(dy.shape)} is not ${formatShape(want)}`,
    operands
  });
}
var CONV2D_INPUT = defineOp({
  name: "conv2dInput",
  onnx: "ConvTranspose",
  infer(xs, a) {
    const [dy, w] = xs;
    const shape = inputShape(dy, w, a);
    const x = { shape, dtype: dy.dtype };
    checkGradient("conv2dInput", checked("conv2dInput", x, w, a), dy, xs);
    return { shape, dtype: promoteTypes(xs) };
  },
  operands: bothFloat,
  reference([dy, w], a, [{ shape, dtype }]) {
    const dx = ndZeros(shape, dtype);
    forEachProduct(geometryOf(shape, w.shape, a), (i, j, k2) => {
      if (i >= 0) dx.data[i] += Number(dy.data[k2]) * Number(w.data[j]);
    });
    return dx;
  },
  lower: {
    kind: "conv",
    face: "input",
    geometry: ([dy, w], a) => geometryOf(inputShape(dy, w, a), w.shape, a)
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [dy, w] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) unbroadcast(ctx, 0, forwardFace(g, w, ctx.attrs), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, weightFace(g, dy, ctx.attrs, sizeOf2(w)), true);
  }
});
var CONV2D_WEIGHT = defineOp({
  name: "conv2dWeight",
  infer(xs, a) {
    const [x, dy] = xs;
    const shape = weightShape(x, dy, a);
    const w = { shape, dtype: x.dtype };
    checkGradient("conv2dWeight", checked("conv2dWeight", x, w, a), dy, xs);
    return { shape, dtype: promoteTypes(xs) };
  },
  operands: bothFloat,
  reference([x, dy], a, [{ shape, dtype }]) {
    const dw = ndZeros(shape, dtype);
    forEachProduct(geometryOf(x.shape, shape, a), (i, j, k2) => {
      dw.data[j] += Number(x.data[i] ?? 0) * Number(dy.data[k2]);
    });
    return dw;
  },
  lower: {
    kind: "conv",
    face: "weight",
    geometry: ([x, dy], a) => geometryOf(x.shape, weightShape(x, dy, a), a)
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, dy] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) unbroadcast(ctx, 0, inputFace(dy, g, ctx.attrs, sizeOf2(x)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, forwardFace(x, g, ctx.attrs), true);
  }
});
var plain2 = ({ stride, padding, dilation, groups }) => ({
  stride,
  padding,
  dilation,
  groups
});
var forwardFace = (x, w, a) => apply2(CONV2D, x, w, attrs(plain2(a)));
var inputFace = (dy, w, a, size) => apply2(CONV2D_INPUT, dy, w, attrs({ ...plain2(a), size }));
var weightFace = (x, dy, a, size) => apply2(CONV2D_WEIGHT, x, dy, attrs({ ...plain2(a), size }));
var CONV2D_BIAS = defineOp({
  name: "conv2dBias",
  onnx: "Conv",
  infer(xs, a) {
    const [x, w, b] = xs;
    const g = checked("conv2d", x, w, a);
    if (b.shape.length !== 1 || b.shape[0] !== g.outChannels) {
      throw new ShapeError({
        op: "conv2d",
        problem: `the bias ${formatShape(b.shape)} is not [${g.outChannels}], one for each output`,
        operands: xs
      });
    }
    return { shape: [g.batch, g.outChannels, ...g.output], dtype: promoteTypes(xs) };
  },
  decompose: ([x, w, b], a) => add(forwardFace(x, w, a), reshape(b, [1, -1, 1, 1])),
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, w] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) unbroadcast(ctx, 0, inputFace(g, w, ctx.attrs, sizeOf2(x)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, weightFace(x, g, ctx.attrs, sizeOf2(w)), true);
    if (ctx.needs(2)) unbroadcast(ctx, 2, sum(g, [0, 2, 3]), true);
  }
});
function pairOf(op, name, x, least) {
  const pair = Array.isArray(x) ? x : [x, x];
  const fits2 = (n) => Number.isInteger(n) && n >= least;
  if (pair.length === 2 && pair.every(fits2)) return [pair[0], pair[1]];
  throw new ValueError({
    op,
    problem: `${name} must be a whole number from ${least}, or two, not ${given(x)}`
  });
}
var OPTIONS = ["stride", "padding", "dilation", "groups"];
function convAttrs(op, options) {
  checkOptions(op, options, OPTIONS);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return attrs({
    stride: pairOf(op, "stride", stride, 1),
    padding: pairOf(op, "padding", padding, 0),
    dilation: pairOf(op, "dilation", dilation, 1),
    groups: pairOf(op, "groups", groups, 1)[0]
  });
}
function conv2d(x, w, bias = null, options = {}) {
  requireTensor("conv2d", "weight", w);
  const a = convAttrs("conv2d", options);
  if (bias !== null) {
    requireTensor("conv2d", "bias", bias, "write conv2d(x, weight, bias or null, options)");
  }
  return bias === null ? apply2(CONV2D, x, w, a) : apply(CONV2D_BIAS, [x, w, bias], a)[0];
}

// src/ir/ops/copy.ts
var COPY = defineOp({
  name: "copy",
  onnx: "Identity",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  reference: ([x]) => x,
  lower: { kind: "element", expr: (_, [x]) => x },
  gradient(ctx, g) {
    ctx.alias(0, g);
  }
});
var copy = (x) => apply1(COPY, x);

// src/ir/ops/gather.ts
function checkIndex(op, x, index2, dim, operands) {
  requireIndex(op, index2, operands);
  const fits2 = x.shape.length === index2.shape.length && x.shape.every((n, d) => d === dim || index2.shape[d] <= n);
  if (fits2) return;
  throw new ShapeError({
    op,
    problem: `the index ${formatShape(index2.shape)} does not fit ${formatShape(x.shape)} along dimension ${dim}`,
    operands,
    remedy: "ranks must agree, and sizes beside that dimension must not exceed the operand's"
  });
}
function forEachPick(op, x, index2, dim, visit) {
  const strides = contiguousStrides(x.shape);
  const size = x.shape[dim];
  forEachIndex(index2.shape, [strides.with(dim, 0)], (at4, [base]) => {
    const i = Number(index2.data[at4]);
    if (i < -size || i >= size) throw new IndexFault(op, i, size, at4);
    visit(at4, base + (i < 0 ? i + size : i) * strides[dim]);
  });
}
var IndexFault = class extends IndexError {
  position;
  constructor(op, index2, size, position2) {
    super({
      op,
      problem: `index ${index2} is out of range for a dimension of size ${size}`,
      remedy: size === 0 ? "the dimension is empty" : `use ${-size} to ${size - 1}`
    });
    this.position = position2;
  }
};
var GATHER = defineOp({
  name: "gather",
  onnx: "GatherElements",
  infer(xs, { dim }) {
    const [x, index2] = xs;
    checkIndex("gather", x, index2, dim, xs);
    return { shape: index2.shape, dtype: x.dtype };
  },
  reference([x, index2], { dim }, [{ shape, dtype }]) {
    const out = ndZeros(shape, dtype);
    forEachPick("gather", x, index2, dim, (at4, picked) => {
      out.data[at4] = x.data[picked];
    });
    return out;
  },
  lower: { kind: "gather", dim: (a) => a.dim },
  saves: SAVE.in1,
  gradient(ctx, g) {
    const zeros3 = full(ctx.inputType(0).shape, 0, g.dtype, g.device);
    ctx.give(0, scatterAdd(zeros3, ctx.attrs.dim, ctx.input(1), g));
  }
});
var SCATTER_ADD = defineOp({
  name: "scatterAdd",
  onnx: "ScatterElements",
  infer(xs, { dim }) {
    const [x, index2, src] = xs;
    checkIndex("scatterAdd", x, index2, dim, xs);
    if (!sameShape(index2.shape, src.shape)) {
      throw new ShapeError({
        op: "scatterAdd",
        problem: `the index ${formatShape(index2.shape)} and the source ${formatShape(src.shape)} differ`,
        operands: xs
      });
    }
    return { shape: x.shape, dtype: promote(x.dtype, src.dtype) };
  },
  operands: ([, index2], [out]) => [out.dtype, index2.dtype, out.dtype],
  reference([x, index2, src], { dim }) {
    const out = { ...x, data: x.data.slice() };
    forEachPick("scatterAdd", x, index2, dim, (at4, picked) => {
      const [a, b] = [out.data[picked], src.data[at4]];
      setElement(out, picked, typeof a === "bigint" ? a + BigInt(b) : a + Number(b));
    });
    return out;
  },
  lower: { kind: "scatterAdd", dim: (a) => a.dim },
  saves: SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) {
      const { dtype } = ctx.inputType(0);
      if (g.dtype === dtype) ctx.alias(0, g);
      else ctx.give(0, cast(g, dtype));
    }
    if (!ctx.needs(2)) return;
    const picked = gather(g, ctx.attrs.dim, ctx.input(1));
    ctx.give(2, cast(picked, ctx.inputType(2).dtype));
  }
});
function gather(x, dim, index2) {
  const d = normalizeDim(dim, x.shape.length, "gather");
  return apply(GATHER, [x, index2], attrs({ dim: d }))[0];
}
function scatterAdd(x, dim, index2, src) {
  const d = normalizeDim(dim, x.shape.length, "scatterAdd");
  return apply(SCATTER_ADD, [x, index2, src], attrs({ dim: d }))[0];
}

// src/ir/ops/logsumexp.ts
var LOGSUMEXP = defineOp({
  name: "logsumexp",
  onnx: "ReduceLogSumExp",
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: floatOf(x.dtype)
  }),
  decompose([operand], { dims, keepdim }) {
    const x = cast(operand, floatOf(operand.dtype));
    if (dims.some((d) => x.shape[d] === 0)) return log(sum(exp(x), dims, keepdim));
    const top = max(x, dims, true);
    const shift3 = where(eq(abs(top), Number.POSITIVE_INFINITY), 0, top);
    const out = add(log(sum(exp(sub(x, shift3)), dims, true)), shift3);
    return keepdim ? out : reshape(out, reducedShape(x.shape, dims, false));
  },
  saves: SAVE.in0 | SAVE.out0,
  gradient(ctx, g) {
    const { dims, keepdim } = ctx.attrs;
    const x = ctx.input(0);
    const wide2 = (y) => expandDims(y, x.shape, dims, keepdim);
    ctx.give(0, mul(wide2(g), exp(sub(x, wide2(ctx.output(0))))));
  }
});
function logsumexp(x, dim, keepdim = false) {
  const dims = normalizeDims(dim, x.shape.length, "logsumexp");
  return apply1(LOGSUMEXP, x, attrs({ dims, keepdim }));
}

// src/ir/ops/mse.ts
function requireTensors(op, x, target2) {
  requireTensor(op, "prediction", x);
  requireTensor(op, "target", target2);
}
function reductionOf(op, reduction = "mean") {
  if (reduction === "mean" || reduction === "sum" || reduction === "none") return reduction;
  throw new ValueError({
    op,
    problem: `reduction is 'mean', 'sum' or 'none', not ${given(reduction)}`
  });
}
function reduceLoss(losses, reduction, count = numelOf(losses.shape)) {
  if (reduction === "none") return losses;
  const total = sum(losses);
  return reduction === "mean" ? div(total, count) : total;
}
var mseGrad = elementComposite(
  "mseGrad",
  (g, x, y, scale) => mul(mul(sub(x, y), scale), g)
);
var MSE = defineOp({
  name: "mse",
  infer(xs, { reduction }) {
    const [x, y] = xs;
    if (!sameShape(x.shape, y.shape)) {
      throw new ShapeError({
        op: "mse",
        problem: `prediction ${formatShape(x.shape)} and target ${formatShape(y.shape)} differ`,
        operands: xs,
        remedy: "reshape or expand one of them: silent broadcasting hides mistakes here"
      });
    }
    return { shape: reduction === "none" ? x.shape : [], dtype: floatOf(promoteTypes(xs)) };
  },
  decompose([x, y], { reduction }) {
    const dtype = floatOf(promoteTypes([x, y]));
    const off = sub(cast(x, dtype), y);
    return reduceLoss(mul(off, off), reduction);
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, y] = [ctx.input(0), ctx.input(1)];
    const d = mseGrad(g, x, y, ctx.attrs.reduction === "mean" ? 2 / numelOf(x.shape) : 2);
    if (ctx.needs(0)) unbroadcast(ctx, 0, d);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(d), true);
  }
});
function mse(x, target2, options = {}) {
  requireTensors("mse", x, target2);
  checkOptions("mse", options, ["reduction"]);
  return apply2(MSE, x, target2, attrs({ reduction: reductionOf("mse", options.reduction) }));
}

// src/ir/ops/softmax.ts
var toFloat = (x) => cast(x, floatOf(x.dtype));
var SOFTMAX_GRAD = defineOp({
  name: "softmaxGrad",
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  decompose([g, y], { dim }) {
    const dot = sum(mul(g, y), dim, true);
    return mul(y, sub(g, dot));
  }
});
var SOFTMAX = defineOp({
  name: "softmax",
  onnx: "Softmax",
  infer: floatUnary.infer,
  decompose([operand], { dim }) {
    const x = toFloat(operand);
    if (numelOf(x.shape) === 0) return exp(x);
    const e = exp(sub(x, max(x, dim, true)));
    return div(e, sum(e, dim, true));
  },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, apply(SOFTMAX_GRAD, [g, ctx.output(0)], ctx.attrs)[0]);
  }
});
var softmax = (x, dim) => apply1(SOFTMAX, x, attrs({ dim: normalizeDim(dim, x.shape.length, "softmax") }));
var LOG_SOFTMAX_GRAD = defineOp({
  name: "logSoftmaxGrad",
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  decompose: ([g, y], { dim }) => sub(g, mul(exp(y), sum(g, dim, true)))
});
var LOG_SOFTMAX = defineOp({
  name: "logSoftmax",
  onnx: "LogSoftmax",
  infer: floatUnary.infer,
  decompose([operand], { dim }) {
    const x = toFloat(operand);
    if (numelOf(x.shape) === 0) return exp(x);
    const shifted = sub(x, max(x, dim, true));
    return sub(shifted, log(sum(exp(shifted), dim, true)));
  },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, apply(LOG_SOFTMAX_GRAD, [g, ctx.output(0)], ctx.attrs)[0]);
  }
});
var logSoftmax = (x, dim) => apply1(LOG_SOFTMAX, x, attrs({ dim: normalizeDim(dim, x.shape.length, "logSoftmax") }));

// src/ir/ops/cross-entropy.ts
var classDim = (x) => x.shape.length === 1 ? 0 : 1;
function checkLabels(op, x, labels) {
  const dim = classDim(x);
  const rest = x.shape.toSpliced(dim, 1);
  if (x.shape.length > 0 && sameShape(rest, labels.shape)) {
    if (isInt(labels.dtype)) return rest;
    throw new DtypeError({
      op,
      problem: `labels must be int32 or int64, not ${labels.dtype}`,
      operands: [x, labels],
      remedy: "convert them: labels.to('int32')"
    });
  }
  throw new ShapeError({
    op,
    problem: `labels ${formatShape(labels.shape)} do not fit scores ${formatShape(x.shape)}: expected ${formatShape(rest)}, or probabilities ${formatShape(x.shape)}`,
    operands: [x, labels],
    remedy: `dimension ${dim} of the scores counts the classes`
  });
}
function safeLabels(x, labels, ignoreIndex) {
  const classes = x.shape[classDim(x)];
  const checked2 = where(lt(labels, 0), classes, labels);
  return where(eq(labels, ignoreIndex), 0, checked2);
}
function pick(x, labels, ignoreIndex) {
  const dim = classDim(x);
  const index2 = unsqueeze(safeLabels(x, labels, ignoreIndex), dim);
  return squeeze(gather(x, dim, index2), dim);
}
var weights = (x, labels, ignoreIndex) => cast(ne(labels, ignoreIndex), x.dtype);
var CROSS_ENTROPY_GRAD = defineOp({
  name: "crossEntropyGrad",
  infer: ([, x]) => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  decompose([g, scores2, target2], { reduction, labelSmoothing, ignoreIndex }) {
    const x = scores2;
    const labels = target2;
    const dim = classDim(x);
    const counts = ne(labels, ignoreIndex);
    const scale = reduction === "mean" ? div(g, sum(cast(counts, floatOf(x.dtype)))) : g;
    const classes = x.shape[dim];
    const numbers = reshape(
      iota(classes, labels.dtype),
      x.shape.map((_, d) => d === dim ? -1 : 1)
    );
    const even = labelSmoothing / classes;
    const hit = cast(eq(numbers, unsqueeze(labels, dim)), floatOf(x.dtype));
    const wanted = add(mul(hit, 1 - labelSmoothing), even);
    const slope2 = sub(softmax(x, dim), wanted);
    const own = reduction === "none" ? unsqueeze(scale, dim) : scale;
    return where(unsqueeze(counts, dim), mul(slope2, own), 0);
  }
});
var CROSS_ENTROPY = defineOp({
  name: "crossEntropy",
  onnx: "SoftmaxCrossEntropyLoss",
  infer([x, labels], { reduction }) {
    const rest = checkLabels("crossEntropy", x, labels);
    return { shape: reduction === "none" ? rest : [], dtype: floatOf(x.dtype) };
  },
  decompose([scores2, target2], { reduction, labelSmoothing, ignoreIndex }) {
    const raw = scores2;
    const x = cast(raw, floatOf(raw.dtype));
    const labels = target2;
    const dim = classDim(x);
    const picked = pick(x, labels, ignoreIndex);
    const likely = labelSmoothing === 0 ? picked : add(mul(picked, 1 - labelSmoothing), mul(mean(x, dim), labelSmoothing));
    const counted = weights(x, labels, ignoreIndex);
    const losses = where(counted, sub(logsumexp(x, dim), likely), 0);
    if (reduction === "none") return losses;
    return reduction === "sum" ? sum(losses) : div(sum(losses), sum(counted));
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    ctx.give(0, apply(CROSS_ENTROPY_GRAD, [g, ctx.input(0), ctx.input(1)], ctx.attrs)[0]);
  }
});
function crossEntropy(x, target2, options = {}) {
  const op = "crossEntropy";
  requireTensors(op, x, target2);
  checkOptions(op, options, ["reduction", "labelSmoothing", "ignoreIndex"]);
  const { labelSmoothing = 0 } = options;
  const reduction = reductionOf(op, options.reduction);
  const ignoreIndex = indexOf(op, options.ignoreIndex);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError({
      op,
      problem: `labelSmoothing is a number from 0 to 1, not ${given(labelSmoothing)}`
    });
  }
  if (sameShape(x.shape, target2.shape) && !isInt(target2.dtype)) {
    requireExamples(op, reduction, x, target2);
    return softCrossEntropy(x, target2, reduction, labelSmoothing);
  }
  requireExamples(op, reduction, x, target2);
  const labels = narrowed(target2);
  return apply2(CROSS_ENTROPY, x, labels, attrs({ reduction, labelSmoothing, ignoreIndex }));
}
function requireExamples(op, reduction, x, target2) {
  if (reduction !== "mean" || numelOf(target2.shape) > 0) return;
  throw new ValueError({
    op,
    problem: "there are no examples to take the mean over",
    operands: [x, target2],
    remedy: "skip the empty batch, or use reduction 'sum'"
  });
}
function indexOf(op, ignoreIndex = -100) {
  if (ignoreIndex === (ignoreIndex | 0)) return ignoreIndex;
  throw new ValueError({
    op,
    problem: `ignoreIndex is a whole number of 32 bits, not ${given(ignoreIndex)}`
  });
}
function narrowed(labels) {
  if (labels.dtype !== "int64") return labels;
  return cast(minimum(maximum(labels, -(2 ** 31)), 2 ** 31 - 1), "int32");
}
function softCrossEntropy(x, p, reduction, smoothing) {
  const dim = classDim(x);
  const classes = x.shape[dim];
  const target2 = smoothing === 0 ? p : add(mul(p, 1 - smoothing), smoothing / classes);
  const losses = neg(sum(mul(target2, logSoftmax(x, dim)), dim));
  return reduceLoss(losses, reduction);
}
var NLL_LOSS = defineOp({
  name: "nllLoss",
  onnx: "NegativeLogLikelihoodLoss",
  infer([x, labels], { reduction }) {
    const rest = checkLabels("nllLoss", x, labels);
    return { shape: reduction === "none" ? rest : [], dtype: x.dtype };
  },
  decompose([scores2, target2], { reduction, ignoreIndex }) {
    const x = scores2;
    const labels = target2;
    const counted = weights(x, labels, ignoreIndex);
    const losses = where(counted, neg(pick(x, labels, ignoreIndex)), 0);
    if (reduction === "none") return losses;
    return reduction === "sum" ? sum(losses) : div(sum(losses), sum(counted));
  }
});
function nllLoss(x, labels, options = {}) {
  const op = "nllLoss";
  requireTensors(op, x, labels);
  checkOptions(op, options, ["reduction", "ignoreIndex"]);
  const reduction = reductionOf(op, options.reduction);
  const ignoreIndex = indexOf(op, options.ignoreIndex);
  requireExamples(op, reduction, x, labels);
  return apply2(NLL_LOSS, x, narrowed(labels), attrs({ reduction, ignoreIndex }));
}

// src/ir/ops/embedding.ts
var rowsOf = (index2, features) => {
  const list = flatten(index2);
  return expand(reshape(list, [list.shape[0], 1]), [list.shape[0], features]);
};
var EMBEDDING_GRAD = defineOp({
  name: "embeddingGrad",
  infer: ([g, , weight2]) => ({ shape: weight2.shape, dtype: g.dtype }),
  decompose([gradient, positions, weight2], { paddingIdx }) {
    const [g, index2] = [gradient, positions];
    const [entries, features] = weight2.shape;
    const rows = rowsOf(index2, features);
    const list = reshape(g, rows.shape);
    const counted = paddingIdx === null ? list : where(ne(rows, paddingIdx), list, 0);
    return scatterAdd(full([entries, features], 0, g.dtype, g.device), 0, rows, counted);
  }
});
var EMBEDDING = defineOp({
  name: "embedding",
  onnx: "Gather",
  infer(xs) {
    const [weight2, index2] = xs;
    requireIndex("embedding", index2, xs);
    if (weight2.shape.length !== 2) {
      throw new ShapeError({
        op: "embedding",
        problem: `the weight ${formatShape(weight2.shape)} is no table [entries, features]`,
        operands: xs,
        remedy: "the weight comes first, then the index"
      });
    }
    return { shape: [...index2.shape, weight2.shape[1]], dtype: weight2.dtype };
  },
  decompose([table4, positions]) {
    const [weight2, index2] = [table4, positions];
    const [entries, features] = weight2.shape;
    const checked2 = flatten(where(lt(index2, 0), entries, index2));
    const picked = gather(weight2, 0, rowsOf(checked2, features));
    return reshape(picked, [...index2.shape, features]);
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const operands = [g, ctx.input(1), ctx.input(0)];
    const [d] = apply(EMBEDDING_GRAD, operands, ctx.attrs);
    ctx.give(0, cast(d, ctx.inputType(0).dtype));
  }
});
function embedding(weight2, index2, options = {}) {
  checkOptions("embedding", options, ["paddingIdx"]);
  requireTensor("embedding", "weight", weight2);
  requireTensor("embedding", "index", index2);
  const { paddingIdx = null } = options;
  const entries = weight2.shape[0] ?? 0;
  if (paddingIdx !== null && !(Number.isSafeInteger(paddingIdx) && paddingIdx >= 0 && paddingIdx < entries)) {
    throw new ValueError({
      op: "embedding",
      problem: `paddingIdx must be a whole number from 0 to ${entries - 1}, not ${given(paddingIdx)}`
    });
  }
  return apply(EMBEDDING, [weight2, index2], attrs({ paddingIdx }))[0];
}

// src/ir/ops/erf.ts
function erfReference(x) {
  const a = Math.abs(x);
  if (!(a < 1)) return Number.isNaN(x) ? x : Math.sign(x) * (1 - erfcTail(a));
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 1e-17; n++) {
    term *= 2 * x * x / (2 * n + 1);
    total += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * total;
}
function erfcTail(a) {
  let fraction = a;
  for (let n = 300; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.exp(-a * a) / Math.sqrt(Math.PI) / fraction;
}
var ERF = defineOp({
  name: "erf",
  onnx: "Erf",
  ...floatUnary,
  reference: elementReference(erfReference),
  lower: { kind: "element", expr: (e, [x]) => e.erf(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const x = ctx.input(0);
    ctx.give(0, mul(mul(g, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x)))));
  }
});
var erf = (x) => apply1(ERF, x);

// src/ir/ops/expm1.ts
var EXPM1 = defineOp({
  name: "expm1",
  ...floatUnary,
  reference: elementReference(Math.expm1),
  lower: { kind: "element", expr: (e, [x]) => e.expm1(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, add(ctx.output(0), 1)));
  }
});
var expm1 = (x) => apply1(EXPM1, x);

// src/ir/ops/tanh.ts
var tanhGrad = elementComposite("tanhGrad", (g, y) => mul(g, sub(1, mul(y, y))));
var TANH = defineOp({
  name: "tanh",
  onnx: "Tanh",
  ...floatUnary,
  reference: elementReference(Math.tanh),
  lower: { kind: "element", expr: (e, [x]) => e.tanh(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, tanhGrad(g, ctx.output(0)));
  }
});
var tanh = (x) => apply1(TANH, x);

// src/ir/ops/gelu.ts
var SCALE = Math.sqrt(2 / Math.PI);
var CUBIC = 0.044715;
function bend(x) {
  return tanh(mul(mul(x, add(mul(mul(x, x), CUBIC), 1)), SCALE));
}
var phi = (x) => mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
var geluGrad = elementComposite("geluGrad", (g, x) => {
  const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return mul(g, add(phi(x), mul(x, density)));
});
var geluTanhGrad = elementComposite("geluTanhGrad", (g, x) => {
  const t = bend(x);
  const inner = mul(add(mul(mul(x, x), 3 * CUBIC), 1), SCALE);
  const curved = mul(mul(x, sub(1, mul(t, t))), inner);
  return mul(g, mul(add(add(t, 1), curved), 0.5));
});
var GELU_OP = defineOp({
  name: "gelu",
  onnx: "Gelu",
  infer: floatUnary.infer,
  decompose([operand], { approximate }) {
    const x = operand;
    return approximate === "tanh" ? mul(mul(x, 0.5), add(bend(x), 1)) : mul(x, phi(x));
  },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const grad2 = ctx.attrs.approximate === "tanh" ? geluTanhGrad : geluGrad;
    ctx.give(0, grad2(g, ctx.input(0)));
  }
});
function gelu(x, options = {}) {
  checkOptions("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  if (approximate !== "none" && approximate !== "tanh") {
    throw new ValueError({
      op: "gelu",
      problem: `approximate is 'none' or 'tanh', not ${given(approximate)}`
    });
  }
  return apply1(GELU_OP, x, attrs({ approximate }));
}

// src/ir/ops/index-select.ts
function indexSelect(x, dim, index2) {
  const d = normalizeDim(dim, x.shape.length, "indexSelect");
  requireTensor("indexSelect", "index", index2);
  if (index2.shape.length !== 1) {
    throw new ShapeError({
      op: "indexSelect",
      problem: `the index ${formatShape(index2.shape)} is not 1-d`,
      operands: [x, index2],
      remedy: "flatten it, or use gather"
    });
  }
  const column2 = reshape(
    index2,
    x.shape.map((_, i) => i === d ? index2.shape[0] : 1)
  );
  return gather(x, d, expand(column2, x.shape.with(d, index2.shape[0])));
}
function takeAlongDim(x, index2, dim) {
  requireTensor("takeAlongDim", "index", index2, "write x.takeAlongDim(index, dim)");
  if (dim === void 0) return gather(flatten(x), 0, flatten(index2));
  const d = normalizeDim(dim, x.shape.length, "takeAlongDim");
  const both = index2.shape.length === x.shape.length ? broadcastShapes(x.shape.with(d, 1), index2.shape.with(d, 1)) : null;
  if (both === null) {
    throw new ShapeError({
      op: "takeAlongDim",
      problem: `${formatShape(index2.shape)} does not broadcast against ${formatShape(x.shape)}`,
      operands: [x, index2],
      remedy: "ranks must agree: keep the dimension where the index was made, argmax(dim, true)"
    });
  }
  return gather(
    expand(x, both.with(d, x.shape[d])),
    d,
    expand(index2, both.with(d, index2.shape[d]))
  );
}

// src/ir/ops/isfinite.ts
var isfinite = (x) => isFloat(x.dtype) ? lt(abs(x), Number.POSITIVE_INFINITY) : eq(x, x);
var isinf = (x) => isFloat(x.dtype) ? eq(abs(x), Number.POSITIVE_INFINITY) : ne(x, x);

// src/ir/ops/isnan.ts
var ISNAN = defineOp({
  name: "isnan",
  onnx: "IsNaN",
  infer: ([x]) => ({ shape: x.shape, dtype: "bool" }),
  operands: ([x]) => [x.dtype === "bool" ? "int32" : x.dtype],
  reference: elementReference(
    (x) => Number(Number.isNaN(x)),
    () => false
  ),
  lower: { kind: "element", expr: (e, [x]) => e.ne(x, x) }
});
var isnan = (x) => apply1(ISNAN, x);

// src/ir/ops/leaky-relu.ts
var leakyReluGrad = elementComposite(
  "leakyReluGrad",
  (g, x, slope2) => where(gt(x, 0), g, mul(g, slope2))
);
var LEAKY_RELU = defineOp({
  name: "leakyRelu",
  onnx: "LeakyRelu",
  infer: promotedBinary("leakyRelu", true).infer,
  decompose: ([x, slope2]) => where(gt(x, 0), x, mul(x, slope2)),
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) ctx.give(0, leakyReluGrad(g, ctx.input(0), ctx.input(1)));
  }
});
var leakyRelu = (x, slope2 = 0.01) => apply2(LEAKY_RELU, x, slope2);
var eluGrad = elementComposite(
  "eluGrad",
  (g, x, alpha) => where(le(x, 0), mul(mul(g, alpha), exp(minimum(x, 0))), g)
);
var ELU_OP = defineOp({
  name: "elu",
  onnx: "Elu",
  infer: promotedBinary("elu", true).infer,
  decompose: ([x, alpha]) => where(gt(x, 0), x, mul(expm1(minimum(x, 0)), alpha)),
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) ctx.give(0, eluGrad(g, ctx.input(0), ctx.input(1)));
  }
});
var elu = (x, alpha = 1) => apply2(ELU_OP, x, alpha);

// src/ir/ops/linear.ts
var LINEAR = defineOp({
  name: "linear",
  onnx: "Gemm",
  infer(xs) {
    const [x, w, b] = xs;
    const [out, inner] = w.shape;
    const bias = b === void 0 || b.shape.length === 1 && b.shape[0] === out;
    if (w.shape.length !== 2 || x.shape.length === 0 || x.shape.at(-1) !== inner || !bias) {
      throw new ShapeError({
        op: "linear",
        problem: `input ${formatShape(x.shape)} does not fit weight ${formatShape(w.shape)}` + (b === void 0 ? "" : ` and bias ${formatShape(b.shape)}`),
        operands: xs,
        remedy: remedy(x, w)
      });
    }
    return { shape: x.shape.with(-1, out), dtype: promoteTypes(xs) };
  },
  decompose([x, w, b]) {
    const y = matmul(asMatrix(x), transpose(w));
    const biased = b === void 0 ? y : add(y, b);
    return reshape(biased, x.shape.with(-1, y.shape[1]));
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, w] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) give2(ctx, 0, matmul(g, w));
    const flat2 = asMatrix(g);
    if (ctx.needs(1)) give2(ctx, 1, matmul(transpose(flat2), asMatrix(x)));
    if (ctx.attrs.bias && ctx.needs(2)) give2(ctx, 2, sum(flat2, 0));
  }
});
function remedy(x, w) {
  if (w.shape.length !== 2) return "the weight is a matrix [outputs, inputs]";
  const wanted = `the weight expects ${w.shape[1]} inputs in the last dimension`;
  if (x.shape.length > 2 && numelOf(x.shape.slice(1)) === w.shape[1]) {
    return `${wanted}: x.flatten(1) gives them`;
  }
  return w.shape[0] === x.shape.at(-1) ? `${wanted}: is it transposed?` : wanted;
}
var give2 = (ctx, i, g) => ctx.give(i, cast(g, ctx.inputType(i).dtype));
var linear = (x, w, b) => apply(LINEAR, b == null ? [x, w] : [x, w, b], attrs({ bias: b != null }))[0];

// src/ir/ops/log1p.ts
var LOG1P = defineOp({
  name: "log1p",
  ...floatUnary,
  reference: elementReference(Math.log1p),
  lower: { kind: "element", expr: (e, [x]) => e.log1p(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, div(g, add(ctx.input(0), 1)));
  }
});
var log1p = (x) => apply1(LOG1P, x);

// src/ir/ops/log2.ts
var log2 = (x) => div(log(x), Math.LN2);
var log10 = (x) => div(log(x), Math.LN10);

// src/ir/ops/sigmoid.ts
var sigmoidGrad = elementComposite(
  "sigmoidGrad",
  (g, y) => mul(g, mul(y, sub(1, y)))
);
var SIGMOID = defineOp({
  name: "sigmoid",
  onnx: "Sigmoid",
  infer: floatUnary.infer,
  decompose: ([x]) => div(1, add(exp(mul(x, -1)), 1)),
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, sigmoidGrad(g, ctx.output(0)));
  }
});
var sigmoid = (x) => apply1(SIGMOID, x);

// src/ir/ops/lstm.ts
var sameFloat = (operands) => {
  const dtype = floatOf(promoteTypes(operands));
  return operands.map((v) => cast(v, dtype));
};
var orderOf = (steps, { reverse }) => Array.from({ length: steps }, (_, i) => reverse ? steps - 1 - i : i);
var at2 = (x, step4) => squeeze(narrow(x, 0, step4, 1), 0);
function gatesOf(x) {
  const size = x.shape[x.shape.length - 1] / 4;
  const part2 = (k2) => narrow(x, -1, k2 * size, size);
  return [part2(0), part2(1), part2(2), part2(3)];
}
var slopeOfSigmoid = (y) => mul(y, sub(1, y));
var slopeOfTanh = (y) => sub(1, mul(y, y));
var LSTM_GRAD = defineOp({
  name: "lstmGrad",
  infer: ([g, , , gates, , c0]) => [
    { shape: gates.shape, dtype: g.dtype },
    { shape: c0.shape, dtype: g.dtype },
    { shape: c0.shape, dtype: g.dtype }
  ],
  decompose(operands, a) {
    const [g, gCell, gGates, gates, cells, c0, weight2] = sameFloat(operands);
    const steps = gates.shape[0];
    const order = orderOf(steps, a);
    const slopes = new Array(steps);
    let [passed, passedCell] = [null, null];
    for (const [k2, t] of [...order.entries()].reverse()) {
      const [i, f2, u, o] = gatesOf(at2(gates, t));
      const [gi, gf, gu, go] = gatesOf(at2(gGates, t));
      const shown2 = tanh(at2(cells, t));
      const dHidden = passed === null ? at2(g, t) : add(matmul(passed, weight2), at2(g, t));
      const own = add(at2(gCell, t), mul(mul(dHidden, o), slopeOfTanh(shown2)));
      const dCell = passedCell === null ? own : add(own, passedCell);
      const before = k2 === 0 ? c0 : at2(cells, order[k2 - 1]);
      passed = concat(
        [
          mul(add(mul(dCell, u), gi), slopeOfSigmoid(i)),
          mul(add(mul(dCell, before), gf), slopeOfSigmoid(f2)),
          mul(add(mul(dCell, i), gu), slopeOfTanh(u)),
          mul(add(mul(dHidden, shown2), go), slopeOfSigmoid(o))
        ],
        -1
      );
      slopes[t] = passed;
      passedCell = mul(dCell, f2);
    }
    return [stack(slopes), matmul(passed, weight2), passedCell];
  }
});
var LSTM_OP = defineOp({
  name: "lstm",
  infer(xs) {
    const dtype = floatOf(promoteTypes(xs));
    const shape = checkShapes2(xs);
    const type = { shape, dtype };
    return [type, type, { shape: xs[0].shape, dtype }];
  },
  decompose(operands, a) {
    const [x, weight2, h0, c0] = sameFloat(operands);
    const steps = x.shape[0];
    const w = copy(transpose(weight2));
    const results = new Array(steps);
    let [h, c2] = [h0, c0];
    for (const t of orderOf(steps, a)) {
      const [zi, zf, zu, zo] = gatesOf(add(matmul(h, w), at2(x, t)));
      const [i, f2, u, o] = [sigmoid(zi), sigmoid(zf), tanh(zu), sigmoid(zo)];
      c2 = add(mul(f2, c2), mul(i, u));
      h = mul(o, tanh(c2));
      results[t] = [h, c2, concat([i, f2, u, o], -1)];
    }
    return [0, 1, 2].map((k2) => stack(results.map((r) => r[k2])));
  },
  saves: SAVE.in1 | SAVE.in2 | SAVE.in3 | SAVE.out0 | SAVE.out1 | SAVE.out2,
  gradient(ctx, g, [, gCell, gGates]) {
    const [weight2, h0, c0] = [ctx.input(1), ctx.input(2), ctx.input(3)];
    const [h, c2, gates] = [ctx.output(0), ctx.output(1), ctx.output(2)];
    const own = [g, gCell, gGates, gates, c2, c0, weight2];
    const [dx, dh0, dc0] = apply(LSTM_GRAD, own, ctx.attrs);
    const to = (i, value) => cast(value, ctx.inputType(i).dtype);
    if (ctx.needs(1)) {
      const start = unsqueeze(cast(h0, h.dtype), 0);
      const count = h.shape[0] - 1;
      const before = ctx.attrs.reverse ? concat([narrow(h, 0, 1, count), start]) : concat([start, narrow(h, 0, 0, count)]);
      ctx.give(1, to(1, matmul(transpose(asMatrix(dx)), asMatrix(before))));
    }
    ctx.give(0, to(0, dx));
    ctx.give(2, to(2, dh0));
    ctx.give(3, to(3, dc0));
  }
});
function checkShapes2(xs) {
  const [x, weight2, h0, c0] = xs.map((t) => t.shape);
  const [steps, batch, gates] = x;
  const hidden = gates / 4;
  const wanted = [
    ["the weight", weight2, [gates, hidden]],
    ["h0", h0, [batch, hidden]],
    ["c0", c0, [batch, hidden]]
  ];
  const refuse2 = (problem) => {
    throw new ShapeError({
      op: "lstm",
      problem,
      operands: xs,
      remedy: "x is [steps, batch, 4 H], the weight [4 H, H], h0 and c0 are [batch, H]"
    });
  };
  if (x.length !== 3 || !Number.isInteger(hidden) || steps === 0) {
    refuse2(`x is ${formatShape(x)}, not [steps, batch, 4 H] of one step at least`);
  }
  for (const [what2, shape, fits2] of wanted) {
    if (!sameShape(shape, fits2))
      refuse2(`${what2} is ${formatShape(shape)}, not ${formatShape(fits2)}`);
  }
  return [steps, batch, hidden];
}
function lstm(x, weight2, h0, c0, options = {}) {
  requireTensor("lstm", "inputs' share", x);
  requireTensor("lstm", "weight", weight2);
  requireTensor("lstm", "h0", h0);
  requireTensor("lstm", "c0", c0);
  const out = apply(LSTM_OP, [x, weight2, h0, c0], attrs({ reverse: options.reverse ?? false }));
  return [out[0], out[1]];
}

// src/ir/ops/masked-fill.ts
function maskedFill(x, mask, value) {
  requireTensor("maskedFill", "mask", mask);
  if (mask.dtype !== "bool") {
    throw new DtypeError({
      op: "maskedFill",
      problem: `the mask is ${mask.dtype}, not bool`,
      operands: [x, mask],
      remedy: "convert it, mask.to('bool'), or compare, x.lt(0)"
    });
  }
  if (!sameShape(broadcastShapes(x.shape, mask.shape) ?? [-1], x.shape)) {
    throw new ShapeError({
      op: "maskedFill",
      problem: `a mask of shape ${formatShape(mask.shape)} does not broadcast to ${formatShape(x.shape)}`,
      operands: [x, mask]
    });
  }
  return where(mask, value, x);
}

// src/ir/ops/max-pool2d.ts
function windowCount(x, a, i) {
  const [n, k2, s, p, d] = [x.shape[2 + i], a.kernel[i], a.stride[i], a.padding[i], a.dilation[i]];
  const whole = windows(n, k2, s, p, d);
  const rest = (n + 2 * p - d * (k2 - 1) - 1) % s;
  return a.ceilMode && rest !== 0 && whole * s < n + p ? whole + 1 : whole;
}
var planes = (x) => flatten(x, 2);
var MAX_POOL2D_GRAD = defineOp({
  name: "maxPool2dGrad",
  infer: ([, dy], { height, width }) => ({
    shape: [dy.shape[0], dy.shape[1], height, width],
    dtype: dy.dtype
  }),
  reference([positions, dy], { height, width }, [{ shape, dtype }]) {
    const dx = ndZeros(shape, dtype);
    const windowsOfPlane = dy.shape[2] * dy.shape[3];
    for (let i = 0; i < dy.data.length; i++) {
      const plane = Math.floor(i / windowsOfPlane) * height * width;
      const to = plane + Number(positions.data[i]);
      setElement(dx, to, Number(dx.data[to]) + Number(dy.data[i]));
    }
    return dx;
  },
  lower: { kind: "maxWindowGrad", window: (a) => a },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const positions = ctx.input(0);
    const picked = gather(planes(g), 2, planes(positions));
    ctx.give(1, reshape(picked, positions.shape));
  }
});
var MAX_POOL2D = defineOp({
  name: "maxPool2d",
  onnx: "MaxPool",
  infer([x], a) {
    if (x.shape.length !== 4) {
      throw new ShapeError({
        op: "maxPool2d",
        problem: `the input ${formatShape(x.shape)} is not [batch, channels, height, width]`,
        operands: [x],
        remedy: x.shape.length === 3 ? "add a batch dimension: x.unsqueeze(0)" : void 0
      });
    }
    if (!isFloat(x.dtype)) {
      throw new DtypeError({
        op: "maxPool2d",
        problem: `takes floats, not ${x.dtype}`,
        operands: [x],
        remedy: "convert first: x.to('float32')"
      });
    }
    const shape = [x.shape[0], x.shape[1], windowCount(x, a, 0), windowCount(x, a, 1)];
    if (shape[2] < 1 || shape[3] < 1 || a.padding.some((p, i) => 2 * p > a.kernel[i])) {
      throw new ShapeError({
        op: "maxPool2d",
        problem: `a ${a.kernel.join("x")} window with padding ${a.padding.join("x")} does not fit the ${x.shape[2]}x${x.shape[3]} input`,
        operands: [x],
        remedy: "padding is at most half the window, and the window no larger than the input"
      });
    }
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: "int32" }
    ];
  },
  reference([x], a, [type]) {
    const values = ndZeros(type.shape, x.dtype);
    const positions = ndZeros(type.shape, "int32");
    const [, , height, width] = x.shape;
    const [, , outHeight, outWidth] = type.shape;
    for (let at4 = 0; at4 < values.data.length; at4++) {
      const ow = at4 % outWidth;
      const oh = Math.floor(at4 / outWidth) % outHeight;
      const plane = Math.floor(at4 / (outWidth * outHeight)) * height * width;
      let best2 = null;
      for (let kh = 0; kh < a.kernel[0]; kh++)
        for (let kw = 0; kw < a.kernel[1]; kw++) {
          const h = oh * a.stride[0] - a.padding[0] + kh * a.dilation[0];
          const w = ow * a.stride[1] - a.padding[1] + kw * a.dilation[1];
          if (h < 0 || h >= height || w < 0 || w >= width) continue;
          const v = Number(x.data[plane + h * width + w]);
          const wins = best2 === null || !Number.isNaN(best2) && (Number.isNaN(v) || v > best2);
          if (!wins) continue;
          best2 = v;
          positions.data[at4] = h * width + w;
        }
      values.data[at4] = best2 ?? Number.NEGATIVE_INFINITY;
    }
    return [values, positions];
  },
  lower: { kind: "maxWindow", window: (a) => a },
  saves: SAVE.out1,
  gradient(ctx, g) {
    const [, , height, width] = ctx.inputType(0).shape;
    const { kernel, stride, padding, dilation, ceilMode } = ctx.attrs;
    const a = attrs({ kernel, stride, padding, dilation, ceilMode, height, width });
    ctx.give(0, apply(MAX_POOL2D_GRAD, [ctx.output(1), g], a)[0]);
  }
});
function maxPool2dWithIndices(x, kernel, options = {}) {
  const op = "maxPool2d";
  checkOptions(op, options, ["stride", "padding", "dilation", "ceilMode"]);
  const size = pairOf(op, "kernel", kernel, 1);
  const a = attrs({
    kernel: size,
    stride: pairOf(op, "stride", options.stride ?? size, 1),
    padding: pairOf(op, "padding", options.padding ?? 0, 0),
    dilation: pairOf(op, "dilation", options.dilation ?? 1, 1),
    ceilMode: flag(op, "ceilMode", options.ceilMode)
  });
  const [values, positions] = apply(MAX_POOL2D, [x], a);
  return [values, positions];
}
function flag(op, name, x) {
  if (x === void 0 || typeof x === "boolean") return x ?? false;
  throw new ValueError({ op, problem: `${name} is true or false, not ${given(x)}` });
}
var maxPool2d = (x, kernel, options = {}) => maxPool2dWithIndices(x, kernel, options)[0];
function avgPool2d(x, kernel, options = {}) {
  checkOptions("avgPool2d", options, ["stride", "padding", "dilation"]);
  const [kh, kw] = pairOf("avgPool2d", "kernel", kernel, 1);
  const channels = x.shape.at(1) ?? 1;
  const dtype = isFloat(x.dtype) ? x.dtype : "float32";
  const weight2 = full([channels, 1, kh, kw], 1 / (kh * kw), dtype, x.device);
  const { stride = [kh, kw], padding, dilation } = options;
  return conv2d(x, weight2, null, { stride, padding, dilation, groups: channels });
}

// src/ir/ops/pow.ts
var rule3 = promotedBinary("pow");
var BITS2 = 31;
function powBig(x, n) {
  if (n < 0n) return x === 1n ? 1n : x === -1n ? n % 2n === 0n ? 1n : -1n : 0n;
  let result = 1n;
  let square3 = x;
  for (let bit2 = 0; bit2 < BITS2; bit2++) {
    if (n >> BigInt(bit2) & 1n) result = BigInt.asIntN(64, result * square3);
    square3 = BigInt.asIntN(64, square3 * square3);
  }
  return result;
}
function powInt(e, x, n) {
  const [zero2, one] = [e.constant(0, x.dtype), e.constant(1, x.dtype)];
  const odd = e.ne(e.and(n, one), zero2);
  let result = one;
  let square3 = x;
  for (let bit2 = 0; bit2 < BITS2; bit2++) {
    const set2 = e.ne(e.and(n, e.constant(2 ** bit2, x.dtype)), zero2);
    result = e.select(set2, e.mul(result, square3), result);
    square3 = e.mul(square3, square3);
  }
  const unit = e.select(e.eq(x, e.constant(-1, x.dtype)), e.select(odd, x, one), zero2);
  const negative = e.select(e.eq(x, one), one, unit);
  return e.select(e.lt(n, zero2), negative, result);
}
function powFloat(x, y) {
  return x === 1 || x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY ? 1 : x ** y;
}
var POW = defineOp({
  name: "pow",
  onnx: "Pow",
  ...rule3,
  infer(xs) {
    refuseBool("pow", xs);
    return rule3.infer(xs);
  },
  reference: elementReference(powFloat, powBig),
  lower: {
    kind: "element",
    expr: (e, [x, y], _, out) => isFloat(out.dtype) ? e.pow(x, y) : powInt(e, x, y)
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE.out0,
  gradient(ctx, g) {
    const [x, y] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) unbroadcast(ctx, 0, mul(g, slope(x, y)), true);
    if (!ctx.needs(1)) return;
    const base = typeof x === "number" ? Math.log(x) : log(x);
    const flat2 = logicalAnd(ge(y, 0), typeof x === "number" ? Number(x === 0) : eq(x, 0));
    unbroadcast(ctx, 1, where(flat2, 0, mul(g, mul(ctx.output(0), base))), true);
  }
});
function slope(x, y) {
  if (y === 0) return 0;
  if (y === 1) return 1;
  if (y === 2) return mul(x, 2);
  if (typeof y === "number") return mul(pow(x, y - 1), y);
  return where(eq(y, 0), 0, mul(y, pow(x, sub(y, 1))));
}
var pow = (a, b) => apply2(POW, a, b);

// src/ir/ops/norm.ts
function norm(operand, p = 2, dim, keepdim = false) {
  if (typeof p !== "number" || Number.isNaN(p)) {
    throw new ValueError({
      op: "norm",
      problem: `p is a number, not ${given(p)}`,
      operands: [operand],
      remedy: "write x.norm(p, dim, keepdim)"
    });
  }
  const x = cast(operand, floatOf(operand.dtype));
  const dims = normalizeDims(dim, x.shape.length, "norm");
  if (p === 0) return cast(sum(ne(x, 0), dims, keepdim), x.dtype);
  if (p === 1) return sum(abs(x), dims, keepdim);
  if (p === Number.POSITIVE_INFINITY) return max(abs(x), dims, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return min(abs(x), dims, keepdim);
  const total = sum(p === 2 ? mul(x, x) : pow(abs(x), p), dims, keepdim);
  const none = eq(total, 0);
  const safe = where(none, 1, total);
  return where(none, total, p === 2 ? sqrt(safe) : pow(safe, 1 / p));
}

// src/ir/ops/pad.ts
function pad(x, padding, value = 0) {
  const rank = x.shape.length;
  checkList(padding, "the sizes", "pad", "x.pad([[before, after], ...])");
  const pairs2 = padding.every(
    (p) => Array.isArray(p) && p.length === 2 && p.every(Number.isInteger)
  );
  const size = x.shape.map((n, d) => n + (padding[d]?.[0] ?? 0) + (padding[d]?.[1] ?? 0));
  if (padding.length !== rank || !pairs2 || size.some((n) => n < 0)) {
    throw new ShapeError({
      op: "pad",
      problem: `cannot pad a tensor of rank ${rank} by [${padding.map(given).join(", ")}]`,
      operands: [x],
      remedy: "give [before, after] for each dimension, and cut off no more than there is"
    });
  }
  const ones3 = x.shape.map(() => 1);
  const cut2 = padding.some((p) => p[0] < 0 || p[1] < 0);
  const kept = cut2 ? crop(x, padding) : x;
  const start = padding.map((p) => Math.max(0, p[0]));
  return size.every((n, d) => n === kept.shape[d]) ? kept : place2(kept, start, ones3, size, value);
}
function crop(x, padding) {
  const less = padding.map(([low, high]) => [Math.max(0, -low), Math.max(0, -high)]);
  const size = x.shape.map((n, d) => n - less[d][0] - less[d][1]);
  return slice(
    x,
    less.map(([low]) => low),
    x.shape.map(() => 1),
    size
  );
}

// src/ir/ops/prod.ts
var PROD = defineOp({
  name: "prod",
  onnx: "ReduceProd",
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: x.dtype === "bool" ? "int32" : x.dtype
  }),
  operands: (_, [out]) => [out.dtype],
  reference: reduceReference({ start: 1, step: (acc, x) => acc * x, big: (acc, x) => acc * x }),
  lower: { kind: "reduce", combine: "prod", dims: (a) => a.dims },
  saves: SAVE.in0 | SAVE.out0,
  gradient(ctx, g) {
    const { dims, keepdim } = ctx.attrs;
    const x = ctx.input(0);
    const wide2 = (y) => expandDims(y, x.shape, dims, keepdim);
    const zero2 = eq(x, 0);
    const others = prod(where(zero2, 1, x), dims, keepdim);
    const zeros3 = wide2(sum(zero2, dims, keepdim));
    const beside = where(eq(zeros3, 1), wide2(others), 0);
    const plain3 = div(wide2(ctx.output(0)), where(zero2, 1, x));
    ctx.give(0, mul(wide2(g), where(zero2, beside, where(gt(zeros3, 0), 0, plain3))));
  }
});
function prod(x, dim, keepdim = false) {
  return apply1(PROD, x, attrs({ dims: normalizeDims(dim, x.shape.length, "prod"), keepdim }));
}

// src/ir/ops/reciprocal.ts
var RECIPROCAL = defineOp({
  name: "reciprocal",
  onnx: "Reciprocal",
  infer: floatUnary.infer,
  decompose: ([x]) => div(1, x),
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, neg(mul(g, mul(ctx.output(0), ctx.output(0)))));
  }
});
var reciprocal = (x) => apply1(RECIPROCAL, x);

// src/ir/ops/relu.ts
var reluGrad = elementComposite("reluGrad", (y, g) => where(le(y, 0), 0, g));
var RELU = defineOp({
  name: "relu",
  onnx: "Relu",
  ...numericUnary("relu"),
  reference: elementReference(
    (x) => Math.max(x, 0),
    (x) => x > 0n ? x : 0n
  ),
  lower: { kind: "element", expr: (e, [x], _, out) => e.max(x, e.constant(0, out.dtype)) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, reluGrad(ctx.output(0), g));
  }
});
var relu = (x) => apply1(RELU, x);

// src/ir/ops/remainder.ts
var rule4 = (op) => {
  const binary3 = promotedBinary(op);
  return {
    ...binary3,
    infer(xs) {
      refuseBool(op, xs);
      return binary3.infer(xs);
    }
  };
};
var floorBig = (x, y) => {
  if (y === 0n) return 0n;
  const q = x / y;
  return x % y !== 0n && x < 0n !== y < 0n ? q - 1n : q;
};
function tooHigh(e, x, y, zero2) {
  return e.and(e.ne(e.rem(x, y), zero2), e.ne(e.lt(x, zero2), e.lt(y, zero2)));
}
var FLOOR_DIVIDE = defineOp({
  name: "floorDivide",
  ...rule4("floorDivide"),
  reference: elementReference((x, y) => Math.floor(x / y), floorBig),
  lower: {
    kind: "element",
    expr(e, [x, y], _, { dtype }) {
      const q = e.div(x, y);
      if (isFloat(dtype)) return e.floor(q);
      const high = tooHigh(e, x, y, e.constant(0, dtype));
      return e.select(high, e.sub(q, e.constant(1, dtype)), q);
    }
  },
  // A step function: its gradient is zero wherever it exists.
  gradient: flat(2)
});
var floorDivide = (a, b) => apply2(FLOOR_DIVIDE, a, b);
function remainderFloat(x, y) {
  const q = Math.floor(x / y);
  if (q === 0) return x;
  if (Math.abs(q) === Infinity && Number.isFinite(x) && y !== 0) return 0;
  return x - q * y;
}
var REMAINDER = defineOp({
  name: "remainder",
  ...rule4("remainder"),
  reference: elementReference(remainderFloat, (x, y) => y === 0n ? 0n : x - floorBig(x, y) * y),
  lower: {
    kind: "element",
    expr(e, [x, y], _, { dtype }) {
      const zero2 = e.constant(0, dtype);
      if (isFloat(dtype)) {
        const q = e.floor(e.div(x, y));
        const r2 = e.select(e.eq(q, zero2), x, e.sub(x, e.mul(q, y)));
        const inf = e.constant(Number.POSITIVE_INFINITY, dtype);
        const finite = e.and(e.lt(e.abs(x), inf), e.ne(y, zero2));
        return e.select(e.and(e.eq(e.abs(q), inf), finite), zero2, r2);
      }
      const r = e.rem(x, y);
      return e.select(tooHigh(e, x, y, zero2), e.add(r, y), r);
    }
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, g);
    if (!ctx.needs(1)) return;
    unbroadcast(ctx, 1, neg(mul(g, floorDivide(ctx.input(0), ctx.input(1)))), true);
  }
});
var remainder = (a, b) => apply2(REMAINDER, a, b);

// src/ir/ops/rmsprop-update.ts
var as = (x, p) => typeof x === "number" ? x : cast(x, p.dtype);
var complement2 = (a, p) => typeof a === "number" ? 1 - a : cast(sub(1, cast(a, "float64")), p.dtype);
var RMSPROP_UPDATE = defineOp({
  name: "rmspropUpdate",
  infer([p, , ...rest], { centered, momentum }) {
    const state = rest.slice(0, 1 + Number(centered) + Number(momentum));
    return [p, ...state].map(({ shape, dtype }) => ({ shape, dtype }));
  },
  decompose([parameter, gradient, ...rest], a) {
    const p = parameter;
    const square3 = rest.shift();
    const average = a.centered ? rest.shift() : null;
    const buffer3 = a.momentum ? rest.shift() : null;
    const [lr, alpha, eps, weightDecay, momentum] = rest;
    const share5 = complement2(alpha, p);
    const g = add(gradient, mul(p, as(weightDecay, p)));
    const nextSquare = add(mul(square3, as(alpha, p)), mul(mul(g, g), share5));
    const out = [nextSquare];
    let spread2 = nextSquare;
    if (average !== null) {
      const next = add(average, mul(sub(g, average), share5));
      out.push(next);
      spread2 = maximum(sub(nextSquare, mul(next, next)), 0);
    }
    let step4 = div(g, add(sqrt(spread2), as(eps, p)));
    if (buffer3 !== null) {
      step4 = add(mul(buffer3, as(momentum, p)), step4);
      out.push(step4);
    }
    return [sub(p, mul(step4, as(lr, p))), ...out];
  }
});

// src/ir/ops/sgd-update.ts
var as2 = (x, p) => typeof x === "number" ? x : cast(x, p.dtype);
var SGD_UPDATE = defineOp({
  name: "sgdUpdate",
  infer: ([p]) => ({ shape: p.shape, dtype: p.dtype }),
  decompose([parameter, g, lr, weightDecay]) {
    const p = parameter;
    const decayed = add(g, mul(p, as2(weightDecay, p)));
    return sub(p, mul(decayed, as2(lr, p)));
  }
});
var SGD_MOMENTUM_UPDATE = defineOp({
  name: "sgdMomentumUpdate",
  infer: ([p, , buf]) => [
    { shape: p.shape, dtype: p.dtype },
    { shape: buf.shape, dtype: buf.dtype }
  ],
  decompose([parameter, gradient, buf, lr, momentum, dampening, weightDecay], { nesterov }) {
    const p = parameter;
    const g = add(gradient, mul(p, as2(weightDecay, p)));
    const kept = as2(momentum, p);
    const next = add(mul(buf, kept), mul(g, sub(1, as2(dampening, p))));
    const step4 = nesterov ? add(g, mul(next, kept)) : next;
    return [sub(p, mul(step4, as2(lr, p))), next];
  }
});

// src/ir/ops/silu.ts
var siluGrad = elementComposite("siluGrad", (g, x) => {
  const s = sigmoid(x);
  return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
});
var SILU = defineOp({
  name: "silu",
  infer: floatUnary.infer,
  decompose: ([x]) => mul(x, sigmoid(x)),
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, siluGrad(g, ctx.input(0)));
  }
});
var silu = (x) => apply1(SILU, x);

// src/ir/ops/softplus.ts
var softplusGrad = elementComposite("softplusGrad", (g, x) => mul(g, sigmoid(x)));
var SOFTPLUS = defineOp({
  name: "softplus",
  onnx: "Softplus",
  infer: floatUnary.infer,
  decompose: ([x]) => add(maximum(x, 0), log1p(exp(mul(abs(x), -1)))),
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, softplusGrad(g, ctx.input(0)));
  }
});
var softplus = (x) => apply1(SOFTPLUS, x);

// src/ir/ops/split.ts
var allOf = (g, all3) => all3.length === 0 ? [g] : all3;
var SPLIT = defineOp({
  name: "split",
  onnx: "Split",
  infer: ([x], { dim, sizes }) => sizes.map((n) => ({ shape: x.shape.with(dim, n), dtype: x.dtype })),
  decompose([x], { dim, sizes }) {
    let start = 0;
    return sizes.map((n) => {
      start += n;
      return narrow(x, dim, start - n, n);
    });
  },
  views: true,
  // Not by the slices' own gradients: each of these fills a whole tensor, and they are then added.
  gradient(ctx, g, all3) {
    ctx.give(0, concat(allOf(g, all3), ctx.attrs.dim));
  }
});
var UNBIND = defineOp({
  name: "unbind",
  infer([x], { dim }) {
    const type = { shape: x.shape.toSpliced(dim, 1), dtype: x.dtype };
    return new Array(x.shape[dim]).fill(type);
  },
  decompose([operand], { dim }) {
    const x = operand;
    return Array.from({ length: x.shape[dim] }, (_, i) => squeeze(narrow(x, dim, i, 1), dim));
  },
  views: true,
  gradient(ctx, g, all3) {
    ctx.give(0, stack(allOf(g, all3), ctx.attrs.dim));
  }
});
function split(x, size, dim = 0) {
  const d = normalizeDim(dim, x.shape.length, "split");
  const n = x.shape[d];
  if (typeof size !== "number") checkList(size, "several sizes", "split", "x.split([2, 3], dim)");
  const sizes = typeof size === "number" ? evenSizes(n, size) : size;
  if (!(sizes.every((s) => Number.isInteger(s) && s >= 0) && sizes.reduce((sum3, s) => sum3 + s, 0) === n)) {
    throw new ShapeError({
      op: "split",
      problem: `parts of ${typeof size === "number" ? size : givenList(size)} do not make up ${n}`,
      operands: [x]
    });
  }
  if (sizes.length === 0) return [];
  return [...apply(SPLIT, [x], attrs({ dim: d, sizes }))];
}
function evenSizes(n, size) {
  if (!(Number.isInteger(size) && size > 0)) return [-1];
  const parts2 = Math.ceil(n / size);
  return Array.from({ length: parts2 }, (_, i) => Math.min(size, n - i * size));
}
function chunk(x, parts2, dim = 0) {
  const d = normalizeDim(dim, x.shape.length, "chunk");
  if (!(Number.isInteger(parts2) && parts2 > 0)) {
    throw new ValueError({
      op: "chunk",
      problem: `the number of parts must be a whole number from 1, not ${given(parts2)}`,
      operands: [x]
    });
  }
  return split(x, Math.max(1, Math.ceil(x.shape[d] / parts2)), d);
}
function unbind(x, dim = 0) {
  const d = normalizeDim(dim, x.shape.length, "unbind");
  if (x.shape[d] === 0) return [];
  return [...apply(UNBIND, [x], attrs({ dim: d }))];
}

// src/ir/ops/square.ts
var SQUARE = defineOp({
  name: "square",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  decompose: ([x]) => mul(x, x),
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, mul(ctx.input(0), 2)));
  }
});
var square = (x) => apply1(SQUARE, x);

// src/ir/ops/tan.ts
var tan = (x) => div(sin(x), cos(x));

// src/ir/ops/tile.ts
function tile(x, repeats) {
  checkList(repeats, "the repeats", "tile", "x.tile([2, 3])");
  checkShape(repeats, "tile");
  const rank = Math.max(x.shape.length, repeats.length);
  const filled = (list) => [...Array(rank - list.length).fill(1), ...list];
  const [sizes, times] = [filled(x.shape), filled(repeats)];
  const apart = reshape(
    x,
    sizes.flatMap((n) => [1, n])
  );
  const wide2 = expand(
    apart,
    sizes.flatMap((n, d) => [times[d], n])
  );
  return reshape(
    wide2,
    sizes.map((n, d) => n * times[d])
  );
}

// src/ir/ops/tril.ts
function triangle(op, x, diagonal, side) {
  if (x.shape.length < 2) {
    throw new ShapeError({ op, problem: "takes a matrix, or a batch of them", operands: [x] });
  }
  if (!Number.isSafeInteger(diagonal)) {
    throw new ValueError({
      op,
      problem: `the diagonal is a whole number, not ${given(diagonal)}`,
      operands: [x]
    });
  }
  const [rows, columns] = x.shape.slice(-2);
  const k2 = Math.max(-rows, Math.min(columns, diagonal));
  const start = add(unsqueeze(iota(rows, "int32", x.device), 1), k2);
  return cast(where(side(iota(columns, "int32", x.device), start), x, 0), x.dtype);
}
var tril = (x, diagonal = 0) => triangle("tril", x, diagonal, le);
var triu = (x, diagonal = 0) => triangle("triu", x, diagonal, ge);

// src/ir/ops/variance.ts
var infer = ([x], { dims, keepdim }) => ({
  shape: reducedShape(x.shape, dims, keepdim),
  dtype: floatOf(x.dtype)
});
var divisor = (shape, a) => Math.max(0, numelOf(a.dims.map((d) => shape[d])) - a.correction);
var VAR = defineOp({
  name: "var",
  infer,
  decompose([operand], a) {
    const x = operand;
    const off = sub(x, mean(x, a.dims, true));
    return div(sum(mul(off, off), a.dims, a.keepdim), divisor(x.shape, a));
  },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const a = ctx.attrs;
    const x = ctx.input(0);
    const off = sub(x, mean(x, a.dims, true));
    const scale = expandDims(mul(g, 2 / divisor(x.shape, a)), x.shape, a.dims, a.keepdim);
    ctx.give(0, mul(off, scale));
  }
});
var STD = defineOp({
  name: "std",
  infer,
  decompose: ([x], a) => sqrt(apply1(VAR, x, a)),
  saves: SAVE.in0 | SAVE.out0,
  gradient(ctx, g) {
    const a = ctx.attrs;
    const x = ctx.input(0);
    const y = ctx.output(0);
    const slope2 = where(eq(y, 0), 0, div(g, mul(y, divisor(x.shape, a))));
    ctx.give(0, mul(sub(x, mean(x, a.dims, true)), expandDims(slope2, x.shape, a.dims, a.keepdim)));
  }
});
function varAttrs(op, x, dim, options) {
  const dims = normalizeDims(dim, x.shape.length, op);
  checkOptions(op, options, ["correction", "keepdim"]);
  const { correction = 1, keepdim = false } = options;
  if (typeof correction !== "number" || typeof keepdim !== "boolean") {
    throw new ValueError({
      op,
      problem: `correction is a number and keepdim true or false, not ${given(correction)} and ${given(keepdim)}`
    });
  }
  return attrs({ dims, keepdim, correction });
}
var variance = (x, dim, options = {}) => apply1(VAR, x, varAttrs("var", x, dim, options));
var std = (x, dim, options = {}) => apply1(STD, x, varAttrs("std", x, dim, options));

// src/ir/reference.ts
function reference(def, inputs, attrs2 = null, options = {}) {
  const types = inputs.map((x) => typeof x === "number" ? typeOf(x) : typeOfNd(x));
  return runGraph(graphOf(def, types, attrs2, "reference"), inputs, options);
}
function runGraph(graph, inputs, options = {}) {
  const values = /* @__PURE__ */ new Map();
  for (const [i, v] of graph.inputs.entries()) values.set(v, inputs[i]);
  const valueOf = (v) => {
    const x = typeof v === "number" ? v : values.get(v);
    if (x === void 0) throw new Error(`${graph.name}: %${v.id} is not defined`);
    return x;
  };
  for (const node of graph.nodes) {
    const outputs = runNode(node, node.inputs.map(valueOf), options);
    for (const [i, v] of node.outputs.entries()) values.set(v, outputs[i]);
  }
  return graph.outputs.map((v) => toNd(valueOf(v), v.dtype));
}
function runNode({ def, inputs, attrs: attrs2, regions, outputs }, values, options) {
  if (def.reference === void 0) return reference(def, values, attrs2, options);
  const types = inputs.map(typeOf);
  const dtypes = def.operands?.(types, outputs, attrs2) ?? types.map((t) => t.dtype);
  const operands = values.map((x, i) => toNd(x, dtypes[i]));
  const runs = regions.map((g) => (xs) => runGraph(g, xs, options));
  const out = def.reference(operands, attrs2, outputs, runs);
  const list = Array.isArray(out) ? out : [out];
  return options.round === true ? list.map(rounded) : list;
}
function toNd(x, dtype) {
  if (typeof x !== "number") return convertNd(x, dtype);
  const scalar3 = ndZeros([], "float64");
  scalar3.data[0] = x;
  return convertNd(scalar3, dtype);
}
var rounded = (x) => x.dtype === "float32" ? { ...x, data: x.data.map(Math.fround) } : x;
var typeOfNd = ({ shape, dtype }) => ({ shape, dtype });
function convertNd(x, dtype) {
  if (x.dtype === dtype) return x;
  const out = ndZeros(x.shape, dtype);
  const fromFloat = x.dtype === "float32" || x.dtype === "float64";
  const limits = fromFloat ? LIMITS[dtype] : void 0;
  for (let i = 0; i < numelOf(x.shape); i++) {
    const v = x.data[i];
    setElement(out, i, limits === void 0 ? v : saturate(Number(v), limits));
  }
  return out;
}
var LIMITS = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n]
};
function saturate(x, [low, high]) {
  if (Number.isNaN(x)) return 0n;
  if (x <= Number(low)) return low;
  if (x >= Number(high)) return high;
  return BigInt(Math.trunc(x));
}

// src/ir/verify.ts
function verifyGraph(graph) {
  const defined = /* @__PURE__ */ new Set();
  const ids = /* @__PURE__ */ new Set();
  const define = (v, at4) => {
    if (defined.has(v) || ids.has(v.id)) fail(graph, `%${v.id} is defined twice, in ${at4}`);
    defined.add(v);
    ids.add(v.id);
  };
  for (const v of graph.inputs) {
    if (v.node !== null) fail(graph, `input %${v.id} is the output of a node`);
    define(v, "inputs");
  }
  for (const node of graph.nodes) {
    for (const x of node.inputs) {
      if (typeof x === "number" || defined.has(x)) continue;
      fail(graph, `%${x.id} is used before it is defined, in ${printNode(node)}`);
    }
    for (const region of node.regions) verifyGraph(region);
    checkOutputs(graph, node);
    for (const v of node.outputs) define(v, printNode(node));
  }
  for (const v of graph.outputs) {
    if (!defined.has(v)) fail(graph, `%${v.id} is returned but never defined`);
  }
}
function checkOutputs(graph, node) {
  const inferred = inferAll(node.def, node.inputs.map(typeOf), node.attrs, node.regions);
  if (inferred.length !== node.outputs.length) {
    fail(graph, `expected ${inferred.length} outputs in ${printNode(node)}`);
  }
  for (const [i, v] of node.outputs.entries()) {
    if (v.node !== node || v.index !== i) {
      fail(graph, `%${v.id} does not name its node and place, in ${printNode(node)}`);
    }
    if (sameType(v, inferred[i])) continue;
    fail(graph, `%${v.id} should be ${printType(inferred[i])} in ${printNode(node)}`);
  }
}
var sameType = (a, b) => a.dtype === b.dtype && sameShape(a.shape, b.shape);
function fail(graph, problem) {
  throw new GraphError({ op: graph.name, problem });
}

// src/kernel/schedule/maps.ts
var STRETCHED = -2;
var imageSize = (map) => map.filter((d) => d >= 0).length;
function fits(map, {
  space,
  inner
}) {
  const n = imageSize(map);
  if (n === 0 || n === space?.length) return true;
  return inner !== null && n === inner.filter((is) => !is).length && map.every((d) => d < 0 || !inner[d]);
}
function layOut2(out, operands, space) {
  const map = out.map(() => -1);
  for (const operand of operands) {
    const lead = out.length - operand.length;
    for (let d = 0; d < operand.length; d++) {
      if (operand[d] < 0) continue;
      const before = map[lead + d];
      if (before >= 0 && before !== operand[d]) return null;
      map[lead + d] = operand[d];
    }
  }
  let last = -1;
  for (let d = 0; d < out.length; d++) {
    if (out[d] === 1) continue;
    if (map[d] < 0) {
      let next = last + 1;
      while (next < space.length && (space[next] !== out[d] || map.indexOf(next, d) >= 0)) next++;
      if (next === space.length) return null;
      map[d] = next;
    }
    if (map[d] <= last || space[map[d]] !== out[d]) return null;
    last = map[d];
  }
  return map;
}
function mapThrough(map, node) {
  const [x] = node.inputs;
  if (numelOf(x.shape) === 0) return null;
  const lower = node.def.lower;
  const dense3 = specOf(x.dtype, x.shape);
  const view = lower.view(dense3, node.attrs);
  if (view === null || view.offset !== 0) return null;
  const out = [];
  let next = 0;
  for (let d = 0; d < view.shape.length; d++) {
    if (view.shape[d] === 1) {
      out.push(-1);
    } else if (view.strides[d] === 0) {
      out.push(STRETCHED);
    } else {
      while (next < x.shape.length && (x.shape[next] === 1 || dense3.strides[next] !== view.strides[d])) {
        if (x.shape[next] !== 1) return null;
        next++;
      }
      if (next === x.shape.length || x.shape[next] !== view.shape[d]) return null;
      out.push(map[next++]);
    }
  }
  while (next < x.shape.length) if (x.shape[next++] !== 1) return null;
  return out;
}

// src/kernel/schedule/expr.ts
var ExprPool = class {
  known = /* @__PURE__ */ new Map();
  streams = /* @__PURE__ */ new Map();
  roots = /* @__PURE__ */ new Map();
  make(key, rest, dtype, level) {
    const full4 = `${key}:${dtype}`;
    let e = this.known.get(full4);
    if (e === void 0) {
      e = { id: this.known.size, dtype, level, ...rest };
      this.known.set(full4, e);
    }
    return e;
  }
  stream(memory, strides) {
    let root2 = -1;
    if (memory !== null) {
      root2 = this.roots.get(memory.root) ?? this.roots.size;
      this.roots.set(memory.root, root2);
    }
    const key = memory === null ? `${strides}` : `${root2}+${memory.offset}:${strides}`;
    let s = this.streams.get(key);
    if (s === void 0) {
      s = { id: this.streams.size, strides, memory };
      this.streams.set(key, s);
    }
    return s;
  }
  constant(value, dtype) {
    const text2 = Object.is(value, -0) ? "-0" : String(value);
    return this.make(`c${text2}`, { kind: "constant", value }, dtype, 0);
  }
  scalar(input, dtype) {
    return this.make(`s${input}`, { kind: "scalar", input }, dtype, 0);
  }
  load(stream) {
    return this.make(
      `l${stream.id}`,
      { kind: "load", stream },
      stream.memory.dtype,
      0
    );
  }
  position(strides) {
    const stream = this.stream(null, strides);
    return this.make(`p${stream.id}`, { kind: "position", stream }, "int32", 0);
  }
  gather(stream, index2, size, stride, position2) {
    return this.make(
      `g${stream.id},${index2.id},${size},${stride},${position2.id}`,
      { kind: "gather", stream, index: index2, size, stride, position: position2 },
      stream.memory.dtype,
      index2.level
    );
  }
  reduced(combine2, operand, position2, dtype) {
    const reduction = { combine: combine2, operand, position: position2 };
    const key = `r${combine2},${operand.id},${position2?.id}`;
    return this.make(key, { kind: "reduced", reduction }, dtype, operand.level + 1);
  }
  op(fn, args, dtype, position2 = null) {
    let level = 0;
    for (const a of args) if (typeof a !== "number") level = Math.max(level, a.level);
    const text2 = args.map((a) => typeof a === "number" ? a : `e${a.id}`);
    return this.make(
      `${fn}(${text2})${position2?.id ?? ""}`,
      { kind: "op", fn, args, position: position2 },
      dtype,
      level
    );
  }
  cast(a, dtype) {
    return a.dtype === dtype ? a : this.op("cast", [a], dtype);
  }
};
var COMPARISONS = /* @__PURE__ */ new Set(["eq", "ne", "lt", "le", "gt", "ge"]);
function tracer(pool, position2) {
  const build2 = {
    constant: (value, dtype) => pool.constant(value, dtype),
    cast: (a, dtype) => pool.cast(a, dtype),
    index: () => position2(),
    select: (c2, a, b) => pool.op("select", [c2, a, b], a.dtype),
    philox: (word, ...words2) => pool.op("philox", [word, ...words2], "int32", position2())
  };
  return new Proxy(build2, {
    get(target2, name) {
      if (Object.hasOwn(target2, name)) return target2[name];
      return (a, b) => pool.op(
        name,
        b === void 0 ? [a] : [a, b],
        COMPARISONS.has(name) ? "bool" : a.dtype
      );
    }
  });
}
function argsOf(e) {
  switch (e.kind) {
    case "op": {
      const args = e.args.filter((a) => typeof a !== "number");
      return e.position === null ? args : [...args, e.position];
    }
    case "gather":
      return [e.index, e.position];
    default:
      return [];
  }
}
function positionStrides(shape, map, rank) {
  const strides = new Array(rank).fill(0);
  let n = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (map[d] >= 0) strides[map[d]] = n;
    n *= shape[d];
  }
  return strides;
}

// src/kernel/schedule/operand.ts
function chainOf(x) {
  const views = [];
  let base = x;
  while (typeof base !== "number" && base.node !== null && base.node.def.lower?.kind === "view") {
    views.push(base.node);
    base = base.node.inputs[0];
  }
  return { base, views: views.reverse() };
}
function isScalar(x) {
  if (typeof x === "number") return true;
  if (x.node === null) return x.weak !== void 0;
  return isUniform(x.node);
}
var uniform2 = /* @__PURE__ */ new WeakMap();
function isUniform(node) {
  let known = uniform2.get(node);
  if (known === void 0) {
    known = node.def.lower?.kind === "element" && node.inputs.every((x) => isScalar(chainOf(x).base)) && !isPositional(node);
    uniform2.set(node, known);
  }
  return known;
}
function isPositional(node) {
  const lower = node.def.lower;
  const pool = new ExprPool();
  let asked = false;
  const at4 = () => {
    asked = true;
    return pool.position([]);
  };
  const operands = operandTypes(node).map((dtype, i) => pool.scalar(i, dtype));
  lower.expr(tracer(pool, at4), operands, node.attrs, node.outputs[0]);
  return asked;
}
function operandTypes(node) {
  const types = node.inputs.map(typeOf);
  return node.def.operands?.(types, node.outputs, node.attrs) ?? types.map((t) => t.dtype);
}
function reductionOf2(node) {
  const lower = node.def.lower;
  const x = typeOf(node.inputs[0]);
  return { dims: lower.dims(node.attrs, x).filter((d) => x.shape[d] !== 1), shape: x.shape };
}
function orderedWidth(node) {
  const { combine: combine2 } = node.def.lower;
  const [to] = operandTypes(node);
  if (combine2 !== "sum" && combine2 !== "prod") return null;
  return to === "float32" || to === "float64" ? bytesOf(to) : null;
}

// src/kernel/schedule/place.ts
function ownMap(shape) {
  let next = 0;
  return shape.map((n) => n === 1 ? -1 : next++);
}
function stridesIn(rank, map, p, out) {
  const strides = new Array(rank).fill(0);
  const lead = out.length - p.shape.length;
  p.shape.forEach((n, d) => {
    const to = map[lead + d];
    if (to < 0 || n === 1 && out[lead + d] !== 1) return;
    strides[to] = n === 0 && p.strides[d] === 0 ? 1 : p.strides[d];
  });
  return strides;
}

// src/kernel/schedule/plan.ts
var CHUNK = 128;
var BLOCK2 = 8;
function exprsOf(stores) {
  const seen = /* @__PURE__ */ new Set();
  const visit = (e) => {
    if (seen.has(e)) return;
    for (const a of argsOf(e)) visit(a);
    if (e.kind === "reduced") {
      visit(e.reduction.operand);
      if (e.reduction.position !== null) visit(e.reduction.position);
    }
    seen.add(e);
  };
  for (const s of stores) visit(s.value);
  return [...seen];
}
var isOrdered = ({ combine: combine2, operand }) => (combine2 === "sum" || combine2 === "prod") && operand.dtype.startsWith("float");
var isArg = ({ combine: combine2 }) => combine2 === "argmax" || combine2 === "argmin";
function streamsOf(exprs, stores) {
  const all3 = new Set(stores.map((s) => s.stream));
  for (const e of exprs) {
    if (e.kind === "load" || e.kind === "gather" || e.kind === "position") all3.add(e.stream);
  }
  return [...all3].sort((a, b) => a.id - b.id);
}
var reductionsOf = (exprs) => exprs.flatMap((e) => e.kind === "reduced" ? [e.reduction] : []);
function loopsOf(kernel, streams, ordered) {
  const { space, inner } = kernel;
  const loops = [];
  for (const kind of [false, true]) {
    let last = null;
    for (let d = 0; d < space.length; d++) {
      if (inner[d] !== kind) continue;
      const before = last === null ? -1 : last.dims[last.dims.length - 1];
      const merge3 = last !== null && // Only whole rows of parts may be shorter.
      (kernel.total === void 0 || before !== 0) && (kind && ordered ? before === d - 1 : streams.every((s) => mergeable(s, before, d, space)));
      if (last !== null && merge3) {
        last.size *= space[d];
        last.dims.push(d);
      } else {
        last = { size: space[d], inner: kind, dims: [d] };
        loops.push(last);
      }
    }
  }
  return loops;
}
var mergeable = (s, outer, d, space) => s.strides[outer] === s.strides[d] * space[d];
var strideOf = (s, loop) => s.strides[loop.dims[loop.dims.length - 1]];
var classOf = (stride) => stride === 0 ? "zero" : stride === 1 ? "unit" : "other";
function offenders(kernel) {
  const exprs = exprsOf(kernel.stores);
  if (!reductionsOf(exprs).some(isOrdered)) return [];
  const { space, inner } = kernel;
  return streamsOf(exprs, kernel.stores).filter((s) => {
    const last = space.length - 1;
    if (last >= 0 && inner[last] && s.strides[last] !== 0 && s.strides[last] !== 1) return true;
    return space.some(
      (_, d) => d > 0 && inner[d] && inner[d - 1] && !mergeable(s, d - 1, d, space)
    );
  });
}
function planLoops(kernel, info) {
  const exprs = exprsOf(kernel.stores);
  const reductions = reductionsOf(exprs);
  const streams = streamsOf(exprs, kernel.stores);
  const ordered = reductions.some(isOrdered);
  let loops = loopsOf(kernel, streams, ordered);
  const kept = loops.filter((l) => !l.inner).length;
  const lastDim = kernel.space.length - 1;
  let vector2 = loops.findIndex((l) => l.dims.includes(lastDim));
  const block = reductions.length > 0 ? -1 : blockAt(loops, streams, kernel.stores);
  if (block >= 0) {
    loops = [...loops.toSpliced(block, 1), loops[block]];
    vector2 = loops.length - 1;
  }
  const classes = new Map(
    streams.map((s) => [s, loops.map((l) => classOf(strideOf(s, l)))])
  );
  const varies = varying(exprs, classes, kept);
  const lanes2 = lanesOf(exprs, reductions, kernel, classes, varies, vector2, info);
  const loop = vector2 < 0 ? null : loops[vector2];
  const size = loop?.size ?? 1;
  const isRow = loop !== null && !loop.inner;
  const cost2 = exprs.reduce((sum3, e) => sum3 + costOf(e), 0);
  let units = 1;
  if (lanes2 > 1 && reductions.length > 0) {
    if (!isRow) units = size >= 16 * lanes2 ? 4 : 1;
    else if (size >= 4 * lanes2 && reductions.length <= 2 && cost2 <= 40) units = 4;
  }
  const storeUnits = lanes2 > 1 && block < 0 && !isRow && size >= 64 * lanes2 ? cost2 > 60 ? 1 : cost2 > 12 ? 2 : 4 : 1;
  const unit = vector2 === 0 ? lanes2 * Math.max(units, storeUnits) : 1;
  const simple = reductions.length === 0 && kernel.stores.length === 1 && cost2 <= 12;
  const bypassed = vector2 === loops.length - 1 && lanes2 > 1 && block < 0 && simple ? bypassedBy(kernel, exprs, streams, loops, info) : /* @__PURE__ */ new Set();
  const lastInner = loops.length > kept ? loops[loops.length - 1].size : 1;
  const levels = [
    ...reductions.map((r) => r.operand.level + 1),
    ...kernel.stores.filter((s) => s.place === "inner").map((s) => s.value.level + 1)
  ];
  return {
    kernel,
    loops,
    kept,
    vector: vector2,
    lanes: lanes2,
    units,
    storeUnits,
    block,
    bypassed,
    tiles: tilesOfKernel(
      kernel,
      loops,
      kept,
      reductions.length > 0,
      streams.length + cost2 / 4,
      unit,
      info
    ),
    chunked: ordered ? chunkLevels(lastInner / (isRow ? 1 : lanes2 * units)) : 0,
    exprs,
    streams,
    classes,
    varies,
    phases: Math.max(0, ...levels)
  };
}
function bypassedBy(kernel, exprs, streams, loops, info) {
  const bytesOfAll = ({ memory, strides }) => {
    if (memory === null) return 0;
    return kernel.space.reduce((n, size, d) => strides[d] === 0 ? n : n * size, 1) * bytesOf(memory.dtype);
  };
  const touched = streams.reduce((n, s) => n + bytesOfAll(s), 0);
  if (touched <= info.streamBytes) return /* @__PURE__ */ new Set();
  const read = new Set(
    exprs.flatMap((e) => e.kind === "load" || e.kind === "gather" ? [e.stream] : [])
  );
  const written = kernel.stores.filter(({ place: place4, value, stream }) => {
    const bytes2 = bytesOf(value.dtype);
    return place4 === "inner" && value.dtype !== "bool" && !read.has(stream) && loops.every(
      (l, i) => i === loops.length - 1 ? strideOf(stream, l) === 1 : strideOf(stream, l) * bytes2 % info.vectorBytes === 0
    );
  });
  return new Set(written.map((s) => s.stream));
}
var MOST_TILES = 64;
function tilesOfKernel(kernel, loops, kept, reduces, workPerElement, unit, info) {
  if (loops.length === 0) return null;
  if (kernel.faults !== void 0 && !info.ordersFaults) return null;
  const alone = kernel.stores.some((s) => s.place === "once" || s.place === "row" && kept === 0);
  if (alone || kept === 0 && reduces) return null;
  const work2 = kernel.space.reduce((n, size) => n * size, workPerElement);
  return tilesOf(loops[0].size, work2, info, unit);
}
function tilesOf(size, work2, info, unit = 1) {
  if (info.threads === 1 || work2 < info.parallelWork) return null;
  const most = Math.max(MOST_TILES, 4 * info.threads);
  const wanted = Math.min(Math.floor(2 * work2 / info.parallelWork), most);
  const turns = Math.ceil(Math.ceil(size / wanted) / unit) * unit;
  const count = Math.ceil(size / turns);
  return count > 1 ? { count, turns } : null;
}
var chunkLevels = (turns) => turns <= CHUNK ? 0 : turns <= CHUNK ** 2 ? 1 : 2;
var BLOCKED = 8;
function blockAt(loops, streams, stores) {
  const last = loops.length - 1;
  if (last < 1 || loops[last].size < BLOCKED) return -1;
  const written = new Set(stores.map((s) => s.stream));
  for (const s of streams) {
    if (s.memory === null || written.has(s) || Math.abs(strideOf(s, loops[last])) <= 1) continue;
    const at4 = loops.findIndex((l) => strideOf(s, l) === 1 && l.size >= BLOCKED);
    if (at4 >= 0) return at4;
  }
  return -1;
}
function varying(exprs, classes, kept) {
  const varies = /* @__PURE__ */ new Map();
  for (const e of exprs) {
    let bits2 = e.kind === "reduced" ? 2 ** kept - 1 : 0;
    for (const a of argsOf(e)) bits2 |= varies.get(a);
    if (e.kind === "load" || e.kind === "gather" || e.kind === "position") {
      classes.get(e.stream)?.forEach((c2, i) => {
        if (c2 !== "zero") bits2 |= 1 << i;
      });
    }
    varies.set(e, bits2);
  }
  return varies;
}
function lanesOf(exprs, reductions, kernel, classes, varies, vector2, info) {
  if (vector2 < 0) return 1;
  const widths = /* @__PURE__ */ new Set();
  for (const e of exprs) {
    if ((varies.get(e) & 1 << vector2) === 0) continue;
    if (e.dtype !== "bool") widths.add(bytesOf(e.dtype));
    if (e.kind === "gather" && (varies.get(e.index) & 1 << vector2) !== 0) return 1;
  }
  for (const r of reductions) {
    const width2 = r.operand.dtype === "bool" ? 4 : bytesOf(r.operand.dtype);
    if (isArg(r) && width2 !== 4) return 1;
    widths.add(width2);
  }
  for (const s of kernel.stores) {
    if (classes.get(s.stream)?.[vector2] === "zero") continue;
    if (s.value.dtype !== "bool") widths.add(bytesOf(s.value.dtype));
  }
  if (widths.size > 1) return 1;
  const written = new Set(kernel.stores.map((s) => s.stream));
  for (const [s, list] of classes) if (list[vector2] === "other" && !written.has(s)) return 1;
  const [width = 4] = widths;
  return info.vectorBytes / width;
}
var COSTS = {
  exp: 20,
  expm1: 30,
  log: 25,
  log1p: 30,
  sin: 40,
  cos: 40,
  tanh: 30,
  erf: 40,
  pow: 60,
  philox: 120
};
var costOfNode = ({ def }) => COSTS[def.name === "randomBits" ? "philox" : def.name] ?? 1;
var costOf = (e) => e.kind === "op" ? COSTS[e.fn] ?? 1 : 0;

// src/kernel/schedule/split.ts
var PART = 2 ** 14;
var SIDE_BY_SIDE = 8;
var LEAST = 2 ** 17;
var LEAST_KEPT = 2 ** 19;
var product = (sizes) => sizes.reduce((n, size) => n * size, 1);
function partsOf({ space, inner }) {
  const kept = inner.indexOf(false);
  const lead = kept < 0 ? space.length : kept;
  const count = product(space.slice(0, lead));
  return { lead, count, part: kept < 0 ? PART : SIDE_BY_SIDE };
}
function isCut(space, inner) {
  if (inner === null || space.length === 0) return false;
  const { lead, count, part: part2 } = partsOf({ space, inner });
  if (inner.includes(true, lead)) return false;
  const least = lead < space.length ? LEAST_KEPT : LEAST;
  return product(space) >= least && count >= 4 * part2;
}
function isSplit(kernel) {
  const { space, inner, faults, stores } = kernel;
  if (faults !== void 0 || !isCut(space, inner)) return false;
  const { lead } = partsOf(kernel);
  const exprs = exprsOf(stores);
  if (!exprs.some((e) => e.kind === "reduced")) return false;
  const streams = exprs.flatMap(
    (e) => e.kind === "load" || e.kind === "position" ? [e.stream] : []
  );
  return streams.every(
    ({ strides }) => space.every((n, d) => d === 0 || d >= lead || strides[d - 1] === strides[d] * n)
  );
}
function split2(kernel, pool, temp) {
  return new Split(kernel, pool, temp).kernels();
}
var Split = class {
  kernel;
  pool;
  temp;
  lead;
  count;
  part;
  rows;
  /** Sizes of the dimensions that are kept, and their strides in a dense result. */
  kept;
  dense;
  /** Where the results of reductions lie. */
  known = /* @__PURE__ */ new Map();
  constructor(kernel, pool, temp) {
    this.kernel = kernel;
    this.pool = pool;
    this.temp = temp;
    const { lead, count, part: part2 } = partsOf(kernel);
    this.lead = lead;
    this.count = count;
    this.part = part2;
    this.rows = Math.ceil(count / part2);
    this.kept = kernel.space.slice(lead);
    const own = this.kept.map((_, d) => d);
    this.dense = positionStrides(this.kept, own, this.kept.length);
  }
  kernels() {
    const { kernel, lead } = this;
    const { stores, space } = kernel;
    const all3 = exprsOf(stores).filter((e) => e.kind === "reduced");
    const last = Math.max(...all3.map((e) => e.level));
    const elements = stores.filter((s) => s.place === "inner");
    const out = [];
    for (let level = 1; level <= last; level++) {
      const own = all3.filter((e) => e.level === level);
      const { rows, joined: joined2 } = this.cut(own);
      const results = [];
      if (level < last || elements.length > 0) {
        for (const [e, value] of joined2) {
          const memory = this.temp(e.dtype, this.kept);
          this.known.set(e, memory);
          results.push({ value, stream: this.stream(memory, [0], this.dense), place: "row" });
        }
      }
      if (level === last) results.push(...this.results(joined2));
      const inner = [true, ...this.kept.map(() => false)];
      out.push(rows, {
        name: kernel.name,
        space: [this.rows, ...this.kept],
        inner,
        stores: results
      });
    }
    if (elements.length === 0) return out;
    const zeros3 = new Array(lead).fill(0);
    const whole = this.rewriter(
      (strides) => strides,
      (e) => this.result(e, zeros3)
    );
    const written = elements.map((s) => ({ ...s, value: whole.rewrite(s.value) }));
    return [...out, { ...kernel, space, inner: space.map(() => true), stores: written }];
  }
  /** The kernel of the rows of some reductions, and what joins the results of all rows. */
  cut(own) {
    const { kernel, pool, lead, part: part2 } = this;
    const lay = (strides) => {
      const each2 = strides[lead - 1];
      return [each2 * part2, each2, ...strides.slice(lead)];
    };
    const inRows = this.rewriter(lay, (e) => this.result(e, [0, 0]));
    const stores = [];
    const keep3 = (value) => {
      const memory = this.temp(value.dtype, [this.rows, ...this.kept]);
      const step4 = product(this.kept);
      stores.push({ value, stream: this.stream(memory, [step4, 0], this.dense), place: "row" });
      return pool.load(this.stream(memory, [step4], this.dense));
    };
    const joined2 = /* @__PURE__ */ new Map();
    for (const e of own) {
      const { combine: combine2, position: position2, operand: x } = e.reduction;
      const operand = inRows.rewrite(x);
      let best2;
      let at4 = null;
      if (position2 === null) best2 = keep3(pool.reduced(combine2, operand, null, e.dtype));
      else {
        const extreme2 = combine2 === "argmax" ? "max" : "min";
        best2 = keep3(pool.reduced(extreme2, operand, null, operand.dtype));
        at4 = keep3(pool.reduced(combine2, operand, inRows.rewrite(position2), e.dtype));
      }
      joined2.set(e, pool.reduced(combine2, best2, at4, e.dtype));
    }
    const { name } = kernel;
    const space = [this.rows, part2, ...this.kept];
    const inner = [false, true, ...this.kept.map(() => false)];
    return { rows: { name, space, inner, stores, total: this.count }, joined: joined2 };
  }
  /** What the kernel stores of its results. */
  results(joined2) {
    const { pool, lead } = this;
    const lay = (strides) => [0, ...strides.slice(lead)];
    const atOnce = this.rewriter(lay, (e) => joined2.get(e) ?? this.result(e, [0]));
    return this.kernel.stores.filter((s) => s.place !== "inner").map(({ value, stream, place: place4 }) => ({
      value: atOnce.rewrite(value),
      stream: pool.stream(stream.memory, lay(stream.strides)),
      place: place4
    }));
  }
  stream(memory, lead, rest) {
    return this.pool.stream(memory, [...lead, ...rest]);
  }
  /** A reduction that an earlier kernel has made. */
  result(e, lead) {
    return this.pool.load(this.stream(this.known.get(e), lead, this.dense));
  }
  rewriter(lay, reduced2) {
    return new Rewriter(this.pool, lay, reduced2);
  }
};
var Rewriter = class {
  pool;
  lay;
  reduced;
  done = /* @__PURE__ */ new Map();
  constructor(pool, lay, reduced2) {
    this.pool = pool;
    this.lay = lay;
    this.reduced = reduced2;
  }
  rewrite(e) {
    let out = this.done.get(e);
    if (out === void 0) {
      out = this.make(e);
      this.done.set(e, out);
    }
    return out;
  }
  make(e) {
    const { pool } = this;
    switch (e.kind) {
      case "constant":
      case "scalar":
        return e;
      case "load":
        return pool.load(pool.stream(e.stream.memory, this.lay(e.stream.strides)));
      case "position":
        return pool.position(this.lay(e.stream.strides));
      case "reduced":
        return this.reduced(e);
      case "op": {
        const args = e.args.map((a) => typeof a === "number" ? a : this.rewrite(a));
        return pool.op(e.fn, args, e.dtype, e.position === null ? null : this.rewrite(e.position));
      }
      case "gather":
        throw new Error("a reduction that gathers is not split");
    }
  }
};

// src/kernel/step.ts
var Step = class {
  /** Which of all steps it is, in the order in which they were begun. */
  number;
  /** In the graph's order. */
  nodes = [];
  /** Steps whose results it reads from memory, and those that read its own. */
  deps = /* @__PURE__ */ new Set();
  users = /* @__PURE__ */ new Set();
  /** Above that of every step it depends on: no path leads from a lower level to a higher one. */
  level = 0;
  /** Sizes of the space that an elementwise group computes over; null for other steps. */
  space = null;
  /** Which of its dimensions are reduced, once a reduction has joined. */
  inner = null;
  maps = /* @__PURE__ */ new Map();
  /** Holds a float sum, whose vectors must all be as wide as it. */
  ordered = null;
  /** Element widths of values that span the space. */
  widths = /* @__PURE__ */ new Set();
  /** Holds a gather, and one that spans the space. */
  faults = false;
  gathers = false;
  constructor(number2) {
    this.number = number2;
  }
  dependOn(other) {
    if (other === this) return;
    this.deps.add(other);
    other.users.add(this);
    this.rise(other.level + 1);
  }
  /** Takes what another step, which is then none, depends on and is needed for. */
  takeOver(other) {
    for (const d of other.deps) {
      d.users.delete(other);
      this.dependOn(d);
    }
    for (const u of other.users) {
      u.deps.delete(other);
      if (u !== this) u.dependOn(this);
    }
    other.deps.clear();
    other.users.clear();
  }
  /** Whether it depends on another step, directly or not; on itself it does. */
  reaches(other) {
    const seen = /* @__PURE__ */ new Set();
    const stack3 = [this];
    for (let s = stack3.pop(); s !== void 0; s = stack3.pop()) {
      if (s === other) return true;
      if (s.level <= other.level || seen.has(s)) continue;
      seen.add(s);
      stack3.push(...s.deps);
    }
    return false;
  }
  rise(level) {
    const stack3 = [[this, level]];
    for (let top = stack3.pop(); top !== void 0; top = stack3.pop()) {
      const [s, least] = top;
      if (s.level >= least) continue;
      s.level = least;
      for (const u of s.users) stack3.push([u, least + 1]);
    }
  }
};

// src/kernel/fuse.ts
var MAX_NODES = 120;
function fuse(graph) {
  return new Fuser().run(graph);
}
var spaceOf = (shape) => shape.filter((n) => n !== 1);
var Fuser = class {
  steps = /* @__PURE__ */ new Set();
  begun = 0;
  stepOf = /* @__PURE__ */ new Map();
  /** Who reads each value, through views too. */
  readers = /* @__PURE__ */ new Map();
  outputs = /* @__PURE__ */ new Set();
  placed = /* @__PURE__ */ new Set();
  run(graph) {
    const live = liveNodes(graph);
    for (const node of live) {
      if (node.def.lower?.kind === "view") continue;
      for (const base of this.bases(node)) {
        const list = this.readers.get(base);
        if (list === void 0) this.readers.set(base, [node]);
        else list.push(node);
      }
    }
    for (const v of graph.outputs) {
      const { base } = chainOf(v);
      if (typeof base !== "number") this.outputs.add(base);
    }
    for (const node of graph.nodes) if (live.has(node)) this.place(node);
    return { steps: [...this.steps], stepOf: this.stepOf };
  }
  place(node) {
    const kind = node.def.lower?.kind;
    switch (kind) {
      case "view":
        return;
      case "element":
        if (isScalar(node.outputs[0])) return;
        if (!this.joinAny(node)) this.start(node, node.outputs[0].shape);
        return;
      case "reduce":
        if (!this.joinReduction(node)) this.startReduction(node);
        return;
      case "gather":
        if (!this.joinAny(node)) this.start(node, node.outputs[0].shape);
        return;
      case void 0:
        throw new Error(`${node.def.name} is not a primitive: expand the graph first`);
      default:
        this.add(new Step(this.begun++), node);
    }
  }
  // ---- starting steps
  add(step4, node) {
    this.steps.add(step4);
    this.placed.add(node);
    step4.nodes.push(node);
    for (const out of node.outputs) this.stepOf.set(out, step4);
    for (const base of this.bases(node)) {
      const s = this.stepOf.get(base);
      if (s !== void 0) step4.dependOn(s);
    }
  }
  start(node, shape) {
    const step4 = new Step(this.begun++);
    step4.space = spaceOf(shape);
    this.enter(step4, node, ownMap(shape));
    return step4;
  }
  /** Puts an elementwise node into a group, its output laid by `map`. */
  enter(step4, node, map) {
    this.add(step4, node);
    step4.maps.set(node.outputs[0], map);
    const isGather = node.def.lower?.kind === "gather";
    if (isGather) step4.faults = true;
    if (imageSize(map) !== step4.space?.length) return;
    for (const w of widthsOf(node)) step4.widths.add(w);
    if (isGather) step4.gathers = true;
  }
  startReduction(node) {
    const { dims, shape } = reductionOf2(node);
    const step4 = new Step(this.begun++);
    step4.space = spaceOf(shape);
    const map = ownMap(shape);
    const inner = step4.space.map(() => false);
    for (const d of dims) inner[map[d]] = true;
    this.reduce(step4, node, map, inner);
  }
  // ---- joining groups
  bases(node) {
    return node.inputs.map((x) => chainOf(x).base).filter((b) => typeof b !== "number");
  }
  /** Groups that compute operands of the node, largest space and latest first. */
  candidates(node) {
    const found = /* @__PURE__ */ new Set();
    for (const base of this.bases(node)) {
      const s = this.stepOf.get(base);
      if (s?.space != null) found.add(s);
    }
    return [...found].reverse().sort((a, b) => numelOf(b.space ?? []) - numelOf(a.space ?? []));
  }
  joinAny(node) {
    const all3 = this.candidates(node);
    for (const group of all3) {
      if (!this.join(node, group)) continue;
      for (const other of all3) if (other !== group) this.merge(other, group, node);
      return true;
    }
    return false;
  }
  join(node, group) {
    if (group.nodes.length >= MAX_NODES) return false;
    const out = node.outputs[0].shape;
    const maps = this.operandMaps(node, group);
    if (maps === null || this.wouldCycle(node, group)) return false;
    if (this.wouldWait(node, group) || this.comesLater(node, group)) return false;
    const isGather = node.def.lower?.kind === "gather";
    if (isGather && this.stepOf.get(chainOf(node.inputs[0]).base) === group) {
      return false;
    }
    const space = group.space;
    if (space.length === 0 && group.inner === null && spaceOf(out).length > 0) {
      if (this.isNeeded(group, node)) return false;
      group.space = spaceOf(out);
      group.widths.clear();
      this.enter(group, node, ownMap(out));
      return true;
    }
    const map = layOut2(out, maps, space);
    if (map === null || !fits(map, group)) return false;
    const spans3 = imageSize(map) === space.length;
    if (spans3 && !widthsFit(group, widthsOf(node))) return false;
    if (isGather && group.ordered !== null && (spans3 || isCut(space, group.inner))) return false;
    this.enter(group, node, map);
    return true;
  }
  /**
   * How each operand that the group computes lies in its space, aligned with the output's last
   * dimension; null if one cannot be read there.
   */
  operandMaps(node, group) {
    const maps = [];
    for (const x of node.inputs) {
      const { base } = chainOf(x);
      if (typeof base === "number" || this.stepOf.get(base) !== group) continue;
      const map = this.mapIn(group, x);
      if (map === null) return null;
      maps.push(map);
    }
    return maps;
  }
  /** How an operand lies in the space of the group that computes it, through its views. */
  mapIn(group, x) {
    const { base, views } = chainOf(x);
    let map = group.maps.get(base) ?? null;
    for (const node of views) {
      if (map === null) return null;
      map = mapThrough(map, node);
    }
    return map;
  }
  wouldCycle(node, group) {
    return this.bases(node).some((base) => {
      const s = this.stepOf.get(base);
      return s !== void 0 && s !== group && s.reaches(group);
    });
  }
  /**
   * Whether a group that takes a contraction's result would take another's too, or would have to
   * wait for what begins later and goes through memory anyway.
   */
  wouldWait(node, group) {
    const own = taken(group);
    if (own.length === 0) return false;
    const read = this.bases(node).map((base) => this.stepOf.get(base));
    return read.some(
      (s) => s !== void 0 && s !== group && !group.deps.has(s) && (isContraction(s) || s.inner !== null && own.some((c2) => c2.number < s.number))
    );
  }
  /** Whether others than `node` read what a group computes: it is then computed once, for all. */
  isNeeded(group, node) {
    return this.isReadBy(group, (r) => r !== node && !group.nodes.includes(r));
  }
  isNeededBeside(group, other) {
    return this.isReadBy(group, (r) => !other.nodes.includes(r) && !group.nodes.includes(r));
  }
  isReadBy(group, who) {
    return group.nodes.some(
      (n) => n.outputs.some((v) => this.outputs.has(v) || this.readers.get(v)?.some(who) === true)
    );
  }
  /**
   * Whether a cheap op of one value had better be computed where its result is used: the value lies
   * in memory for a step that has been placed already, so the result need not be kept until then (the
   * mask of a relu, which the way back asks for).
   */
  comesLater(node, group) {
    if (node.def.lower?.kind !== "element" || this.outputs.has(node.outputs[0])) return false;
    const bases = this.bases(node);
    if (bases.length !== 1 || costOfNode(node) > 1) return false;
    return this.readers.get(bases[0])?.some((r) => r !== node && this.placed.has(r) && !group.nodes.includes(r)) === true;
  }
  /** Merges group `from` into `into`, which holds `node`, a reader of both. */
  merge(from, into, node) {
    if (from.space === null || !this.steps.has(from)) return;
    if (from.nodes.length + into.nodes.length > MAX_NODES) return;
    if ((/* @__PURE__ */ new Set([...taken(from), ...taken(into)])).size > 1) return;
    const scalars = from.space.length === 0 && into.space.length > 0;
    if (scalars && from.inner === null && this.isNeededBeside(from, into)) return;
    const translate = this.translation(from, into, node);
    if (translate === null) return;
    for (const d of into.deps) if (d !== from && d.reaches(from)) return;
    for (const d of from.deps) if (d !== into && d.reaches(into)) return;
    const space = into.space;
    let inner = into.inner;
    if (from.inner !== null) {
      const moved = space.map(() => false);
      from.inner.forEach((is, d) => {
        if (is) moved[translate[d]] = true;
      });
      if (inner !== null && moved.some((is, d) => is !== inner?.[d])) return;
      inner = moved;
    }
    const maps = [...from.maps].map(
      ([v, map]) => [v, map.map((d) => d < 0 ? d : translate[d])]
    );
    const shape = { space, inner };
    if (![...maps, ...into.maps].every(([, map]) => fits(map, shape))) return;
    const whole = from.space.length === space.length;
    const ordered = into.ordered ?? from.ordered;
    const widths = /* @__PURE__ */ new Set([...into.widths, ...whole ? from.widths : []]);
    const gathers = into.gathers || whole && from.gathers;
    const faults = into.faults || from.faults;
    if (from.ordered !== null && into.ordered !== null && from.ordered !== into.ordered) return;
    if (ordered !== null && (gathers || !onlyWidth(widths, ordered, inner))) return;
    if (ordered !== null && faults && isCut(space, inner)) return;
    Object.assign(into, { inner, ordered, gathers, faults });
    for (const w of widths) into.widths.add(w);
    for (const [v, map] of maps) into.maps.set(v, map);
    into.nodes.push(...from.nodes);
    into.takeOver(from);
    this.steps.delete(from);
    for (const n of from.nodes) for (const out of n.outputs) this.stepOf.set(out, into);
  }
  /** For each space dimension of `from` the one of `into` that it is; null if they do not meet. */
  translation(from, into, node) {
    const target2 = into.maps.get(node.outputs[0]);
    const space = from.space;
    const to = space.map(() => -1);
    for (const x of node.inputs) {
      const { base } = chainOf(x);
      if (typeof base === "number" || this.stepOf.get(base) !== from) continue;
      const map = this.mapIn(from, x);
      if (map === null) return null;
      const lead = target2.length - map.length;
      for (let d = 0; d < map.length; d++) {
        if (map[d] < 0) continue;
        if (to[map[d]] >= 0 && to[map[d]] !== target2[lead + d]) return null;
        to[map[d]] = target2[lead + d];
      }
    }
    if (to.includes(-1) && sameSizes(space, into.space)) {
      if (to.some((t, d) => t >= 0 && t !== d)) return null;
      return to.map((_, d) => d);
    }
    const rising = to.every((t, d) => t >= 0 && (d === 0 || t > to[d - 1]));
    return rising ? to : null;
  }
  // ---- reductions
  joinReduction(node) {
    const [x] = node.inputs;
    const { base } = chainOf(x);
    if (typeof base === "number") return false;
    const group = this.stepOf.get(base);
    if (group?.space != null && this.joinGroup(node, group, this.mapIn(group, x))) return true;
    const { shape, dims } = reductionOf2(node);
    if (dims.length === 0) return false;
    for (const reader of [...this.steps].reverse()) {
      const { space, inner } = reader;
      if (space === null || inner === null || !sameSizes(space, spaceOf(shape))) continue;
      if (reader === group || !reader.nodes.some((n) => n.inputs.includes(x))) continue;
      if (this.joinGroup(node, reader, ownMap(shape))) return true;
    }
    return false;
  }
  joinGroup(node, group, map) {
    if (group.space === null || group.nodes.length >= MAX_NODES) return false;
    if (map === null || map.includes(STRETCHED)) return false;
    const { dims } = reductionOf2(node);
    if (dims.length > 0 && imageSize(map) !== group.space.length) return false;
    const inner = group.space.map(() => false);
    for (const d of dims) inner[map[d]] = true;
    const width = orderedWidth(node);
    if (dims.length > 0) {
      if (group.inner !== null && inner.some((is, d) => is !== group.inner?.[d])) return false;
      const shape = { space: group.space, inner };
      if (![...group.maps.values()].every((m) => fits(m, shape))) return false;
      if (width !== null) {
        if (group.ordered !== null && group.ordered !== width) return false;
        if (group.gathers || !onlyWidth(group.widths, width, inner)) return false;
        if (group.faults && isCut(group.space, inner)) return false;
      }
      const [to] = operandTypes(node);
      if (group.ordered !== null && !onlyWidth([bytesOf(to)], group.ordered, inner)) return false;
    }
    this.reduce(group, node, map, inner);
    return true;
  }
  reduce(group, node, map, inner) {
    const { dims } = reductionOf2(node);
    this.add(group, node);
    if (dims.length > 0) {
      group.inner = inner;
      group.ordered ??= orderedWidth(node);
      const [to] = operandTypes(node);
      if (to !== "bool") group.widths.add(bytesOf(to));
    }
    const out = node.outputs[0].shape;
    const all3 = node.def.lower;
    const gone = all3.dims(node.attrs, typeOf(node.inputs[0]));
    const kept = out.length === map.length;
    group.maps.set(
      node.outputs[0],
      kept ? map.map((d, i) => gone.includes(i) ? -1 : d) : map.filter((_, i) => !gone.includes(i))
    );
  }
};
function onlyWidth(widths, width, inner) {
  if (inner !== null && inner.length > 0 && !inner[inner.length - 1]) return true;
  for (const w of widths) if (w !== width) return false;
  return true;
}
var widthsFit = (group, widths) => group.ordered === null || onlyWidth(widths, group.ordered, group.inner);
function widthsOf(node) {
  const types = /* @__PURE__ */ new Set([...operandTypes(node), node.outputs[0].dtype]);
  node.inputs.forEach((x) => {
    if (!isScalar(chainOf(x).base)) types.add(typeOf(x).dtype);
  });
  types.delete("bool");
  return new Set([...types].map(bytesOf));
}
var isContraction = ({ nodes: [first] }) => first.def.lower?.kind === "gemm" || first.def.lower?.kind === "conv";
var taken = (group) => [...group.deps].filter(isContraction);
var sameSizes = (a, b) => a.length === b.length && a.every((n, d) => n === b[d]);
function liveNodes(graph) {
  const live = /* @__PURE__ */ new Set();
  const wanted = new Set(graph.outputs);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((v) => wanted.has(v))) continue;
    live.add(node);
    for (const x of node.inputs) if (typeof x !== "number") wanted.add(x);
  }
  return live;
}

// src/kernel/temps.ts
var SLACK = 64;
function placeTemps(sizes, launches) {
  const free2 = new Extents();
  let bytes2 = 0;
  const take = (room) => {
    const at4 = free2.take(room);
    if (at4 >= 0) return at4;
    const more = room - free2.before(bytes2);
    free2.give(bytes2, more);
    bytes2 += more;
    return free2.take(room);
  };
  const rooms = sizes.map((n) => Math.ceil((n + SLACK) / 64) * 64);
  const touched = launches.map(tempsOf);
  const last = new Map(touched.flatMap((temps, i) => temps.map((t) => [t, i])));
  const starts2 = sizes.map(() => -1);
  touched.forEach((temps, i) => {
    for (const t of temps) if (starts2[t] < 0) starts2[t] = take(rooms[t]);
    for (const t of temps) if (last.get(t) === i) free2.give(starts2[t], rooms[t]);
  });
  return { starts: starts2.map((at4) => Math.max(0, at4)), bytes: bytes2 };
}
function tempsOf({ args }) {
  const found = /* @__PURE__ */ new Set();
  for (const arg of args) {
    if (arg.kind === "pointer" && arg.buffer.kind === "temp") found.add(arg.buffer.index);
  }
  return [...found];
}

// src/kernel/math/coefficients.gen.ts
var EXP2 = {
  f32: [0.0013814834, 836871e-8, 0.04166838, 0.16666521, 0.49999994],
  f64: [24998923973293782e-24, 27630005001474195e-23, 2755758925708387e-21, 24801493911345784e-21, 19841269504687002e-20, 0.0013888888942685871, 0.008333333333494322, 0.041666666666534576, 0.16666666666666416, 0.500000000000001]
};
var EXPM12 = {
  f32: [19914017e-11, 0.0013940728, 8333273e-9, 0.04166636, 0.16666667, 0.5],
  f64: [20924364776495467e-25, 25108938480517308e-24, 2755724310102235e-22, 27557244554945834e-22, 2480158736001412e-20, 19841269885706605e-20, 0.0013888888888867223, 0.008333333333321835, 0.0416666666666667, 0.16666666666666677, 0.5]
};
var LOG2 = {
  f32: [0.06921321, -0.11780804, 0.11865057, -0.1238553, 0.1422003, -0.16669218, 0.20002146, -0.24999987, 0.3333331],
  f64: [0.14792096930088458, 0.15314464809752962, 0.18183546700577963, 0.2222219894839294, 0.28571428738245636, 0.3999999999943658, 0.6666666666666731]
};
var SIN2 = {
  f32: [-19517525e-11, 8332181e-9, -0.16666655],
  f64: [15896988609581607e-26, -25050761828384075e-24, 27557313718923777e-22, -1984126982989913e-19, 0.008333333333322554, -0.16666666666666632]
};
var COS2 = {
  f32: [2443941e-11, -0.0013887377, 0.041666646],
  f64: [-11361303476684076e-27, 2087575806816357e-24, -2755731463440439e-22, 24801587290576314e-21, -0.0013888888888876133, 0.041666666666666616]
};
var TANH2 = {
  f32: [-5714084e-9, 0.020648783, -0.05374328, 0.13331494, -0.33333284],
  f64: [-16095790788631518e-21, 7720086773844354e-20, -22862308384931723e-20, 5863509992810797e-19, -0.001454971352331808, 0.003591992068691546, -0.008863221433973138, 0.02186948761622183, -0.05396825393345011, 0.13333333333268158, -0.33333333333332915]
};
var ERF2 = {
  f32: [7885847e-11, -80199476e-11, 5189445e-9, -0.026854403, 0.112835996, -0.37612626, 0.12837917],
  f64: [-7797685989081661e-25, 13721137893742711e-24, -16208760270995594e-23, 16447464712183857e-22, -14924740484580211e-21, 1205529510940345e-19, -854832598287394e-18, 0.0052239776072865625, -0.02686617064326027, 0.11283791670945159, -0.37612638903183543, 0.12837916709551256]
};
var LOG_ERFC = {
  f32: [18569427e-11, -0.0029408366, 0.02181044, -0.1030485, -0.6382123, -1.1270484, -35158356e-11],
  f64: [-4882462126560354e-27, 2027118681951243e-25, -3902280917815753e-24, 4607004026231287e-23, -3706183513821585e-22, 21207319077901997e-22, -8604117955433198e-21, 2261667162988205e-20, -19740131950391342e-21, -136111794976797e-18, 7723295777697765e-19, -0.0019180431722253736, 41265227737572363e-20, 0.018988699333009774, -0.10270264776622468, -0.6366439204785964, -1.128374022931349, -509878900420101e-21]
};
var POW_LOG = {
  f32: [0.29117525, 0.33283114, 0.42857692, 0.59999996],
  f64: [0.17854560876190767, 0.17528916835889102, 0.20003584796989213, 0.23076860593681944, 0.2727272789777987, 0.33333333329991327, 0.4285714285715069, 0.6]
};
var EXP22 = {
  f32: [15469997e-11, 0.0013391101, 961803e-8, 0.055503566, 0.2402265, 0.6931472],
  f64: [445672010867867e-24, 7072657334207152e-24, 10178051452805093e-23, 13215442229948841e-22, 15252733853874731e-21, 1540353044232523e-19, 0.001333355814639548, 0.009618129107606536, 0.05550410866482166, 0.240226506959101, 0.6931471805599453]
};
var LN2 = {
  f32: [0.693145751953125, 1428606765330187e-21],
  f64: [0.6931471805598903, 5497923018708371e-29]
};
var HALF_PI = {
  f32: [1.5703125, 4825592041015625e-19, 12665987014770508e-22, 989530235528946e-24, 25579538487363607e-28, 5390302953474238e-30],
  f64: [1.5707963267341256, 6077100506303966e-26, 20222662487111665e-37, 84784276603689e-45]
};
var TWO_OVER_3_LN2 = {
  f32: [0.961669921875, 12677205086220056e-20],
  f64: [0.9617966860532761, 7872699542894897e-24]
};

// src/kernel/math/float-lanes.ts
var F32 = {
  elem: "f32",
  int: "i32",
  fraction: 23,
  bias: 127,
  magic: 1.5 * 2 ** 23,
  minNormal: 2 ** -126,
  headMask: 0xfffff000n
};
var F64 = {
  elem: "f64",
  int: "i64",
  fraction: 52,
  bias: 1023,
  magic: 1.5 * 2 ** 52,
  minNormal: 2 ** -1022,
  headMask: 0xfffffffff8000000n
};
var FloatLanes = class {
  b;
  format;
  lanes;
  /** Works on registers of the type of `like`: f32 or f64. */
  constructor(b, like) {
    const { elem, lanes: lanes2 } = like.type;
    if (elem !== "f32" && elem !== "f64") throw new Error(`not a float register: ${elem}`);
    this.b = b;
    this.format = elem === "f32" ? F32 : F64;
    this.lanes = lanes2;
  }
  /** One of two facts, by format. */
  pick(f32, f64) {
    return this.format.elem === "f32" ? f32 : f64;
  }
  // ---- floats
  /** A constant, rounded to the format. */
  c(value) {
    const { elem } = this.format;
    const exact = elem === "f32" ? Math.fround(value) : value;
    return this.b.splat(this.b.const(elem, exact), this.lanes);
  }
  /** The coefficient of a table of parts. */
  part(table4, index2, sign4 = 1) {
    return this.c(sign4 * table4[this.format.elem][index2]);
  }
  add = (x, y) => this.b.binary("add", x, this.reg(y));
  sub = (x, y) => this.b.binary("sub", this.reg(x), this.reg(y));
  mul = (x, y) => this.b.binary("mul", x, this.reg(y));
  div = (x, y) => this.b.binary("div", this.reg(x), y);
  fma = (x, y, z) => this.b.fma(x, this.reg(y), this.reg(z));
  abs(x) {
    return this.b.unary("abs", x);
  }
  /** Horner's rule; coefficients from the highest power down. */
  poly(x, table4) {
    const coefficients = table4[this.format.elem];
    let sum3 = this.c(coefficients[0]);
    for (const k2 of coefficients.slice(1)) sum3 = this.fma(sum3, x, k2);
    return sum3;
  }
  // ---- masks
  is(x, fn, y) {
    return this.b.compare(fn, x, this.reg(y));
  }
  select(mask, x, y) {
    return this.b.select(mask, this.reg(x), this.reg(y));
  }
  /** The smaller; a NaN in `x` stays. (Compare and select: cheaper than a NaN-proof `min`.) */
  atMost(x, limit) {
    return this.select(this.is(x, "gt", limit), limit, x);
  }
  /** The larger; a NaN in `x` stays. */
  atLeast(x, limit) {
    return this.select(this.is(x, "lt", limit), limit, x);
  }
  // ---- bits
  /** An integer constant as wide as the float, given as its bits. */
  i(value) {
    const { int } = this.format;
    const signed2 = int === "i32" ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
    return this.b.splat(this.b.const(int, signed2), this.lanes);
  }
  bits(x) {
    return this.b.bitcast(x, this.format.int);
  }
  fromBits(i) {
    return this.b.bitcast(i, this.format.elem);
  }
  shl(i, count) {
    return this.b.binary("shl", i, this.b.const("i32", count));
  }
  shr(i, count) {
    return this.b.binary("shr", i, this.b.const("i32", count));
  }
  get signMask() {
    return this.i(this.pick(1n << 31n, 1n << 63n));
  }
  /** The sign bit alone, as an integer. */
  signOf(x) {
    return this.b.binary("and", this.bits(x), this.signMask);
  }
  /** Flips the sign of `x` where `sign` (an integer, sign bit or zero) is set. */
  flip(x, sign4) {
    return this.fromBits(this.b.binary("xor", this.bits(x), sign4));
  }
  /** `x` with the low half of its significand cleared. */
  head(x) {
    return this.fromBits(this.b.binary("and", this.bits(x), this.i(this.format.headMask)));
  }
  /**
   * p * 2^n for `shifted` = n + 2 * bias + magic (a float): two factors 2^(n/2), so that n may
   * run from twice the least to twice the greatest exponent and a denormal is rounded once.
   */
  scale(p, shifted) {
    const [s1, s2] = this.halves(shifted);
    return this.mul(this.mul(p, s1), s2);
  }
  /** 2^floor(n/2) and 2^ceil(n/2) for `shifted` = n + 2 * bias + magic. */
  halves(shifted) {
    const { fraction } = this.format;
    const doubled = this.shl(this.bits(shifted), fraction - 1);
    const clear = this.i(-1n << BigInt(fraction));
    const h = this.b.binary("and", doubled, clear);
    const rest = this.b.binary("sub", this.shl(doubled, 1), h);
    return [this.fromBits(h), this.fromBits(rest)];
  }
  /** 2^n for `shifted` = n + bias + magic, n a normal exponent. */
  powerOfTwo(shifted) {
    return this.fromBits(this.shl(this.bits(shifted), this.format.fraction));
  }
  /**
   * Positive finite x = m * 2^k with m in [sqrt(1/2), sqrt(2)), denormals included; k a float.
   * (For other x both are meaningless but harmless.)
   */
  split(x, denormals) {
    const { fraction, bias, minNormal, elem } = this.format;
    const up = elem === "f32" ? 23 : 54;
    const anchor = 2 ** fraction;
    let normal3 = x;
    let origin2 = this.c(anchor + bias);
    if (denormals) {
      const small = this.is(x, "lt", minNormal);
      normal3 = this.select(small, this.mul(x, 2 ** up), x);
      origin2 = this.select(small, anchor + bias + up, origin2);
    }
    const root2 = this.pick(0x3f3504f3n, 0x3fe6a09e667f3bcdn);
    const one = BigInt(bias) << BigInt(fraction);
    const { b } = this;
    const u = b.binary("add", this.bits(normal3), this.i(one - root2));
    const low = b.binary("and", u, this.i((1n << BigInt(fraction)) - 1n));
    const m = this.fromBits(b.binary("add", low, this.i(root2)));
    const exponentBits = this.i(BigInt(bias + fraction) << BigInt(fraction));
    const k2 = this.fromBits(b.binary("or", this.shr(u, fraction), exponentBits));
    return { m, k: this.sub(k2, origin2) };
  }
  reg(x) {
    return typeof x === "number" ? this.c(x) : x;
  }
};

// src/kernel/math/exp.ts
function reduce(f2, x, offset) {
  const magic = f2.format.magic + offset;
  const shifted = f2.fma(x, Math.LOG2E, magic);
  const n = f2.sub(shifted, magic);
  const r = f2.fma(n, f2.part(LN2, 1, -1), f2.fma(n, f2.part(LN2, 0, -1), x));
  return { shifted, r };
}
function exp2(b, x) {
  const f2 = new FloatLanes(b, x);
  const clamped = f2.atLeast(f2.atMost(x, f2.pick(89, 710)), f2.pick(-104, -746));
  const { shifted, r } = reduce(f2, clamped, 2 * f2.format.bias);
  const p = f2.fma(f2.fma(f2.poly(r, EXP2), r, 1), r, 1);
  return f2.scale(p, shifted);
}
function expNormal(f2, x) {
  const { shifted, r } = reduce(f2, x, f2.format.bias);
  const p = f2.fma(f2.fma(f2.poly(r, EXP2), r, 1), r, 1);
  return f2.mul(p, f2.powerOfTwo(shifted));
}
function expm12(b, x) {
  const f2 = new FloatLanes(b, x);
  const { bias, fraction } = f2.format;
  const clamped = f2.atLeast(f2.atMost(x, f2.pick(89, 710)), f2.pick(-18, -38));
  const magic = f2.format.magic + 2 * bias;
  const shifted = f2.fma(clamped, Math.LOG2E, magic);
  const n = f2.sub(shifted, magic);
  const high = f2.fma(n, f2.part(LN2, 0, -1), clamped);
  const low = f2.mul(n, f2.part(LN2, 1));
  const r = f2.sub(high, low);
  const c2 = f2.sub(f2.sub(high, r), low);
  const tail = f2.fma(f2.mul(r, r), f2.poly(r, EXPM12), f2.fma(c2, r, c2));
  const q = f2.add(r, tail);
  const [s1, s2] = f2.halves(shifted);
  const inverse = f2.fromBits(
    b.binary("sub", f2.i(BigInt(2 * bias) << BigInt(fraction)), f2.bits(s2))
  );
  const result = f2.mul(f2.fma(q, s1, f2.sub(s1, inverse)), s2);
  return f2.select(f2.is(x, "eq", 0), x, result);
}

// src/kernel/math/erf.ts
function erf2(b, x) {
  const f2 = new FloatLanes(b, x);
  const a = f2.abs(x);
  const small = f2.fma(a, f2.poly(f2.mul(a, a), ERF2), a);
  const t = f2.atMost(a, f2.pick(4, 6));
  const large = f2.sub(1, expNormal(f2, f2.poly(t, LOG_ERFC)));
  return f2.flip(f2.select(f2.is(a, "lt", 1), small, large), f2.signOf(x));
}

// src/kernel/math/log.ts
function logOfParts(f2, m, k2, correction) {
  const d = f2.sub(m, 1);
  const square3 = f2.mul(d, d);
  const half = f2.mul(square3, 0.5);
  let tail = f2.mul(k2, f2.part(LN2, 1));
  if (correction !== null) tail = f2.add(tail, correction);
  let bent;
  if (f2.format.elem === "f32") {
    bent = f2.sub(f2.fma(f2.mul(square3, d), f2.poly(d, LOG2), tail), half);
  } else {
    const s = f2.div(d, f2.add(d, 2));
    const z = f2.mul(s, s);
    const rest = f2.fma(z, f2.poly(z, LOG2), half);
    bent = f2.sub(f2.fma(s, rest, tail), half);
  }
  return f2.fma(k2, f2.part(LN2, 0), f2.add(d, bent));
}
function log3(b, x) {
  const f2 = new FloatLanes(b, x);
  const { m, k: k2 } = f2.split(x, true);
  const finite = logOfParts(f2, m, k2, null);
  const upper2 = f2.select(f2.is(x, "eq", Infinity), x, finite);
  const lower = f2.select(f2.is(x, "eq", 0), -Infinity, NaN);
  return f2.select(f2.is(x, "gt", 0), upper2, lower);
}
function log1p2(b, x) {
  const f2 = new FloatLanes(b, x);
  const u = f2.add(x, 1);
  const lost = f2.select(f2.is(x, "ge", 1), f2.sub(1, f2.sub(u, x)), f2.sub(x, f2.sub(u, 1)));
  const { m, k: k2 } = f2.split(u, false);
  const finite = logOfParts(f2, m, k2, f2.div(lost, u));
  const kept = b.binary("or", f2.is(x, "eq", Infinity), f2.is(x, "eq", 0));
  const upper2 = f2.select(kept, x, finite);
  const lower = f2.select(f2.is(x, "eq", -1), -Infinity, NaN);
  return f2.select(f2.is(x, "gt", -1), upper2, lower);
}

// src/kernel/math/philox.ts
function philox2(b, counter2, key) {
  const lanes2 = Math.max(...counter2.map((r) => r.type.lanes), ...key.map((r) => r.type.lanes));
  const wide2 = (r) => b.splat(r, lanes2);
  const constant4 = (value) => wide2(b.const("i32", value | 0));
  const m0 = constant4(3528531795);
  const m1 = constant4(3449720151);
  let [c0, c1, c2, c3] = counter2.map(wide2);
  let [k0, k1] = key;
  const weyl = (k2, by) => b.binary("add", k2, b.splat(b.const("i32", by | 0), k2.type.lanes));
  for (let round4 = 0; round4 < 10; round4++) {
    if (round4 > 0) {
      k0 = weyl(k0, 2654435769);
      k1 = weyl(k1, 3144134277);
    }
    const high0 = b.binary("mulhu", c0, m0);
    const high1 = b.binary("mulhu", c2, m1);
    const low0 = b.binary("mul", c0, m0);
    const low1 = b.binary("mul", c2, m1);
    c0 = b.binary("xor", b.binary("xor", high1, c1), wide2(k0));
    c2 = b.binary("xor", b.binary("xor", high0, c3), wide2(k1));
    c1 = low1;
    c3 = low0;
  }
  return [c0, c1, c2, c3];
}

// src/kernel/math/pow.ts
function log2Parts(f2, a) {
  const { m, k: k2 } = f2.split(a, true);
  const u = f2.sub(m, 1);
  const v = f2.add(m, 1);
  const vh = f2.head(v);
  const vl = f2.sub(m, f2.sub(vh, 1));
  const inverse = f2.div(1, v);
  const s = f2.mul(u, inverse);
  const sh = f2.head(s);
  const sl = f2.mul(f2.sub(f2.sub(u, f2.mul(sh, vh)), f2.mul(sh, vl)), inverse);
  const z = f2.mul(s, s);
  const rest = f2.fma(f2.mul(z, z), f2.poly(z, POW_LOG), f2.mul(sl, f2.add(sh, s)));
  const square3 = f2.mul(sh, sh);
  const th = f2.head(f2.add(f2.add(square3, 3), rest));
  const tl = f2.sub(rest, f2.sub(f2.sub(th, 3), square3));
  const ph = f2.mul(sh, th);
  const pl = f2.fma(sl, th, f2.mul(tl, s));
  const head = f2.head(f2.add(ph, pl));
  const tail = f2.sub(pl, f2.sub(head, ph));
  const zh = f2.mul(head, f2.part(TWO_OVER_3_LN2, 0));
  const whole = 2 / (3 * Math.LN2);
  const zl = f2.fma(head, f2.part(TWO_OVER_3_LN2, 1), f2.mul(tail, whole));
  const high = f2.head(f2.add(f2.add(zh, zl), k2));
  return [high, f2.sub(zl, f2.sub(f2.sub(high, k2), zh))];
}
function magnitude(f2, a, y) {
  const [high, low] = log2Parts(f2, a);
  const yh = f2.head(y);
  const pl = f2.fma(f2.sub(y, yh), high, f2.mul(y, low));
  const ph = f2.mul(yh, high);
  const p = f2.add(ph, pl);
  const magic = f2.format.magic + 2 * f2.format.bias;
  const shifted = f2.add(p, magic);
  const r = f2.add(f2.sub(ph, f2.sub(shifted, magic)), pl);
  const result = f2.scale(f2.fma(f2.poly(r, EXP22), r, 1), shifted);
  const under = f2.select(f2.is(p, "lt", f2.pick(-151, -1076)), 0, result);
  return f2.select(f2.is(p, "gt", f2.pick(129, 1025)), Infinity, under);
}
function pow2(b, x, y) {
  const f2 = new FloatLanes(b, x);
  const and = (p, q) => b.binary("and", p, q);
  const or = (p, q) => b.binary("or", p, q);
  const a = f2.abs(x);
  const far = f2.pick(2 ** 40, 2 ** 70);
  const ordinary = magnitude(f2, a, f2.atLeast(f2.atMost(y, far), -far));
  const zero2 = f2.is(a, "eq", 0);
  const infinite = f2.is(a, "eq", Infinity);
  const grows = b.binary("xor", zero2, f2.is(y, "gt", 0));
  const edge3 = f2.select(grows, Infinity, 0);
  const unsigned = f2.select(or(zero2, infinite), edge3, ordinary);
  const whole = f2.is(b.unary("floor", y), "eq", y);
  const half = f2.mul(y, 0.5);
  const odd = and(whole, f2.is(b.unary("floor", half), "ne", half));
  const signed2 = f2.flip(unsigned, b.select(odd, f2.signOf(x), f2.i(0n)));
  const root2 = and(and(f2.is(x, "lt", 0), b.unary("not", whole)), b.unary("not", infinite));
  const nan = or(root2, or(f2.is(x, "ne", x), f2.is(y, "ne", y)));
  const one = or(f2.is(y, "eq", 0), f2.is(x, "eq", 1));
  return f2.select(one, 1, f2.select(nan, NaN, signed2));
}

// src/kernel/math/sin-cos.ts
function reduce2(f2, x) {
  const { magic } = f2.format;
  const shifted = f2.fma(x, 2 / Math.PI, magic);
  const n = f2.sub(shifted, magic);
  const exact = f2.pick(2, 1);
  const last = HALF_PI[f2.format.elem].length - 1;
  let d = x;
  for (let i = 0; i < exact; i++) d = f2.fma(n, f2.part(HALF_PI, i, -1), d);
  let lost = null;
  for (let i = exact; i < last; i++) {
    const p = f2.mul(n, f2.part(HALF_PI, i));
    const next = f2.sub(d, p);
    const error = f2.sub(f2.sub(d, next), p);
    lost = lost === null ? error : f2.add(lost, error);
    d = next;
  }
  const tail = f2.fma(n, f2.part(HALF_PI, last, -1), lost ?? 0);
  const r = f2.atLeast(f2.atMost(f2.add(d, tail), 0.8), -0.8);
  return { r, n: f2.bits(shifted) };
}
function sinCos(b, x, quarter) {
  const f2 = new FloatLanes(b, x);
  const { r, n } = reduce2(f2, x);
  const z = f2.mul(r, r);
  const sine = f2.fma(f2.mul(z, r), f2.poly(z, SIN2), r);
  const cosine = f2.add(f2.fma(f2.mul(z, z), f2.poly(z, COS2), f2.mul(z, -0.5)), f2.c(1));
  const turn2 = quarter === 0 ? n : b.binary("add", n, f2.i(1n));
  const odd = b.compare("ne", b.binary("and", turn2, f2.i(1n)), f2.i(0n));
  const sign4 = b.binary("and", f2.shl(turn2, f2.pick(30, 62)), f2.signMask);
  return f2.flip(f2.select(odd, cosine, sine), sign4);
}
function sin2(b, x) {
  const f2 = new FloatLanes(b, x);
  return f2.select(f2.is(x, "eq", 0), x, sinCos(b, x, 0));
}
function cos2(b, x) {
  return sinCos(b, x, 1);
}

// src/kernel/math/tanh.ts
function tanh2(b, x) {
  const f2 = new FloatLanes(b, x);
  const a = f2.abs(x);
  const z = f2.mul(x, x);
  const small = f2.fma(f2.mul(a, z), f2.poly(z, TANH2), a);
  const e = expNormal(f2, f2.atMost(f2.add(a, a), f2.pick(20, 44)));
  const large = f2.sub(1, f2.div(2, f2.add(e, 1)));
  return f2.flip(f2.select(f2.is(a, "lt", 0.625), small, large), f2.signOf(x));
}

// src/kernel/expression.ts
var REGISTER = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  int64: "i64",
  bool: "mask"
};
var registerOf = (dtype) => REGISTER[dtype];
var Expression = class {
  b;
  lanes;
  position;
  /**
   * `position` gives the linear output index of these lanes as i32, a vector of `lanes` or a
   * scalar; null where the kernel has none (then {@link index} and {@link philox} throw).
   */
  constructor(b, lanes2, position2) {
    this.b = b;
    this.lanes = lanes2;
    this.position = position2;
  }
  /** The element as a register of all lanes. */
  widen(a) {
    return this.b.splat(a.reg, this.lanes);
  }
  constant(value, dtype) {
    const scalar3 = this.b.const(REGISTER[dtype], constantFor(value, dtype));
    return { dtype, reg: this.b.splat(scalar3, this.lanes) };
  }
  // ---- arithmetic; on bool: add is or, mul is and, max is or, min is and
  add(a, b) {
    return this.binary(a.dtype === "bool" ? "or" : "add", a, b);
  }
  sub(a, b) {
    return this.binary(a.dtype === "bool" ? "xor" : "sub", a, b);
  }
  mul(a, b) {
    return this.binary(a.dtype === "bool" ? "and" : "mul", a, b);
  }
  div(a, b) {
    return this.binary("div", number(a, "div"), b);
  }
  rem(a, b) {
    return this.binary("rem", integer(a, "rem"), b);
  }
  min(a, b) {
    return this.binary(a.dtype === "bool" ? "and" : "min", a, b);
  }
  max(a, b) {
    return this.binary(a.dtype === "bool" ? "or" : "max", a, b);
  }
  neg(a) {
    return this.unary("neg", number(a, "neg"));
  }
  abs(a) {
    return a.dtype === "bool" ? a : this.unary("abs", a);
  }
  sqrt(a) {
    return this.unary("sqrt", float(a, "sqrt"));
  }
  floor(a) {
    return this.rounded("floor", a);
  }
  ceil(a) {
    return this.rounded("ceil", a);
  }
  trunc(a) {
    return this.rounded("trunc", a);
  }
  round(a) {
    return this.rounded("nearest", a);
  }
  // ---- transcendental
  exp(a) {
    return this.math("exp", exp2, a);
  }
  expm1(a) {
    return this.math("expm1", expm12, a);
  }
  log(a) {
    return this.math("log", log3, a);
  }
  log1p(a) {
    return this.math("log1p", log1p2, a);
  }
  sin(a) {
    return this.math("sin", sin2, a);
  }
  cos(a) {
    return this.math("cos", cos2, a);
  }
  tanh(a) {
    return this.math("tanh", tanh2, a);
  }
  erf(a) {
    return this.math("erf", erf2, a);
  }
  pow(a, b) {
    const [x, y] = this.same(float(a, "pow"), b);
    return { dtype: a.dtype, reg: pow2(this.b, x, y) };
  }
  // ---- comparison
  eq(a, b) {
    return a.dtype === "bool" ? this.not(this.binary("xor", a, b)) : this.compare("eq", a, b);
  }
  ne(a, b) {
    return a.dtype === "bool" ? this.binary("xor", a, b) : this.compare("ne", a, b);
  }
  lt(a, b) {
    return a.dtype === "bool" ? this.binary("and", this.not(a), b) : this.compare("lt", a, b);
  }
  le(a, b) {
    return a.dtype === "bool" ? this.binary("or", this.not(a), b) : this.compare("le", a, b);
  }
  gt(a, b) {
    return a.dtype === "bool" ? this.binary("and", a, this.not(b)) : this.compare("gt", a, b);
  }
  ge(a, b) {
    return a.dtype === "bool" ? this.binary("or", a, this.not(b)) : this.compare("ge", a, b);
  }
  // ---- logic and bits
  and(a, b) {
    return this.binary("and", bits(a, "and"), b);
  }
  or(a, b) {
    return this.binary("or", bits(a, "or"), b);
  }
  xor(a, b) {
    return this.binary("xor", bits(a, "xor"), b);
  }
  not(a) {
    return this.unary("not", bits(a, "not"));
  }
  shl(a, count) {
    return this.shift("shl", a, count);
  }
  shr(a, count) {
    return this.shift("shr", a, count);
  }
  select(cond, a, b) {
    if (a.dtype === "bool") {
      return this.or(this.and(cond, a), this.and(this.not(cond), b));
    }
    const lanes2 = Math.max(cond.reg.type.lanes, a.reg.type.lanes, b.reg.type.lanes);
    const [m, x, y] = [cond, a, b].map((e) => this.b.splat(e.reg, lanes2));
    return { dtype: a.dtype, reg: this.b.select(m, x, y) };
  }
  cast(a, dtype) {
    return { dtype, reg: this.b.convert(a.reg, REGISTER[dtype]) };
  }
  // ---- position
  index() {
    if (this.position === null) throw new Error("this kernel has no element positions");
    return { dtype: "int32", reg: this.position() };
  }
  philox(word, keyLo, keyHi, counterLo, counterHi) {
    const zero2 = this.b.const("i32", 0);
    const position2 = this.index().reg;
    const counter2 = [position2, zero2, counterLo.reg, counterHi.reg];
    const words2 = philox2(this.b, counter2, [keyLo.reg, keyHi.reg]);
    return { dtype: "int32", reg: words2[word] };
  }
  // ---- inside
  same(a, b) {
    const lanes2 = Math.max(a.reg.type.lanes, b.reg.type.lanes);
    return [this.b.splat(a.reg, lanes2), this.b.splat(b.reg, lanes2)];
  }
  unary(fn, a) {
    return { dtype: a.dtype, reg: this.b.unary(fn, a.reg) };
  }
  rounded(fn, a) {
    return a.dtype === "float32" || a.dtype === "float64" ? this.unary(fn, a) : a;
  }
  binary(fn, a, b) {
    const [x, y] = this.same(a, b);
    return { dtype: a.dtype, reg: this.b.binary(fn, x, y) };
  }
  compare(fn, a, b) {
    const [x, y] = this.same(a, b);
    return { dtype: "bool", reg: this.b.compare(fn, x, y) };
  }
  shift(fn, a, count) {
    const by = this.b.const("i32", count);
    return { dtype: a.dtype, reg: this.b.binary(fn, integer(a, fn).reg, by) };
  }
  math(name, fn, a) {
    return { dtype: a.dtype, reg: fn(this.b, float(a, name).reg) };
  }
};
function constantFor(value, dtype) {
  switch (dtype) {
    case "float32":
      return Math.fround(Number(value));
    case "float64":
      return Number(value);
    case "int32":
      return Number(BigInt.asIntN(32, wholeOf(value)));
    case "int64":
      return BigInt.asIntN(64, wholeOf(value));
    case "bool":
      return Number(value) === 0 ? 0 : 1;
  }
}
function wholeOf(value) {
  if (typeof value !== "number") return BigInt(value);
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}
function float(a, op) {
  if (a.dtype === "float32" || a.dtype === "float64") return a;
  throw new Error(`${op} of a ${a.dtype} element: its lowering must cast first`);
}
function integer(a, op) {
  if (a.dtype === "int32" || a.dtype === "int64") return a;
  throw new Error(`${op} of a ${a.dtype} element: it takes integers`);
}
function number(a, op) {
  if (a.dtype !== "bool") return a;
  throw new Error(`${op} of a bool element: its lowering must cast first`);
}
function bits(a, op) {
  if (a.dtype !== "float32" && a.dtype !== "float64") return a;
  throw new Error(`${op} of a ${a.dtype} element: it takes bool or integers`);
}

// src/kernel/schedule/accumulator.ts
var Accumulator = class {
  width;
  b;
  combine;
  elem;
  constructor(b, combine2, elem) {
    this.b = b;
    this.combine = combine2;
    this.elem = elem;
    this.width = this.isArg ? 2 : 1;
  }
  get isArg() {
    return this.combine === "argmax" || this.combine === "argmin";
  }
  /** The state of no elements. */
  start(lanes2) {
    const value = this.b.splat(this.b.const(this.elem, this.identity()), lanes2);
    if (!this.isArg) return [value];
    return [value, this.b.splat(this.b.const("i32", 0), lanes2)];
  }
  identity() {
    const low = this.combine === "max" || this.combine === "argmax";
    if (this.combine === "sum" || this.combine === "prod") {
      const n = this.combine === "sum" ? 0 : 1;
      return this.elem === "i64" ? BigInt(n) : n;
    }
    if (this.elem === "i32") return low ? -(2 ** 31) : 2 ** 31 - 1;
    if (this.elem === "i64") return low ? -(2n ** 63n) : 2n ** 63n - 1n;
    return low ? -Infinity : Infinity;
  }
  /** Takes one more element, which comes after all before it. */
  take(state, value, position2) {
    if (position2 === null) return this.join(state, [value]);
    const [best2, at4] = state;
    const wins = this.b.binary("and", this.beats(value, best2), this.ordered(best2));
    return [this.b.select(wins, value, best2), this.b.select(wins, position2, at4)];
  }
  /** Joins two states over disjoint elements. */
  join(x, y) {
    const { b } = this;
    switch (this.combine) {
      case "sum":
        return [b.add(x[0], y[0])];
      case "prod":
        return [b.mul(x[0], y[0])];
      case "max":
        return [b.max(x[0], y[0])];
      case "min":
        return [b.min(x[0], y[0])];
      default: {
        const better = b.binary("and", this.beats(y[0], x[0]), this.ordered(x[0]));
        const worse = b.binary("and", this.beats(x[0], y[0]), this.ordered(y[0]));
        const earlier = b.compare("lt", y[1], x[1]);
        const even = b.binary("and", b.unary("not", worse), earlier);
        const wins = b.binary("or", better, even);
        return [b.select(wins, y[0], x[0]), b.select(wins, y[1], x[1])];
      }
    }
  }
  /** The lanes of a vector state joined into one scalar state. */
  horizontal(state) {
    const lanes2 = state[0].type.lanes;
    if (lanes2 === 1) return state;
    const fns = { sum: "add", prod: "mul", max: "max", min: "min" };
    if (!this.isArg) {
      return [this.b.horizontal(fns[this.combine], state[0])];
    }
    let all3 = state.map((r) => this.b.extract(r, 0));
    for (let lane = 1; lane < lanes2; lane++) {
      all3 = [
        ...this.join(
          all3,
          state.map((r) => this.b.extract(r, lane))
        )
      ];
    }
    return all3;
  }
  /** `a` better than `b`, or NaN. */
  beats(a, b) {
    const fn = this.combine === "argmax" ? "gt" : "lt";
    const better = this.b.compare(fn, a, b);
    if (this.elem !== "f32" && this.elem !== "f64") return better;
    return this.b.binary("or", better, this.b.compare("ne", a, a));
  }
  /** Not NaN: a NaN is never displaced. */
  ordered(a) {
    return this.b.compare("eq", a, a);
  }
};

// src/kernel/schedule/slots.ts
var memOf = (dtype) => {
  const elem = registerOf(dtype);
  return elem === "mask" ? "u8" : elem;
};
function slotsOf(plan) {
  const { kernel, streams, exprs, loops, classes } = plan;
  const slots = [];
  const outputs = new Set(kernel.stores.map((s) => s.stream));
  const memory = streams.filter((s) => s.memory !== null);
  for (const stream of outputs) slots.push({ kind: "pointer", stream });
  for (const stream of memory) if (!outputs.has(stream)) slots.push({ kind: "pointer", stream });
  for (const e of exprs) {
    if (e.kind === "scalar") {
      slots.push({ kind: "scalar", input: e.input, elem: registerOf(e.dtype) });
    }
  }
  for (let loop = 0; loop < loops.length; loop++) slots.push({ kind: "size", loop });
  if (plan.tiles !== null) slots.push({ kind: "turns" });
  if (kernel.total !== void 0) slots.push({ kind: "total" });
  for (const stream of streams) {
    classes.get(stream)?.forEach((c2, loop) => {
      if (c2 === "other") slots.push({ kind: "stride", stream, loop });
    });
  }
  for (const expr of exprs) {
    if (expr.kind === "gather") {
      slots.push({ kind: "gatherSize", expr }, { kind: "gatherStride", expr });
    }
  }
  return slots;
}
var bytesOfStream = (s) => s.memory === null ? 1 : bytesOf(s.memory.dtype);
function argsOfPlan(plan, bufferOf2) {
  return slotsOf(plan).map((slot2) => {
    switch (slot2.kind) {
      case "pointer": {
        const { root: root2, offset } = slot2.stream.memory;
        return {
          kind: "pointer",
          buffer: bufferOf2(root2),
          bytes: offset * bytesOfStream(slot2.stream)
        };
      }
      case "scalar":
        return { kind: "scalar", input: slot2.input, elem: slot2.elem };
      case "size":
        return { kind: "index", value: plan.loops[slot2.loop].size };
      case "turns":
        return { kind: "index", value: plan.tiles?.turns ?? 0 };
      case "total":
        return { kind: "index", value: plan.kernel.total ?? 0 };
      case "stride": {
        const elements = strideOf(slot2.stream, plan.loops[slot2.loop]);
        return { kind: "index", value: elements * bytesOfStream(slot2.stream) };
      }
      case "gatherSize":
        return { kind: "index", value: slot2.expr.size };
      case "gatherStride": {
        const { stride, stream } = slot2.expr;
        return { kind: "index", value: stride * bytesOfStream(stream) };
      }
    }
  });
}
function textOf(exprs, nameOf3) {
  const number2 = new Map(exprs.map((e, i) => [e, i]));
  const ref = (e) => typeof e === "number" ? `${e}` : `%${number2.get(e)}`;
  const text2 = (e) => {
    switch (e.kind) {
      case "constant":
        return `${Object.is(e.value, -0) ? "-0" : e.value}`;
      case "scalar":
        return "scalar";
      case "load":
        return `load ${nameOf3(e.stream)}`;
      case "position":
        return `position ${nameOf3(e.stream)}`;
      case "gather":
        return `gather ${nameOf3(e.stream)} ${ref(e.index)} ${ref(e.position)}`;
      case "reduced": {
        const { combine: combine2, operand, position: position2 } = e.reduction;
        return `${combine2} ${ref(operand)}${position2 === null ? "" : ` ${ref(position2)}`}`;
      }
      case "op": {
        const args = [...e.args, ...e.position === null ? [] : [e.position]];
        return `${e.fn} ${args.map(ref).join(" ")}`;
      }
    }
  };
  return { lines: exprs.map((e) => `${text2(e)}:${e.dtype}`).join(";"), ref };
}
function keyOf2(plan, isa) {
  const stream = new Map(plan.streams.map((s, i) => [s, i]));
  const { lines, ref } = textOf(plan.exprs, (s) => `${stream.get(s)}`);
  const stores = plan.kernel.stores.map(
    (s) => `${s.place}${s.phase ?? ""} ${stream.get(s.stream)} ${ref(s.value)}`
  );
  return [
    isa,
    lines,
    stores.join(";"),
    plan.streams.map(
      (s) => `${s.memory?.dtype ?? "at"} ${plan.classes.get(s)?.map((c2) => c2[0]).join("")}`
    ).join(";"),
    `${plan.loops.map((l) => l.inner ? "i" : "k").join("")} v${plan.vector} x${plan.lanes}*${plan.units}/${plan.storeUnits}+${plan.chunked} b${plan.block}${plan.tiles === null ? "" : " tiles"}${plan.kernel.total === void 0 ? "" : " total"}` + (plan.bypassed.size === 0 ? "" : ` past ${[...plan.bypassed].map((s) => stream.get(s)).join(" ")}`)
  ].join("|");
}

// src/kernel/schedule/emit.ts
function emitKernel2(plan) {
  return new Emitter2(plan).run();
}
var Emitter2 = class {
  plan;
  b;
  sizes = [];
  /** Where each loop starts: the outermost one at the tile's first turn. */
  starts = [];
  turns = null;
  total = null;
  /** Whether the code being written stores past the caches. */
  bypasses = false;
  strides = /* @__PURE__ */ new Map();
  scalars = /* @__PURE__ */ new Map();
  pointers = /* @__PURE__ */ new Map();
  gathers = /* @__PURE__ */ new Map();
  /** Per phase: what it reduces, and what it needs. */
  reductions = [];
  needed = [];
  constructor(plan) {
    this.plan = plan;
    this.b = new KernelBuilder(plan.kernel.name);
    this.params();
    for (let phase = 0; phase < plan.phases; phase++) {
      const list = plan.exprs.flatMap(
        (expr) => expr.kind === "reduced" && expr.level === phase + 1 ? [{ expr, reduction: expr.reduction, acc: this.accumulator(expr.reduction) }] : []
      );
      this.reductions.push(list);
      const roots = list.flatMap(
        ({ reduction: { operand, position: position2 } }) => position2 === null ? [operand] : [operand, position2]
      );
      roots.push(...this.storesOf(phase).map((s) => s.value));
      this.needed.push(below(roots));
    }
  }
  accumulator({ combine: combine2, operand }) {
    const elem = operand.dtype === "bool" ? "i32" : registerOf(operand.dtype);
    return new Accumulator(this.b, combine2, elem);
  }
  params() {
    let scalar3 = 0;
    const scalars = this.plan.exprs.filter((e) => e.kind === "scalar");
    for (const slot2 of slotsOf(this.plan)) {
      switch (slot2.kind) {
        case "pointer":
          this.pointers.set(slot2.stream, this.b.param(`p${this.pointers.size}`, "ptr"));
          break;
        case "scalar":
          this.scalars.set(scalars[scalar3], this.b.param(`s${scalar3}`, slot2.elem));
          scalar3++;
          break;
        case "size":
          this.sizes.push(this.b.param(`n${slot2.loop}`, "index"));
          break;
        case "turns":
          this.turns = this.b.param("turns", "index");
          break;
        case "total":
          this.total = this.b.param("total", "index");
          break;
        case "stride": {
          const { id } = slot2.stream;
          const name = `d${this.plan.streams.indexOf(slot2.stream)}_${slot2.loop}`;
          this.strides.set(`${id},${slot2.loop}`, this.b.param(name, "index"));
          break;
        }
        case "gatherSize":
          this.gathers.set(slot2.expr, {
            size: this.b.param("size", "index"),
            stride: this.b.index(0)
          });
          break;
        case "gatherStride": {
          const { size } = this.gathers.get(slot2.expr);
          this.gathers.set(slot2.expr, { size, stride: this.b.param("stride", "index") });
        }
      }
    }
  }
  stores(place4) {
    return this.plan.kernel.stores.filter((s) => s.place === place4);
  }
  /** What the inner loops of a phase store. */
  storesOf(phase) {
    return this.stores("inner").filter((s) => (s.phase ?? this.plan.phases - 1) === phase);
  }
  run() {
    const base = /* @__PURE__ */ new Map();
    for (const s of this.plan.streams) base.set(s, this.pointers.get(s) ?? this.b.index(0));
    const top = { known: /* @__PURE__ */ new Map(), base, lanes: 1, index: null, ahead: 0, block: null };
    this.preload(this.plan.exprs, top, 0);
    this.storeAll(this.stores("once"), top);
    const all3 = (bypass) => {
      this.bypasses = bypass;
      this.eachTile(() => this.rows(0, top));
      return [];
    };
    if (this.plan.bypassed.size === 0) all3(false);
    else
      this.b.if(
        this.aligned(this.plan.bypassed),
        () => all3(true),
        () => all3(false)
      );
    return this.b.finish();
  }
  /** Whether vectors at these streams' beginnings are aligned. */
  aligned(streams) {
    const { b } = this;
    let low = b.const("i32", 0);
    for (const s of streams) {
      low = b.binary("or", low, b.convert(this.pointers.get(s), "i32"));
    }
    const bytes2 = this.plan.lanes * Math.max(...[...streams].map(bytesOfStream));
    low = b.binary("and", low, b.const("i32", bytes2 - 1));
    return b.compare("eq", low, b.const("i32", 0));
  }
  /** Sets the outermost loop's bounds to those of each tile in turn. */
  eachTile(body) {
    const { b, turns } = this;
    if (turns === null) return body();
    const [all3] = this.sizes;
    b.tiles((tile3) => {
      const start = b.mul(tile3, turns);
      this.starts[0] = start;
      this.sizes[0] = b.min(b.add(start, turns), all3);
      body();
    });
    this.starts.length = 0;
    this.sizes[0] = all3;
  }
  startOf(loop) {
    return this.starts[loop] ?? 0;
  }
  // ---- kept loops
  rows(loop, cell) {
    const { plan } = this;
    if (loop === plan.kept) return this.phases([cell]);
    if (loop !== plan.vector) {
      const part2 = this.sizes[plan.kept];
      this.b.loop(this.startOf(loop), this.sizes[loop], 1, [], (i) => {
        const { b, total } = this;
        if (total !== null && loop === 0)
          this.sizes[plan.kept] = b.min(part2, b.sub(total, b.mul(i, part2)));
        this.rows(loop + 1, this.enter(loop, i, cell, plan.exprs, 0));
        return [];
      });
      if (this.total !== null) this.sizes[plan.kept] = part2;
      return;
    }
    this.vectorLoop(
      loop,
      plan.units,
      [],
      (cells) => {
        this.phases(cells);
        return [];
      },
      cell,
      plan.exprs
    );
  }
  phases(rows) {
    const { plan } = this;
    for (let phase = 0; phase < plan.phases; phase++) {
      this.phase(phase, rows);
      for (const row of rows) this.preload(plan.exprs, row, phase + 1);
    }
    for (const row of rows) this.storeAll(this.stores("row"), row);
  }
  // ---- inner loops
  phase(phase, rows) {
    const { plan } = this;
    const list = this.reductions[phase];
    if (plan.vector < plan.kept) {
      const start2 = rows.flatMap((row) => list.flatMap(({ acc }) => acc.start(row.lanes)));
      const end2 = this.inner(plan.kept, phase, rows, start2);
      this.finish(phase, rows, end2);
      return;
    }
    const units = list.length > 0 ? plan.units : plan.storeUnits;
    const lanes2 = [...new Array(units).fill(plan.lanes), ...plan.lanes > 1 ? [1] : []];
    const start = lanes2.flatMap((n) => list.flatMap(({ acc }) => acc.start(n)));
    const end = this.inner(plan.kept, phase, rows, start);
    const results = [];
    let from = 0;
    for (const { acc } of list) {
      const states = lanes2.map(
        (_, u) => end.slice(u * this.width(phase) + from, u * this.width(phase) + from + acc.width)
      );
      const scalar3 = plan.lanes > 1 ? states.pop() : void 0;
      let vectors = states;
      while (vectors.length > 1) {
        const next = [];
        for (let i = 0; i < vectors.length; i += 2) next.push(acc.join(vectors[i], vectors[i + 1]));
        vectors = next;
      }
      const all3 = acc.horizontal(vectors[0]);
      results.push(...scalar3 === void 0 ? all3 : acc.join(all3, scalar3));
      from += acc.width;
    }
    this.finish(phase, rows, results);
  }
  width(phase) {
    return this.reductions[phase].reduce((n, { acc }) => n + acc.width, 0);
  }
  /** Makes the results of a phase known in each row. */
  finish(phase, rows, states) {
    const width = this.width(phase);
    rows.forEach((row, u) => {
      let from = u * width;
      for (const { expr, reduction, acc } of this.reductions[phase]) {
        const value = states[from + acc.width - 1];
        const wasBool = reduction.operand.dtype === "bool" && acc.width === 1;
        const elem = registerOf(expr.dtype);
        row.known.set(expr, wasBool ? this.b.convert(value, elem) : value);
        from += acc.width;
      }
    });
  }
  /** Runs inner loops from `loop` on; `states` are those of every cell, one after the other. */
  inner(loop, phase, cells, states) {
    const { plan } = this;
    const last = plan.loops.length - 1;
    if (loop > last) return this.step(phase, cells, states);
    if (loop === plan.block && cells[0].block === null) {
      const all3 = this.sizes[last];
      const step4 = Math.max(BLOCK2, plan.lanes);
      return this.b.loop(0, all3, step4, states, (from, now) => {
        const block = { from, to: this.b.min(this.b.add(from, step4), all3) };
        return this.inner(loop, phase, [{ ...cells[0], block }], [...now]);
      });
    }
    if (loop === plan.vector) return this.vectorPhase(phase, cells[0], states);
    const turn2 = (i, now) => {
      const next = cells.map((c2) => this.enter(loop, i, c2, this.needed[phase], Infinity));
      return this.inner(loop + 1, phase, next, [...now]);
    };
    const size = this.sizes[loop];
    const list = this.reductions[phase];
    if (loop < last || list.length === 0) {
      return this.b.loop(this.startOf(loop), size, 1, states, turn2);
    }
    const fresh = cells.flatMap((c2) => list.flatMap(({ acc }) => acc.start(c2.lanes)));
    const join4 = (x, y) => this.joinAll(phase, x, y);
    const sums = (level, from, to) => {
      if (level === 0) return this.b.loop(from, to, 1, fresh, turn2);
      const step4 = CHUNK ** level;
      return this.b.loop(
        from,
        to,
        step4,
        fresh,
        (i, totals) => join4(totals, sums(level - 1, i, this.b.min(this.b.add(i, step4), to)))
      );
    };
    const part2 = sums(plan.chunked, 0, size);
    return loop === plan.kept ? part2 : join4(states, part2);
  }
  joinAll(phase, x, y) {
    const out = [];
    while (out.length < x.length) {
      for (const { acc } of this.reductions[phase]) {
        const from = out.length;
        const slice3 = (r) => r.slice(from, from + acc.width);
        out.push(...acc.join(slice3(x), slice3(y)));
      }
    }
    return out;
  }
  /** The vector loop of a phase: states of its units, then that of the scalar tail. */
  vectorPhase(phase, cell, states) {
    const { plan } = this;
    const list = this.reductions[phase];
    const units = list.length > 0 ? plan.units : plan.storeUnits;
    const body = (cells, now) => this.step(phase, cells, now);
    const exprs = this.needed[phase];
    if (list.length === 0 || plan.vector === plan.kept) {
      return this.vectorLoop(plan.vector, units, states, body, cell, exprs, phase);
    }
    const fresh = states.map((s, i) => this.freshLike(phase, s, i));
    const part2 = this.vectorLoop(plan.vector, units, fresh, body, cell, exprs, phase);
    return this.joinAll(phase, states, part2);
  }
  freshLike(phase, state, i) {
    const width = this.width(phase);
    let at4 = i % width;
    for (const { acc } of this.reductions[phase]) {
      if (at4 < acc.width) return acc.start(state.type.lanes)[at4];
      at4 -= acc.width;
    }
    return state;
  }
  /**
   * Runs `body` over the vector loop: groups of `units` vectors, single vectors, single elements.
   * `states` are those of the units, then that of the elements; all three kinds of turn take and
   * give the states of the cells they run.
   */
  vectorLoop(loop, units, states, body, outer, exprs, phase = -1) {
    const { b, plan } = this;
    const { lanes: lanes2 } = plan;
    const size = outer.block?.to ?? this.sizes[loop];
    const level = phase < 0 ? 0 : Infinity;
    const cellsAt = (i, count, width2) => Array.from(
      { length: count },
      (_, u) => this.enter(loop, i, { ...outer, lanes: width2, ahead: u * width2 }, exprs, level, true)
    );
    if (lanes2 === 1) {
      const first = outer.block?.from ?? this.startOf(loop);
      return b.loop(first, size, 1, states, (i, now) => body(cellsAt(i, 1, 1), [...now]));
    }
    const width = states.length === 0 ? 0 : states.length / (units + 1);
    let all3 = [...states];
    const start = this.startOf(loop);
    let from = outer.block?.from ?? (typeof start === "number" ? b.index(start) : start);
    const run3 = (count, n, first, start2, end, s) => {
      const own = s.slice(first, first + count * width);
      const step4 = count * n;
      const out = b.loop(start2, end, step4, [start2, ...own], (i, [, ...now]) => [
        b.add(i, step4),
        ...body(cellsAt(i, count, n), [...now])
      ]);
      const after = [...s];
      after.splice(first, own.length, ...out.slice(1));
      return [out[0], ...after];
    };
    if (units > 1) {
      const step4 = units * lanes2;
      const end = b.sub(size, step4 - 1);
      const sums = (depth3, start2, stop, now) => {
        if (depth3 === 0) return run3(units, lanes2, 0, start2, stop, now);
        const wide2 = step4 * CHUNK ** depth3;
        return b.loop(start2, stop, wide2, [start2, ...now], (i, [, ...totals]) => {
          const fresh = totals.map((s, k2) => this.freshLike(phase, s, k2));
          const part2 = sums(depth3 - 1, i, b.min(b.add(i, wide2), stop), fresh);
          return [part2[0], ...this.joinAll(phase, totals, part2.slice(1))];
        });
      };
      const depth2 = phase >= 0 && width > 0 ? plan.chunked : 0;
      [from, ...all3] = sums(depth2, from, end, all3);
    }
    [from, ...all3] = run3(1, lanes2, 0, from, b.sub(size, lanes2 - 1), all3);
    [, ...all3] = run3(1, 1, units * width, from, size, all3);
    return all3;
  }
  /** One element of each cell: stores it in the last phase, and gives it to the reductions. */
  step(phase, cells, states) {
    const out = [];
    for (const cell of cells) {
      for (const { reduction, acc } of this.reductions[phase]) {
        const { operand, position: position2 } = reduction;
        let value = this.emit(operand, cell);
        if (operand.dtype === "bool") value = this.b.convert(value, "i32");
        value = this.b.splat(value, cell.lanes);
        const place4 = position2 === null ? null : this.b.splat(this.emit(position2, cell), cell.lanes);
        out.push(...acc.take(states.slice(out.length, out.length + acc.width), value, place4));
      }
      this.storeAll(this.storesOf(phase), cell);
    }
    return out;
  }
  // ---- places
  /** The cell inside loop `loop` at index `i`, with the loads made that belong there. */
  enter(loop, i, cell, exprs, level, vector2 = false) {
    const base = new Map(cell.base);
    for (const s of this.plan.streams) {
      const kind = this.plan.classes.get(s)?.[loop];
      if (kind === "zero" || vector2 && kind === "unit") continue;
      const bytes2 = bytesOfStream(s);
      const stride = kind === "unit" ? this.b.index(bytes2) : this.strides.get(`${s.id},${loop}`);
      const step4 = this.b.mul(i, stride);
      base.set(s, this.b.add(base.get(s), step4));
    }
    const inside = {
      ...cell,
      known: new Map(cell.known),
      base,
      index: vector2 ? i : cell.index
    };
    this.preload(exprs, inside, level, loop);
    return inside;
  }
  /** Makes the loads that vary over `loop` (or none) and no loop further in, up to a level. */
  preload(exprs, cell, level, loop = -1) {
    const { plan } = this;
    const row = level !== Infinity;
    for (const e of exprs) {
      if (e.kind !== "load" && e.kind !== "gather") continue;
      if (cell.known.has(e) || row && e.level > level) continue;
      const deepest = 31 - Math.clz32(plan.varies.get(e));
      const here2 = row && level > 0 ? deepest < plan.kept : deepest === loop;
      if (here2 && (!row || deepest < plan.kept)) this.emit(e, cell);
    }
  }
  // ---- values
  emit(e, cell) {
    let r = cell.known.get(e);
    if (r === void 0) {
      r = this.make(e, cell);
      cell.known.set(e, r);
    }
    return r;
  }
  make(e, cell) {
    switch (e.kind) {
      case "constant":
        return constantReg(this.b, e);
      case "scalar":
        return this.scalars.get(e);
      case "load":
        return this.b.load(
          memOf(e.dtype),
          this.lanesAt(e.stream, cell),
          this.address(e.stream, cell)
        );
      case "position":
        return this.position(e.stream, cell);
      case "gather":
        return this.gather(e, cell);
      case "reduced":
        throw new Error("a reduction is used before its phase has run");
      case "op":
        return this.apply(e, cell);
    }
  }
  apply(e, cell) {
    return applyOp(this.b, e, (a) => this.emit(a, cell));
  }
  /** Lanes of a value read from the stream: 1 where it does not vary along the vector loop. */
  lanesAt(s, cell) {
    const varies = cell.index !== null && this.plan.classes.get(s)?.[this.plan.vector] === "unit";
    return varies ? cell.lanes : 1;
  }
  address(s, cell) {
    const base = cell.base.get(s);
    const { vector: vector2, classes } = this.plan;
    if (cell.index === null || classes.get(s)?.[vector2] !== "unit") return at(base);
    const bytes2 = bytesOfStream(s);
    return at(base, cell.ahead * bytes2, cell.index, bytes2);
  }
  position(s, cell) {
    const { b } = this;
    const base = cell.base.get(s);
    if (cell.index === null || this.plan.classes.get(s)?.[this.plan.vector] !== "unit") {
      return b.convert(base, "i32");
    }
    const first = b.convert(b.add(b.add(base, cell.index), cell.ahead), "i32");
    if (cell.lanes === 1) return first;
    return b.add(b.splat(first, cell.lanes), b.lanes("i32", cell.lanes));
  }
  /** Loads the element that the index names: negative ones count from the end once. */
  gather(e, cell) {
    const { b } = this;
    const { size, stride } = this.gathers.get(e);
    const index2 = this.emit(e.index, cell);
    const elem = index2.type.elem;
    const n = b.convert(size, elem);
    const zero2 = b.const(elem, elem === "i64" ? 0n : 0);
    const place4 = b.select(b.compare("lt", index2, zero2), b.add(index2, n), index2);
    const outside3 = b.binary("or", b.compare("lt", place4, zero2), b.compare("ge", place4, n));
    const position2 = this.emit(e.position, cell);
    b.fault(outside3, position2.type.lanes === 1 ? position2 : b.extract(position2, 0));
    const safe = b.convert(b.select(outside3, zero2, place4), "index");
    const address2 = this.address(e.stream, cell);
    const base = b.add(address2.base, b.mul(safe, stride));
    return b.load(memOf(e.dtype), this.lanesAt(e.stream, cell), { ...address2, base });
  }
  /** Computes all values before it stores the first. */
  storeAll(stores, cell) {
    const { b } = this;
    const strided = (s) => cell.lanes > 1 && this.plan.classes.get(s)?.[this.plan.vector] === "other";
    const values = stores.map(({ stream, value }) => {
      const lanes2 = strided(stream) ? cell.lanes : this.lanesAt(stream, cell);
      return b.splat(this.emit(value, cell), lanes2);
    });
    stores.forEach(({ stream, value }, i) => {
      const mem2 = memOf(value.dtype);
      if (!strided(stream)) {
        const to = this.address(stream, cell);
        const past = this.bypasses && cell.lanes > 1 && this.plan.bypassed.has(stream);
        return past ? b.stream(mem2, to, values[i]) : b.store(mem2, to, values[i]);
      }
      const stride = this.strides.get(`${stream.id},${this.plan.vector}`);
      const base = cell.base.get(stream);
      for (let lane = 0; lane < cell.lanes; lane++) {
        const place4 = b.add(base, b.mul(stride, cell.ahead + lane));
        b.store(mem2, at(place4), b.extract(values[i], lane));
      }
    });
  }
};
function applyOp(b, e, regOf) {
  const args = e.args.map((a) => typeof a === "number" ? a : { dtype: a.dtype, reg: regOf(a) });
  const position2 = e.position === null ? null : regOf(e.position);
  let lanes2 = position2?.type.lanes ?? 1;
  for (const a of args) if (typeof a !== "number") lanes2 = Math.max(lanes2, a.reg.type.lanes);
  const x = new Expression(b, lanes2, position2 === null ? null : () => position2);
  if (e.fn === "cast") return x.cast(args[0], e.dtype).reg;
  const call = x[e.fn];
  return call.apply(x, args).reg;
}
var constantReg = (b, e) => new Expression(b, 1, null).constant(e.value, e.dtype).reg;
function below(roots) {
  const seen = /* @__PURE__ */ new Set();
  const visit = (e) => {
    if (seen.has(e)) return;
    if (e.kind === "op") {
      for (const a of e.args) if (typeof a !== "number") visit(a);
    }
    if (e.kind === "op" && e.position !== null) visit(e.position);
    if (e.kind === "gather") {
      visit(e.index);
      visit(e.position);
    }
    seen.add(e);
  };
  for (const r of roots) visit(r);
  return [...seen];
}

// src/kernel/schedule/group.ts
function scalarExpr(pool, x, dtype, around) {
  if (typeof x === "number") return pool.constant(x, dtype);
  if (x.node === null) {
    const index2 = around.inputIndex(x);
    if (dtype !== "bool") return pool.scalar(index2, dtype);
    return pool.cast(pool.scalar(index2, x.weak === "float" ? "float32" : "int32"), "bool");
  }
  const { node } = x;
  const types = operandTypes(node);
  const operands = node.inputs.map((y, i) => scalarExpr(pool, chainOf(y).base, types[i], around));
  const build2 = tracer(pool, () => pool.position([]));
  const e = node.def.lower.expr(build2, operands, node.attrs, x);
  return pool.cast(pool.cast(e, x.dtype), dtype);
}
var GroupBuilder = class {
  pool = new ExprPool();
  around;
  step;
  values = /* @__PURE__ */ new Map();
  space;
  inner;
  faults;
  constructor(around, step4) {
    this.around = around;
    this.step = step4;
    this.space = step4.space;
    this.inner = step4.inner ?? this.space.map(() => true);
  }
  kernel() {
    const { step: step4, space, inner } = this;
    for (const node of step4.nodes) this.values.set(node.outputs[0], this.node(node));
    const stores = [];
    for (const node of step4.nodes) {
      const [value] = node.outputs;
      if (!this.around.isStored(value)) continue;
      const map = step4.maps.get(value);
      const e = this.values.get(value);
      const n = map.filter((d) => d >= 0).length;
      const isInner = n === space.length && inner.includes(true);
      const isOnce = n === 0 && e.level === 0 && space.length > 0;
      const { root: root2, offset, dtype, ...place4 } = this.around.placeOfBase(value);
      const strides = stridesIn(space.length, map, { root: root2, offset, dtype, ...place4 }, value.shape);
      const memory = { root: root2, offset, dtype };
      stores.push({
        value: e,
        stream: this.pool.stream(memory, strides),
        place: isInner ? "inner" : isOnce ? "once" : "row"
      });
    }
    const name = [...new Set(step4.nodes.map((n) => n.def.name))].slice(0, 6).join("_");
    return {
      name,
      space,
      inner,
      stores,
      ...this.faults === void 0 ? {} : { faults: this.faults }
    };
  }
  mapOf(node) {
    return this.step.maps.get(node.outputs[0]);
  }
  node(node) {
    const [out] = node.outputs;
    const lower = node.def.lower;
    const types = operandTypes(node);
    const map = this.mapOf(node);
    switch (lower.kind) {
      case "element": {
        const operands = node.inputs.map((x, i) => this.operand(x, types[i], out.shape, map));
        const at4 = () => this.pool.position(positionStrides(out.shape, map, this.space.length));
        const e = lower.expr(tracer(this.pool, at4), operands, node.attrs, out);
        return this.pool.cast(e, out.dtype);
      }
      case "reduce":
        return this.reduction(node, lower, types[0]);
      case "gather":
        return this.gather(node, lower, map);
      default:
        throw new Error(`${node.def.name} is not elementwise`);
    }
  }
  reduction(node, lower, type) {
    const [out] = node.outputs;
    const { dims, shape } = reductionOf2(node);
    const isArg2 = lower.combine === "argmax" || lower.combine === "argmin";
    if (dims.length === 0) {
      if (isArg2) return this.pool.constant(0, "int32");
      const laid = this.mapOf(node).filter((d) => d >= 0);
      let next = 0;
      const map2 = shape.map((n) => n === 1 ? -1 : laid[next++]);
      return this.pool.cast(this.operand(node.inputs[0], type, shape, map2), out.dtype);
    }
    const map = ownMap(shape);
    const operand = this.operand(node.inputs[0], type, shape, map);
    let position2 = null;
    if (isArg2) {
      const reduced2 = shape.map((n, d) => dims.includes(d) ? n : 1);
      const over = map.map((to, d) => dims.includes(d) ? to : -1);
      position2 = this.pool.position(positionStrides(reduced2, over, this.space.length));
    }
    return this.pool.reduced(lower.combine, operand, position2, out.dtype);
  }
  gather(node, lower, map) {
    const [x, index2] = node.inputs;
    const [out] = node.outputs;
    const dim = lower.dim(node.attrs);
    const rank = this.space.length;
    const from = this.around.operand(x, out.dtype);
    if (from.shape[dim] === 0 && numelOf(out.shape) > 0) {
      throw new IndexError({
        op: node.def.name,
        problem: `dimension ${dim} of the operand is empty, so no index is in range`
      });
    }
    const i = this.operand(index2, typeOf(index2).dtype, out.shape, map);
    const own = chainOf(index2).base;
    const place4 = isScalar(own) ? null : this.values.has(own) ? seenDense(index2) : this.around.placeOf(index2);
    const steps = place4 === null ? [] : stridesIn(rank, map, place4, out.shape);
    const at4 = positionStrides(out.shape, map, rank).map((n, d) => (steps[d] ?? 0) === 0 ? 0 : n);
    const position2 = this.pool.position(at4);
    const rest = from.strides.map((n, d) => d === dim ? 0 : n);
    const strides = new Array(rank).fill(0);
    map.forEach((to, d) => {
      if (to >= 0) strides[to] = rest[d];
    });
    this.faults = node.def.name;
    const stream = this.pool.stream(
      { root: from.root, offset: from.offset, dtype: from.dtype },
      strides
    );
    return this.pool.gather(stream, i, from.shape[dim], from.strides[dim], position2);
  }
  /** An operand of an op whose output, of shape `out`, is laid by `map`. */
  operand(x, dtype, out, map) {
    const { base } = chainOf(x);
    if (isScalar(base)) return scalarExpr(this.pool, base, dtype, this.around);
    const own = this.values.get(base);
    if (own !== void 0) return this.pool.cast(own, dtype);
    const place4 = this.around.placeOf(x);
    const strides = stridesIn(this.space.length, map, place4, out);
    const memory = { root: place4.root, offset: place4.offset, dtype: place4.dtype };
    return this.pool.cast(this.pool.load(this.pool.stream(memory, strides)), dtype);
  }
};
function seenDense(x) {
  const { base, views } = chainOf(x);
  const root2 = base;
  let spec = specOf(root2.dtype, root2.shape);
  for (const node of views) {
    const seen = node.def.lower.view(spec, node.attrs);
    if (seen === null) break;
    spec = specOf(root2.dtype, seen.shape, seen.strides);
  }
  const strides = spec.strides.map((n, d) => spec.shape[d] === 1 ? 0 : n);
  return { root: {}, dtype: root2.dtype, offset: 0, shape: spec.shape, strides };
}

// src/kernel/schedule/epilogues.ts
var MAX_COST = 30;
var vectorDims = (node) => {
  const lower = node.def.lower;
  if (lower?.kind === "gemm") return 1;
  return lower?.kind === "conv" && lower.face !== "weight" ? 2 : 0;
};
function findEpilogues(assembly) {
  const found = /* @__PURE__ */ new Map();
  const readers = readersOf(assembly);
  const taken2 = /* @__PURE__ */ new Set();
  for (const step4 of assembly.fusion.steps.toReversed()) {
    if (step4.space !== null || vectorDims(step4.nodes[0]) === 0) continue;
    const [result] = step4.nodes[0].outputs;
    const all3 = readers.get(result);
    if (all3 === void 0 || all3.size !== 1 || assembly.graph.outputs.some((v) => chainOf(v).base === result)) {
      continue;
    }
    const [group] = all3;
    if (taken2.has(group) || !finishes(assembly, group, step4.nodes[0])) continue;
    found.set(step4, group);
    taken2.add(group);
    assembly.stored.delete(result);
  }
  return found;
}
function readersOf(assembly) {
  const readers = /* @__PURE__ */ new Map();
  for (const step4 of assembly.fusion.steps) {
    for (const node of step4.nodes) {
      for (const x of node.inputs) {
        const { base } = chainOf(x);
        if (typeof base === "number") continue;
        const set2 = readers.get(base) ?? /* @__PURE__ */ new Set();
        readers.set(base, set2.add(step4));
      }
    }
  }
  return readers;
}
function finishes(assembly, group, contraction) {
  const [result] = contraction.outputs;
  const { shape, dtype } = result;
  const space = shape.filter((n) => n !== 1);
  if (group.space === null || group.inner !== null || group.space.length !== space.length)
    return false;
  if (group.space.some((n, d) => n !== space[d]) || space.includes(0)) return false;
  if (group.nodes.reduce((sum3, n) => sum3 + costOfNode(n), 0) > MAX_COST) return false;
  const outputs = group.nodes.flatMap((n) => n.outputs).filter((v) => assembly.isStored(v));
  if (outputs.length !== 1 || !wide(outputs[0].dtype, dtype)) return false;
  const map = group.maps.get(outputs[0]);
  if (map.filter((d) => d >= 0).length !== space.length) return false;
  return group.nodes.every((node) => {
    if (node.def.lower?.kind !== "element" || isPositional(node)) return false;
    if (!operandTypes(node).every((d) => wide(d, dtype)) || !wide(node.outputs[0].dtype, dtype)) {
      return false;
    }
    return node.inputs.every((x) => {
      const { base, views } = chainOf(x);
      if (isScalar(base) || assembly.fusion.stepOf.get(base) === group) return true;
      if (base === result) return views.length === 0;
      return fitsTile(assembly, x, node, group, contraction);
    });
  });
}
var wide = (d, accumulated) => d === "bool" || bytesOf(d) === bytesOf(accumulated);
function fitsTile(assembly, x, node, group, contraction) {
  if (!wide(x.dtype, contraction.outputs[0].dtype)) return false;
  const place4 = assembly.placeWithoutCopy(x);
  if (place4 === null) return false;
  const map = group.maps.get(node.outputs[0]);
  const inSpace = stridesIn(group.space.length, map, place4, node.outputs[0].shape);
  const { shape } = contraction.outputs[0];
  const own = ownMap(shape);
  const axis = shape.map((n, d) => ({ n, d })).slice(shape.length - vectorDims(contraction));
  const sizes = axis.filter(({ n }) => n !== 1);
  const strides = sizes.map(({ d }) => inSpace[own[d]]);
  if (strides.every((s) => s === 0)) return true;
  let next = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    if (strides[i] !== next) return false;
    next *= sizes[i].n;
  }
  return true;
}
function epilogueOf(assembly, group, contraction) {
  const [result] = contraction.outputs;
  const { stores } = new GroupBuilder(assembly, group).kernel();
  const [store4] = stores;
  const exprs = exprsOf(stores);
  const own = ownMap(result.shape);
  const operands = [];
  const slots = /* @__PURE__ */ new Map();
  const offsets = /* @__PURE__ */ new Map();
  const names = /* @__PURE__ */ new Map();
  for (const e of exprs) {
    if (e.kind === "scalar") {
      slots.set(e, operands.length);
      operands.push({ source: { kind: "scalar", input: e.input }, dtype: e.dtype, strides: [] });
    }
    if (e.kind !== "load") continue;
    const { root: root2, offset, dtype } = e.stream.memory;
    if (root2 === result) {
      names.set(e.stream, "sum");
      continue;
    }
    const source = { ...assembly.bufferOf(root2) };
    if (offset !== 0) offsets.set(source, offset * bytesOf(dtype));
    names.set(e.stream, `o${operands.length}`);
    slots.set(e, operands.length);
    operands.push({ source, dtype, strides: own.map((d) => d < 0 ? 0 : e.stream.strides[d]) });
  }
  const text2 = textOf(exprs, (s) => names.get(s) ?? "?");
  const epilogue = {
    key: `${text2.lines};${text2.ref(store4.value)};${operands.map((o) => o.dtype)}`,
    operands,
    dtype: store4.value.dtype,
    apply(b, accumulated, registers) {
      const known = /* @__PURE__ */ new Map();
      const regOf = (e) => {
        let r = known.get(e);
        if (r !== void 0) return r;
        const slot2 = slots.get(e);
        if (slot2 !== void 0) r = registers[slot2];
        else if (e.kind === "constant") r = constantReg(b, e);
        else if (e.kind === "op") r = applyOp(b, e, regOf);
        else r = accumulated;
        known.set(e, r);
        return r;
      };
      return b.splat(regOf(store4.value), accumulated.type.lanes);
    }
  };
  return { epilogue, out: assembly.bufferOf(outputOf(group, assembly)), offsets };
}
var outputOf = (group, assembly) => group.nodes.flatMap((n) => n.outputs).find((v) => assembly.isStored(v));

// src/kernel/schedule/keep.ts
var WORTH = 15;
function keepCostly(kernel, pool) {
  const inner = kernel.stores.filter((s) => s.place === "inner");
  if (inner.length !== 1 || inner[0].value.level === 0) return kernel;
  const [store4] = inner;
  const { stream, value } = store4;
  const phase = value.level - 1;
  if (value.dtype !== "float32" && value.dtype !== "float64") return kernel;
  const before = /* @__PURE__ */ new Set();
  const reductions = allBelow(value, true).filter((e) => e.kind === "reduced");
  for (const e of reductions) {
    if (e.level === value.level)
      for (const x of allBelow(e.reduction.operand, false)) before.add(x);
  }
  const kept = allBelow(value, false).filter(
    (e) => before.has(e) && e.dtype === value.dtype && e.kind === "op" && weight(e) >= WORTH
  );
  const inside = new Set(kept.flatMap((e) => allBelow(e, false).filter((x) => x !== e)));
  const tops = kept.filter((e) => !inside.has(e));
  if (tops.length !== 1 || !spans2(tops[0], kernel)) return kernel;
  const [top] = tops;
  const reload = pool.load(stream);
  const next = replace(value, top, reload, pool, /* @__PURE__ */ new Map());
  const rest = allBelow(next, false).some(
    (e) => e !== reload && (e.kind === "load" || e.kind === "gather") && touchesInner(e, kernel)
  );
  if (rest) return kernel;
  const others = kernel.stores.filter((s) => s !== store4);
  const stores = [...others, { ...store4, value: top, phase }, { ...store4, value: next }];
  return { ...kernel, stores };
}
function allBelow(root2, past) {
  const seen = /* @__PURE__ */ new Set();
  const visit = (e) => {
    if (seen.has(e)) return;
    seen.add(e);
    for (const a of argsOf(e)) visit(a);
    if (past && e.kind === "reduced") visit(e.reduction.operand);
  };
  visit(root2);
  return [...seen];
}
var weight = (e) => allBelow(e, false).reduce((sum3, x) => sum3 + costOf(x), 0);
var touchesInner = (e, { inner }) => (e.kind === "load" || e.kind === "gather" || e.kind === "position") && (e.stream.strides.some((n, d) => n !== 0 && inner[d]) || e.kind === "gather" && allBelow(e.index, false).some((x) => touchesInner(x, { inner })));
var spans2 = (e, kernel) => allBelow(e, false).some((x) => touchesInner(x, kernel));
function replace(e, from, to, pool, done) {
  if (e === from) return to;
  if (e.kind !== "op") return e;
  let out = done.get(e);
  if (out === void 0) {
    const args = e.args.map((a) => typeof a === "number" ? a : replace(a, from, to, pool, done));
    out = pool.op(e.fn, args, e.dtype, e.position);
    done.set(e, out);
  }
  return out;
}

// src/kernel/schedule/parts.ts
function findParts(assembly) {
  const found = /* @__PURE__ */ new Map();
  const finishing = new Set(assembly.epilogues.values());
  const outputs = new Set(assembly.graph.outputs.map((v) => chainOf(v).base));
  for (const { nodes, space } of [...assembly.fusion.steps].reverse()) {
    const [node] = nodes;
    if (space !== null || !isAssembled(node) || isFilled(node)) continue;
    const places = partPlaces(node, found.get(node.outputs[0]));
    for (const [i, x] of node.inputs.entries()) {
      const { base } = chainOf(x);
      if (typeof base === "number" || found.has(base) || outputs.has(base)) continue;
      const step4 = assembly.fusion.stepOf.get(base);
      if (step4 === void 0 || finishing.has(step4) || !placesFreely(step4)) continue;
      if (base.dtype !== node.outputs[0].dtype || !assembly.isWhole(x, base))
        continue;
      const place4 = laidOut(places[i], base);
      if (place4 !== null) found.set(base, place4);
    }
  }
  return found;
}
var placesFreely = ({ space, nodes: [node] }) => space !== null || isAssembled(node);
var isAssembled = (node) => node.def.lower?.kind === "assemble";
var isFilled = (node) => node.def.lower.fill(node.attrs) !== null;
function partPlaces(node, out) {
  const [value] = node.outputs;
  const { root: root2, dtype, offset, strides } = out ?? {
    root: value,
    dtype: value.dtype,
    offset: 0,
    strides: contiguousStrides(value.shape)
  };
  const lower = node.def.lower;
  const placements = lower.place(node.inputs.map(typeOf), node.attrs);
  return node.inputs.map((x, i) => {
    const { start, step: step4 } = placements[i];
    const { shape } = typeOf(x);
    const from = numelOf(shape) === 0 ? 0 : start.reduce((n, s, d) => n + s * strides[d], 0);
    return {
      root: root2,
      dtype,
      offset: offset + from,
      shape,
      strides: step4.map((n, d) => n * strides[d])
    };
  });
}
function laidOut(place4, value) {
  const wide2 = place4.shape.map((_, d) => d).filter((d) => place4.shape[d] !== 1);
  const sizes = value.shape.filter((n) => n !== 1);
  if (!sameShape(
    wide2.map((d) => place4.shape[d]),
    sizes
  ))
    return null;
  let next = 0;
  const strides = value.shape.map((n) => n === 1 ? 0 : place4.strides[wide2[next++]]);
  return { ...place4, shape: value.shape, strides };
}

// src/kernel/contraction/arguments.ts
var ELEMS = { float32: "f32", float64: "f64", int32: "i32", int64: "i64" };
function numberElem(dtype) {
  if (dtype === "bool") throw new Error("a contraction of bool must be cast first");
  return ELEMS[dtype];
}
var bytesOfElem = (elem) => elem === "f64" || elem === "i64" ? 8 : 4;
var Arguments = class {
  args = [];
  slots = [];
  pointer(name, buffer3) {
    return this.push(name, "ptr", { kind: "pointer", buffer: buffer3, bytes: 0 });
  }
  index(name, value) {
    return this.push(name, "index", { kind: "index", value });
  }
  /** Several `index` arguments, named by the object's keys. */
  indices(values) {
    for (const [name, value] of Object.entries(values)) this.index(name, value);
    return this;
  }
  scalar(name, input, elem) {
    return this.push(name, elem, { kind: "scalar", input, elem });
  }
  /** Declares every slot, in order, at the head of a kernel. */
  declare(b) {
    const regs = new Map(this.slots.map(({ name, elem }) => [name, b.param(name, elem)]));
    return (name) => {
      const reg = regs.get(name);
      if (reg === void 0) throw new Error(`kernel argument ${name} is not declared`);
      return reg;
    };
  }
  push(name, elem, arg) {
    if (this.slots.some((s) => s.name === name)) {
      throw new Error(`kernel argument ${name} is declared twice`);
    }
    this.slots.push({ name, elem });
    this.args.push(arg);
    return this;
  }
};

// src/kernel/contraction/epilogue-code.ts
var memElem = (dtype) => dtype === "bool" ? "u8" : numberElem(dtype);
var isScalar2 = (o) => o.source.kind === "scalar";
var EpilogueCode = class {
  key;
  mem;
  bytes;
  /** Whether it may run on whole vectors: everything as wide as the accumulators, or bool. */
  vector;
  epilogue;
  strides;
  constructor(epilogue, strides, accumulated, args) {
    const { operands, dtype } = epilogue;
    this.epilogue = epilogue;
    this.strides = strides;
    this.mem = memElem(dtype);
    this.bytes = bytesOf(dtype);
    const fits2 = (d) => d === "bool" || bytesOf(d) === bytesOf(accumulated);
    this.vector = fits2(dtype) && operands.every((o) => isScalar2(o) || fits2(o.dtype));
    const classes = operands.map((o, k2) => {
      if (o.source.kind === "scalar") {
        args.scalar(`e${k2}`, o.source.input, numberElem(o.dtype));
        return "s";
      }
      args.pointer(`e${k2}`, o.source);
      const bytes2 = bytesOf(o.dtype);
      for (const [d, stride] of strides[k2].slice(0, -1).entries()) {
        args.index(`e${k2}.${d}`, stride * bytes2);
      }
      const [row, column2] = strides[k2].slice(-2);
      if (column2 !== 0 && column2 !== 1)
        throw new Error("an epilogue operand is neither dense nor constant");
      return `${row === 0 ? 0 : "r"}${column2}`;
    });
    this.key = `${epilogue.key};${classes.join(",")}`;
  }
  /** The operands seen from the tile at outer loop indices `outer`, row `row`, column `column`. */
  at(b, params, outer, row, column2) {
    const { operands } = this.epilogue;
    const places = operands.map((o, k2) => {
      if (isScalar2(o)) return { kind: "scalar", value: params(`e${k2}`) };
      const bytes2 = bytesOf(o.dtype);
      const columnStride = this.strides[k2][outer.length + 1];
      const rowStride = params(`e${k2}.${outer.length}`);
      let pointer = params(`e${k2}`);
      for (const [d, index2] of outer.entries()) {
        pointer = b.add(pointer, b.mul(index2, params(`e${k2}.${d}`)));
      }
      const rowZero = this.strides[k2][outer.length] === 0;
      if (!rowZero) pointer = b.add(pointer, b.mul(row, rowStride));
      if (columnStride === 1) pointer = b.add(pointer, b.mul(column2, bytes2));
      return {
        kind: "buffer",
        pointer,
        rowStride,
        rowZero,
        dense: columnStride === 1,
        mem: memElem(o.dtype),
        bytes: bytes2
      };
    });
    return new TileEpilogue(b, this.epilogue, places, this.mem, this.bytes, this.vector);
  }
};
var TileEpilogue = class {
  mem;
  bytes;
  vector;
  b;
  epilogue;
  places;
  constructor(b, epilogue, places, mem2, bytes2, vector2) {
    this.b = b;
    this.epilogue = epilogue;
    this.places = places;
    this.mem = mem2;
    this.bytes = bytes2;
    this.vector = vector2;
  }
  /**
   * Applies the expression to vector `j` of row `i`. `loaded` keeps what rows or columns share; it
   * must not outlive the branch it was made in.
   */
  applyVector(sum3, i, j, loaded, mask) {
    const { b } = this;
    const { lanes: lanes2 } = sum3.type;
    const operands = this.places.map((p, k2) => {
      if (p.kind === "scalar") return b.splat(p.value, lanes2);
      const key = `${k2} ${p.rowZero ? "" : i} ${p.dense ? j : ""}`;
      let value = loaded.get(key);
      if (value === void 0) {
        let pointer = p.pointer;
        if (!p.rowZero) for (let r = 0; r < i; r++) pointer = b.add(pointer, p.rowStride);
        value = p.dense ? b.load(
          p.mem,
          lanes2,
          at(pointer, j * lanes2 * p.bytes),
          mask === void 0 ? {} : { mask }
        ) : b.load(p.mem, lanes2, at(pointer), { splat: lanes2 > 1 });
        loaded.set(key, value);
      }
      return value;
    });
    return this.epilogue.apply(b, sum3, operands);
  }
  /** Applies the expression to one element, at run-time row `i` and column `j` of the tile. */
  applyScalar(sum3, i, j) {
    const { b } = this;
    const operands = this.places.map((p) => {
      if (p.kind === "scalar") return p.value;
      let pointer = p.pointer;
      if (!p.rowZero) pointer = b.add(pointer, b.mul(i, p.rowStride));
      if (p.dense) pointer = b.add(pointer, b.mul(j, p.bytes));
      return b.load(p.mem, 1, at(pointer));
    });
    return this.epilogue.apply(b, sum3, operands);
  }
};

// src/kernel/contraction/conv-image.ts
function listTaps(s) {
  const rows = Array.from({ length: s.kernel[0] }, (_, kh) => kh * s.dilation[0]);
  const phases = [...new Set(rows.map((r) => r % s.stride[0]))].sort((a, b) => a - b);
  const planes2 = [];
  const taps = [];
  for (const phase of phases) {
    for (let kw = 0; kw < s.kernel[1]; kw++) {
      const plane = planes2.push({ phase, kw }) - 1;
      for (const [kh, r] of rows.entries()) {
        if (r % s.stride[0] === phase) {
          taps.push({ kh, kw, plane, row: Math.floor(r / s.stride[0]) });
        }
      }
    }
  }
  return { taps, planes: planes2, phases };
}
function overlap(targets, sources, stride, shift3) {
  const first = Math.max(0, Math.ceil(-shift3 / stride));
  const end = Math.min(targets, Math.ceil((sources - shift3) / stride));
  const count = Math.max(0, end - first);
  return count === 0 ? { to: 0, from: 0, count } : { to: first, from: stride * first + shift3, count };
}
function planImage(shape, elem, bytes2, info, args) {
  const { taps, planes: planes2, phases } = listTaps(shape);
  const { output, size, stride, padding, dilation, strides } = shape;
  const lanes2 = info.vectorBytes / bytes2;
  const rows = output[0] + Math.max(0, ...taps.map((t) => t.row));
  const rowBytes = output[1] * bytes2;
  const planeBytes = Math.ceil(rows * rowBytes / 64) * 64;
  const channelBytes = planes2.length * planeBytes;
  const totalBytes = channelBytes * shape.channels;
  const inRows = phases.map((phase) => overlap(rows, size[0], stride[0], phase - padding[0]));
  const inColumns = Array.from(
    { length: shape.kernel[1] },
    (_, kw) => overlap(output[1], size[1], stride[1], kw * dilation[1] - padding[1])
  );
  const covered = inRows.every((r) => r.count === rows) && inColumns.every((c2) => c2.count === output[1]);
  args.indices({
    "image.channels": shape.channels,
    "image.zero": covered ? 0 : totalBytes,
    "image.row": rowBytes,
    "image.plane": planeBytes,
    "image.channel": channelBytes,
    "image.fromChannel": strides[0],
    "image.fromRow": strides[1] * stride[0],
    "image.fromColumn": strides[2] * stride[1]
  });
  for (const [i, r] of inRows.entries()) args.index(`image.rows.${phases[i]}`, r.count);
  for (const [kw, c2] of inColumns.entries()) {
    args.index(`image.columns.${kw}`, c2.count);
    args.index(`image.whole.${kw}`, c2.count - c2.count % lanes2);
  }
  for (const [p, { phase, kw }] of planes2.entries()) {
    const r = inRows[phases.indexOf(phase)];
    const c2 = inColumns[kw];
    args.index(`image.from.${p}`, r.from * strides[1] + c2.from * strides[2]);
    args.index(`image.to.${p}`, p * planeBytes + r.to * rowBytes + c2.to * bytes2);
  }
  const dense3 = strides[2] * stride[1] === bytes2;
  const constants = [shape.kernel, stride, dilation].map((pair) => pair.join("x")).join(" ");
  return {
    key: `${constants}${dense3 ? " dense" : ""}`,
    shape,
    taps,
    planes: planes2,
    elem,
    bytes: bytes2,
    lanes: lanes2,
    masks: info.masks,
    slowMasks: info.slowMasks,
    dense: dense3,
    totalBytes
  };
}
function clearImage(b, plan, params, to) {
  fillZero(b, plan, to, params("image.zero"));
}
function fillZero(b, { elem, lanes: lanes2, bytes: size }, to, bytes2) {
  const zero2 = b.splat(b.const(elem, elem === "i64" ? 0n : 0), lanes2);
  b.loop(0, bytes2, lanes2 * size, [], (offset) => {
    b.store(elem, at(b.add(to, offset)), zero2);
    return [];
  });
}
function packImage(b, plan, params, source, to) {
  const p = (name) => params(`image.${name}`);
  b.loop(0, p("channels"), 1, [source, to], (_, [from, target2]) => {
    for (const [i, { phase, kw }] of plan.planes.entries()) {
      const start = [b.add(from, p(`from.${i}`)), b.add(target2, p(`to.${i}`))];
      b.loop(0, p(`rows.${phase}`), 1, start, (_row, [rowFrom, rowTo]) => {
        copyRow(b, plan, params, kw, rowFrom, rowTo);
        return [b.add(rowFrom, p("fromRow")), b.add(rowTo, p("row"))];
      });
    }
    return [b.add(from, p("fromChannel")), b.add(target2, p("channel"))];
  });
}
function copyRow(b, plan, params, kw, from, to) {
  const { elem, bytes: bytes2, lanes: lanes2 } = plan;
  const count = params(`image.columns.${kw}`);
  if (!plan.dense) {
    const stride = params("image.fromColumn");
    b.loop(0, count, 1, [from, to], (_, [f2, t]) => {
      b.store(elem, at(t), b.load(elem, 1, at(f2)));
      return [b.add(f2, stride), b.add(t, bytes2)];
    });
    return;
  }
  const whole = params(`image.whole.${kw}`);
  const copy2 = (width) => (_, [f2, t]) => {
    b.store(elem, at(t), b.load(elem, width, at(f2)));
    return [b.add(f2, width * bytes2), b.add(t, width * bytes2)];
  };
  if (plan.masks) {
    if (plan.slowMasks) b.loop(0, whole, lanes2, [from, to], copy2(lanes2));
    b.loop(plan.slowMasks ? whole : 0, count, lanes2, [], (column2) => {
      const mask = b.edge(b.sub(count, column2), lanes2);
      const offset = b.mul(column2, bytes2);
      const value = b.load(elem, lanes2, at(b.add(from, offset)), { mask });
      b.store(elem, at(b.add(to, offset)), value, mask);
      return [];
    });
    return;
  }
  const end = b.loop(0, whole, lanes2, [from, to], copy2(lanes2));
  b.loop(whole, count, 1, end, copy2(1));
}
function writeTable(b, plan, params, table4, indexBytes, byPosition = false) {
  const taps = byPosition ? [...plan.taps].sort((x, y) => x.kh - y.kh || x.kw - y.kw) : plan.taps;
  const init = [b.index(0), table4];
  b.loop(0, params("image.channels"), 1, init, (_, [offset, entry]) => {
    for (const [i, tap] of taps.entries()) {
      const inside = b.add(
        b.mul(params("image.plane"), tap.plane),
        b.mul(params("image.row"), tap.row)
      );
      b.store("index", at(entry, i * indexBytes), b.add(offset, inside));
    }
    return [b.add(offset, params("image.channel")), b.add(entry, taps.length * indexBytes)];
  });
}

// src/kernel/contraction/tile.ts
var columnsOf = (t) => t.vectors * t.lanes;
var tileKey = (t) => `${t.elem}:${t.rows}x${t.vectors}x${t.lanes}`;
function chooseTile(info, elem, m, n) {
  const bytes2 = bytesOfElem(elem);
  const lanes2 = info.vectorBytes / bytes2;
  const wide2 = Math.max(1, Math.ceil(n / lanes2));
  const [rows, vectors] = tileFor(info, m, wide2);
  const unroll = info.indexBytes === 4 ? 1 : UNROLL;
  return { elem, bytes: bytes2, rows, vectors: Math.min(vectors, wide2), lanes: lanes2, unroll };
}
function tileFor(info, m, wide2) {
  if (info.vectorRegisters >= 32) return wideTile(m, wide2);
  if (info.isa === "avx2") return avx2Tile(m, wide2);
  return narrowTile(m, wide2, info.isa !== "wasm");
}
function narrowTile(m, wide2, fused) {
  if (m <= 1) return [1, 8];
  if (m <= 2) return [2, 4];
  if (m <= 3) return [3, fused ? 3 : 2];
  if (wide2 === 1) return m <= 8 ? [4, 1] : [8, 1];
  if (m <= 4 || !fused) return [4, 2];
  const covered = (rows, vectors) => Math.ceil(wide2 / vectors) * vectors * (m <= 12 ? Math.ceil(m / rows) * rows : 1);
  return covered(3, 3) <= covered(4, 2) * 1.03 ? [3, 3] : [4, 2];
}
function avx2Tile(m, wide2) {
  if (m <= 1) return [1, 8];
  if (m <= 2) return [2, 4];
  if (m <= 3) return [3, 3];
  if (wide2 === 1) return m <= 8 ? [4, 1] : [12, 1];
  return m <= 4 ? [4, 2] : [6, 2];
}
function wideTile(m, wide2) {
  if (m <= 1) return [1, 8];
  if (m <= 4) return [m, 4];
  if (wide2 <= 2) return wide2 === 1 ? [16, 1] : [12, 2];
  const covered = (rows, vectors) => Math.ceil(wide2 / vectors) * vectors * (m <= MANY ? Math.ceil(m / rows) * rows : m);
  return covered(6, 4) <= covered(8, 3) ? [6, 4] : [8, 3];
}
var MANY = 128;
function edgeMasks(b, count, vectors, lanes2) {
  return Array.from(
    { length: vectors },
    (_, j) => b.edge(j === 0 ? count : b.sub(b.max(count, j * lanes2), j * lanes2), lanes2)
  );
}
function zeroTile(b, t) {
  const zero2 = b.splat(b.const(t.elem, t.elem === "i64" ? 0n : 0), t.lanes);
  return Array.from({ length: t.rows * t.vectors }, () => zero2);
}
function multiplyAdd(b, x, y, sum3) {
  const { elem } = sum3.type;
  return elem === "f32" || elem === "f64" ? b.fma(x, y, sum3) : b.add(b.mul(x, y), sum3);
}
function step2(b, t, sums, row, vector2, masks) {
  const loadVector = (j) => b.load(t.elem, t.lanes, vector2(j), masks === void 0 ? {} : { mask: masks[j] });
  const out = [];
  if (t.rows === 1) {
    const x = b.load(t.elem, t.lanes, row(0), { splat: t.lanes > 1 });
    for (let j = 0; j < t.vectors; j++) out.push(multiplyAdd(b, x, loadVector(j), sums[j]));
    return out;
  }
  const ys = Array.from({ length: t.vectors }, (_, j) => loadVector(j));
  for (let i = 0; i < t.rows; i++) {
    const x = b.load(t.elem, t.lanes, row(i), { splat: t.lanes > 1 });
    for (let j = 0; j < t.vectors; j++) {
      out.push(multiplyAdd(b, x, ys[j], sums[i * t.vectors + j]));
    }
  }
  return out;
}
var UNROLL = 4;
var AHEAD = 8;
function sumTile(b, t, s) {
  const accumulators = t.rows * t.vectors;
  const rows = mover(b, s.rows);
  const vectors = mover(b, s.vectors);
  const vectorBytes = t.lanes * t.bytes;
  const shared = s.rows.pointers.length === 1;
  const turn2 = (steps) => (_, carried) => {
    let sums = carried.slice(0, accumulators);
    rows.take(carried.slice(accumulators, accumulators + rows.start.length));
    vectors.take(carried.slice(accumulators + rows.start.length));
    for (let u = 0; u < steps; u++) {
      const vector2 = vectors.addresses();
      const row = rows.addresses();
      if (s.prefetch) prefetchVectors(b, t, s.vectors, vector2);
      sums = step2(
        b,
        t,
        sums,
        (i) => shared ? row(0, i * s.rows.spacing) : row(i, 0),
        (j) => vector2(0, j * vectorBytes),
        s.masks
      );
      rows.advance();
      vectors.advance();
    }
    return [...sums, ...rows.end(), ...vectors.end()];
  };
  const start = [...zeroTile(b, t), ...rows.start, ...vectors.start];
  if (t.unroll === 1) return b.loop(0, s.count, 1, start, turn2(1)).slice(0, accumulators);
  const middle = b.loop(0, s.unrolled, UNROLL, start, turn2(UNROLL));
  return b.loop(s.unrolled, s.count, 1, middle, turn2(1)).slice(0, accumulators);
}
function prefetchVectors(b, t, walk, at4) {
  if ("table" in walk || typeof walk.stride === "number") return;
  for (let j = 0; j < t.vectors; j++) {
    const { base, offset } = at4(0, j * t.lanes * t.bytes);
    b.prefetch({ base, offset, index: walk.stride, scale: AHEAD });
  }
}
function mover(b, walk) {
  if ("table" in walk) return new TableMover(b, walk);
  if (typeof walk.stride === "number") return new ConstantMover(b, walk.pointers, walk.stride);
  const { pointers, stride } = walk;
  return pointers.length === 1 ? new PointerMover(b, pointers[0], stride) : new OffsetMover(b, pointers, stride);
}
var ConstantMover = class {
  start;
  b;
  stride;
  pointers = [];
  offset = 0;
  constructor(b, pointers, stride) {
    this.b = b;
    this.start = pointers;
    this.stride = stride;
  }
  take(carried) {
    this.pointers = carried;
    this.offset = 0;
  }
  addresses() {
    const { pointers, offset } = this;
    return (pointer, more) => ({ base: pointers[pointer], offset: offset + more });
  }
  advance() {
    this.offset += this.stride;
  }
  end() {
    return this.pointers.map((p) => this.b.add(p, this.offset));
  }
};
var PointerMover = class {
  start;
  b;
  stride;
  pointer;
  constructor(b, pointer, stride) {
    this.b = b;
    this.start = [pointer];
    this.pointer = pointer;
    this.stride = stride;
  }
  take([pointer]) {
    this.pointer = pointer;
  }
  addresses() {
    const { pointer } = this;
    return (_, offset) => ({ base: pointer, offset });
  }
  advance() {
    this.pointer = this.b.add(this.pointer, this.stride);
  }
  end() {
    return [this.pointer];
  }
};
var OffsetMover = class {
  start;
  b;
  pointers;
  stride;
  index;
  constructor(b, pointers, stride) {
    this.b = b;
    this.pointers = pointers;
    this.stride = stride;
    this.index = b.index(0);
    this.start = [this.index];
  }
  take([index2]) {
    this.index = index2;
  }
  addresses() {
    const { pointers, index: index2 } = this;
    return (pointer, offset) => ({ base: pointers[pointer], index: index2, scale: 1, offset });
  }
  advance() {
    this.index = this.b.add(this.index, this.stride);
  }
  end() {
    return [this.index];
  }
};
var TableMover = class extends ConstantMover {
  base;
  constructor(b, walk) {
    super(b, [walk.table], walk.entryBytes);
    this.base = walk.base;
  }
  addresses() {
    const entry = this.b.load("index", 1, { base: this.pointers[0], offset: this.offset });
    const base = this.b.add(this.base, entry);
    return (_, offset) => ({ base, offset });
  }
};

// src/kernel/contraction/finish.ts
function prefetchTile(b, t, place4) {
  for (let i = 0; i < t.rows; i++) {
    for (let j = 0; j < t.vectors; j++) {
      b.prefetch(at(rowPointer(b, place4, i), j * t.lanes * t.bytes));
    }
  }
}
function finishTile(b, t, sums, f2) {
  if (f2.epilogue !== void 0 && !f2.epilogue.vector) return byElement(b, t, sums, f2);
  const whole = () => {
    writeRows(b, t, sums, f2, range(t.rows));
    return [];
  };
  const inside = isInside(b, t, f2);
  if (inside === void 0) whole();
  else if (f2.columns !== void 0 && !f2.masks) {
    b.if(inside, whole, () => {
      byElement(b, t, sums, f2);
      return [];
    });
  } else {
    b.if(inside, whole, () => {
      byRow(b, t, sums, f2);
      return [];
    });
  }
}
function isInside(b, t, f2) {
  const rows = f2.rows && t.rows > 1 ? b.compare("ge", f2.rows, b.index(t.rows)) : void 0;
  const columns = f2.columns && b.compare("ge", f2.columns, b.index(columnsOf(t)));
  return rows && columns ? b.binary("and", rows, columns) : rows ?? columns;
}
function byRow(b, t, sums, f2) {
  const masks = f2.columns && edgeMasks(b, f2.columns, t.vectors, t.lanes);
  for (let i = 0; i < t.rows; i++) {
    const write = () => {
      writeRows(b, t, sums, f2, [i], masks);
      return [];
    };
    if (f2.rows === void 0 || i === 0) write();
    else b.if(b.compare("gt", f2.rows, b.index(i)), write);
  }
}
function writeRows(b, t, sums, f2, rows, masks) {
  const { passes, epilogue } = f2;
  const place4 = (p, i, j, bytes2) => at(rowPointer(b, p, i), j * t.lanes * bytes2);
  const store4 = (mem2, bytes2, to, value) => {
    for (const i of rows) {
      const values = range(t.vectors).map((j) => value(sums[i * t.vectors + j], i, j));
      for (const [j, v] of values.entries()) b.store(mem2, place4(to, i, j, bytes2), v, masks?.[j]);
    }
    return [];
  };
  const storeFinal = (value) => {
    if (epilogue === void 0) return store4(t.elem, t.bytes, f2.out, value);
    const loaded = /* @__PURE__ */ new Map();
    return store4(
      epilogue.mem,
      epilogue.bytes,
      f2.out,
      (sum3, i, j) => epilogue.applyVector(value(sum3, i, j), i, j, loaded, masks?.[j])
    );
  };
  const own = (sum3) => sum3;
  if (passes === void 0) {
    storeFinal(own);
    return;
  }
  const { first, last, partial } = passes;
  const added = (sum3, i, j) => {
    const options = masks === void 0 ? {} : { mask: masks[j] };
    return b.add(b.load(t.elem, t.lanes, place4(partial, i, j, t.bytes), options), sum3);
  };
  const storePartial = (value) => store4(t.elem, t.bytes, partial, value);
  b.if(
    first,
    () => storePartial(own),
    () => {
      if (epilogue === void 0) return storePartial(added);
      b.if(
        last,
        () => storeFinal(added),
        () => storePartial(added)
      );
      return [];
    }
  );
}
function byElement(b, t, sums, f2) {
  const { scratch, passes, epilogue } = f2;
  if (scratch === void 0) throw new Error("a tile at an edge needs scratch memory");
  const width = columnsOf(t);
  for (const [k2, sum3] of sums.entries()) b.store(t.elem, at(scratch, k2 * t.lanes * t.bytes), sum3);
  const rows = f2.rows ? b.min(f2.rows, t.rows) : b.index(t.rows);
  const columns = f2.columns ? b.min(f2.columns, width) : b.index(width);
  b.loop(0, rows, 1, [], (i) => {
    const from = b.add(scratch, b.mul(i, width * t.bytes));
    const row = (p) => b.add(p.pointer, b.mul(i, p.rowBytes));
    b.loop(0, columns, 1, [], (j) => {
      const cell = (p, bytes2) => at(b.add(row(p), b.mul(j, bytes2)));
      const storeFinal = (value2) => {
        const result = epilogue === void 0 ? value2 : epilogue.applyScalar(value2, i, j);
        b.store(epilogue?.mem ?? t.elem, cell(f2.out, epilogue?.bytes ?? t.bytes), result);
        return [];
      };
      const own = b.load(t.elem, 1, at(b.add(from, b.mul(j, t.bytes))));
      if (passes === void 0) {
        storeFinal(own);
        return [];
      }
      const { first, last, partial } = passes;
      const [value] = b.if(
        first,
        () => [own],
        () => [b.add(b.load(t.elem, 1, cell(partial, t.bytes)), own)]
      );
      const storePartial = () => {
        b.store(t.elem, cell(partial, t.bytes), value);
        return [];
      };
      if (epilogue === void 0) storePartial();
      else b.if(last, () => storeFinal(value), storePartial);
      return [];
    });
    return [];
  });
}
function rowPointer(b, p, i) {
  let pointer = p.pointer;
  for (let r = 0; r < i; r++) pointer = b.add(pointer, p.rowBytes);
  return pointer;
}
var range = (n) => Array.from({ length: n }, (_, i) => i);

// src/kernel/contraction/outer.ts
var PRODUCTS = 8;
var Outer = class {
  /** For {@link Launch}: how many tiles, if there are several. */
  launch;
  key;
  loops;
  tiled;
  /** `work` is that of all turns, in elements loaded or stored. */
  constructor(args, loops, work2, { threads, parallelWork }) {
    this.loops = loops;
    const turns = loops.reduce((n, { size }) => n * size, 1);
    const most = Math.min(Math.max(16, 4 * threads), Math.floor(4 * work2 / parallelWork));
    const each2 = Math.max(1, Math.floor(turns / Math.max(1, most)));
    const tiles = Math.ceil(turns / each2);
    this.tiled = threads > 1 && work2 >= parallelWork && tiles > 1;
    this.launch = this.tiled ? { tiles } : {};
    this.key = this.tiled ? " tiles" : "";
    if (this.tiled) args.indices({ "all.turns": turns, "tile.turns": each2 });
  }
  /** The first tile of this call; 0 where there are no tiles. */
  first(b) {
    return this.tiled ? b.firstTile() : b.index(0);
  }
  /** Runs `body` for each turn, with the loops' indices, outermost first. */
  each(b, p, body) {
    if (this.tiled) this.eachOfTile(b, p, body);
    else this.nest(b, p, [], body);
  }
  nest(b, p, indices, body) {
    if (indices.length === this.loops.length) return body(indices);
    b.loop(0, p(this.loops[indices.length].name), 1, [], (i) => {
      this.nest(b, p, [...indices, i], body);
      return [];
    });
  }
  eachOfTile(b, p, body) {
    b.tiles((tile3) => {
      const from = b.mul(tile3, p("tile.turns"));
      const to = b.min(b.add(from, p("tile.turns")), p("all.turns"));
      b.loop(from, to, 1, [], (turn2) => {
        let rest = turn2;
        const indices = [];
        for (const { name } of this.loops.slice(1).reverse()) {
          const size = p(name);
          const quotient = b.convert(
            b.binary("div", b.convert(rest, "i32"), b.convert(size, "i32")),
            "index"
          );
          indices.unshift(b.sub(rest, b.mul(quotient, size)));
          rest = quotient;
        }
        body([rest, ...indices]);
        return [];
      });
    });
  }
};
var Scratch = class {
  name;
  constructor(args, name, buffer3) {
    this.name = name;
    args.pointer(name, buffer3.buffer).index(`${name}.own`, buffer3.bytes);
  }
  /** Where this thread's lies. */
  here(b, p) {
    return b.add(p(this.name), b.mul(b.thread(), p(`${this.name}.own`)));
  }
};
function scratchBuffer(temp, bytes2, { threads }) {
  const own = Math.ceil(Math.max(1, bytes2) / 64) * 64;
  return { buffer: temp(own * threads), bytes: own };
}

// src/kernel/contraction/image-conv.ts
var SCALAR = 8;
var BLOCK3 = 8;
var SMALL_BLOCK = 4;
var NEAR = 24 << 10;
var [PART_STEPS, PART_PANELS] = [128, 3];
var LINE = 64;
function overPixels(strides, channels, image) {
  const [n, c2, h, w] = strides;
  const pixel = image[1] > 1 ? w : image[0] > 1 ? h : 0;
  return [n, c2 * channels, c2, pixel];
}
function channelsAtATime(plan, t, panels, info) {
  const { channels, output } = plan.shape;
  if (info.isa !== "avx2" || panels < PART_PANELS) return channels;
  const block = SMALL_BLOCK * columnsOf(t) * t.bytes;
  const span = Math.max(0, ...plan.taps.map((tap) => tap.row)) * output[1] * t.bytes;
  const apart = plan.taps.length / Math.max(1, plan.planes.length) * (block + LINE);
  const near = NEAR / (plan.planes.length * Math.min(block + span, apart));
  const most = Math.max(Math.ceil(PART_STEPS / Math.max(1, plan.taps.length)), Math.floor(near));
  return 4 * Math.ceil(channels / Math.max(1, Math.ceil(channels / most)) / 4);
}
function imageConv(spec, info, temp) {
  const { image: shape, rows, groups, epilogue: fused } = spec;
  const elem = numberElem(spec.dtype);
  const bytes2 = bytesOf(spec.dtype);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const pixels = shape.output[0] * shape.output[1];
  const t = chooseTile(info, elem, rows, pixels);
  const width = columnsOf(t);
  const args = new Arguments().pointer("x", spec.x).pointer("y", spec.out);
  const plan = planImage(shape, elem, bytes2, info, args);
  const sums = shape.channels * plan.taps.length;
  const panels = Math.ceil(rows / t.rows);
  const channels = channelsAtATime(plan, t, panels, info);
  const several = channels < shape.channels;
  const block = width * (several ? SMALL_BLOCK : BLOCK3);
  const parts2 = Math.min(panels, Math.ceil(info.threads / (spec.batch * groups)));
  const partRows = Math.ceil(panels / parts2) * t.rows;
  const prepared = {
    weights: temp(Math.max(1, groups * panels * sums * t.rows) * bytes2),
    table: temp(Math.max(1, sums) * info.indexBytes),
    image: scratchBuffer(temp, plan.totalBytes + width * bytes2, info)
  };
  args.pointer("weights", prepared.weights).pointer("table", prepared.table);
  const image = new Scratch(args, "image", prepared.image);
  args.indices({
    batch: spec.batch,
    groups,
    parts: Math.ceil(rows / partRows),
    "part.rows": partRows,
    rows,
    pixels,
    sums,
    unrolled: sums - sums % 4,
    "part.sums": channels * plan.taps.length,
    "sum.parts": several ? Math.ceil(shape.channels / channels) : 1,
    "row.weights": sums * bytes2,
    panel: sums * t.rows * bytes2,
    group: panels * sums * t.rows * bytes2,
    "x.n": spec.imageBytes,
    "x.g": shape.channels * shape.strides[0],
    "y.row": pixels * outBytes,
    "y.g": rows * pixels * outBytes,
    "y.n": groups * rows * pixels * outBytes
  });
  const strides = (fused?.operands ?? []).map(
    (o) => o.source.kind === "scalar" ? [] : overPixels(o.strides, rows, shape.output)
  );
  const epilogue = fused ? new EpilogueCode(fused, strides, spec.dtype, args) : void 0;
  const scratch = !info.masks || epilogue !== void 0 && !epilogue.vector;
  const edge3 = scratch ? new Scratch(args, "scratch", scratchBuffer(temp, t.rows * width * bytes2, info)) : null;
  const apart = several && fused != null && fused.dtype !== spec.dtype;
  const partial = apart ? new Scratch(args, "partial", scratchBuffer(temp, partRows * block * bytes2, info)) : null;
  const products = spec.batch * groups * rows * pixels * sums;
  const loops = [
    { name: "batch", size: spec.batch },
    { name: "groups", size: groups },
    { name: "parts", size: Math.ceil(rows / partRows) }
  ];
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const build2 = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const [copy2, table4] = [image.here(b, p), p("table")];
    const [at4, sumsAt] = [edge3, partial].map((s) => s?.here(b, p));
    const tile3 = (where3, y, weights2, part2, sums2) => {
      const { outer: outer2, row, pixel } = where3;
      const out = {
        pointer: b.add(b.add(y, b.mul(row, p("y.row"))), b.mul(pixel, outBytes)),
        rowBytes: p("y.row")
      };
      if (info.prefetch) prefetchTile(b, t, out);
      const total = sumTile(b, t, {
        rows: { pointers: [weights2], spacing: bytes2, stride: t.rows * bytes2 },
        vectors: {
          base: b.add(copy2, b.mul(pixel, bytes2)),
          table: b.add(table4, b.mul(part2.from, info.indexBytes)),
          entryBytes: info.indexBytes
        },
        count: part2.count,
        unrolled: part2.unrolled
      });
      finishTile(b, t, total, {
        rows: b.sub(p("rows"), row),
        columns: b.sub(p("pixels"), pixel),
        out,
        masks: info.masks,
        ...at4 ? { scratch: at4 } : {},
        ...epilogue ? { epilogue: epilogue.at(b, p, outer2, row, pixel) } : {},
        ...several ? { passes: { ...part2, partial: sums2 ?? out } } : {}
      });
    };
    outer.each(b, p, ([n, group, share5]) => {
      const place4 = (pointer, name) => b.add(b.add(pointer, b.mul(n, p(`${name}.n`))), b.mul(group, p(`${name}.g`)));
      packImage(b, plan, p, place4(p("x"), "x"), copy2);
      const y = place4(p("y"), "y");
      const first = b.mul(share5, p("part.rows"));
      const last = b.min(b.add(first, p("part.rows")), p("rows"));
      const weights2 = b.add(
        b.add(p("weights"), b.mul(group, p("group"))),
        b.mul(first, p("row.weights"))
      );
      b.loop(0, p("pixels"), block, [], (start) => {
        const end = b.min(b.add(start, block), p("pixels"));
        eachPart(b, p, (part2) => {
          const from = b.add(weights2, b.mul(part2.from, t.rows * bytes2));
          b.loop(first, last, t.rows, [from], (row, [panel]) => {
            const line = b.index(block * bytes2);
            b.loop(start, end, width, [], (pixel) => {
              const inside = b.add(
                b.mul(b.sub(row, first), line),
                b.mul(b.sub(pixel, start), bytes2)
              );
              const sums2 = sumsAt && { pointer: b.add(sumsAt, inside), rowBytes: line };
              tile3({ outer: [n, group], row, pixel }, y, panel, part2, sums2);
              return [];
            });
            return [b.add(panel, p("panel"))];
          });
        });
        return [];
      });
    });
    return b.finish();
  };
  const how = several ? ` parts${apart ? " apart" : ""}` : "";
  const key = `conv ${plan.key} ${tileKey(t)}${how} [${epilogue?.key ?? ""}] ${info.isa}${outer.key}`;
  const launch = { key, build: build2, args: args.args, ...outer.launch };
  return [prepare(spec, t, prepared, info), launch];
}
function eachPart(b, p, body) {
  const [all3, most] = [p("sums"), p("part.sums")];
  b.loop(0, p("sum.parts"), 1, [], (part2) => {
    const from = b.mul(part2, most);
    const count = b.min(b.sub(all3, from), most);
    const unrolled = b.min(b.sub(p("unrolled"), from), most);
    const first = b.compare("eq", from, b.index(0));
    body({ from, count, unrolled, first, last: b.compare("eq", b.add(from, count), all3) });
    return [];
  });
}
function prepare({ name, dtype, groups, image, rows, weights: w }, t, prepared, info) {
  const { bytes: bytes2, elem } = t;
  const panels = Math.ceil(rows / t.rows);
  const args = new Arguments().pointer("from", w.buffer).pointer("to", prepared.weights).pointer("table", prepared.table).pointer("image", prepared.image.buffer).indices({
    groups,
    panels,
    rows,
    channels: image.channels,
    start: w.start * bytes2,
    group: w.group * bytes2,
    row: w.row * bytes2,
    channel: w.channel * bytes2,
    kh: w.kernel[0] * bytes2,
    kw: w.kernel[1] * bytes2,
    "image.own": prepared.image.bytes,
    threads: info.threads
  });
  const plan = planImage(image, numberElem(dtype), bytes2, info, args);
  const sums = image.channels * plan.taps.length;
  args.indices({ panel: sums * t.rows * bytes2, "group.to": panels * sums * t.rows * bytes2 });
  const loops = [
    { name: "groups", size: groups },
    { name: "panels", size: panels }
  ];
  const outer = new Outer(args, loops, groups * panels * sums * t.rows * SCALAR, info);
  const build2 = () => {
    const b = new KernelBuilder(`${name} weights`);
    const p = args.declare(b);
    const offset = (tap) => b.add(b.mul(p("kh"), tap.kh), b.mul(p("kw"), tap.kw));
    b.if(b.compare("eq", outer.first(b), b.index(0)), () => {
      b.loop(0, p("threads"), 1, [p("image")], (_, [copy2]) => {
        clearImage(b, plan, p, copy2);
        return [b.add(copy2, p("image.own"))];
      });
      writeTable(b, plan, p, p("table"), info.indexBytes);
      return [];
    });
    outer.each(b, p, ([group, panel]) => {
      const from = b.add(b.add(p("from"), p("start")), b.mul(group, p("group")));
      const last = b.sub(p("rows"), 1);
      const row = b.mul(panel, t.rows);
      const pointers = Array.from(
        { length: t.rows },
        (_, i) => b.add(from, b.mul(b.min(b.add(row, i), last), p("row")))
      );
      const target2 = b.add(b.add(p("to"), b.mul(group, p("group.to"))), b.mul(panel, p("panel")));
      b.loop(0, p("channels"), 1, [...pointers, target2], (_c, carried) => {
        const to = carried[t.rows];
        for (const [k2, tap] of plan.taps.entries()) {
          for (let i = 0; i < t.rows; i++) {
            const value = b.load(elem, 1, at(b.add(carried[i], offset(tap))));
            b.store(elem, at(to, (k2 * t.rows + i) * bytes2), value);
          }
        }
        const moved = carried.slice(0, t.rows).map((r) => b.add(r, p("channel")));
        return [...moved, b.add(to, plan.taps.length * t.rows * bytes2)];
      });
    });
    return b.finish();
  };
  const key = `conv weights ${plan.key} ${tileKey(t)} ${info.isa}${outer.key}`;
  return { key, build: build2, args: args.args, ...outer.launch };
}

// src/kernel/contraction/conv-input.ts
function phasesOf(spec, d) {
  const { geometry: g } = spec;
  const [stride, dilation, size] = [g.stride[d], g.dilation[d], g.input[d]];
  const phases = [];
  for (let first = 0; first < Math.min(stride, size); first++) {
    const from = (tap) => (first + g.padding[d] - dilation * tap) / stride;
    const taps = Array.from({ length: g.kernel[d] }, (_, tap) => tap).filter(
      (tap) => Number.isInteger(from(tap))
    );
    const lastTap = taps[taps.length - 1] ?? 0;
    const tapStep = taps.length > 1 ? taps[1] - taps[0] : 1;
    phases.push({
      first,
      count: Math.ceil((size - first) / stride),
      taps: taps.length,
      lastTap,
      tapStep,
      dilation: taps.length > 1 ? dilation * tapStep / stride : 1,
      padding: taps.length > 0 ? -from(lastTap) : 0
    });
  }
  return phases;
}
function inputConv(spec, info, temp) {
  const rows = phasesOf(spec, 0);
  const columns = phasesOf(spec, 1);
  const { geometry: g, epilogue } = spec;
  if (rows.length === 1 && columns.length === 1 && g.stride[0] === 1 && g.stride[1] === 1) {
    return imageConv(phaseConv(spec, rows[0], columns[0], spec.out, epilogue), info, temp);
  }
  const launches = [];
  const parts2 = [];
  for (const row of rows) {
    for (const column2 of columns) {
      const planes2 = g.batch * g.inChannels;
      const buffer3 = temp(planes2 * row.count * column2.count * bytesOf(spec.dtype));
      launches.push(...imageConv(phaseConv(spec, row, column2, buffer3, null), info, temp));
      parts2.push({ row, column: column2, buffer: buffer3 });
    }
  }
  return [...launches, weave(spec, parts2, info)];
}
function phaseConv(spec, row, column2, out, epilogue) {
  const { geometry: g, aStrides: dy, bStrides: w, dtype } = spec;
  const bytes2 = bytesOf(dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  return {
    name: spec.name,
    dtype,
    batch: g.batch,
    groups: g.groups,
    x: spec.a,
    imageBytes: dy[0] * bytes2,
    image: {
      channels: perOut,
      size: g.output,
      strides: [dy[1] * bytes2, dy[2] * bytes2, dy[3] * bytes2],
      output: [row.count, column2.count],
      kernel: [row.taps, column2.taps],
      stride: [1, 1],
      padding: [row.padding, column2.padding],
      dilation: [row.dilation, column2.dilation]
    },
    rows: perIn,
    weights: {
      buffer: spec.b,
      start: row.lastTap * w[2] + column2.lastTap * w[3],
      group: perOut * w[0],
      row: w[1],
      channel: w[0],
      kernel: [-row.tapStep * w[2], -column2.tapStep * w[3]]
    },
    out,
    epilogue
  };
}
function weave(spec, parts2, info) {
  const { geometry: g, epilogue: fused } = spec;
  const elem = numberElem(spec.dtype);
  const bytes2 = bytesOf(spec.dtype);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const [height, width] = g.input;
  const args = new Arguments().pointer("out", spec.out).indices({
    batch: g.batch,
    channels: g.inChannels,
    "out.c": height * width * outBytes,
    "out.h": width * g.stride[0] * outBytes
  });
  for (const [k2, { row, column: column2, buffer: buffer3 }] of parts2.entries()) {
    args.pointer(`part.${k2}`, buffer3).indices({
      [`rows.${k2}`]: row.count,
      [`columns.${k2}`]: column2.count,
      [`plane.${k2}`]: row.count * column2.count * bytes2,
      [`start.${k2}`]: (row.first * width + column2.first) * outBytes
    });
  }
  const strides = (fused?.operands ?? []).map((o) => [...o.strides, 0, 0]);
  const epilogue = fused ? new EpilogueCode(fused, strides, spec.dtype, args) : void 0;
  const planes2 = g.batch * g.inChannels;
  const loops = [
    { name: "batch", size: g.batch },
    { name: "channels", size: g.inChannels }
  ];
  const outer = new Outer(args, loops, 4 * planes2 * height * width, info);
  const build2 = () => {
    const b = new KernelBuilder(`${spec.name} weave`);
    const p = args.declare(b);
    const zero2 = b.index(0);
    const sources = parts2.map((_, k2) => p(`part.${k2}`));
    outer.each(b, p, ([n, c2]) => {
      const plane = b.add(b.mul(n, p("channels")), c2);
      const out = b.add(p("out"), b.mul(plane, p("out.c")));
      for (const [k2, { row, column: column2 }] of parts2.entries()) {
        const source = b.add(sources[k2], b.mul(plane, p(`plane.${k2}`)));
        const start = [b.add(out, p(`start.${k2}`)), source];
        b.loop(0, p(`rows.${k2}`), 1, start, (i, [line, source2]) => {
          const h = b.add(b.mul(i, g.stride[0]), row.first);
          const [, next] = b.loop(0, p(`columns.${k2}`), 1, [line, source2], (j, [to, from]) => {
            const sum3 = b.load(elem, 1, at(from));
            const w = b.add(b.mul(j, g.stride[1]), column2.first);
            const value = epilogue ? epilogue.at(b, p, [n, c2, h, w], zero2, zero2).applyScalar(sum3, zero2, zero2) : sum3;
            b.store(epilogue?.mem ?? elem, at(to), value);
            return [b.add(to, g.stride[1] * outBytes), b.add(from, bytes2)];
          });
          return [b.add(line, p("out.h")), next];
        });
      }
    });
    return b.finish();
  };
  const places = parts2.map(({ row, column: column2 }) => `${row.first},${column2.first}`).join(" ");
  const key = `weave ${elem} ${g.stride.join("x")} ${places} [${epilogue?.key ?? ""}] ${info.isa}${outer.key}`;
  return { key, build: build2, args: args.args, ...outer.launch };
}

// src/kernel/contraction/conv-weight-ends.ts
function prepareWeightConv({ name, shape, t, table: table4, rows, paddedRows, imageBuffer }, info) {
  const args = new Arguments().pointer("table", table4).pointer("image", imageBuffer.buffer).indices({ rows, paddedRows, threads: info.threads, "image.own": imageBuffer.bytes });
  const plan = planImage(shape, t.elem, t.bytes, info, args);
  const build2 = () => {
    const b = new KernelBuilder(`${name} preparation`);
    const p = args.declare(b);
    b.loop(0, p("threads"), 1, [p("image")], (_, [copy2]) => {
      clearImage(b, plan, p, copy2);
      return [b.add(copy2, p("image.own"))];
    });
    writeTable(b, plan, p, p("table"), info.indexBytes, true);
    b.loop(p("rows"), p("paddedRows"), 1, [], (row) => {
      b.store("index", at(b.add(p("table"), b.mul(row, info.indexBytes))), b.index(0));
      return [];
    });
    return b.finish();
  };
  return {
    key: `conv weight preparation ${plan.key} ${t.elem} ${info.isa}`,
    build: build2,
    args: args.args
  };
}
function finishWeightConv(spec, t, { sums, sumBytes, chunks, panels, paddedRows }, info) {
  const { geometry: g, epilogue: fused } = spec;
  const { bytes: bytes2 } = t;
  const elem = numberElem(spec.dtype);
  const width = columnsOf(t);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const rows = perIn * g.kernel[0] * g.kernel[1];
  const args = new Arguments().pointer("sums", sums).pointer("dw", spec.out).indices({
    groups: g.groups,
    panels,
    chunks,
    channels: perOut,
    "image.channels": perIn,
    "sums.bytes": sumBytes,
    "group.sums": chunks * sumBytes,
    "panel.sums": paddedRows * width * bytes2,
    "row.bytes": rows * width * bytes2,
    "dw.c": rows * outBytes,
    "dw.g": perOut * rows * outBytes
  });
  const epilogue = fused ? new EpilogueCode(
    fused,
    fused.operands.map((o) => [...o.strides, 0, 0]),
    spec.dtype,
    args
  ) : void 0;
  const loops = [
    { name: "groups", size: g.groups },
    { name: "panels", size: panels }
  ];
  const outer = new Outer(args, loops, g.groups * panels * rows * width * (chunks + 8), info);
  const build2 = () => {
    const b = new KernelBuilder(`${spec.name} sum`);
    const p = args.declare(b);
    outer.each(b, p, ([group, panel]) => {
      const from = b.add(
        b.add(p("sums"), b.mul(group, p("group.sums"))),
        b.mul(panel, p("panel.sums"))
      );
      b.loop(0, p("row.bytes"), t.lanes * bytes2, [], (offset) => {
        const place4 = at(b.add(from, offset));
        const first = [b.load(elem, t.lanes, place4), b.add(from, p("sums.bytes"))];
        const [sum3] = b.loop(1, p("chunks"), 1, first, (_, [total, chunk3]) => [
          b.add(total, b.load(elem, t.lanes, at(b.add(chunk3, offset)))),
          b.add(chunk3, p("sums.bytes"))
        ]);
        b.store(elem, place4, sum3);
        return [];
      });
      const start = b.mul(panel, width);
      const inPanel = b.min(b.sub(p("channels"), start), width);
      const dw = b.add(p("dw"), b.mul(group, p("dw.g")));
      b.loop(0, inPanel, 1, [], (c2) => {
        const channel = b.add(start, c2);
        const source = b.add(from, b.mul(c2, bytes2));
        const to = b.add(dw, b.mul(channel, p("dw.c")));
        const oc = b.add(b.mul(group, p("channels")), channel);
        eachWeight(b, p, g.kernel, (indices, row) => {
          const sum3 = b.load(elem, 1, at(b.add(source, b.mul(row, width * bytes2))));
          const zero2 = b.index(0);
          const value = epilogue ? epilogue.at(b, p, [oc, ...indices], zero2, zero2).applyScalar(sum3, zero2, zero2) : sum3;
          b.store(epilogue?.mem ?? elem, at(b.add(to, b.mul(row, outBytes))), value);
        });
        return [];
      });
    });
    return b.finish();
  };
  const kernel = g.kernel.join("x");
  const key = `conv weight sum ${kernel} ${tileKey(t)} [${epilogue?.key ?? ""}] ${info.isa}${outer.key}`;
  return { key, build: build2, args: args.args, ...outer.launch };
}
function eachWeight(b, p, kernel, body) {
  b.loop(
    0,
    p("image.channels"),
    1,
    [b.index(0)],
    (channel, [first]) => b.loop(
      0,
      kernel[0],
      1,
      [first],
      (kh, [start]) => b.loop(0, kernel[1], 1, [start], (kw, [row]) => {
        body([channel, kh, kw], row);
        return [b.add(row, 1)];
      })
    )
  );
}

// src/kernel/contraction/pack.ts
var GROUP = 8;
function packPanels(b, p) {
  b.loop(0, p.outer, p.width, [p.to], (first, [to]) => {
    const narrow3 = p.overrun === true && p.width < p.lanes;
    const vectors = p.width % p.lanes === 0 || narrow3;
    const unit = p.masks ? vectors : p.width >= p.lanes;
    const dense3 = unit && p.outerStride === p.bytes;
    const left = b.sub(p.outer, first);
    const turned = vectors && p.stepStride === p.bytes && p.lanes > 1;
    if (dense3 && p.masks) copyMasked(b, p, first, left, to);
    else if (turned) turn(b, p, first, left, to);
    else if (dense3) {
      b.if(
        b.compare("ge", left, b.index(p.width)),
        () => copyDense(b, p, first, to),
        () => interleave(b, p, first, to)
      );
    } else interleave(b, p, first, to);
    return [b.add(to, p.panelBytes)];
  });
}
function everyStep(b, p, sources, to, copy2) {
  const line = p.width * p.bytes;
  const stride = p.stepStride;
  const turn2 = (steps) => (_, carried) => {
    const target2 = carried[carried.length - 1];
    let from = carried.slice(0, -1);
    for (let u = 0; u < steps; u++) {
      copy2(from, typeof stride === "number" ? u * stride : 0, target2, u * line);
      if (typeof stride !== "number") from = from.map((s) => b.add(s, stride));
    }
    if (typeof stride === "number") from = from.map((s) => b.add(s, steps * stride));
    return [...from, b.add(target2, steps * line)];
  };
  const middle = b.loop(0, p.unrolled, UNROLL, [...sources, to], turn2(UNROLL));
  b.loop(p.unrolled, p.steps, 1, middle, turn2(1));
}
function copyDense(b, p, first, to) {
  const whole = Math.floor(p.width / p.lanes);
  const source = b.add(p.source, b.mul(first, p.bytes));
  everyStep(b, p, [source], to, ([from], sourceOffset, target2, offset) => {
    for (let j = 0; j < whole; j++) {
      const o = j * p.lanes * p.bytes;
      b.store(p.elem, at(target2, offset + o), b.load(p.elem, p.lanes, at(from, sourceOffset + o)));
    }
    for (let i = whole * p.lanes; i < p.width; i++) {
      const o = i * p.bytes;
      b.store(p.elem, at(target2, offset + o), b.load(p.elem, 1, at(from, sourceOffset + o)));
    }
  });
  return [];
}
function copyMasked(b, p, first, left, to) {
  const source = b.add(p.source, b.mul(first, p.bytes));
  const inside = p.width < p.lanes ? b.min(left, p.width) : left;
  const masks = edgeMasks(b, inside, Math.ceil(p.width / p.lanes), p.lanes);
  everyStep(b, p, [source], to, ([from], sourceOffset, target2, offset) => {
    for (const [j, mask] of masks.entries()) {
      const o = j * p.lanes * p.bytes;
      const value = b.load(p.elem, p.lanes, at(from, sourceOffset + o), { mask });
      b.store(p.elem, at(target2, offset + o), value);
    }
  });
}
function turn(b, p, first, left, to) {
  const { lanes: lanes2, bytes: bytes2 } = p;
  const stride = typeof p.outerStride === "number" ? b.index(p.outerStride) : p.outerStride;
  const three = b.mul(stride, 3);
  const line = p.width * bytes2;
  const last = b.sub(p.outer, 1);
  const range3 = Array.from({ length: lanes2 }, (_, i) => i);
  b.loop(0, b.min(left, p.width), lanes2, [to], (column2, [target2]) => {
    const begin = b.add(first, column2);
    const rowAt = (i) => b.add(p.source, b.mul(b.min(b.add(begin, i), last), stride));
    const squares = (addressOf3) => b.loop(0, b.sub(p.steps, lanes2 - 1), lanes2, [b.index(0), target2], (_, [step4, out]) => {
      const from = b.mul(step4, bytes2);
      const rows = range3.map((i) => b.load(p.elem, lanes2, addressOf3(from, i)));
      for (const [s, row] of b.transpose(rows).entries()) b.store(p.elem, at(out, s * line), row);
      return [b.add(step4, lanes2), b.add(out, lanes2 * line)];
    });
    const source = b.add(p.source, b.mul(begin, stride));
    const [done, rest] = b.if(
      b.compare("ge", left, b.add(column2, lanes2)),
      () => squares((from, i) => {
        const start = b.add(source, from);
        const base = i < 4 ? start : b.add(start, b.mul(stride, i - i % 4));
        if (i % 4 === 0) return at(base);
        return i % 4 === 3 ? at(base, 0, three, 1) : at(base, 0, stride, i % 4 === 1 ? 1 : 2);
      }),
      () => squares((from, i) => at(rowAt(i), 0, from, 1))
    );
    b.loop(done, p.steps, 1, [rest], (step4, [out]) => {
      const offset = b.mul(step4, bytes2);
      for (const i of range3.slice(0, p.width)) {
        b.store(p.elem, at(out, i * bytes2), b.load(p.elem, 1, at(rowAt(i), 0, offset, 1)));
      }
      return [b.add(out, line)];
    });
    return [b.add(target2, lanes2 * bytes2)];
  });
}
function interleave(b, p, first, to) {
  const group = largestDivisor(p.width, GROUP);
  const last = b.sub(p.outer, 1);
  const copyGroup = (start) => {
    const begin = b.add(first, start);
    const sources = Array.from(
      { length: group },
      (_, i) => b.add(p.source, b.mul(b.min(b.add(begin, i), last), p.outerStride))
    );
    everyStep(b, p, sources, b.add(to, b.mul(start, p.bytes)), (from, sourceOffset, t, offset) => {
      for (const [i, source] of from.entries()) {
        const value = b.load(p.elem, 1, at(source, sourceOffset));
        b.store(p.elem, at(t, offset + i * p.bytes), value);
      }
    });
    return [];
  };
  if (group === p.width) return copyGroup(b.index(0));
  b.loop(0, p.width, group, [], copyGroup);
  return [];
}
function largestDivisor(n, most) {
  let d = Math.min(n, most);
  while (n % d !== 0) d--;
  return d;
}

// src/kernel/contraction/conv-weight.ts
var CHUNKS = 16;
var CHUNK_BYTES2 = 2 ** 25;
var PIXELS = 320;
var roundUp = (n, unit) => Math.ceil(n / unit) * unit;
function weightConv(spec, info, temp) {
  const { geometry: g, aStrides: xs, bStrides: dys } = spec;
  const elem = numberElem(spec.dtype);
  const bytes2 = bytesOf(spec.dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const rows = perIn * g.kernel[0] * g.kernel[1];
  const t = chooseTile(info, elem, rows, perOut);
  const width = columnsOf(t);
  const [height, breadth] = g.output;
  const pixels = height * breadth;
  const args = new Arguments().pointer("x", spec.a).pointer("dy", spec.b);
  const { input: size, output, kernel, stride, padding, dilation } = g;
  const strides = [xs[1] * bytes2, xs[2] * bytes2, xs[3] * bytes2];
  const shape = { channels: perIn, size, strides, output, kernel, stride, padding, dilation };
  const plan = planImage(shape, elem, bytes2, info, args);
  const paddedRows = roundUp(rows, t.rows);
  const panels = Math.ceil(perOut / width);
  const sumBytes = roundUp(panels * paddedRows * width * bytes2, 64);
  const chunkImages = Math.max(1, Math.ceil(g.batch / chunksOf(g.batch, sumBytes)));
  const chunks = Math.max(1, Math.ceil(g.batch / chunkImages));
  const tiles = paddedRows / t.rows;
  const parts2 = Math.min(tiles, Math.ceil(info.threads / (g.groups * chunks)));
  const partRows = Math.ceil(tiles / parts2) * t.rows;
  const imageBuffer = scratchBuffer(temp, plan.totalBytes + 64, info);
  const image = new Scratch(args, "image", imageBuffer);
  const turnedBytes = Math.max(1, panels * pixels * width) * bytes2;
  const turned = new Scratch(args, "turned", scratchBuffer(temp, turnedBytes, info));
  const sums = temp(g.groups * chunks * sumBytes);
  const table4 = temp(paddedRows * info.indexBytes);
  args.pointer("sums", sums).pointer("table", table4);
  const even = height <= 1 || dys[2] === breadth * dys[3];
  const run3 = even ? pixels : breadth;
  const blocks2 = Math.max(1, Math.ceil(pixels / PIXELS));
  args.indices({
    batch: g.batch,
    groups: g.groups,
    chunks,
    "chunk.images": chunkImages,
    parts: Math.ceil(paddedRows / partRows),
    "part.rows": partRows,
    paddedRows,
    channels: perOut,
    pixels,
    unrolled: pixels - pixels % 4,
    blocks: blocks2,
    block: roundUp(Math.ceil(pixels / blocks2), 4),
    runs: even ? 1 : height,
    run: run3,
    "run.unrolled": run3 - run3 % 4,
    "sums.bytes": sumBytes,
    "panel.dy": pixels * width * bytes2,
    "panel.sums": paddedRows * width * bytes2,
    "x.n": xs[0] * bytes2,
    "x.g": perIn * xs[1] * bytes2,
    "dy.n": dys[0] * bytes2,
    "dy.g": perOut * dys[1] * bytes2,
    "dy.c": dys[1] * bytes2,
    "dy.h": dys[2] * bytes2,
    "dy.w": dys[3] * bytes2
  });
  const products = g.batch * g.groups * perOut * rows * pixels;
  const loops = [
    { name: "groups", size: g.groups },
    { name: "chunks", size: chunks },
    { name: "parts", size: Math.ceil(paddedRows / partRows) }
  ];
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const channelsDense = dys[1] === 1;
  const pixelsDense = dys[3] === 1;
  const layout = `${channelsDense ? "c" : ""}${pixelsDense ? "w" : ""}`;
  const build2 = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const [copy2, turnedDy, entries] = [image.here(b, p), turned.here(b, p), p("table")];
    const turnDy = (dy) => {
      const line = width * bytes2;
      b.loop(0, p("runs"), 1, [dy, turnedDy], (_, [source, to]) => {
        packPanels(b, {
          elem,
          bytes: bytes2,
          lanes: t.lanes,
          masks: info.masks,
          width,
          source,
          outerStride: channelsDense ? bytes2 : p("dy.c"),
          stepStride: pixelsDense ? bytes2 : p("dy.w"),
          outer: p("channels"),
          steps: p("run"),
          unrolled: p("run.unrolled"),
          to,
          panelBytes: p("panel.dy")
        });
        return [b.add(source, p("dy.h")), b.add(to, b.mul(p("run"), line))];
      });
    };
    const addBlock = (first, start, end, to) => {
      const count = b.min(b.sub(p("pixels"), first), p("block"));
      const unrolled = b.min(b.sub(p("unrolled"), first), p("block"));
      const from = b.add(copy2, b.mul(first, bytes2));
      const starts2 = [b.add(turnedDy, b.mul(first, width * bytes2)), to];
      const entry = b.add(entries, b.mul(start, info.indexBytes));
      b.loop(0, p("channels"), width, starts2, (_, [dy, panel]) => {
        const line = b.add(panel, b.mul(start, width * bytes2));
        b.loop(start, end, t.rows, [entry, line], (_row, [places, target2]) => {
          const pointers = Array.from(
            { length: t.rows },
            (_i, i) => b.add(from, b.load("index", 1, at(places, i * info.indexBytes)))
          );
          const total = sumTile(b, t, {
            rows: { pointers, spacing: 0, stride: bytes2 },
            vectors: { pointers: [dy], spacing: 0, stride: width * bytes2 },
            count,
            unrolled
          });
          for (const [k2, sum3] of total.entries()) {
            const place4 = at(target2, k2 * t.lanes * bytes2);
            b.store(elem, place4, b.add(b.load(elem, t.lanes, place4), sum3));
          }
          return [b.add(places, t.rows * info.indexBytes), b.add(target2, t.rows * width * bytes2)];
        });
        return [b.add(dy, p("panel.dy")), b.add(panel, p("panel.sums"))];
      });
    };
    const clearRows = (start, end, to) => {
      b.loop(0, p("channels"), width, [to], (_, [panel]) => {
        const line = b.add(panel, b.mul(start, width * bytes2));
        fillZero(b, plan, line, b.mul(b.sub(end, start), width * bytes2));
        return [b.add(panel, p("panel.sums"))];
      });
    };
    outer.each(b, p, ([group, chunk3, part2]) => {
      const nth = b.add(b.mul(group, p("chunks")), chunk3);
      const to = b.add(p("sums"), b.mul(nth, p("sums.bytes")));
      const start = b.mul(part2, p("part.rows"));
      const end = b.min(b.add(start, p("part.rows")), p("paddedRows"));
      clearRows(start, end, to);
      const first = b.mul(chunk3, p("chunk.images"));
      const last = b.min(b.add(first, p("chunk.images")), p("batch"));
      const imageOf = (name) => b.add(b.add(p(name), b.mul(group, p(`${name}.g`))), b.mul(first, p(`${name}.n`)));
      b.loop(first, last, 1, [imageOf("x"), imageOf("dy")], (_, [x, dy]) => {
        packImage(b, plan, p, x, copy2);
        turnDy(dy);
        b.loop(0, p("blocks"), 1, [b.index(0)], (_block, [pixel]) => {
          addBlock(pixel, start, end, to);
          return [b.add(pixel, p("block"))];
        });
        return [b.add(x, p("x.n")), b.add(dy, p("dy.n"))];
      });
    });
    return b.finish();
  };
  const key = `conv weight ${plan.key} ${tileKey(t)} ${layout} ${info.isa}${outer.key}`;
  const sumLaunch = { key, build: build2, args: args.args, ...outer.launch };
  const layoutOfSums = { sums, sumBytes, chunks, panels, paddedRows };
  return [
    prepareWeightConv({ name: spec.name, shape, t, table: table4, rows, paddedRows, imageBuffer }, info),
    sumLaunch,
    finishWeightConv(spec, t, layoutOfSums, info)
  ];
}
var chunksOf = (batch, bytes2) => Math.max(1, Math.min(batch, CHUNKS, Math.floor(CHUNK_BYTES2 / bytes2)));

// src/kernel/contraction/gemm-arguments.ts
function gemmArguments(p, info) {
  const bytes2 = bytesOf(p.dtype);
  const args = new Arguments().pointer("a", p.a).pointer("b", p.b).pointer("c", p.out);
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);
  for (const [d, dim] of p.batch.entries()) {
    args.indices({
      [`batch.${d}`]: dim.size,
      [`a.${d}`]: dim.a * bytes2,
      [`b.${d}`]: dim.b * bytes2,
      [`c.${d}`]: dim.out * outBytes
    });
  }
  args.indices({
    m: p.m.size,
    n: p.n.size,
    k: p.k.size,
    unrolled: p.k.size - p.k.size % 4,
    "a.m": p.m.a * bytes2,
    "a.k": p.k.a * bytes2,
    "b.n": p.n.b * bytes2,
    "b.k": p.k.b * bytes2,
    "c.m": p.m.out * outBytes,
    "c.n": p.n.out * outBytes
  });
  const dims = [...p.batch, p.m, p.n];
  const epilogue = p.epilogue === null ? void 0 : new EpilogueCode(
    p.epilogue,
    p.epilogue.operands.map((_, x) => dims.map((d) => d.extra[x])),
    p.dtype,
    args
  );
  const elem = numberElem(p.dtype);
  return { args, epilogue, key: `${elem} b${p.batch.length} [${epilogue?.key ?? ""}] ${info.isa}` };
}
function batchStart(b, params, outer) {
  const place4 = (name) => outer.reduce(
    (pointer, index2, d) => b.add(pointer, b.mul(index2, params(`${name}.${d}`))),
    params(name)
  );
  return { a: place4("a"), b: place4("b"), c: place4("c"), outer };
}

// src/kernel/contraction/gemm-blocked.ts
var KC = 256;
var COPIED_TILES = 3;
var NEAR2 = 2048;
var UNIT_TILES = 8;
var upTo = (size, unit) => Math.ceil(size / unit) * unit;
var readsA = (p, t, info) => info.indexBytes === 8 && (p.k.a === 1 || p.m.a === 1 && p.k.a * t.bytes <= NEAR2) && (info.vectorRegisters >= 32 || p.m.size * KC * t.bytes <= info.cache.l2 / 2);
var readsB = (p, t, info) => info.masks && p.n.b === 1 && p.m.size <= COPIED_TILES * t.rows;
function chooseBlocks(p, t, aInPlace, info) {
  const [m, n] = [upTo(p.m.size, t.rows), upTo(p.n.size, columnsOf(t))];
  const batches = p.batch.reduce((count, d) => count * d.size, 1);
  const wanted = info.threads === 1 ? 1 : 2 * info.threads;
  const rowsFor = (columns, most2) => {
    const parts2 = Math.ceil(wanted / (batches * Math.ceil(n / columns)));
    const rows = Math.max(UNIT_TILES * t.rows, upTo(Math.ceil(m / parts2), t.rows));
    return Math.min(m, rows, most2);
  };
  if (aInPlace) {
    const nc2 = columnsOf(t);
    return { mc: rowsFor(nc2, m), nc: nc2 };
  }
  const most = Math.ceil(m / (UNIT_TILES * t.rows));
  const share5 = upTo(Math.ceil(n * batches * most / wanted), columnsOf(t));
  const nc = Math.min(
    n,
    Math.max(share5, UNIT_TILES * columnsOf(t)),
    Math.floor(2048 / columnsOf(t)) * columnsOf(t)
  );
  const half = info.cache.l2 / 2 / (KC * t.bytes);
  return { mc: rowsFor(nc, upTo(half, t.rows)), nc };
}
function blockedGemm(p, info, temp) {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const [aInPlace, bInPlace] = [readsA(p, t, info), readsB(p, t, info)];
  const { mc, nc } = chooseBlocks(p, t, aInPlace, info);
  const width = columnsOf(t);
  const depth2 = Math.max(1, Math.min(KC, p.k.size));
  const own = (name, bytes2) => new Scratch(args, name, scratchBuffer(temp, bytes2, info));
  const packedA = aInPlace ? null : own("packedA", mc * depth2 * t.bytes + info.vectorBytes);
  const packedB = bInPlace ? null : own("packedB", nc * depth2 * t.bytes);
  const byElement2 = !info.masks || epilogue !== void 0 && !epilogue.vector;
  const scratch = byElement2 ? own("scratch", t.rows * width * t.bytes) : null;
  const several = p.k.size > KC;
  const apart = several && epilogue !== void 0 && p.epilogue?.dtype !== p.dtype;
  const partial = apart ? own("partial", mc * nc * t.bytes) : null;
  const blocks2 = { rows: Math.ceil(p.m.size / mc), columns: Math.ceil(p.n.size / nc) };
  args.indices({ mc, nc, "blocks.m": blocks2.rows, "blocks.n": blocks2.columns });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: "blocks.m", size: blocks2.rows },
    { name: "blocks.n", size: blocks2.columns }
  ];
  const products = p.batch.reduce((n, d) => n * d.size, p.m.size * p.n.size * p.k.size);
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const aRows = p.m.a === 1 ? "m" : p.k.a === 1 ? "k" : "s";
  const bColumns = p.n.b === 1 ? "n" : p.k.b === 1 ? "k" : "s";
  const layout = `${aRows}${aInPlace ? "!" : ""}${bColumns}${bInPlace ? "!" : ""}`;
  const kind = `gemm ${tileKey(t)} ${layout} ${several ? "passes" : "once"}`;
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);
  const build2 = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [m, n, k2] = [params("m"), params("n"), params("k")];
    const packing = { elem: t.elem, bytes: t.bytes, lanes: t.lanes, masks: info.masks };
    const aStep = aRows === "k" ? t.bytes : params("a.k");
    const bStep = bColumns === "k" ? t.bytes : params("b.k");
    const place4 = (base, line, row, column2, bytes2) => ({
      pointer: b.add(b.add(base, b.mul(row, line)), b.mul(column2, bytes2)),
      rowBytes: line
    });
    const here2 = (s) => s?.here(b, params);
    const [toA, toB, cell, sums] = [packedA, packedB, scratch, partial].map(here2);
    const unit = (start, m0, n0) => {
      const rows = b.min(b.sub(m, m0), params("mc"));
      const columns = b.min(b.sub(n, n0), params("nc"));
      b.loop(0, b.max(k2, 1), KC, [], (k0) => {
        const steps = b.min(b.sub(k2, k0), KC);
        const unrolled = b.min(b.sub(params("unrolled"), k0), KC);
        const a0 = b.add(start.a, b.mul(k0, params("a.k")));
        const b0 = b.add(start.b, b.add(b.mul(n0, params("b.n")), b.mul(k0, params("b.k"))));
        const panelOf = (size) => b.mul(steps, size * t.bytes);
        const shared = { ...packing, steps, unrolled };
        if (toB !== void 0) {
          packPanels(b, {
            ...shared,
            width,
            source: b0,
            outerStride: bColumns === "n" ? t.bytes : params("b.n"),
            stepStride: bStep,
            outer: columns,
            to: toB,
            panelBytes: panelOf(width)
          });
        }
        if (toA !== void 0) {
          packPanels(b, {
            ...shared,
            width: t.rows,
            source: b.add(a0, b.mul(m0, params("a.m"))),
            outerStride: aRows === "m" ? t.bytes : params("a.m"),
            stepStride: aStep,
            outer: rows,
            to: toA,
            panelBytes: panelOf(t.rows),
            overrun: true
          });
        }
        const rowsAt = (ir, panel) => {
          if (panel !== void 0)
            return { pointers: [panel], spacing: t.bytes, stride: t.rows * t.bytes };
          const last = b.sub(m, 1);
          const row = b.add(m0, ir);
          const pointers = Array.from(
            { length: t.rows },
            (_, i) => b.add(a0, b.mul(b.min(b.add(row, i), last), params("a.m")))
          );
          return { pointers, spacing: 0, stride: aStep };
        };
        b.loop(0, columns, width, toB === void 0 ? [] : [toB], (jr, [panelB]) => {
          const left = b.sub(columns, jr);
          const masks = panelB === void 0 ? { masks: edgeMasks(b, left, t.vectors, t.lanes) } : {};
          const vectors = panelB === void 0 ? { pointers: [b.add(b0, b.mul(jr, t.bytes))], spacing: 0, stride: bStep } : { pointers: [panelB], spacing: 0, stride: width * t.bytes };
          b.loop(0, rows, t.rows, toA === void 0 ? [] : [toA], (ir, [panelA]) => {
            const row = b.add(m0, ir);
            const column2 = b.add(n0, jr);
            const out = place4(start.c, params("c.m"), row, column2, outBytes);
            if (info.prefetch) prefetchTile(b, t, out);
            const total = sumTile(b, t, {
              rows: rowsAt(ir, panelA),
              vectors,
              count: steps,
              unrolled,
              prefetch: info.prefetch && panelB === void 0,
              ...masks
            });
            finishTile(b, t, total, {
              rows: b.sub(rows, ir),
              columns: left,
              out,
              masks: info.masks,
              ...cell ? { scratch: cell } : {},
              ...epilogue ? { epilogue: epilogue.at(b, params, start.outer, row, column2) } : {},
              ...several ? {
                passes: {
                  first: b.compare("eq", k0, b.index(0)),
                  last: b.compare("eq", b.add(k0, steps), k2),
                  partial: sums ? place4(sums, b.mul(params("nc"), t.bytes), ir, jr, t.bytes) : out
                }
              } : {}
            });
            return panelA === void 0 ? [] : [b.add(panelA, panelOf(t.rows))];
          });
          return panelB === void 0 ? [] : [b.add(panelB, panelOf(width))];
        });
        return [];
      });
    };
    outer.each(b, params, (indices) => {
      const rank = p.batch.length;
      const [mBlock, nBlock] = indices.slice(rank);
      const start = batchStart(b, params, indices.slice(0, rank));
      unit(start, b.mul(mBlock, params("mc")), b.mul(nBlock, params("nc")));
    });
    return b.finish();
  };
  return {
    key: `${kind} ${key}${apart ? " apart" : ""}${outer.key}`,
    build: build2,
    args: args.args,
    ...outer.launch
  };
}

// src/kernel/contraction/gemm-direct.ts
function directGemm(p, info, temp) {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const scratch = epilogue !== void 0 && !epilogue.vector;
  const tileBytes = t.rows * columnsOf(t) * t.bytes;
  const own = (name, bytes2) => new Scratch(args, name, scratchBuffer(temp, bytes2, info));
  const scratchTile = scratch ? own("scratch", tileBytes) : null;
  const several = p.k.size > KC;
  const apart = several && epilogue !== void 0 && p.epilogue?.dtype !== p.dtype;
  const partialTile = apart ? own("partial", tileBytes) : null;
  const strips = chooseStrips(t, info, p.n.size);
  for (const [s, { end }] of strips.entries()) args.index(`end.${s}`, end);
  const width = columnsOf(t);
  const block = info.threads === 1 ? Math.max(1, Math.ceil(p.n.size / width)) * width : width;
  const blocks2 = Math.ceil(p.n.size / block);
  args.indices({ block, "blocks.n": blocks2 });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: "blocks.n", size: blocks2 }
  ];
  const products = p.batch.reduce((n, d) => n * d.size, p.m.size * p.n.size * p.k.size);
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const dense3 = p.k.a === 1;
  const exact = p.m.size === t.rows && t.rows <= 4;
  const how = several ? `passes${apart ? " apart" : ""}` : "once";
  const edges = strips.map((s) => s.masked ? "m" : "w").join("");
  const kind = `gemm direct ${tileKey(t)} ${edges} ${dense3 ? "k" : "s"}${exact ? " exact" : ""} ${how}`;
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);
  const build2 = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [m, k2] = [params("m"), params("k")];
    const part2 = (strip, o, from, count, unrolled) => sumTile(b, strip, {
      rows: {
        pointers: o.rows.map((r) => b.add(r, b.mul(from, o.rowStride))),
        spacing: 0,
        stride: o.rowStride
      },
      vectors: {
        pointers: [b.add(o.vectors, b.mul(from, o.vectorStride))],
        spacing: 0,
        stride: o.vectorStride
      },
      count,
      unrolled,
      ...o.masks ? { masks: o.masks } : {}
    });
    const [cell, partial] = [scratchTile, partialTile].map((s) => s?.here(b, params));
    outer.each(b, params, (indices) => {
      const start = batchStart(b, params, indices.slice(0, p.batch.length));
      const first = b.mul(indices[p.batch.length], params("block"));
      const limit = b.add(first, params("block"));
      let from = b.index(0);
      for (const [s, { tile: strip, masked: masked3 }] of strips.entries()) {
        const end = params(`end.${s}`);
        b.loop(b.max(from, first), b.min(end, limit), columnsOf(strip), [], (column2) => {
          const columns = masked3 ? b.sub(end, column2) : void 0;
          const masks = columns && edgeMasks(b, columns, strip.vectors, strip.lanes);
          const vectors = b.add(start.b, b.mul(column2, t.bytes));
          b.loop(0, m, t.rows, [], (row) => {
            const last = b.sub(m, 1);
            const pointers = Array.from({ length: t.rows }, (_, i) => {
              const index2 = exact ? b.add(row, i) : b.min(b.add(row, i), last);
              return b.add(start.a, b.mul(index2, params("a.m")));
            });
            const operands = {
              rows: pointers,
              vectors,
              rowStride: dense3 ? t.bytes : params("a.k"),
              vectorStride: params("b.k"),
              ...masks ? { masks } : {}
            };
            const rowBytes = params("c.m");
            const pointer = b.add(b.add(start.c, b.mul(row, rowBytes)), b.mul(column2, outBytes));
            const out = { pointer, rowBytes };
            const finish3 = (sums, pass) => finishTile(b, strip, sums, {
              ...exact ? {} : { rows: b.sub(m, row) },
              ...columns ? { columns } : {},
              out,
              masks: info.masks,
              ...cell ? { scratch: cell } : {},
              ...epilogue ? { epilogue: epilogue.at(b, params, start.outer, row, column2) } : {},
              ...pass ? {
                passes: {
                  ...pass,
                  partial: partial ? {
                    pointer: partial,
                    rowBytes: b.index(columnsOf(t) * t.bytes)
                  } : out
                }
              } : {}
            });
            if (!several) finish3(part2(strip, operands, b.index(0), k2, params("unrolled")));
            else {
              b.loop(0, k2, KC, [], (k0) => {
                const count = b.min(b.sub(k2, k0), KC);
                const unrolled = b.min(b.sub(params("unrolled"), k0), KC);
                finish3(part2(strip, operands, k0, count, unrolled), {
                  first: b.compare("eq", k0, b.index(0)),
                  last: b.compare("eq", b.add(k0, count), k2)
                });
                return [];
              });
            }
            return [];
          });
          return [];
        });
        from = end;
      }
    });
    return b.finish();
  };
  return { key: `${kind} ${key}${outer.key}`, build: build2, args: args.args, ...outer.launch };
}
function chooseStrips(t, info, n) {
  const whole = (tile3) => {
    const width = columnsOf(tile3);
    return { tile: tile3, masked: false, end: Math.floor(n / width) * width };
  };
  if (info.masks) {
    const masked3 = { tile: t, masked: true, end: n };
    const inside = whole(t);
    if (info.vectorRegisters >= 32 || inside.end === 0) return [masked3];
    return inside.end === n ? [inside] : [inside, masked3];
  }
  return [
    whole(t),
    ...t.vectors > 1 ? [whole({ ...t, vectors: 1 })] : [],
    ...t.lanes > 1 ? [whole({ ...t, vectors: 1, lanes: 1 })] : []
  ];
}

// src/kernel/contraction/gemm-dot.ts
var RESULTS = 8;
var NARROW = 4;
var BLOCK4 = 16;
function dotGemm(p, info, temp) {
  const elem = numberElem(p.dtype);
  const bytes2 = bytesOfElem(elem);
  const lanes2 = info.vectorBytes / bytes2;
  const { args, epilogue, key } = gemmArguments(p, info);
  args.index("whole", p.k.size - p.k.size % lanes2);
  const side = (operand, dim, few) => {
    const copied = p.k[operand] !== 1;
    const copy2 = copied ? new Scratch(
      args,
      `copied.${operand}`,
      scratchBuffer(temp, p[dim].size * p.k.size * bytes2, info)
    ) : null;
    return { operand, dim, few, exact: few === 1 || few === p[dim].size, copy: copy2 };
  };
  const narrow3 = Math.min(p.m.size, p.n.size, NARROW);
  const wide2 = Math.floor(RESULTS / narrow3);
  const [rows, columns] = p.m.size <= p.n.size ? [narrow3, wide2] : [wide2, narrow3];
  const left = side("a", "m", rows);
  const right = side("b", "n", columns);
  const along = p.m.size <= p.n.size ? right : left;
  const unit = Math.max(1, Math.floor(BLOCK4 / along.few)) * along.few;
  const whole = info.threads === 1 || left.copy !== null || right.copy !== null;
  const block = whole ? p[along.dim].size : unit;
  const blocks2 = Math.ceil(p[along.dim].size / block);
  args.indices({ block, blocks: blocks2 });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: "blocks", size: blocks2 }
  ];
  const elements = p.batch.reduce((n, d) => n * d.size, p.m.size * p.n.size * p.k.size) / narrow3;
  const outer = new Outer(args, loops, elements / lanes2, info);
  const sideKey = (s) => `${s.few}${s.exact ? "e" : ""}${s.copy === null ? "" : "c"}`;
  const build2 = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const k2 = params("k");
    const zero2 = b.const(elem, elem === "i64" ? 0n : 0);
    outer.each(b, params, (indices) => {
      const start = batchStart(b, params, indices.slice(0, p.batch.length));
      const begin = b.mul(indices[p.batch.length], params("block"));
      const place4 = (s) => {
        if (s.copy === null)
          return { pointer: start[s.operand], spacing: params(`${s.operand}.${s.dim}`) };
        const pointer = s.copy.here(b, params);
        const spacing = b.mul(k2, bytes2);
        packPanels(b, {
          elem,
          bytes: bytes2,
          lanes: lanes2,
          masks: info.masks,
          width: 1,
          source: start[s.operand],
          outerStride: params(`${s.operand}.${s.dim}`),
          stepStride: params(`${s.operand}.k`),
          outer: params(s.dim),
          steps: k2,
          unrolled: params("unrolled"),
          to: pointer,
          panelBytes: spacing
        });
        return { pointer, spacing };
      };
      const eachOf = (s, body) => {
        const { pointer, spacing } = places[s.operand];
        const last = b.sub(params(s.dim), 1);
        const [from, to] = s === along ? [begin, b.min(b.add(begin, params("block")), params(s.dim))] : [b.index(0), params(s.dim)];
        b.loop(from, to, s.few, [], (first) => {
          const pointers = range2(s.few).map((i) => {
            const index2 = s.exact ? b.add(first, i) : b.min(b.add(first, i), last);
            return b.add(pointer, b.mul(index2, spacing));
          });
          body(first, pointers);
          return [];
        });
      };
      const places = { a: place4(left), b: place4(right) };
      eachOf(right, (column2, ys) => {
        eachOf(left, (row, xs) => {
          const products = (offset, width, sums2) => {
            const load6 = (pointer) => b.load(elem, width, at(b.add(pointer, offset)));
            const loaded = ys.map(load6);
            return xs.flatMap((pointer, i) => {
              const x = load6(pointer);
              return loaded.map((y, j) => multiplyAdd(b, x, y, sums2[i * right.few + j]));
            });
          };
          const whole2 = params("whole");
          const zeros3 = range2(left.few * right.few).map(() => b.splat(zero2, lanes2));
          const vectors = b.loop(
            0,
            whole2,
            lanes2,
            zeros3,
            (s, sums2) => products(b.mul(s, bytes2), lanes2, sums2)
          );
          const folded = vectors.map((v) => b.horizontal("add", v));
          const sums = b.loop(whole2, k2, 1, folded, (s, rest) => products(b.mul(s, bytes2), 1, rest));
          const write = (i, j) => {
            const [r, c2] = [b.add(row, i), b.add(column2, j)];
            const to = b.add(start.c, b.add(b.mul(r, params("c.m")), b.mul(c2, params("c.n"))));
            const value = sums[i * right.few + j];
            const result = epilogue?.at(b, params, start.outer, r, c2).applyScalar(value, b.index(0), b.index(0));
            b.store(epilogue?.mem ?? elem, at(to), result ?? value);
            return [];
          };
          const within2 = (s, first, i, then) => {
            if (s.exact || i === 0) then();
            else b.if(b.compare("lt", b.add(first, i), params(s.dim)), then);
          };
          for (let i = 0; i < left.few; i++) {
            within2(left, row, i, () => {
              for (let j = 0; j < right.few; j++) within2(right, column2, j, () => write(i, j));
              return [];
            });
          }
        });
      });
    });
    return b.finish();
  };
  const turned = along === left ? " rows" : "";
  return {
    key: `gemm dot ${sideKey(left)}x${sideKey(right)}${turned} ${key}${outer.key}`,
    build: build2,
    args: args.args,
    ...outer.launch
  };
}
var range2 = (n) => Array.from({ length: n }, (_, i) => i);

// src/kernel/contraction/gemm-lanes.ts
var SUM_BYTES = 16384;
var SHORTEST = 128;
var ROWS = 4;
var AHEAD2 = 4;
function laneGemm(p, info, temp) {
  const elem = numberElem(p.dtype);
  const bytes2 = bytesOf(p.dtype);
  const lanes2 = info.vectorBytes / bytes2;
  const rows = Math.min(p.m.size, ROWS);
  const t = { elem, bytes: bytes2, rows, vectors: 1, lanes: lanes2, unroll: 1 };
  const { args, epilogue, key } = gemmArguments(p, info);
  const most = Math.floor(SUM_BYTES / (lanes2 * rows * bytes2) / lanes2) * lanes2;
  const others = p.batch.reduce((n, d) => n * d.size, Math.ceil(p.m.size / rows));
  const share5 = Math.max(SHORTEST, Math.ceil(p.n.size * others / (2 * info.threads)));
  const columns = info.threads === 1 ? p.n.size : Math.min(p.n.size, share5);
  const block = Math.min(Math.max(lanes2, most), Math.ceil(columns / lanes2) * lanes2);
  const line = block * bytes2;
  const own = (name, size) => new Scratch(args, name, scratchBuffer(temp, size, info));
  const sums = own("sums", lanes2 * rows * line);
  const byElement2 = epilogue !== void 0 && !epilogue.vector;
  const cell = byElement2 ? own("scratch", rows * lanes2 * bytes2) : null;
  const turns = Math.floor(p.k.size / lanes2);
  const strips = info.masks ? [t] : [t, { ...t, lanes: 1 }];
  const blocks2 = Math.ceil(p.n.size / block);
  args.indices({
    turns,
    whole: turns * lanes2,
    block,
    "line.bytes": line,
    "blocks.m": Math.ceil(p.m.size / rows),
    "blocks.n": blocks2
  });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: "blocks.m", size: Math.ceil(p.m.size / rows) },
    { name: "blocks.n", size: blocks2 }
  ];
  const elements = p.batch.reduce((n, d) => n * d.size, p.n.size * p.k.size);
  const readings = Math.ceil(p.m.size / rows);
  const outer = new Outer(args, loops, elements * readings * Math.max(1, rows / PRODUCTS), info);
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);
  const build2 = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [n, k2] = [params("n"), params("k")];
    const to = sums.here(b, params);
    const scratch = cell?.here(b, params);
    const rowBytes = params("line.bytes");
    const laneBytes = b.mul(rowBytes, rows);
    const range3 = Array.from({ length: rows }, (_, i) => i);
    const eachStrip = (columns2, body) => {
      let from = b.index(0);
      for (const [s, strip] of strips.entries()) {
        const narrow3 = s === strips.length - 1;
        const end = narrow3 ? columns2 : b.sub(columns2, lanes2 - 1);
        [from] = b.loop(from, end, strip.lanes, [from], (column2) => {
          const left = b.sub(columns2, column2);
          body(strip, column2, info.masks ? edgeMasks(b, left, 1, lanes2) : void 0);
          return [b.add(column2, strip.lanes)];
        });
      }
    };
    const loadB = (strip, pointer, column2, masks) => b.load(
      elem,
      strip.lanes,
      at(b.add(pointer, b.mul(column2, bytes2))),
      masks ? { mask: masks[0] } : {}
    );
    const loadA = (strip, pointer) => b.load(elem, strip.lanes, at(pointer), { splat: strip.lanes > 1 });
    const unit = (start, m0, n0) => {
      const columns2 = b.min(b.sub(n, n0), params("block"));
      const b0 = b.add(start.b, b.mul(n0, params("b.n")));
      const lastRow = b.sub(params("m"), 1);
      const a = range3.map(
        (i) => b.add(start.a, b.mul(b.min(b.add(m0, i), lastRow), params("a.m")))
      );
      eachStrip(columns2, (strip, column2) => {
        const [zero2] = zeroTile(b, { ...strip, rows: 1 });
        const cells = b.add(to, b.mul(column2, bytes2));
        b.loop(0, lanes2 * rows, 1, [cells], (_, [pointer]) => {
          b.store(elem, at(pointer), zero2);
          return [b.add(pointer, rowBytes)];
        });
      });
      b.loop(0, params("turns"), 1, [b0, ...a], (_turn, outerPointers) => {
        const last = b.loop(0, lanes2, 1, [...outerPointers, to], (_lane, carried) => {
          const [line2, ...rest] = carried;
          const own2 = rest[rows];
          const xs = rest.slice(0, rows);
          eachStrip(columns2, (strip, column2, masks) => {
            if (info.prefetch) {
              const { base, offset } = at(b.add(line2, b.mul(column2, bytes2)));
              b.prefetch({ base, offset, index: params("b.k"), scale: AHEAD2 });
            }
            const y = loadB(strip, line2, column2, masks);
            for (const i of range3) {
              const place4 = at(b.add(b.add(own2, b.mul(rowBytes, i)), b.mul(column2, bytes2)));
              const sum3 = b.load(elem, strip.lanes, place4);
              b.store(elem, place4, multiplyAdd(b, loadA(strip, xs[i]), y, sum3));
            }
          });
          return [
            b.add(line2, params("b.k")),
            ...xs.map((x) => b.add(x, params("a.k"))),
            b.add(own2, laneBytes)
          ];
        });
        return last.slice(0, rows + 1);
      });
      eachStrip(columns2, (strip, column2, masks) => {
        const cells = b.add(to, b.mul(column2, bytes2));
        const fold = (i, lane, gap) => gap === lanes2 ? b.load(elem, strip.lanes, at(b.add(cells, b.mul(rowBytes, lane * rows + i)))) : b.add(fold(i, lane, gap * 2), fold(i, lane + gap, gap * 2));
        const folded = range3.map((i) => fold(i, 0, 1));
        const total = b.loop(params("whole"), k2, 1, folded, (s, rest) => {
          const y = loadB(strip, b.add(b0, b.mul(s, params("b.k"))), column2, masks);
          return range3.map(
            (i) => multiplyAdd(b, loadA(strip, b.add(a[i], b.mul(s, params("a.k")))), y, rest[i])
          );
        });
        const at0 = b.add(n0, column2);
        finishTile(b, strip, total, {
          rows: b.sub(params("m"), m0),
          ...info.masks ? { columns: b.sub(columns2, column2) } : {},
          out: {
            pointer: b.add(b.add(start.c, b.mul(m0, params("c.m"))), b.mul(at0, outBytes)),
            rowBytes: params("c.m")
          },
          masks: info.masks,
          ...scratch ? { scratch } : {},
          ...epilogue ? { epilogue: epilogue.at(b, params, start.outer, m0, at0) } : {}
        });
      });
    };
    outer.each(b, params, (indices) => {
      const rank = p.batch.length;
      const start = batchStart(b, params, indices.slice(0, rank));
      const [m0, n0] = indices.slice(rank);
      unit(start, b.mul(m0, rows), b.mul(n0, params("block")));
    });
    return b.finish();
  };
  return {
    key: `gemm lanes ${tileKey(t)} ${key}${outer.key}`,
    build: build2,
    args: args.args,
    ...outer.launch
  };
}

// src/kernel/contraction/problem.ts
function normalise(spec) {
  const { map, epilogue } = spec;
  const sizes = [...map.batch.map((d) => d.size), map.m.size, map.n.size];
  const extras = (epilogue?.operands ?? []).map(
    (o) => o.source.kind === "scalar" ? sizes.map(() => 0) : spread(o.strides, sizes)
  );
  let out = 1;
  const outs = sizes.map(() => 0);
  for (let d = sizes.length - 1; d >= 0; d--) {
    outs[d] = out;
    out *= sizes[d];
  }
  const dim = (d, a, b) => ({
    size: sizes[d],
    a,
    b,
    out: outs[d],
    // A stride along a single position says nothing.
    extra: extras.map((e) => sizes[d] === 1 ? 0 : e[d])
  });
  const rank = map.batch.length;
  const batch = merge2(map.batch.map((d, i) => dim(i, d.a, d.b)));
  let m = dim(rank, map.m.a, 0);
  const n = dim(rank + 1, 0, map.n.b);
  const inner = batch[batch.length - 1];
  if (inner !== void 0 && inner.b === 0) {
    const joined2 = join(inner, m);
    if (joined2 !== void 0) {
      m = joined2;
      batch.pop();
    }
  }
  const { k: k2 } = map;
  const problem = { ...spec, batch, m, n, k: k2 };
  return n.size === 1 && m.size > 1 ? transpose2(problem) ?? problem : problem;
}
function transpose2(p) {
  const flip3 = (d) => ({ ...d, a: d.b, b: d.a });
  const n = flip3(p.m);
  if (n.out !== 1 || n.extra.some((e) => e !== 0 && e !== 1)) return void 0;
  return {
    ...p,
    a: p.b,
    b: p.a,
    batch: p.batch.map(flip3),
    m: flip3(p.n),
    n,
    k: { size: p.k.size, a: p.k.b, b: p.k.a }
  };
}
function spread(strides, sizes) {
  const rank = sizes.length;
  if (strides.length === rank) return [...strides];
  const batch = strides.slice(0, rank - 2);
  const rest = strides.slice(rank - 2);
  if (rest.length === 1)
    return [...batch, ...sizes[rank - 1] === 1 ? [rest[0], 0] : [0, rest[0]]];
  if (rest.length === 0 && batch.length === rank - 2) return [...batch, 0, 0];
  throw new Error(`epilogue strides of rank ${strides.length} for an output of rank ${rank}`);
}
function merge2(dims) {
  const out = [];
  for (const d of dims) {
    if (d.size === 1) continue;
    const previous = out[out.length - 1];
    const joined2 = previous && join(previous, d);
    if (joined2) out[out.length - 1] = joined2;
    else out.push(d);
  }
  return out;
}
function join(outer, inner) {
  if (outer.size === 1) return inner;
  if (inner.size === 1) return { ...outer };
  const runs = (o, i) => o === i * inner.size;
  const fits2 = runs(outer.a, inner.a) && runs(outer.b, inner.b) && runs(outer.out, inner.out) && outer.extra.every((e, x) => runs(e, inner.extra[x]));
  return fits2 ? { ...inner, size: outer.size * inner.size } : void 0;
}

// src/kernel/contraction/gemm.ts
var DIRECT_WORK = 32 ** 3;
var NARROW2 = 4;
function lowerGemm(spec, info, temp) {
  const p = normalise(spec);
  const { m, n, k: k2 } = p;
  if (m.size === 0 || n.size === 0 || p.batch.some((d) => d.size === 0)) return [];
  const rows = n.b === 1 || n.size === 1;
  if (inLanes(spec, info)) {
    const along = k2.a === 1 && k2.b === 1;
    const turn2 = n.size <= NARROW2 && n.size < m.size;
    if (along || turn2 || !rows) return [dotGemm(p, info, temp)];
    return [laneGemm(p, info, temp)];
  }
  if (rows && (m.size <= NARROW2 || work(p) <= DIRECT_WORK)) return [directGemm(p, info, temp)];
  return [blockedGemm(p, info, temp)];
}
function inLanes({ map, dtype }, info) {
  const lanes2 = info.vectorBytes / bytesOf(dtype);
  return Math.min(map.m.size, map.n.size) <= NARROW2 && map.k.size >= lanes2;
}
var work = ({ m, n, k: k2 }) => m.size * n.size * k2.size;

// src/kernel/contraction/conv.ts
function lowerConv(spec, info, temp) {
  const { geometry: g, face } = spec;
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const image = face === "input" ? g.input : g.output;
  const sizes = face === "weight" ? [g.outChannels, perIn, ...g.kernel] : [g.batch, face === "input" ? g.inChannels : g.outChannels, ...image];
  if (sizes.includes(0)) return [];
  if (face === "weight") return weightConv(spec, info, temp);
  if (isPointwise(g)) return pointwise(spec, perIn, perOut, info, temp);
  if (face === "input") return inputConv(spec, info, temp);
  return imageConv(forwardConv(spec), info, temp);
}
function forwardConv(spec) {
  const { geometry: g, aStrides: x, bStrides: w, dtype } = spec;
  const bytes2 = bytesOf(dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const { kernel, stride, padding, dilation, output } = g;
  const strides = [x[1] * bytes2, x[2] * bytes2, x[3] * bytes2];
  return {
    name: spec.name,
    dtype,
    batch: g.batch,
    groups: g.groups,
    x: spec.a,
    imageBytes: x[0] * bytes2,
    image: {
      channels: perIn,
      size: g.input,
      strides,
      output,
      kernel,
      stride,
      padding,
      dilation
    },
    rows: perOut,
    weights: {
      buffer: spec.b,
      start: 0,
      group: perOut * w[0],
      row: w[0],
      channel: w[1],
      kernel: [w[2], w[3]]
    },
    out: spec.out,
    epilogue: spec.epilogue
  };
}
function isPointwise(g) {
  return [...g.kernel, ...g.stride].every((x) => x === 1) && g.padding.every((x) => x === 0);
}
function needsEvenPixels({ face, geometry: g }, strides) {
  return face !== "weight" && isPointwise(g) && g.input[0] > 1 && strides[2] !== g.input[1] * strides[3];
}
function pointwise(spec, perIn, perOut, info, temp) {
  const { geometry: g, epilogue, aStrides: x, bStrides: w } = spec;
  const forward = spec.face === "forward";
  const [rows, sums] = forward ? [perOut, perIn] : [perIn, perOut];
  const [rowStride, sumStride] = forward ? [w[0], w[1]] : [w[1], w[0]];
  const map = {
    batch: [
      { size: g.batch, a: 0, b: x[0] },
      { size: g.groups, a: perOut * w[0], b: sums * x[1] }
    ],
    m: { size: rows, a: rowStride },
    n: { size: g.input[0] * g.input[1], b: g.input[1] > 1 ? x[3] : x[2] },
    k: { size: sums, a: sumStride, b: x[1] }
  };
  const flat2 = epilogue && {
    key: epilogue.key,
    dtype: epilogue.dtype,
    operands: epilogue.operands.map(
      (o) => o.source.kind === "scalar" ? o : { ...o, strides: overPixels(o.strides, rows, g.input) }
    ),
    apply: (b, sum3, operands) => epilogue.apply(b, sum3, operands)
  };
  const { name, dtype, out } = spec;
  return lowerGemm({ name, map, dtype, a: spec.b, b: spec.a, out, epilogue: flat2 }, info, temp);
}

// src/kernel/contraction/max-window.ts
var UNROLLED = 16;
function lowerMaxWindow(spec, info, _temp) {
  const { window: w, inputShape: shape, inputStrides: strides, outputSize: out } = spec;
  const elem = numberElem(spec.dtype);
  const bytes2 = bytesOf(spec.dtype);
  const bits2 = bytes2 === 8 ? "i64" : "i32";
  const span = [0, 1].map((d) => w.dilation[d] * (w.kernel[d] - 1));
  if (shape[0] * shape[1] === 0 || out[0] < 1 || out[1] < 1) return [];
  const first = [0, 1].map((d) => Math.min(out[d], Math.ceil(w.padding[d] / w.stride[d])));
  const end = [0, 1].map((d) => {
    const last = Math.floor((shape[2 + d] - 1 + w.padding[d] - span[d]) / w.stride[d]);
    return Math.max(first[d], Math.min(out[d], last + 1));
  });
  const unpadded = [0, 1].every((d) => first[d] === 0 && end[d] === out[d]);
  const lanes2 = bytes2 === 4 ? info.vectorBytes / bytes2 : 1;
  const apart = strides[3] === 1 && w.stride[1] <= 2 ? w.stride[1] : 0;
  const [height, width] = [shape[2], shape[3]];
  const args = new Arguments().pointer("x", spec.input).pointer("values", spec.values).pointer("positions", spec.positions).indices({
    batch: shape[0],
    channels: shape[1],
    "x.n": strides[0] * bytes2,
    "x.c": strides[1] * bytes2,
    "x.h": strides[2] * bytes2,
    "x.w": strides[3] * bytes2,
    width,
    "out.h": out[0],
    "out.w": out[1],
    "first.h": first[0],
    "first.w": first[1],
    "end.h": end[0],
    "end.w": end[1],
    // Where coordinates counted from the padded corner enter and leave the image.
    "low.h": w.padding[0],
    "low.w": w.padding[1],
    "high.h": w.padding[0] + height,
    "high.w": w.padding[1] + width,
    corner: (w.padding[0] * strides[2] + w.padding[1] * strides[3]) * bytes2,
    "corner.position": w.padding[0] * width + w.padding[1]
  });
  const work2 = shape[0] * shape[1] * out[0] * out[1] * (w.kernel[0] * w.kernel[1] + 2);
  const loops = [
    { name: "batch", size: shape[0] },
    { name: "channels", size: shape[1] }
  ];
  const outer = new Outer(args, loops, work2, info);
  const masked3 = info.masks && lanes2 > 1 && apart > 0;
  const build2 = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const fold = (best2, where3, value, position2, started) => {
      let wins;
      if (elem === bits2) wins = b.compare("gt", value, best2);
      else {
        const [v, largest] = [b.bitcast(value, elem), b.bitcast(best2, elem)];
        const more = b.unary("not", b.compare("le", v, largest));
        wins = b.binary("and", more, b.compare("eq", largest, largest));
      }
      if (started !== void 0) wins = b.binary("or", wins, b.unary("not", started));
      return [b.select(wins, value, best2), b.select(wins, position2, where3)];
    };
    const eachPosition = (init, body) => {
      const [rows, columns] = w.kernel;
      if (rows * columns > UNROLLED) {
        return b.loop(
          0,
          rows,
          1,
          init,
          (kh, outer2) => b.loop(0, columns, 1, outer2, (kw, carried2) => body(kh, kw, carried2, void 0))
        );
      }
      let carried = [...init];
      for (let i = 0; i < rows * columns; i++) {
        carried = body(b.index(Math.floor(i / columns)), b.index(i % columns), carried, i);
      }
      return carried;
    };
    outer.each(b, p, ([n, c2]) => {
      const x = b.add(b.add(p("x"), b.mul(n, p("x.n"))), b.mul(c2, p("x.c")));
      const written = b.mul(b.add(b.mul(n, p("channels")), c2), b.mul(p("out.h"), p("out.w")));
      b.loop(0, p("out.h"), 1, [], (oh) => {
        const top = b.mul(oh, w.stride[0]);
        const rowOut = b.add(written, b.mul(oh, p("out.w")));
        const store4 = (ow, best2, where3, count) => {
          const place4 = b.add(rowOut, ow);
          const mask = count && b.edge(count, best2.type.lanes);
          b.store(bits2, at(b.add(p("values"), b.mul(place4, bytes2))), best2, mask);
          b.store("i32", at(b.add(p("positions"), b.mul(place4, 4))), where3, mask);
          return [];
        };
        const locate = (left, kh, kw) => {
          const h = b.add(top, b.mul(kh, w.dilation[0]));
          const column2 = b.add(left, b.mul(kw, w.dilation[1]));
          const bytesIn = b.add(b.mul(h, p("x.h")), b.mul(column2, p("x.w")));
          const position2 = b.add(b.mul(h, p("width")), column2);
          return {
            h,
            column: column2,
            address: b.sub(b.add(x, bytesIn), p("corner")),
            position: b.convert(b.sub(position2, p("corner.position")), "i32")
          };
        };
        const whole = (ow, width2, count) => {
          const start = locate(b.mul(ow, w.stride[1]), b.index(0), b.index(0));
          const step4 = b.mul(p("x.w"), w.stride[1]);
          const origin2 = b.add(
            b.splat(start.position, width2),
            width2 === 1 ? b.const("i32", 0) : b.mul(b.lanes("i32", width2), w.stride[1])
          );
          const initial = [loadEvery(b, bits2, width2, start.address, step4, apart, count), origin2];
          const [best2, where3] = eachPosition(initial, (kh, kw, [value, position2], index2) => {
            if (index2 === 0) return [value, position2];
            const [row, column2] = [b.mul(kh, w.dilation[0]), b.mul(kw, w.dilation[1])];
            const offset = b.add(b.mul(row, p("x.h")), b.mul(column2, p("x.w")));
            const further = b.convert(b.add(b.mul(row, p("width")), column2), "i32");
            const here2 = b.add(start.address, offset);
            const loaded = loadEvery(b, bits2, width2, here2, step4, apart, count);
            return fold(value, position2, loaded, b.add(origin2, b.splat(further, width2)));
          });
          return store4(ow, best2, where3, count);
        };
        const inside = (from2, to2) => {
          if (masked3) {
            b.loop(from2, to2, lanes2, [], (ow) => whole(ow, lanes2, b.sub(to2, ow)));
            return;
          }
          let rest = from2;
          if (lanes2 > 1) {
            const end2 = b.sub(b.max(to2, lanes2 - 1), lanes2 - 1);
            [rest] = b.loop(from2, end2, lanes2, [from2], (ow) => {
              whole(ow, lanes2);
              return [b.add(ow, lanes2)];
            });
          }
          b.loop(rest, to2, 1, [], (ow) => whole(ow, 1));
        };
        const clipped = (ow) => {
          const left = b.mul(ow, w.stride[1]);
          const initial = [lowest(b, elem, bits2), b.const("i32", -1)];
          const [best2, where3] = eachPosition(initial, (kh, kw, carried) => {
            const here2 = locate(left, kh, kw);
            const within2 = (value2, side) => b.binary(
              "and",
              b.compare("ge", value2, p(`low.${side}`)),
              b.compare("lt", value2, p(`high.${side}`))
            );
            const [value, position2] = carried;
            return b.if(
              b.binary("and", within2(here2.h, "h"), within2(here2.column, "w")),
              () => {
                const started = b.compare("ge", position2, b.const("i32", 0));
                const loaded = b.load(bits2, 1, at(here2.address));
                return fold(value, position2, loaded, here2.position, started);
              },
              () => carried
            );
          });
          return store4(ow, best2, where3);
        };
        if (unpadded) {
          inside(b.index(0), p("out.w"));
          return [];
        }
        const rowInside = b.binary(
          "and",
          b.compare("ge", oh, p("first.h")),
          b.compare("lt", oh, p("end.h"))
        );
        const [from, to] = b.if(
          rowInside,
          () => [p("first.w"), p("end.w")],
          () => [p("out.w"), p("out.w")]
        );
        inside(from, to);
        b.loop(0, 2, 1, [b.index(0), from], (_side, [low, high]) => {
          b.loop(low, high, 1, [], clipped);
          return [to, p("out.w")];
        });
        return [];
      });
    });
    return b.finish();
  };
  const constants = [w.kernel, w.stride, w.dilation].map((pair) => pair.join("x")).join(" ");
  const key = `max window ${constants} ${elem}${unpadded ? " unpadded" : ""}${apart === 0 ? "" : ` apart ${apart}`} ${info.isa}${outer.key}`;
  return [{ key, build: build2, args: args.args, ...outer.launch }];
}
function loadEvery(b, elem, lanes2, from, step4, apart, count) {
  const load6 = (ahead, counted = count) => {
    const mask = counted && b.edge(b.sub(b.max(counted, ahead), ahead), lanes2);
    return b.load(elem, lanes2, at(from, ahead * bytesOfElem(elem)), mask ? { mask } : {});
  };
  if (apart === 1 || lanes2 === 1) return load6(0);
  if (apart === 2 && count !== void 0) {
    const last = b.sub(b.mul(count, 2), 1);
    return b.unzip("even", load6(0, last), load6(lanes2, last));
  }
  if (apart === 2) {
    const [low, high] = [load6(0), load6(lanes2 - 1)];
    const upper2 = b.compare("ge", b.lanes("i32", lanes2), b.splat(b.const("i32", lanes2 / 2), lanes2));
    return b.select(upper2, b.unzip("odd", high, high), b.unzip("even", low, low));
  }
  let pointer = from;
  let all3 = b.load(elem, lanes2, at(pointer), { splat: true });
  for (let lane = 1; lane < lanes2; lane++) {
    pointer = b.add(pointer, step4);
    const one = b.load(elem, lanes2, at(pointer), { splat: true });
    const here2 = b.splat(b.const("i32", lane), lanes2);
    all3 = b.select(b.compare("ge", b.lanes("i32", lanes2), here2), one, all3);
  }
  return all3;
}
function lowest(b, elem, bits2) {
  if (elem === "i64") return b.const(elem, -(2n ** 63n));
  if (elem === "i32") return b.const(elem, -(2 ** 31));
  return b.bitcast(b.const(elem, -Infinity), bits2);
}

// src/kernel/contraction/max-window-grad.ts
var MOST_WINDOWS = { vector: 32, scalar: 4 };
var NOWHERE = -(2 ** 31);
function windowsOver(w, d, phase) {
  const found = [];
  for (let k2 = w.kernel[d] - 1; k2 >= 0; k2--) {
    const ahead = phase + w.padding[d] - k2 * w.dilation[d];
    if (ahead % w.stride[d] === 0) found.push(ahead / w.stride[d]);
  }
  return found;
}
var phasesOf2 = (w, d) => Array.from({ length: w.stride[d] }, (_, phase) => windowsOver(w, d, phase));
function lanesFor(w, dtype, info) {
  const lanes2 = info.vectorBytes / 4;
  const interleaves = w.stride[1] <= lanes2 && Number.isInteger(Math.log2(w.stride[1]));
  return bytesOf(dtype) === 4 && interleaves ? lanes2 : 1;
}
function gathersWindows(w, dtype, info) {
  const [rows, columns] = [0, 1].map(
    (d) => Math.max(...phasesOf2(w, d).map((over) => over.length))
  );
  const { vector: vector2, scalar: scalar3 } = MOST_WINDOWS;
  return rows * columns <= (lanesFor(w, dtype, info) > 1 ? vector2 : scalar3);
}
function lowerMaxWindowGrad(spec, info) {
  const { window: w, dyShape: shape, dyStrides: strides, height, width } = spec;
  if (shape.includes(0) || height * width === 0) return [];
  const elem = numberElem(spec.dtype);
  const bytes2 = bytesOf(spec.dtype);
  const lanes2 = lanesFor(w, spec.dtype, info);
  const [rows, columns] = [phasesOf2(w, 0), phasesOf2(w, 1)];
  const [down, right] = w.stride;
  const groups = Math.ceil(width / right);
  const shifts = columns.flat();
  let low = Math.max(0, ...shifts.map((shift3) => -shift3));
  let high = Math.min(Math.floor(width / right), ...shifts.map((shift3) => shape[3] - shift3));
  if (high - low < lanes2) low = high = 0;
  const edges = low > 0 || high < groups;
  const rest = height % down;
  const args = new Arguments().pointer("positions", spec.positions).pointer("dy", spec.dy).pointer("dx", spec.dx).indices({
    batch: shape[0],
    channels: shape[1],
    height,
    width,
    "out.h": shape[2],
    "out.w": shape[3],
    "dy.n": strides[0] * bytes2,
    "dy.c": strides[1] * bytes2,
    "dy.h": strides[2] * bytes2,
    "groups.h": Math.floor(height / down),
    "groups.w": groups,
    low,
    high
  });
  const loops = [
    { name: "batch", size: shape[0] },
    { name: "channels", size: shape[1] }
  ];
  const asked = rows.flat().length * columns.flat().length;
  const work2 = shape[0] * shape[1] * (height * width + 2 * asked * shape[2] * shape[3]);
  const outer = new Outer(args, loops, work2, info);
  const build2 = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const code = new WindowGradCode(b, p, { elem, bytes: bytes2, lanes: lanes2, rows, columns, edges }, info);
    outer.each(b, p, ([n, c2]) => {
      const plane = code.plane(n, c2);
      b.loop(0, p("groups.h"), 1, [], (group) => {
        code.rowGroup(plane, group, down);
        return [];
      });
      if (rest > 0) code.rowGroup(plane, p("groups.h"), rest);
    });
    return b.finish();
  };
  const constants = [w.kernel, w.stride, w.padding, w.dilation].map((pair) => pair.join("x"));
  const flags = `${edges ? " edges" : ""}${rest > 0 ? ` rest ${rest}` : ""}`;
  const key = `max window grad ${constants.join(" ")} ${elem}${flags} ${info.isa}${outer.key}`;
  return [{ key, build: build2, args: args.args, ...outer.launch }];
}
var WindowGradCode = class {
  b;
  p;
  form;
  info;
  constructor(b, p, form, info) {
    this.b = b;
    this.p = p;
    this.form = form;
    this.info = info;
  }
  plane(n, c2) {
    const { b, p } = this;
    const { bytes: bytes2 } = this.form;
    const plane = b.add(b.mul(n, p("channels")), c2);
    const windows2 = b.mul(plane, b.mul(p("out.h"), p("out.w")));
    return {
      positions: b.add(p("positions"), b.mul(windows2, 4)),
      dy: b.add(b.add(p("dy"), b.mul(n, p("dy.n"))), b.mul(c2, p("dy.c"))),
      dx: b.add(p("dx"), b.mul(b.mul(plane, b.mul(p("height"), p("width"))), bytes2))
    };
  }
  /** The first `count` rows of a group: in all columns, of each phase. */
  rowGroup(plane, group, count) {
    const { b, p } = this;
    const { rows, lanes: lanes2, edges } = this.form;
    const first = b.mul(b.mul(group, rows.length), p("width"));
    const lines = /* @__PURE__ */ new Map();
    for (const shift3 of rows.slice(0, count).flat()) {
      if (!lines.has(shift3)) lines.set(shift3, this.line(plane, group, shift3, first));
    }
    const over = rows.slice(0, count).map((shifts) => shifts.map((shift3) => lines.get(shift3)));
    const to = b.add(plane.dx, b.mul(first, this.form.bytes));
    const last = b.sub(p("high"), lanes2);
    b.loop(p("low"), p("high"), lanes2, [], (q) => {
      this.whole(over, b.min(q, last), to);
      return [];
    });
    if (!edges) return;
    const masked3 = this.info.masks && lanes2 > 1;
    b.loop(0, 2, 1, [b.index(0), p("low")], (_side, [from, end]) => {
      b.loop(from, end, masked3 ? lanes2 : 1, [], (q) => {
        if (masked3) this.masked(over, q, end, to);
        else this.single(over, q, to);
        return [];
      });
      return [p("high"), p("groups.w")];
    });
  }
  line(plane, group, shift3, first) {
    const { b, p } = this;
    const [oh, inside] = this.clamp(b.add(group, shift3), p("out.h"));
    return {
      positions: b.add(plane.positions, b.mul(b.mul(oh, p("out.w")), 4)),
      dy: b.add(plane.dy, b.mul(oh, p("dy.h"))),
      start: b.select(inside, b.convert(first, "i32"), b.const("i32", NOWHERE))
    };
  }
  /** The number, brought into 0 to size - 1, and whether it was there. */
  clamp(n, size) {
    const { b } = this;
    const safe = b.max(b.min(n, b.sub(size, 1)), 0);
    return [safe, b.compare("eq", safe, n)];
  }
  // ---- column groups from `q` on
  /** `lanes` groups, all inside. */
  whole(over, q, to) {
    const { b } = this;
    const { lanes: lanes2 } = this.form;
    const read = (line, shift3) => this.read(line, q, shift3, lanes2);
    this.gradients(over, q, lanes2, read, (row, phases) => {
      const vectors = lanes2 === 1 ? phases : b.transpose(phases);
      vectors.forEach((v, i) => this.store(v, to, row, q, i * lanes2));
    });
  }
  /** Up to `lanes` groups that end before `end`, some columns or windows outside. */
  masked(over, q, end, to) {
    const { b, p } = this;
    const { lanes: lanes2, columns } = this.form;
    const below2 = (count2) => b.edge(b.max(count2, 0), lanes2);
    const read = (line, shift3) => {
      const first = b.add(q, shift3);
      let mask = below2(b.sub(p("out.w"), first));
      if (shift3 < 0) {
        mask = b.binary("and", mask, b.unary("not", below2(b.sub(b.index(0), first))));
      }
      return this.read(line, q, shift3, lanes2, mask);
    };
    const left = b.mul(q, columns.length);
    const count = b.min(b.mul(b.sub(end, q), columns.length), b.sub(p("width"), left));
    this.gradients(over, q, lanes2, read, (row, phases) => {
      b.transpose(phases).forEach((v, i) => {
        this.store(v, to, row, q, i * lanes2, below2(b.sub(count, i * lanes2)));
      });
    });
  }
  /** One group, perhaps with columns or windows outside. */
  single(over, q, to) {
    const { b, p } = this;
    const { columns } = this.form;
    const read = (line, shift3) => {
      const [ow, inside] = this.clamp(b.add(q, shift3), p("out.w"));
      const start = b.select(inside, line.start, b.const("i32", NOWHERE));
      return { ...this.read(line, ow, 0, 1), start };
    };
    this.gradients(over, q, 1, read, (row, phases) => {
      phases.forEach((v, i) => {
        const store4 = () => {
          this.store(v, to, row, q, i);
          return [];
        };
        if (i === 0) store4();
        else b.if(b.compare("lt", b.add(b.mul(q, columns.length), i), p("width")), store4);
      });
    });
  }
  read(line, q, shift3, lanes2, mask) {
    const { b } = this;
    const { elem, bytes: bytes2 } = this.form;
    const options = mask === void 0 ? {} : { mask };
    return {
      at: b.load("i32", lanes2, at(line.positions, shift3 * 4, q, 4), options),
      dy: b.load(elem, lanes2, at(line.dy, shift3 * bytes2, q, bytes2), options),
      start: line.start
    };
  }
  store(v, to, row, q, ahead, mask) {
    const { b, p } = this;
    const { elem, bytes: bytes2, columns } = this.form;
    const line = b.add(to, b.mul(p("width"), row * bytes2));
    b.store(elem, at(line, ahead * bytes2, b.mul(q, columns.length * bytes2), 1), v, mask);
  }
  /**
   * The gradients of `lanes` column groups: row by row, `give` gets a register for each phase.
   * `read` loads what windows hold, once for all rows and phases.
   */
  gradients(over, q, lanes2, read, give3) {
    const { b, p } = this;
    const { elem, columns } = this.form;
    const known = /* @__PURE__ */ new Map();
    const windowsAt = (line, shift3) => {
      const row = known.get(line) ?? /* @__PURE__ */ new Map();
      known.set(line, row);
      const found = row.get(shift3) ?? read(line, shift3);
      row.set(shift3, found);
      return found;
    };
    const zero2 = b.splat(b.const(elem, 0), lanes2);
    const left = b.convert(b.mul(q, columns.length), "i32");
    over.forEach((lines, row) => {
      const further = b.convert(b.mul(p("width"), row), "i32");
      const phases = columns.map((shifts, phase) => {
        const own = lanes2 === 1 ? b.const("i32", phase) : b.add(b.mul(b.lanes("i32", lanes2), columns.length), phase);
        let sum3 = zero2;
        for (const line of lines) {
          for (const shift3 of shifts) {
            const windows2 = windowsAt(line, shift3);
            const mine = b.add(b.add(windows2.start, further), left);
            const won = b.compare("eq", windows2.at, b.add(b.splat(mine, lanes2), own));
            sum3 = b.add(sum3, b.select(won, windows2.dy, zero2));
          }
        }
        return sum3;
      });
      give3(row, phases);
    });
  }
};

// src/kernel/schedule/scatter.ts
var SCALAR2 = 16;
function scatterLaunch(name, dim, out, index2, source, info, bufferOf2) {
  const places = [out, index2, source];
  const dims = dimsOf2(dim, out, index2, source);
  const last = dims[dims.length - 1];
  const classes = dims.map((d) => d.strides.map((s) => s === 0 ? "z" : s === 1 ? "u" : "o"));
  const flags = last === void 0 ? [] : classes[classes.length - 1];
  const isVector3 = out.dtype !== "bool" && flags[0] === "u" && flags[1] === "z" && flags[2] !== "o";
  const lanes2 = isVector3 ? info.vectorBytes / bytesOf(out.dtype) : 1;
  const bytes2 = [...places.map((p) => bytesOf(p.dtype)), 1];
  const args = places.map((p) => ({
    kind: "pointer",
    buffer: bufferOf2(p),
    bytes: p.offset * bytesOf(p.dtype)
  }));
  args.push({ kind: "index", value: out.shape[dim] });
  args.push({ kind: "index", value: out.strides[dim] * bytes2[0] });
  for (const d of dims) {
    args.push({ kind: "index", value: d.size });
    d.strides.forEach((s, i) => {
      args.push({ kind: "index", value: s * bytes2[i] });
    });
  }
  const [outermost] = dims;
  const work2 = dims.reduce((n, d) => n * d.size, SCALAR2);
  const apart = outermost !== void 0 && outermost.strides[0] !== 0 && info.ordersFaults;
  const tiles = apart && dims.length > 1 ? tilesOf(outermost.size, work2, info) : null;
  if (tiles !== null) args.push({ kind: "index", value: tiles.turns });
  const shape = `${classes.map((c2) => c2.join("")).join(" ")} x${lanes2}${tiles === null ? "" : " tiles"}`;
  return {
    key: `${info.isa}|scatterAdd ${places.map((p) => p.dtype).join(" ")} ${shape}`,
    args,
    faults: name,
    ...tiles === null ? {} : { tiles: tiles.count },
    build: () => emit(name, places, classes, lanes2, tiles !== null)
  };
}
function dimsOf2(dim, out, index2, source) {
  const dims = [];
  let position2 = 1;
  const positions = index2.shape.map(() => 0);
  for (let d = index2.shape.length - 1; d >= 0; d--) {
    positions[d] = index2.strides[d] === 0 ? 0 : position2;
    position2 *= index2.shape[d];
  }
  index2.shape.forEach((size, d) => {
    if (size === 1) return;
    const strides = [
      d === dim ? 0 : out.strides[d],
      index2.strides[d],
      source.strides[d],
      positions[d]
    ];
    const before = dims[dims.length - 1];
    if (before !== void 0 && before.strides.every((s, i) => s === strides[i] * size)) {
      before.size *= size;
      before.strides = strides;
    } else dims.push({ size, strides });
  });
  return dims;
}
function emit(name, places, classes, lanes2, tiled) {
  const b = new KernelBuilder(name);
  const bases = ["out", "index", "source"].map((n) => b.param(n, "ptr"));
  const size = b.param("size", "index");
  const stride = b.param("stride", "index");
  const loops = classes.map((_, d) => ({
    size: b.param(`n${d}`, "index"),
    strides: ["out", "index", "source", "at"].map((n) => b.param(`${n}.${d}`, "index"))
  }));
  const turns = tiled ? b.param("turns", "index") : null;
  const [out, index2, source] = places;
  const [outElem, sourceElem] = [memOf(out.dtype), memOf(source.dtype)];
  const add3 = (to, from, n, splat4) => {
    const dtype = out.dtype;
    const old = { dtype, reg: b.load(outElem, n, at(to)) };
    const one = b.load(sourceElem, splat4 ? 1 : n, at(from));
    b.store(outElem, at(to), new Expression(b, n, null).add(old, { dtype, reg: one }).reg);
  };
  const rowAt = (base, place4, position2) => {
    const elem = registerOf(index2.dtype);
    const i = b.load(memOf(index2.dtype), 1, at(place4));
    const n = b.convert(size, elem);
    const zero2 = b.const(elem, elem === "i64" ? 0n : 0);
    const wrapped2 = b.select(b.compare("lt", i, zero2), b.add(i, n), i);
    const outside3 = b.binary("or", b.compare("lt", wrapped2, zero2), b.compare("ge", wrapped2, n));
    b.fault(outside3, b.convert(position2, "i32"));
    const safe = b.convert(b.select(outside3, zero2, wrapped2), "index");
    return b.add(base, b.mul(safe, stride));
  };
  let range3 = { from: 0, to: loops[0]?.size ?? b.index(1) };
  const nest = (d, now, row) => {
    const varies = classes.slice(d).some((c2) => c2[1] !== "z");
    const known = row ?? (varies ? null : rowAt(now[0], now[1], now[3]));
    const here2 = known === null ? now : [known, ...now.slice(1)];
    if (d === loops.length) return add3(here2[0], here2[2], 1, false);
    const loop = loops[d];
    const step4 = (i) => here2.map((p, k2) => b.add(p, b.mul(i, loop.strides[k2])));
    if (lanes2 === 1 || d < loops.length - 1) {
      const { from: from2, to } = d === 0 ? range3 : { from: 0, to: loop.size };
      const start2 = typeof from2 === "number" ? here2 : step4(from2);
      b.loop(from2, to, 1, start2, (_, next) => {
        nest(d + 1, next, known === null ? null : next[0]);
        return next.map((pointer, k2) => b.add(pointer, loop.strides[k2]));
      });
      return;
    }
    const constant4 = classes[d][2] === "z";
    const end = b.sub(loop.size, lanes2 - 1);
    const [from] = b.loop(0, end, lanes2, [b.index(0)], (i) => {
      const next = step4(i);
      add3(next[0], next[2], lanes2, constant4);
      return [b.add(i, lanes2)];
    });
    b.loop(from, loop.size, 1, [], (i) => {
      const next = step4(i);
      add3(next[0], next[2], 1, false);
      return [];
    });
  };
  const start = [...bases, b.index(0)];
  if (turns === null) nest(0, start, null);
  else {
    const [outermost] = loops;
    b.tiles((tile3) => {
      const from = b.mul(tile3, turns);
      const to = b.min(b.add(from, turns), outermost.size);
      range3 = { from, to };
      nest(0, start, null);
    });
  }
  return b.finish();
}

// src/kernel/schedule/special.ts
function buildSpecial(assembly, step4, finish3) {
  const [node] = step4.nodes;
  const lower = node.def.lower;
  switch (lower.kind) {
    case "gemm":
    case "conv":
      return buildContraction(assembly, node, lower, finish3);
    case "maxWindow":
      return buildWindow(assembly, node, lower);
    case "maxWindowGrad":
      return buildWindowGrad(assembly, node, lower);
    case "assemble":
      return buildAssemble(assembly, node, lower);
    case "scatterAdd":
      return buildScatter(assembly, node, lower);
    default:
      throw new Error(`cannot lower ${node.def.name}`);
  }
}
var Operands = class {
  assembly;
  bytes = /* @__PURE__ */ new Map();
  constructor(assembly) {
    this.assembly = assembly;
  }
  ref(place4) {
    const ref = { ...this.assembly.bufferOf(place4.root) };
    this.bytes.set(ref, place4.offset * bytesOf(place4.dtype));
    return ref;
  }
  add(offsets) {
    for (const [ref, bytes2] of offsets) this.bytes.set(ref, bytes2);
  }
  /** The launches, with each operand's first element where it is. */
  placed(launches) {
    return launches.map((launch) => ({
      ...launch,
      build: () => launch.build(),
      args: launch.args.map((arg) => {
        const more = arg.kind === "pointer" ? this.bytes.get(arg.buffer) ?? 0 : 0;
        return arg.kind === "pointer" && more !== 0 ? { ...arg, bytes: arg.bytes + more } : arg;
      })
    }));
  }
};
var denseOut = (node, i = 0) => ({
  root: node.outputs[i],
  dtype: node.outputs[i].dtype,
  offset: 0,
  shape: node.outputs[i].shape,
  strides: contiguousStrides(node.outputs[i].shape)
});
function buildContraction(assembly, node, lower, finish3) {
  const [out] = node.outputs;
  if (numelOf(out.shape) === 0) return;
  const types = operandTypes(node);
  const [image, b] = node.inputs.map((x, i) => assembly.operand(x, types[i]));
  const conv = lower.kind === "conv" ? { face: lower.face, geometry: lower.geometry(node.inputs.map(typeOf), node.attrs) } : null;
  const uneven = conv !== null && needsEvenPixels(conv, image.strides);
  const a = uneven ? assembly.copied(image) : image;
  const operands = new Operands(assembly);
  let epilogue = null;
  let target2;
  if (finish3 === null) target2 = assembly.bufferOf(out);
  else {
    const finished = epilogueOf(assembly, finish3, node);
    ({ epilogue } = finished);
    target2 = finished.out;
    operands.add(finished.offsets);
  }
  const common = {
    name: node.def.name,
    dtype: out.dtype,
    a: operands.ref(a),
    b: operands.ref(b),
    out: target2,
    epilogue
  };
  const temp = (bytes2) => assembly.temp(bytes2);
  if (conv === null) {
    const { map: mapOf } = lower;
    const spec2 = (p) => specOf(p.dtype, p.shape, p.strides);
    const map = mapOf(spec2(a), spec2(b), node.attrs);
    assembly.push(operands.placed(lowerGemm({ ...common, map }, assembly.info, temp)));
    return;
  }
  const spec = {
    ...common,
    ...conv,
    aStrides: [...a.strides],
    bStrides: [...b.strides]
  };
  assembly.push(operands.placed(lowerConv(spec, assembly.info, temp)));
}
function buildWindow(assembly, node, lower) {
  const [values, positions] = node.outputs;
  if (numelOf(values.shape) === 0) return;
  const operands = new Operands(assembly);
  const x = assembly.operand(node.inputs[0], values.dtype);
  const spec = {
    name: node.def.name,
    window: lower.window(node.attrs),
    dtype: values.dtype,
    input: operands.ref(x),
    inputShape: [...x.shape],
    inputStrides: [...x.strides],
    outputSize: values.shape.slice(2),
    values: assembly.bufferOf(values),
    positions: assembly.bufferOf(positions)
  };
  const launches = lowerMaxWindow(spec, assembly.info, (bytes2) => assembly.temp(bytes2));
  assembly.push(operands.placed(launches));
}
function buildWindowGrad(assembly, node, lower) {
  const [image] = node.outputs;
  if (numelOf(image.shape) === 0) return;
  const window = lower.window(node.attrs);
  const { info } = assembly;
  const positions = assembly.denseOperand(node.inputs[0], "int32");
  const dy = assembly.denseOperand(node.inputs[1], image.dtype);
  const [batch, channels, height, width] = image.shape;
  if (gathersWindows(window, image.dtype, info)) {
    const operands = new Operands(assembly);
    const spec = {
      name: node.def.name,
      window,
      dtype: image.dtype,
      positions: operands.ref(positions),
      dy: operands.ref(dy),
      dyShape: [...dy.shape],
      dyStrides: [...dy.strides],
      dx: assembly.bufferOf(image),
      height,
      width
    };
    assembly.push(operands.placed(lowerMaxWindowGrad(spec, info)));
    return;
  }
  const out = denseOut(node);
  assembly.fill(out, 0);
  const planes2 = (p) => {
    const shape = [batch, channels, numelOf(p.shape) / (batch * channels)];
    return { ...p, shape, strides: contiguousStrides(shape) };
  };
  const bufferOf2 = (p) => assembly.bufferOf(p.root);
  const [to, at4, from] = [out, positions, dy].map(planes2);
  assembly.push([scatterLaunch(node.def.name, 2, to, at4, from, info, bufferOf2)]);
}
function buildAssemble(assembly, node, lower) {
  const out = assembly.placeOfBase(node.outputs[0]);
  const fill = lower.fill(node.attrs);
  if (fill !== null) assembly.fill(out, fill);
  const places = partPlaces(node, out);
  node.inputs.forEach((x, i) => {
    const to = places[i];
    const { base } = chainOf(x);
    if (isScalar(base)) assembly.fill(to, base);
    else if (!assembly.liesAt(base, to)) {
      assembly.copy(assembly.placeOf(x), to);
    }
  });
}
function buildScatter(assembly, node, lower) {
  const [x, index2, source] = node.inputs;
  const out = denseOut(node);
  const types = operandTypes(node);
  const { base } = chainOf(x);
  if (isScalar(base)) assembly.fill(out, base);
  else assembly.copy(assembly.placeOf(x), out);
  const at4 = assembly.operand(index2, types[1]);
  if (numelOf(at4.shape) === 0) return;
  const dim = lower.dim(node.attrs);
  if (out.shape[dim] === 0) {
    throw new IndexError({
      op: node.def.name,
      problem: `dimension ${dim} of the operand is empty, so no index is in range`
    });
  }
  const from = assembly.operand(source, types[2]);
  const bufferOf2 = (p) => assembly.bufferOf(p.root);
  assembly.push([scatterLaunch(node.def.name, dim, out, at4, from, assembly.info, bufferOf2)]);
}

// src/kernel/schedule/assembly.ts
var Assembly = class {
  info;
  graph;
  fusion;
  /** Values that other steps or the caller read from memory. */
  stored = /* @__PURE__ */ new Set();
  inputs;
  launches = [];
  /** Bytes of each temporary. */
  temps = [];
  /** The plans of elementwise kernels and reductions. */
  plans = /* @__PURE__ */ new Map();
  buffers = /* @__PURE__ */ new Map();
  indices = /* @__PURE__ */ new Map();
  places = /* @__PURE__ */ new Map();
  /** Contractions, each with the group that finishes it. */
  epilogues = /* @__PURE__ */ new Map();
  /** Values that lie within another's memory. */
  parts = /* @__PURE__ */ new Map();
  last;
  constructor(graph, inputs, info, fusion, last) {
    this.last = new Set(last);
    this.graph = graph;
    this.inputs = inputs;
    this.info = info;
    this.fusion = fusion;
    graph.inputs.forEach((v, index2) => {
      this.indices.set(v, index2);
      if (v.weak === void 0) this.buffers.set(v, { kind: "input", index: index2 });
    });
  }
  plan() {
    this.findStored();
    this.epilogues = findEpilogues(this);
    this.parts = findParts(this);
    const copies = this.placeOutputs();
    for (const step4 of this.order()) this.build(step4);
    for (const [index2, value] of copies) this.copyOutput(index2, value);
    const { launches } = this;
    const { starts: starts2, bytes: bytes2 } = placeTemps(this.temps, launches);
    const memory = { temps: starts2, tempSizes: this.temps, tempBytes: bytes2 };
    return { launches, ...memory, inPlace: this.inPlace() };
  }
  /**
   * Outputs that may lie on a dense input of their shape: the first launch that writes one reads
   * the input element by element, each before that element is written, and no later one reads it.
   */
  inPlace() {
    const touches = (launch, kind, index2) => launch.args.some(
      (a) => a.kind === "pointer" && a.buffer.kind === kind && a.buffer.index === index2
    );
    const pairs2 = [];
    const lastFault = this.launches.findLastIndex((l) => l.faults !== void 0);
    this.graph.outputs.forEach((out, o) => {
      const first = this.launches.findIndex((l) => touches(l, "output", o));
      if (this.last.has(o) && first >= 0 && first <= lastFault) return;
      this.graph.inputs.forEach((input, i) => {
        const spec = this.inputs[i];
        if (input.weak !== void 0 || spec.dtype !== out.dtype || !spec.contiguous) return;
        if (!sameShape(spec.shape, out.shape)) return;
        if (this.launches.slice(first + 1).some((l) => touches(l, "input", i))) return;
        const launch = this.launches[first];
        const steps = launch === void 0 ? void 0 : this.plans.get(launch);
        if (launch === void 0 || !touches(launch, "input", i)) pairs2.push([o, i]);
        else if (steps !== void 0 && this.alike(steps, input, o)) pairs2.push([o, i]);
      });
    });
    return pairs2;
  }
  /** Whether a kernel reads `input` only where it writes output `o`. */
  alike({ streams, exprs }, input, o) {
    const isOutput = (s) => {
      const ref = s.memory === null ? void 0 : this.buffers.get(s.memory.root);
      return ref?.kind === "output" && ref.index === o;
    };
    const written = streams.filter(isOutput);
    const gathers = exprs.some((e) => e.kind === "gather" && e.stream.memory?.root === input);
    return !gathers && streams.every(
      (s) => s.memory?.root !== input || written.every(
        (w) => s.memory?.offset === 0 && w.memory?.offset === 0 && sameShape(s.strides, w.strides)
      )
    );
  }
  // ---- what goes through memory, and in which order
  findStored() {
    for (const step4 of this.fusion.steps) {
      for (const node of step4.nodes) {
        node.inputs.forEach((x, i) => {
          const { base } = chainOf(x);
          if (typeof base === "number") return;
          const picked = node.def.lower?.kind === "gather" && i === 0;
          if (picked || this.fusion.stepOf.get(base) !== step4) this.stored.add(base);
        });
        if (step4.space === null) for (const out of node.outputs) this.stored.add(out);
      }
    }
    for (const out of this.graph.outputs) {
      const { base } = chainOf(out);
      if (typeof base !== "number") this.stored.add(base);
    }
  }
  isStored(v) {
    return this.stored.has(v);
  }
  inputIndex(v) {
    return this.indices.get(v);
  }
  /** Gives computed outputs their buffers; returns those that must be copied at the end. */
  placeOutputs() {
    const copies = [];
    this.graph.outputs.forEach((value, index2) => {
      const base = chainOf(value).base;
      const computed = this.fusion.stepOf.has(base) && !this.buffers.has(base);
      if (computed && this.isWhole(value, base)) this.buffers.set(base, { kind: "output", index: index2 });
      else copies.push([index2, value]);
    });
    return copies;
  }
  /** Whether a view shows all of its computed base in order: then they are the same memory. */
  isWhole(value, base) {
    const place4 = value === base ? null : this.placeWithoutCopy(value);
    if (place4 === null) return value === base;
    const { shape, strides, offset } = place4;
    return offset === 0 && numelOf(shape) === numelOf(base.shape) && isContiguous(shape, strides);
  }
  /** Steps after all that they depend on, else in the order of the graph. */
  order() {
    const out = /* @__PURE__ */ new Set();
    const position2 = new Map(this.graph.nodes.map((n, i) => [n, i]));
    const at4 = (s) => Math.min(...s.nodes.map((n) => position2.get(n)));
    const sorted = (steps) => [...steps].sort((a, b) => at4(a) - at4(b));
    const absorbed = new Map([...this.epilogues].map(([c2, group]) => [group, c2]));
    const visit = (given2) => {
      const s = absorbed.get(given2) ?? given2;
      if (out.has(s)) return;
      const deps = [...s.deps, ...this.epilogues.get(s)?.deps ?? []];
      for (const d of sorted(deps)) if ((absorbed.get(d) ?? d) !== s) visit(d);
      out.add(s);
    };
    for (const s of this.fusion.steps) {
      s.nodes.sort((a, b) => position2.get(a) - position2.get(b));
    }
    const late = this.lateSteps(absorbed);
    for (const s of sorted(this.fusion.steps)) if (!late.has(s)) visit(s);
    for (const s of sorted(late)) visit(s);
    return [...out];
  }
  /** Steps that compute outputs to be written last, and that nothing else waits for. */
  lateSteps(absorbed) {
    const late = /* @__PURE__ */ new Set();
    for (const o of this.last) {
      const step4 = this.fusion.stepOf.get(chainOf(this.graph.outputs[o]).base);
      if (step4 === void 0 || step4.faults || absorbed.has(step4)) continue;
      if (step4.space !== null && step4.users.size === 0) late.add(step4);
    }
    return late;
  }
  build(step4) {
    if (step4.space === null) {
      buildSpecial(this, step4, this.epilogues.get(step4) ?? null);
      return;
    }
    const group = new GroupBuilder(this, step4);
    const kernel = group.kernel();
    if (kernel.stores.length === 0) return;
    this.densify(kernel);
    if (!isSplit(kernel)) return this.launch(keepCostly(kernel, group.pool));
    const temp = (dtype, shape) => this.fresh(dtype, shape);
    for (const part2 of split2(kernel, group.pool, temp)) this.launch(part2);
  }
  // ---- buffers
  bufferOf(root2) {
    let ref = this.buffers.get(root2);
    if (ref === void 0) {
      if (!(root2 instanceof GraphValue)) throw new Error("a buffer without a place");
      ref = this.temp(numelOf(root2.shape) * bytesOf(root2.dtype));
      this.buffers.set(root2, ref);
    }
    return ref;
  }
  temp(bytes2) {
    return { kind: "temp", index: this.temps.push(bytes2) - 1 };
  }
  /** A fresh dense buffer. */
  fresh(dtype, shape) {
    const root2 = {};
    this.buffers.set(root2, this.temp(numelOf(shape) * bytesOf(dtype)));
    return dense(root2, dtype, shape);
  }
  // ---- operands
  placeOf(x) {
    let place4 = this.places.get(x);
    if (place4 === void 0) {
      place4 = this.follow(x, (p) => this.copied(p));
      this.places.set(x, place4);
    }
    return place4;
  }
  /** Where an operand lies; null if it has to be copied first. */
  placeWithoutCopy(x) {
    return this.follow(x, () => null);
  }
  /** Where a value that is no view is stored: within another, or by itself. */
  placeOfBase(value) {
    return this.parts.get(value) ?? dense(value, value.dtype, value.shape);
  }
  /** Whether a value is stored where it will be part of another. */
  liesAt(value, { root: root2, offset }) {
    const part2 = this.parts.get(value);
    return part2 !== void 0 && part2.root === root2 && part2.offset === offset;
  }
  /** Folds an operand's views into strides; a view that strides cannot express is of a copy. */
  follow(x, copy2) {
    const { base, views } = chainOf(x);
    const value = base;
    const index2 = this.indices.get(value);
    let place4 = this.placeOfBase(value);
    if (index2 !== void 0) place4 = { ...place4, strides: this.inputs[index2].strides };
    for (const node of views) {
      const { view } = node.def.lower;
      const see = (p) => view(specOf(p.dtype, p.shape, p.strides), node.attrs);
      let seen = see(place4);
      if (seen === null) {
        const copied = copy2(place4);
        if (copied === null) return null;
        place4 = copied;
        seen = see(place4);
      }
      if (seen === null) throw new Error(`${node.def.name} cannot view a dense operand`);
      const { shape, strides } = seen;
      place4 = { ...place4, offset: place4.offset + seen.offset, shape, strides };
    }
    return place4;
  }
  /** An operand in memory, with elements of `dtype`. */
  operand(x, dtype) {
    const { base } = chainOf(x);
    if (isScalar(base)) {
      const place5 = this.fresh(dtype, typeOf(x).shape);
      this.fill(place5, base);
      return place5;
    }
    const place4 = this.placeOf(x);
    return place4.dtype === dtype ? place4 : this.copied(place4, dtype);
  }
  /** An operand in memory, row by row without gaps. */
  denseOperand(x, dtype) {
    const place4 = this.operand(x, dtype);
    return isContiguous(place4.shape, place4.strides) ? place4 : this.copied(place4);
  }
  // ---- kernels
  push(launches) {
    this.launches.push(...launches);
  }
  launch(kernel) {
    const { info } = this;
    const { space, inner } = kernel;
    const empty = kernel.stores.every(
      ({ place: place4 }) => space.some((n, d) => n === 0 && (place4 === "inner" || place4 === "row" && !inner[d]))
    );
    if (empty) return;
    this.densify(kernel);
    const plan = planLoops(kernel, info);
    const launch = {
      key: keyOf2(plan, info.isa),
      build: () => emitKernel2(plan),
      args: argsOfPlan(plan, (root2) => this.bufferOf(root2)),
      ...plan.tiles === null ? {} : { tiles: plan.tiles.count },
      ...kernel.faults === void 0 ? {} : { faults: kernel.faults }
    };
    this.launches.push(launch);
    this.plans.set(launch, plan);
  }
  /** Copies operands whose strides would change the order of a float sum. */
  densify({ space, inner, stores, ...rest }) {
    for (const stream of offenders({ space, inner, stores, ...rest })) {
      if (stream.memory === null || stores.some((s) => s.stream === stream)) continue;
      const dims = space.map((_, d) => inner[d] || stream.strides[d] !== 0);
      const copy2 = this.copied({
        ...stream.memory,
        shape: space.filter((_, d) => dims[d]),
        strides: stream.strides.filter((_, d) => dims[d])
      });
      let next = 0;
      const strides = dims.map((is) => is ? copy2.strides[next++] : 0);
      Object.assign(stream, { strides, memory: { ...stream.memory, root: copy2.root, offset: 0 } });
    }
  }
  /** An elementwise kernel over `to` that stores one value. */
  elementwise(name, to, value) {
    const pool = new ExprPool();
    const space = to.shape.filter((n) => n !== 1);
    const map = ownMap(to.shape);
    const stream = ({ root: root2, offset, dtype, ...p }) => pool.stream(
      { root: root2, offset, dtype },
      stridesIn(space.length, map, { root: root2, offset, dtype, ...p }, to.shape)
    );
    const e = value(pool, (p) => pool.load(stream(p)));
    const place4 = space.length === 0 ? "row" : "inner";
    const stores = [{ value: e, stream: stream(to), place: place4 }];
    this.launch({ name, space, inner: space.map(() => true), stores });
  }
  /** `to` = the elements at `from`, converted. */
  copy(from, to) {
    this.elementwise("copy", to, (pool, load6) => pool.cast(load6(from), to.dtype));
  }
  /** A scalar in every element of `to`. */
  fill(to, x) {
    this.elementwise("fill", to, (pool) => scalarExpr(pool, x, to.dtype, this));
  }
  /** The elements as a dense copy, converted to `dtype`. */
  copied(from, dtype = from.dtype) {
    const to = this.fresh(dtype, from.shape);
    this.copy(from, to);
    return to;
  }
  copyOutput(index2, value) {
    const root2 = {};
    this.buffers.set(root2, { kind: "output", index: index2 });
    const to = dense(root2, value.dtype, value.shape);
    const { base } = chainOf(value);
    if (isScalar(base)) this.fill(to, base);
    else this.copy(this.placeOf(value), to);
  }
};
var dense = (root2, dtype, shape) => ({
  root: root2,
  dtype,
  offset: 0,
  shape,
  strides: contiguousStrides(shape)
});

// src/kernel/lower.ts
function lowerGraph(graph, inputs, info, last = []) {
  return new Assembly(graph, inputs, info, fuse(graph), last).plan();
}

// src/kernel/operands.ts
var addressOperands = (addr) => addr.index === void 0 ? [addr.base] : [addr.base, addr.index];
function operandsOf(inst) {
  switch (inst.op) {
    case "const":
    case "param":
    case "tile":
    case "lanes":
      return [];
    case "unary":
    case "convert":
    case "bitcast":
    case "splat":
    case "extract":
    case "horizontal":
      return [inst.a];
    case "binary":
    case "compare":
    case "zip":
    case "unzip":
      return [inst.a, inst.b];
    case "fma":
      return [inst.a, inst.b, inst.c];
    case "select":
      return [inst.mask, inst.a, inst.b];
    case "edge":
      return [inst.count];
    case "load":
      return [...addressOperands(inst.addr), ...inst.mask === void 0 ? [] : [inst.mask]];
    case "store":
      return [
        ...addressOperands(inst.addr),
        inst.value,
        ...inst.mask === void 0 ? [] : [inst.mask]
      ];
    case "prefetch":
      return addressOperands(inst.addr);
    case "loop":
      return [inst.from, inst.to, ...inst.carried.map((c2) => c2.init)];
    case "if":
      return [inst.cond];
    case "fault":
      return [inst.cond, inst.position];
  }
}
function isPure(inst) {
  return "dst" in inst && inst.op !== "load";
}

// src/kernel/verify.ts
function verifyKernel(kernel) {
  new Verifier(kernel).block(kernel.body);
}
var scalar2 = (elem) => ({ elem, lanes: 1 });
var show = ({ elem, lanes: lanes2 }) => `${elem}${lanes2 === 1 ? "" : `x${lanes2}`}`;
var isFloat2 = (elem) => elem === "f32" || elem === "f64";
var isInt2 = (elem) => elem === "i32" || elem === "i64";
var is32 = (elem) => elem === "f32" || elem === "i32";
var Verifier = class {
  #kernel;
  /** Every register assigned so far, in whatever scope. */
  #assigned = /* @__PURE__ */ new Set();
  /** Registers that may be read, with the type of their assignment. */
  #scopes = [/* @__PURE__ */ new Map()];
  #constants = /* @__PURE__ */ new Map();
  #inst;
  constructor(kernel) {
    this.#kernel = kernel;
  }
  block(block) {
    for (const inst of block) {
      this.#inst = inst;
      for (const reg of operandsOf(inst)) this.#read(reg);
      if (inst.op === "loop") this.#loop(inst);
      else if (inst.op === "if") this.#if(inst);
      else this.#check(inst);
    }
  }
  // ---- scopes
  #require(condition, problem) {
    if (condition) return;
    const where3 = this.#inst === void 0 ? "" : `, in: ${printInst(this.#inst, this.#kernel)}`;
    throw new Error(`kernel ${this.#kernel.name}: ${problem}${where3}`);
  }
  #read(reg) {
    const type = this.#scopes.map((scope2) => scope2.get(reg.id)).findLast((t) => t !== void 0);
    this.#require(type !== void 0, `%${reg.id} is read where it is not assigned`);
    this.#same(reg.type, type, `%${reg.id}`);
  }
  #assign(reg) {
    const { id, type } = reg;
    this.#require(id >= 0 && id < this.#kernel.registers, `%${id} is not below registers`);
    this.#require(!this.#assigned.has(id), `%${id} is assigned twice`);
    const { lanes: lanes2 } = type;
    this.#require(Number.isInteger(lanes2) && lanes2 >= 1, `%${id} has ${lanes2} lanes`);
    this.#require(type.elem !== "index" || lanes2 === 1, `%${id} is a vector of index`);
    this.#assigned.add(id);
    this.#scopes[this.#scopes.length - 1].set(id, type);
  }
  #same(actual, wanted, what2) {
    const same = actual.elem === wanted.elem && actual.lanes === wanted.lanes;
    this.#require(same, `${what2} is ${show(actual)} where ${show(wanted)} is wanted`);
  }
  /** Runs `body` in a scope of its own, then `after` while what it assigned may be read. */
  #inside(inst, body, after) {
    this.#scopes.push(/* @__PURE__ */ new Map());
    body();
    this.#inst = inst;
    after();
    this.#scopes.pop();
  }
  // ---- control
  #loop(inst) {
    this.#require(Number.isInteger(inst.step) && inst.step > 0, "the step must be positive");
    for (const reg of [inst.from, inst.to, inst.index]) {
      this.#same(reg.type, scalar2("index"), `%${reg.id}`);
    }
    const body = () => {
      this.#assign(inst.index);
      for (const c2 of inst.carried) this.#assign(c2.reg);
      this.block(inst.body);
    };
    this.#inside(inst, body, () => {
      for (const c2 of inst.carried) this.#read(c2.next);
    });
    for (const c2 of inst.carried) {
      for (const reg of [c2.init, c2.next, c2.result]) this.#same(reg.type, c2.reg.type, `%${reg.id}`);
      this.#assign(c2.result);
    }
  }
  #if(inst) {
    this.#same(inst.cond.type, scalar2("mask"), `%${inst.cond.id}`);
    for (const branch of ["then", "else"]) {
      const give3 = () => {
        for (const r of inst.results) this.#read(r[branch]);
      };
      this.#inside(inst, () => this.block(inst[branch]), give3);
    }
    for (const r of inst.results) {
      for (const reg of [r.then, r.else]) this.#same(reg.type, r.dst.type, `%${reg.id}`);
      this.#assign(r.dst);
    }
  }
  // ---- instructions
  #check(inst) {
    switch (inst.op) {
      case "const":
        this.#const(inst);
        break;
      case "param":
        this.#param(inst);
        break;
      case "tile":
        this.#same(inst.dst.type, scalar2("index"), `%${inst.dst.id}`);
        break;
      case "unary":
        this.#unary(inst);
        break;
      case "binary":
        this.#binary(inst);
        break;
      case "fma":
        for (const reg of [inst.a, inst.b, inst.c]) this.#like(reg, inst.dst);
        this.#require(isFloat2(inst.dst.type.elem), "fma is for floats");
        break;
      case "compare":
        this.#compare(inst);
        break;
      case "select":
        this.#same(inst.mask.type, { elem: "mask", lanes: inst.dst.type.lanes }, "the mask");
        for (const reg of [inst.a, inst.b]) this.#like(reg, inst.dst);
        break;
      case "convert":
        this.#sameLanes(inst.a, inst.dst);
        break;
      case "bitcast": {
        this.#sameLanes(inst.a, inst.dst);
        const elems = [inst.a.type.elem, inst.dst.type.elem];
        const allowed = elems.every((e) => isInt2(e) || isFloat2(e));
        const sizes = elems.map(is32);
        this.#require(allowed && sizes[0] === sizes[1], "a bitcast keeps the size of an elem");
        break;
      }
      case "splat":
        this.#same(inst.a.type, scalar2(inst.dst.type.elem), `%${inst.a.id}`);
        break;
      case "lanes":
        this.#require(isInt2(inst.dst.type.elem), "lanes are i32 or i64");
        break;
      case "zip":
      case "unzip":
        for (const reg of [inst.a, inst.b]) this.#like(reg, inst.dst);
        this.#require(
          isInt2(inst.dst.type.elem) || isFloat2(inst.dst.type.elem),
          `${inst.op} is for numbers`
        );
        this.#require(inst.dst.type.lanes % 2 === 0, `${inst.op} is for an even number of lanes`);
        break;
      case "extract":
        this.#same(inst.dst.type, scalar2(inst.a.type.elem), `%${inst.dst.id}`);
        this.#require(inst.lane >= 0 && inst.lane < inst.a.type.lanes, "there is no such lane");
        break;
      case "horizontal": {
        const { elem, lanes: lanes2 } = inst.a.type;
        this.#same(inst.dst.type, scalar2(elem), `%${inst.dst.id}`);
        this.#require(elem !== "mask" && elem !== "index", "horizontal is for numbers");
        this.#require(lanes2 > 1 && Number.isInteger(Math.log2(lanes2)), "lanes must halve to one");
        break;
      }
      case "edge":
        this.#same(inst.count.type, scalar2("index"), "the count");
        this.#require(inst.dst.type.elem === "mask", "an edge is a mask");
        break;
      case "load":
        this.#address(inst.addr);
        this.#memory(inst.mem, inst.dst, inst.mask);
        break;
      case "store":
        this.#address(inst.addr);
        this.#memory(inst.mem, inst.value, inst.mask);
        if (inst.stream) {
          const whole = inst.mask === void 0 && inst.value.type.lanes > 1 && inst.mem !== "u8";
          this.#require(whole, "only whole vectors of numbers are streamed");
        }
        break;
      case "prefetch":
        this.#address(inst.addr);
        break;
      case "fault":
        this.#same(inst.cond.type, scalar2("mask"), "the condition");
        this.#same(inst.position.type, scalar2("i32"), "the position");
        break;
    }
    if (isPure(inst) || inst.op === "load") this.#assign(inst.dst);
  }
  #like(reg, dst) {
    this.#same(reg.type, dst.type, `%${reg.id}`);
  }
  #sameLanes(a, dst) {
    this.#require(a.type.lanes === dst.type.lanes, "the numbers of lanes differ");
    const vectorIndex = a.type.elem === "index" || dst.type.elem === "index";
    this.#require(!vectorIndex || dst.type.lanes === 1, "an index is scalar");
  }
  #const({ dst, value }) {
    const { elem } = dst.type;
    this.#require(typeof value === "bigint" || elem !== "i64", "an i64 constant is a bigint");
    this.#require(typeof value === "number" || elem === "i64", "only i64 constants are bigints");
    const whole = isFloat2(elem) || typeof value === "bigint" || Number.isInteger(value);
    this.#require(whole, `${value} is not a whole number`);
    this.#constants.set(dst.id, value);
  }
  #param({ dst, slot: slot2 }) {
    const param2 = this.#kernel.params[slot2];
    this.#require(param2 !== void 0, `there is no argument slot ${slot2}`);
    this.#same(dst.type, scalar2(param2.elem === "ptr" ? "index" : param2.elem), `%${dst.id}`);
  }
  #unary({ fn, dst, a }) {
    this.#like(a, dst);
    const { elem } = dst.type;
    if (fn === "not") this.#require(isInt2(elem) || elem === "mask", "not is for bits");
    else if (fn === "neg" || fn === "abs") this.#number(elem, fn);
    else this.#require(isFloat2(elem), `${fn} is for floats`);
  }
  #number(elem, what2) {
    this.#require(isInt2(elem) || isFloat2(elem), `${what2} is for numbers`);
  }
  #binary({ fn, dst, a, b }) {
    const { elem } = dst.type;
    this.#like(a, dst);
    if (fn === "shl" || fn === "shr" || fn === "sar") {
      this.#require(isInt2(elem), "shifts are for integers");
      this.#same(b.type, scalar2("i32"), "the shift count");
      const count = this.#constants.get(b.id);
      const width = elem === "i64" ? 64 : 32;
      const fits2 = count === void 0 || count >= 0 && count < width;
      this.#require(fits2, `the shift count must be below ${width}`);
      return;
    }
    this.#like(b, dst);
    this.#require(BINARY[fn].includes(elem), `${fn} is not defined on ${elem}`);
  }
  #compare({ fn, dst, a, b }) {
    this.#like(b, a);
    this.#same(dst.type, { elem: "mask", lanes: a.type.lanes }, `%${dst.id}`);
    this.#require(a.type.elem !== "mask", `${fn} does not compare masks: combine them by xor`);
  }
  #address({ base, index: index2, offset, scale = 1 }) {
    for (const reg of index2 === void 0 ? [base] : [base, index2]) {
      this.#same(reg.type, scalar2("index"), `%${reg.id}`);
    }
    this.#require([1, 2, 4, 8].includes(scale), `there is no scale ${scale}`);
    this.#require(Number.isInteger(offset) && offset === (offset | 0), "the offset must fit i32");
  }
  #memory(mem2, value, mask) {
    const { elem, lanes: lanes2 } = value.type;
    this.#require(mem2 === (elem === "mask" ? "u8" : elem), `memory of ${mem2} holds no ${elem}`);
    if (mask !== void 0) this.#same(mask.type, { elem: "mask", lanes: lanes2 }, "the mask");
  }
};
var FLOATS = ["f32", "f64"];
var INTS = ["i32", "i64"];
var ALL2 = [...FLOATS, ...INTS, "index"];
var BITS3 = [...INTS, "mask"];
var BINARY = {
  add: ALL2,
  sub: ALL2,
  mul: ALL2,
  min: ALL2,
  max: ALL2,
  div: [...FLOATS, ...INTS],
  rem: INTS,
  and: BITS3,
  or: BITS3,
  xor: BITS3,
  mulhu: ["i32"]
};

// src/target/x64/selector.ts
var bytesOf2 = (elem) => elem === "f64" || elem === "i64" || elem === "index" ? 8 : 4;
var isFloat3 = (elem) => elem === "f32" || elem === "f64";
var bitsOf = (type) => type.lanes === 1 ? 128 : type.lanes * bytesOf2(type.elem) * 8;
function classOf2(type, maskClass) {
  if (type.elem === "mask") return type.lanes === 1 ? "gp" : maskClass;
  return type.lanes > 1 || isFloat3(type.elem) ? "vec" : "gp";
}
var Selector = class {
  isa;
  pooled;
  source;
  code;
  regs;
  /** The instruction that defines each register, where it is one. */
  defs;
  uses;
  /** How many loops are around the place where each register is assigned. */
  depths;
  /** Pure or loading instructions that are made at their one use, by the register they assign. */
  folded;
  elements = /* @__PURE__ */ new Map();
  nodes = [];
  /** What the kernel begins with: vectors of constants that loops read. */
  prelude = [];
  tables = /* @__PURE__ */ new Map();
  /** Whether the kernel asks which tiles to run. */
  tiled = false;
  streams = false;
  nextId = 0;
  depth = 0;
  constructor(source, pool, code, isa) {
    this.isa = isa;
    this.source = source;
    this.code = code;
    this.pooled = pool;
    const { registers } = source;
    this.regs = new Array(registers).fill(void 0);
    this.defs = new Array(registers).fill(void 0);
    this.uses = new Int32Array(registers);
    this.depths = new Int32Array(registers).fill(-1);
    this.folded = new Uint8Array(registers);
    this.survey(source.body, new Users(registers));
  }
  kernel() {
    const body = this.block(this.source.body);
    const end = this.streams ? [instOf("sfence", [])] : [];
    return [...this.prelude, ...body, ...end];
  }
  /** A vector past the caches, whatever its elements. */
  stream(to, value) {
    this.streams = true;
    this.emit("vmovntps", [to, value], { foldable: -1 });
  }
  // ---- what is used how
  /** Backwards, so that what nothing needs is seen; and which loads and tests fold into their use. */
  survey(block, users) {
    const { uses } = this;
    const number2 = ++users.blocks;
    const taken2 = /* @__PURE__ */ new Set();
    let nextWrite = block.length;
    for (let i = block.length - 1; i >= 0; i--) {
      const inst = block[i];
      if ("dst" in inst) {
        const { id } = inst.dst;
        this.defs[id] = inst;
        if (uses[id] === 0 && isRemovable(inst)) continue;
        if (uses[id] === 1 && users.block[id] === number2) {
          const stays = inst.op !== "load" || users.at[id] <= nextWrite;
          const user = block[users.at[id]];
          if (stays && this.foldsInto(inst, user) && !taken2.has(user)) {
            this.folded[id] = 1;
            taken2.add(user);
          }
        }
      } else if (inst.op === "loop") {
        for (const c2 of inst.carried) uses[c2.next.id]++;
        this.survey(inst.body, users);
      } else if (inst.op === "if") {
        for (const r of inst.results) {
          uses[r.then.id]++;
          uses[r.else.id]++;
        }
        this.survey(inst.then, users);
        this.survey(inst.else, users);
      }
      if (inst.op === "store" || inst.op === "loop" || inst.op === "if" || inst.op === "fault") {
        nextWrite = i;
      }
      for (const { id } of operandsOf(inst)) {
        uses[id]++;
        users.at[id] = i;
        users.block[id] = number2;
      }
    }
  }
  foldsInto(inst, user) {
    const spreads = inst.op === "load" && inst.splat && inst.dst.type.lanes > 1;
    return (this.isa.broadcasts || !spreads) && foldsInto(inst, user);
  }
  needed(inst) {
    return !("dst" in inst) || this.uses[inst.dst.id] > 0 || !isRemovable(inst);
  }
  // ---- control
  block(insts) {
    const outer = this.nodes;
    this.nodes = [];
    for (const inst of insts) {
      if (!this.needed(inst) || "dst" in inst && this.folded[inst.dst.id] === 1) continue;
      if (inst.op === "loop") this.loop(inst);
      else if (inst.op === "if") this.branch(inst);
      else if (inst.op === "fault") this.fault(inst);
      else this.simple(inst);
    }
    const made2 = this.nodes;
    this.nodes = outer;
    return made2;
  }
  simple(inst) {
    if ("dst" in inst) this.depths[inst.dst.id] = this.depth;
    this.code.value(this, inst);
  }
  loop(inst) {
    const copy2 = (to2, from2) => ({ to: this.reg(to2), from: this.reg(from2) });
    const from = this.constant(inst.from);
    const to = this.constant(inst.to);
    const entry = [copy2(inst.index, inst.from), ...inst.carried.map((c2) => copy2(c2.reg, c2.init))];
    const limit = to !== void 0 && isInt32(to) ? Number(to) : this.reg(inst.to);
    this.depth++;
    for (const reg of [inst.index, ...inst.carried.map((c2) => c2.reg)]) {
      this.depths[reg.id] = this.depth;
    }
    const body = this.block(inst.body);
    this.depth--;
    for (const c2 of inst.carried) this.depths[c2.result.id] = this.depth;
    this.nodes.push({
      kind: "loop",
      index: this.reg(inst.index),
      to: limit,
      step: inst.step,
      certain: from !== void 0 && to !== void 0 && Number(from) < Number(to),
      entry,
      body,
      turn: inst.carried.map((c2) => copy2(c2.reg, c2.next)),
      exit: inst.carried.map((c2) => copy2(c2.result, c2.reg))
    });
  }
  branch(inst) {
    const { test, holds } = this.code.test(this, inst.cond);
    this.depths[inst.cond.id] = this.depth;
    const then = this.block(inst.then);
    const otherwise = this.block(inst.else);
    for (const r of inst.results) this.depths[r.dst.id] = this.depth;
    this.nodes.push({
      kind: "if",
      test,
      unless: NEGATED[holds],
      then,
      thenCopies: inst.results.map((r) => ({ to: this.reg(r.dst), from: this.reg(r.then) })),
      else: otherwise,
      elseCopies: inst.results.map((r) => ({ to: this.reg(r.dst), from: this.reg(r.else) }))
    });
  }
  /** Lowers the fault word to the position; the first one of the first op wins. */
  fault(inst) {
    const { test, holds } = this.code.test(this, inst.cond);
    const outer = this.nodes;
    this.nodes = [];
    const [word, position2] = [this.temp("gp", 8), this.temp("gp", 8)];
    const slot2 = { kind: "mem", base: "args", disp: 8 * ARG_FAULT, bits: 64 };
    this.emit("vcvttsd2si", [this.use(word, 64), slot2]);
    this.emit("mov", [this.use(position2, 32), this.use(this.reg(inst.position), 32)]);
    const at4 = { kind: "mem", base: word, disp: 0, bits: 64 };
    this.emit("lower", [at4, this.use(position2, 64)], { reads: true, foldable: -1 });
    const write = this.nodes;
    this.nodes = outer;
    this.nodes.push({
      kind: "if",
      test,
      unless: NEGATED[holds],
      then: write,
      thenCopies: [],
      else: [],
      elseCopies: []
    });
  }
  // ---- what instructions are made of
  /** The value of a constant register, else undefined. */
  constant(reg) {
    const inst = this.defs[reg.id];
    return inst?.op === "const" ? inst.value : void 0;
  }
  /** The instruction that defines a register. */
  definition(reg) {
    return this.defs[reg.id];
  }
  /** Whether the definition of a register is made at its use: here. */
  isFolded(reg) {
    return this.folded[reg.id] === 1;
  }
  /** Whether nothing needs a register after this one use of it. */
  diesHere(reg) {
    return this.uses[reg.id] === 1 && this.depths[reg.id] === this.depth;
  }
  /** The virtual register of a value. */
  reg(reg) {
    let v = this.regs[reg.id];
    if (v === void 0) {
      const { elem, lanes: lanes2 } = reg.type;
      const cls = classOf2(reg.type, this.isa.maskClass);
      const whole = elem === "mask" && lanes2 > 1;
      const bytes2 = cls !== "vec" ? 8 : whole ? this.isa.vectorBytes : bitsOf(reg.type) / 8;
      v = { id: this.nextId++, class: cls, bytes: bytes2, remake: this.remakeOf(reg) };
      this.regs[reg.id] = v;
    }
    return v;
  }
  remakeOf(reg) {
    const inst = this.defs[reg.id];
    if (inst?.op === "param" && reg.type.elem === "index") {
      return { kind: "slot", slot: ARG_PARAMS + inst.slot };
    }
    if (inst?.op === "tile") {
      this.tiled = true;
      return { kind: "call", which: inst.which };
    }
    const { elem, lanes: lanes2 } = reg.type;
    if (inst?.op === "const" && lanes2 === 1 && !isFloat3(elem)) {
      return { kind: "immediate", value: BigInt(inst.value) };
    }
    const value = this.splatConstant(reg);
    if (value !== void 0 && elem !== "mask" && (lanes2 > 1 || isFloat3(elem))) {
      const elementBytes2 = bytesOf2(elem);
      const spread2 = lanes2 > 1 && !this.isa.broadcasts;
      const label = spread2 ? this.lanesOf(elem, value, this.isa.vectorBytes * 8).base : this.element(elem, value);
      return { kind: "broadcast", label, elementBytes: elementBytes2 };
    }
    return void 0;
  }
  /** A register with these 64 bytes, loaded once, before everything else. */
  hoisted(bytes2) {
    const key = bytes2.join();
    let reg = this.tables.get(key);
    if (reg === void 0) {
      reg = this.temp("vec", 64);
      this.tables.set(key, reg);
      const at4 = { kind: "mem", base: this.pooled(bytes2), disp: 0, bits: 512 };
      this.prelude.push(instOf("vmovups", [this.use(reg, 512), at4]));
    }
    return reg;
  }
  /** The one value of every lane, if it is known. */
  splatConstant(reg) {
    const inst = this.defs[reg.id];
    if (inst?.op === "const") return inst.value;
    return inst?.op === "splat" ? this.constant(inst.a) : void 0;
  }
  temp(cls, bytes2) {
    return { id: this.nextId++, class: cls, bytes: bytes2, remake: void 0 };
  }
  use(reg, bits2, mask, zeroing = false) {
    return { kind: "reg", reg, bits: bits2, mask, zeroing, memoryBits: void 0 };
  }
  /** A value as a register operand of its natural width. */
  operand(reg) {
    const v = this.reg(reg);
    const bits2 = v.class === "vec" ? 8 * v.bytes : v.class === "k" ? 64 : 8 * bytesOf2(reg.type.elem);
    if (v.class !== "vec" || reg.type.lanes > 1) return this.use(v, bits2);
    const memoryBits = bytesOf2(reg.type.elem) === 8 ? 64 : 32;
    return { kind: "reg", reg: v, bits: bits2, mask: void 0, zeroing: false, memoryBits };
  }
  /** A value as the operand that may lie in memory: a load that folds, or a known constant. */
  memoryOperand(reg) {
    const inst = this.defs[reg.id];
    if (inst !== void 0 && inst.op === "load" && this.folded[reg.id] === 1) {
      const { elem, lanes: lanes2 } = reg.type;
      const elementBits = 8 * bytesOf2(elem);
      const bits2 = lanes2 === 1 || inst.splat ? elementBits : bitsOf(reg.type);
      return this.address(inst.addr, bits2, inst.splat && lanes2 > 1);
    }
    return this.operand(reg);
  }
  address(addr, bits2, broadcast = false) {
    return {
      kind: "mem",
      base: this.reg(addr.base),
      index: addr.index === void 0 ? void 0 : this.reg(addr.index),
      scale: addr.scale ?? 1,
      disp: addr.offset,
      bits: bits2,
      broadcast,
      mask: void 0
    };
  }
  /** One element in the pool. */
  element(elem, value) {
    const key = Object.is(value, -0) ? `${elem}-0` : elem + value;
    let label = this.elements.get(key);
    if (label === void 0) {
      label = this.pooled(elementBytes(elem, value));
      this.elements.set(key, label);
    }
    return label;
  }
  /** A pooled element for every lane, as a memory operand. */
  broadcast(elem, value) {
    const bits2 = 8 * bytesOf2(elem);
    return { kind: "mem", base: this.element(elem, value), disp: 0, bits: bits2, broadcast: true };
  }
  /** A pooled vector with one value in every lane. */
  lanesOf(elem, value, bits2) {
    const one = elementBytes(elem, value);
    const all3 = new Uint8Array(bits2 / 8).map((_, i) => one[i % one.length]);
    return { kind: "mem", base: this.pooled(all3), disp: 0, bits: bits2 };
  }
  /** Appends an instruction whose first operand it assigns, if that is a register. */
  emit(name, operands, options = {}) {
    this.nodes.push(instOf(name, operands, options));
  }
  push(node) {
    this.nodes.push(node);
  }
  /** What `make` appends, as a list of its own. */
  apart(make) {
    const outer = this.nodes;
    this.nodes = [];
    make();
    const made2 = this.nodes;
    this.nodes = outer;
    return made2;
  }
  fail(what2) {
    return new Error(`x86-64 cannot compile ${what2} (kernel ${this.source.name})`);
  }
};
function elementBytes(elem, value) {
  const bytes2 = new Uint8Array(bytesOf2(elem));
  const view = new DataView(bytes2.buffer);
  if (elem === "f32") view.setFloat32(0, Number(value), true);
  else if (elem === "f64") view.setFloat64(0, Number(value), true);
  else if (bytes2.length === 8) view.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
  else view.setInt32(0, Number(BigInt.asIntN(32, BigInt(value))), true);
  return bytes2;
}
var READS = /* @__PURE__ */ new Set([
  "cmp",
  "test",
  "vucomiss",
  "vucomisd",
  "prefetcht0",
  "kortestw",
  "vptest",
  "jmp"
]);
function instOf(name, operands, { tied, reads = READS.has(name), foldable } = {}) {
  const first = operands[0];
  const def = !reads && typeof first === "object" && first.kind === "reg" ? first.reg : null;
  return { kind: "inst", name, operands, def, tied, foldable: foldable ?? usualFold(operands) };
}
function usualFold(operands) {
  let last = -1;
  for (let i = 0; i < operands.length; i++) {
    const o = operands[i];
    if (typeof o !== "object") continue;
    if (o.kind === "mem") return -1;
    if (i > 0) last = i;
  }
  return last;
}
var NEGATED = {
  e: "ne",
  ne: "e",
  l: "ge",
  le: "g",
  g: "le",
  ge: "l",
  b: "ae",
  be: "a",
  a: "be",
  ae: "b",
  p: "np",
  np: "p"
};
var isInt32 = (x) => {
  const n = Number(x);
  return Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31;
};
var isRemovable = (inst) => isPure(inst) || inst.op === "load";
var Users = class {
  blocks = 0;
  block;
  at;
  constructor(registers) {
    this.block = new Int32Array(registers);
    this.at = new Int32Array(registers);
  }
};
function foldsInto(inst, user) {
  if (inst.op === "compare") {
    const { elem: elem2, lanes: lanes3 } = inst.a.type;
    return lanes3 === 1 && !isFloat3(elem2) && (user.op === "if" || user.op === "fault");
  }
  if (inst.op !== "load" || inst.mask !== void 0 || inst.mem === "u8") return false;
  const { elem, lanes: lanes2 } = inst.dst.type;
  if (lanes2 === 1 && !isFloat3(elem)) return false;
  if (user.op === "fma") return isFloat3(elem) && user.c !== inst.dst && user.a !== user.b;
  if (user.op !== "binary" || user.a === user.b) return false;
  const { fn } = user;
  if (fn !== "add" && fn !== "sub" && fn !== "mul" && (fn !== "div" || !isFloat3(elem)))
    return false;
  const commutes = user.fn === "add" || user.fn === "mul";
  return user.b === inst.dst || commutes;
}

// src/target/x64/float-avx2.ts
function minMax(s, fn, suffix, { d, a, b }, known) {
  const name = `v${fn}${suffix}`;
  if (known !== void 0 && !Number.isNaN(known) && !(fn === "min" && Object.is(known, -0))) {
    return withConstant(s, name, suffix, { d, a, b }, fn === "max" && Object.is(known, 0));
  }
  const temp = () => s.use(s.temp("vec", d.bits / 8), d.bits);
  const [t, u] = [temp(), temp()];
  const whole = suffix.endsWith("d") ? "pd" : "ps";
  s.emit(name, [t, a, b]);
  s.emit(name, [u, b, a]);
  if (fn === "min") return s.emit(`vor${whole}`, [d, t, u]);
  const [x, y] = [temp(), temp()];
  s.emit(`vxor${whole}`, [x, t, u]);
  s.emit(`vor${whole}`, [y, t, x]);
  s.emit(`vsub${suffix}`, [d, y, x], { foldable: -1 });
}
function withConstant(s, name, suffix, { d, a, b }, zero2) {
  if (!zero2) return s.emit(name, [d, b, a]);
  const larger = s.use(s.temp("vec", d.bits / 8), d.bits);
  s.emit(name, [larger, b, a]);
  s.emit(`vadd${suffix}`, [d, larger, b]);
}
function signBits(s, fn, elem, d, x) {
  const wide2 = elem === "f64";
  const sign4 = wide2 ? -(1n << 63n) : -(2 ** 31);
  const rest = wide2 ? (1n << 63n) - 1n : 2 ** 31 - 1;
  const name = `${fn === "neg" ? "vxor" : "vand"}${wide2 ? "pd" : "ps"}`;
  s.emit(name, [d, x, s.lanesOf(wide2 ? "i64" : "i32", fn === "neg" ? sign4 : rest, d.bits)]);
}
function compareScalars(s, dst, suffix, a, b, how) {
  const [holds, all3] = [s.use(s.temp("vec", 16), 128), s.temp("gp", 8)];
  s.emit(`vcmp${suffix}`, [holds, a, b, how]);
  s.emit("vmovd", [s.use(all3, 32), holds], { foldable: -1 });
  s.emit("and", [s.use(dst, 32), 1], { tied: all3 });
}
function selectScalars(s, { dst, mask, a, b }) {
  const [all3, m] = [s.temp("gp", 8), s.use(s.temp("vec", 16), 128)];
  s.emit("neg", [s.use(all3, 64)], { tied: s.reg(mask) });
  s.emit("vmovq", [m, s.use(all3, 64)], { foldable: -1 });
  const name = dst.type.elem === "f64" ? "vblendvpd" : "vblendvps";
  s.emit(name, [s.operand(dst), s.operand(b), s.operand(a), m], { foldable: -1 });
}
function saturate2(s, dst, a) {
  const [from, to] = [a.type.elem, dst.type.elem];
  const temp = () => s.use(s.temp("vec", 16), 128);
  let x = s.operand(a);
  if (from === "f32") {
    x = temp();
    s.emit("vcvtss2sd", [x, s.operand(a), s.operand(a)], { foldable: -1 });
  }
  if (to === "i32") {
    const limit = (v) => ({ ...s.broadcast("f64", v), broadcast: false });
    const [ordered, y, above, z] = [temp(), temp(), temp(), temp()];
    s.emit("vcmpsd", [ordered, x, x, ORDERED], { foldable: -1 });
    s.emit("vandpd", [y, x, ordered], { foldable: -1 });
    s.emit("vmaxsd", [above, y, limit(-(2 ** 31))]);
    s.emit("vminsd", [z, above, limit(2 ** 31 - 1)]);
    return s.emit("vcvttsd2si", [s.operand(dst), z], { foldable: -1 });
  }
  const [integer2, raw, fixed] = [s.use(s.temp("gp", 8), 64), temp(), temp()];
  s.emit("vcvttsd2si", [integer2, x], { foldable: -1 });
  s.emit("vmovq", [raw, integer2], { foldable: -1 });
  repair(s, "f64", fixed, x, raw);
  s.emit("vmovq", [s.use(s.reg(dst), 64), fixed], { foldable: -1 });
}
function repair(s, elem, d, x, raw) {
  const wide2 = elem === "f64";
  const suffix = wide2 ? "pd" : "ps";
  const temp = () => s.use(s.temp("vec", d.bits / 8), d.bits);
  const [above, capped, ordered] = [temp(), temp(), temp()];
  const limit = s.lanesOf(elem, wide2 ? 2 ** 63 : 2 ** 31, d.bits);
  s.emit(`vcmp${suffix}`, [above, x, limit, compareFloats("ge")]);
  s.emit("vpxor", [capped, raw, above]);
  s.emit(`vcmp${suffix}`, [ordered, x, x, ORDERED], { foldable: -1 });
  s.emit("vpand", [d, capped, ordered]);
}
var selectLanes = (s, { dst, mask, a, b }) => {
  const name = bytesOf2(dst.type.elem) === 8 ? "vblendvpd" : "vblendvps";
  const blend = dst.type.elem === "mask" ? "vpblendvb" : name;
  const operands = [s.operand(dst), s.operand(b), s.operand(a), s.operand(mask)];
  s.emit(blend, operands, { foldable: 2 });
};

// src/target/x64/lanes.ts
var ps = (elem) => bytesOf2(elem) === 8 ? "pd" : "ps";
var dq = (elem) => bytesOf2(elem) === 8 ? "q" : "d";
function countingBytes(elem, n) {
  const numbers = Array.from({ length: n }, (_, i) => i);
  const array = elem === "i32" ? Int32Array.from(numbers) : BigInt64Array.from(numbers, BigInt);
  return new Uint8Array(array.buffer);
}

// src/target/x64/memory-avx2.ts
function load(s, inst) {
  const { dst, mem: mem2, addr, mask, splat: splat4 } = inst;
  const { elem, lanes: n } = dst.type;
  if (mem2 === "u8") return loadTruth(s, inst);
  const d = s.operand(dst);
  if (splat4) {
    const spread2 = isFloat3(elem) ? `vbroadcast${bytesOf2(elem) === 8 ? "sd" : "ss"}` : `vpbroadcast${dq(elem)}`;
    if (mask === void 0) return s.emit(spread2, [d, s.address(addr, 8 * bytesOf2(elem))]);
    const all3 = s.use(s.temp("vec", 32), 256);
    s.emit(spread2, [all3, oneOrZero(s, addr, s.operand(mask), 8 * bytesOf2(elem))]);
    return s.emit("vandps", [d, all3, s.operand(mask)]);
  }
  if (n * bytesOf2(elem) !== 32) throw s.fail(`a vector of ${n} ${elem} lanes`);
  const from = s.address(addr, bitsOf(dst.type));
  if (mask === void 0) return s.emit(isFloat3(elem) ? `vmovu${ps(elem)}` : "vmovdqu", [d, from]);
  const name = isFloat3(elem) ? `vmaskmov${ps(elem)}` : `vpmaskmov${dq(elem)}`;
  s.emit(name, [d, s.operand(mask), from]);
}
function oneOrZero(s, addr, mask, bits2) {
  const [there, nowhere, either] = [s.temp("gp", 8), s.temp("gp", 8), s.temp("gp", 8)];
  s.emit("lea", [s.use(there, 64), s.address(addr, 64)]);
  s.emit("lea", [s.use(nowhere, 64), { ...s.broadcast("i64", 0n), broadcast: false }]);
  s.emit("vptest", [mask, mask], { foldable: -1 });
  s.emit("cmove", [s.use(either, 64), s.use(nowhere, 64)], { tied: there });
  return { kind: "mem", base: either, disp: 0, bits: bits2 };
}
function store(s, inst) {
  const { mem: mem2, addr, value, mask } = inst;
  const { elem } = value.type;
  if (mem2 === "u8") return storeTruth(s, inst);
  const to = s.address(addr, bitsOf(value.type));
  const v = s.operand(value);
  if (inst.stream) return s.stream(to, v);
  if (mask === void 0) return s.emit(isFloat3(elem) ? `vmovu${ps(elem)}` : "vmovdqu", [to, v]);
  const name = isFloat3(elem) ? `vmaskmov${ps(elem)}` : `vpmaskmov${dq(elem)}`;
  s.emit(name, [to, s.operand(mask), v], { foldable: -1 });
}
function bitsOfMask(s, mask, lanes2) {
  const bits2 = s.temp("gp", 8);
  s.emit(lanes2 > 4 ? "vmovmskps" : "vmovmskpd", [s.use(bits2, 32), mask], { foldable: -1 });
  return bits2;
}
function loadTruth(s, { dst, addr, mask, splat: splat4 }) {
  const { lanes: n } = dst.type;
  if (splat4) {
    if (mask !== void 0) throw s.fail("a masked load of one truth value");
    const [byte, wide3] = [s.temp("gp", 8), s.temp("gp", 8)];
    s.emit("cmp", [s.address(addr, 8), 0]);
    s.emit("setne", [s.use(byte, 8)]);
    s.emit("movzx", [s.use(wide3, 32), s.use(byte, 8)], { foldable: -1 });
    return spreadTruth(s, s.operand(dst), wide3);
  }
  const [wide2, zero2] = [s.use(s.temp("vec", 32), 256), s.use(s.temp("vec", 32), 256)];
  const extend = n > 4 ? "vpmovzxbd" : "vpmovzxbq";
  if (mask === void 0) s.emit(extend, [wide2, s.address(addr, 8 * n)]);
  else {
    const bytes2 = s.use(s.temp("vec", 16), 128);
    const guarded = s.use(maskedBytes(s, addr, s.operand(mask), n), 64);
    s.emit("vmovq", [bytes2, guarded], { foldable: -1 });
    s.emit(extend, [wide2, bytes2], { foldable: -1 });
  }
  s.emit("vpxor", [zero2, zero2, zero2], { foldable: -1 });
  s.emit(n > 4 ? "vpcmpgtd" : "vpcmpgtq", [s.operand(dst), wide2, zero2]);
}
function spreadTruth(s, d, truth2) {
  const [all3, low] = [s.temp("gp", 8), s.use(s.temp("vec", 16), 128)];
  s.emit("neg", [s.use(all3, 32)], { tied: truth2 });
  s.emit("vmovd", [low, s.use(all3, 32)], { foldable: -1 });
  s.emit("vpbroadcastd", [d, low], { foldable: -1 });
}
var allOf2 = (s, bits2, n) => instOf("cmp", [s.use(bits2, 32), 2 ** n - 1], { foldable: -1 });
function maskedBytes(s, addr, mask, n) {
  const [together, one, bytes2] = [s.temp("gp", 8), s.temp("gp", 8), s.temp("gp", 8)];
  const bits2 = bitsOfMask(s, mask, n);
  const size = n > 4 ? 64 : 32;
  const then = s.apart(() => s.emit("mov", [s.use(together, size), s.address(addr, size)]));
  const otherwise = s.apart(() => {
    const nowhere = s.temp("gp", 8);
    s.emit("lea", [s.use(nowhere, 64), { ...s.broadcast("i64", 0n), broadcast: false }]);
    let sum3 = null;
    for (let lane = n - 1; lane >= 0; lane--) {
      const [there, either, byte] = [s.temp("gp", 8), s.temp("gp", 8), s.temp("gp", 8)];
      s.emit("lea", [s.use(there, 64), at3(s, addr, lane, 64)]);
      s.emit("test", [s.use(bits2, 32), 1 << lane], { foldable: -1 });
      s.emit("cmove", [s.use(either, 64), s.use(nowhere, 64)], { tied: there });
      const from = { kind: "mem", base: either, disp: 0, bits: 8 };
      s.emit("movzx", [s.use(byte, 32), from]);
      if (sum3 === null) {
        sum3 = byte;
        continue;
      }
      const [moved, next] = [s.temp("gp", 8), lane === 0 ? one : s.temp("gp", 8)];
      s.emit("shl", [s.use(moved, 64), 8], { tied: sum3 });
      s.emit("or", [s.use(next, 64), s.use(byte, 64)], { tied: moved });
      sum3 = next;
    }
  });
  s.push({
    kind: "if",
    test: allOf2(s, bits2, n),
    unless: "ne",
    then,
    thenCopies: [{ to: bytes2, from: together }],
    else: otherwise,
    elseCopies: [{ to: bytes2, from: one }]
  });
  return bytes2;
}
var at3 = (s, addr, more, bits2) => s.address({ ...addr, offset: addr.offset + more }, bits2);
function storeTruth(s, { addr, value, mask }) {
  const { lanes: n } = value.type;
  const size = n > 4 ? 64 : 32;
  const packed = packTruth(s, s.operand(value), n);
  const move3 = n > 4 ? "vmovq" : "vmovd";
  if (mask === void 0) return s.emit(move3, [s.address(addr, size), packed], { foldable: -1 });
  const bytes2 = s.temp("gp", 8);
  s.emit(move3, [s.use(bytes2, size), packed], { foldable: -1 });
  const bits2 = bitsOfMask(s, s.operand(mask), n);
  const ifNode = { kind: "if", thenCopies: [], elseCopies: [] };
  const each2 = s.apart(() => {
    for (let lane = 0; lane < n; lane++) {
      const test = instOf("test", [s.use(bits2, 32), 1 << lane], { foldable: -1 });
      const then = s.apart(() => {
        const byte = s.temp("gp", 8);
        s.emit("shr", [s.use(byte, 64), 8 * lane], { tied: bytes2 });
        s.emit("mov", [at3(s, addr, lane, 8), s.use(byte, 8)], { reads: true });
      });
      s.push({ ...ifNode, test, unless: "e", then, else: [] });
    }
  });
  const all3 = s.apart(
    () => s.emit("mov", [s.address(addr, size), s.use(bytes2, size)], { reads: true })
  );
  s.push({ ...ifNode, test: allOf2(s, bits2, n), unless: "ne", then: all3, else: each2 });
}
function packTruth(s, v, n) {
  const temp = () => s.use(s.temp("vec", 16), 128);
  const [upper2, words2, bytes2, ones3] = [temp(), temp(), temp(), temp()];
  let low = s.use(v.reg, 128);
  let high = upper2;
  s.emit("vextracti128", [upper2, v, 1], { foldable: -1 });
  if (n === 4) {
    const halves = temp();
    s.emit("vshufps", [halves, low, upper2, 136], { foldable: -1 });
    low = halves;
    high = halves;
  }
  s.emit("vpackssdw", [words2, low, high], { foldable: -1 });
  s.emit("vpacksswb", [bytes2, words2, words2], { foldable: -1 });
  s.emit("vpand", [ones3, bytes2, s.lanesOf("i32", 16843009, 128)]);
  return ones3;
}

// src/target/x64/scalar-code.ts
var ss = (elem) => elem === "f64" ? "sd" : "ss";
var CONDITIONS2 = {
  eq: "e",
  ne: "ne",
  lt: "l",
  le: "le",
  gt: "g",
  ge: "ge"
};
var ROUNDINGS = { nearest: 8, floor: 9, ceil: 10, trunc: 11 };
function selectScalar(s, inst) {
  switch (inst.op) {
    case "const":
      return constant(s, inst);
    case "param":
      return param(s, inst);
    case "tile": {
      const at4 = { kind: "mem", base: inst.which, disp: 0, bits: 64 };
      return s.emit("mov", [s.operand(inst.dst), at4]);
    }
    case "unary":
      return isFloat3(inst.dst.type.elem) ? floatUnary2(s, inst) : intUnary(s, inst);
    case "binary":
      return isFloat3(inst.dst.type.elem) ? floatBinary(s, inst) : intBinary(s, inst);
    case "fma":
      return isFloat3(inst.dst.type.elem) ? fma(s, inst, ss(inst.dst.type.elem)) : intFma(s, inst);
    case "compare":
      return compare(s, inst);
    case "select":
      return choose(s, inst);
    case "convert":
      return convert(s, inst);
    case "bitcast":
      return bitcast(s, inst);
    case "splat":
      return move(s, inst.dst, inst.a);
    case "load":
      return load2(s, inst);
    case "store":
      return store2(s, inst);
    case "prefetch":
      return s.emit("prefetcht0", [s.address(inst.addr, 8)]);
    default:
      throw s.fail(`a scalar ${inst.op}`);
  }
}
function scalarTest(s, cond) {
  const inst = s.definition(cond);
  if (inst?.op === "compare" && s.isFolded(cond)) {
    return { test: compareInts(s, inst), holds: CONDITIONS2[inst.fn] };
  }
  const r = s.use(s.reg(cond), 32);
  return { test: instOf("test", [r, r], { foldable: -1 }), holds: "ne" };
}
function compareInts(s, inst) {
  const b = s.constant(inst.b);
  return instOf("cmp", [
    s.operand(inst.a),
    b !== void 0 && isInt32(b) ? Number(b) : s.operand(inst.b)
  ]);
}
function move(s, dst, a) {
  const v = s.reg(dst);
  if (v.class === "gp") s.emit("mov", [s.use(v, 64), s.use(s.reg(a), 64)]);
  else if (v.class === "k") s.emit("kmovq", [s.operand(dst), s.operand(a)]);
  else s.emit("vmovaps", [s.operand(dst), s.operand(a)], { foldable: -1 });
}
function constant(s, { dst, value }) {
  const { elem } = dst.type;
  if (!isFloat3(elem)) return loadImmediate(s, s.reg(dst), bytesOf2(elem), value);
  const x = s.operand(dst);
  const memory = s.broadcast(elem, value);
  s.emit(`vmov${ss(elem)}`, [x, { ...memory, broadcast: false }]);
}
function loadImmediate(s, v, bytes2, value) {
  const n = BigInt(value);
  const short = bytes2 === 4 || n >= 0n && n < 1n << 32n;
  const small = short && bytes2 === 4 ? Number(BigInt.asIntN(32, n)) : n;
  s.emit("mov", [s.use(v, short ? 32 : 64), isInt32(small) ? Number(small) : small]);
}
function param(s, { dst, slot: slot2 }) {
  const { elem } = dst.type;
  const disp = 8 * (ARG_PARAMS + slot2);
  const at4 = (bits2) => ({ kind: "mem", base: "args", disp, bits: bits2 });
  if (isFloat3(elem)) s.emit(`vmov${ss(elem)}`, [s.operand(dst), at4(elem === "f64" ? 64 : 32)]);
  else if (elem === "index") s.emit("vcvttsd2si", [s.operand(dst), at4(64)]);
  else if (bytesOf2(elem) === 8) s.emit("mov", [s.operand(dst), at4(64)]);
  else s.emit("mov", [s.operand(dst), at4(32)]);
}
function intUnary(s, { fn, dst, a }) {
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (fn === "not" && dst.type.elem === "mask") return s.emit("xor", [d, 1], { tied: x.reg });
  if (fn === "not" || fn === "neg") return s.emit(fn, [d], { tied: x.reg });
  if (fn !== "abs") throw s.fail(`${fn} of ${dst.type.elem}`);
  const negated = s.use(s.temp("gp", 8), d.bits);
  s.emit("neg", [negated], { tied: x.reg });
  s.emit("cmovs", [d, x], { tied: negated.reg });
}
var TIED = {
  sub: "sub",
  and: "and",
  or: "or",
  xor: "xor"
};
function intBinary(s, { fn, dst, a, b }) {
  const d = s.operand(dst);
  const x = s.operand(a);
  const value = s.constant(b);
  const small = value !== void 0 && isInt32(value) ? Number(value) : void 0;
  const tied = TIED[fn];
  if (fn === "add") {
    return s.emit("lea", [
      d,
      small === void 0 ? { kind: "mem", base: x.reg, index: s.reg(b), scale: 1, disp: 0, bits: 64 } : { kind: "mem", base: x.reg, disp: small, bits: 64 }
    ]);
  }
  if (fn === "sub" && small !== void 0 && small !== -(2 ** 31)) {
    return s.emit("lea", [d, { kind: "mem", base: x.reg, disp: -small, bits: 64 }]);
  }
  if (tied !== void 0) return s.emit(tied, [d, small ?? s.operand(b)], { tied: x.reg });
  switch (fn) {
    case "mul":
      if (small !== void 0) return s.emit("imul", [d, x, small], { foldable: 1 });
      return s.emit("imul", [d, s.operand(b)], { tied: x.reg });
    case "min":
    case "max":
      s.emit("cmp", [x, s.operand(b)]);
      return s.emit(fn === "min" ? "cmovg" : "cmovl", [d, s.operand(b)], { tied: x.reg });
    case "shl":
    case "shr":
    case "sar":
      if (small !== void 0) return s.emit(fn, [d, small], { tied: x.reg });
      return s.emit(`${fn}x`, [d, x, s.use(s.reg(b), d.bits)], { foldable: 1 });
    case "mulhu":
      return highProduct(s, dst, a, b);
    default:
      return divide(s, fn === "div", dst, a, b);
  }
}
function highProduct(s, dst, a, b) {
  const [x, y, p] = [s.temp("gp", 8), s.temp("gp", 8), s.temp("gp", 8)];
  s.emit("mov", [s.use(x, 32), s.operand(a)]);
  s.emit("mov", [s.use(y, 32), s.operand(b)]);
  s.emit("imul", [s.use(p, 64), s.use(y, 64)], { tied: x });
  s.emit("shr", [s.use(s.reg(dst), 64), 32], { tied: p });
}
function divide(s, quotient, dst, a, b) {
  const d = s.operand(dst);
  const divisor2 = s.use(s.temp("gp", 8), d.bits);
  s.emit("mov", [divisor2, s.operand(b)]);
  s.emit(quotient ? "divide" : "remainder", [d, s.operand(a), divisor2], { foldable: -1 });
}
function intFma(s, { dst, a, b, c: c2 }) {
  const product3 = s.use(s.temp("gp", 8), s.operand(dst).bits);
  s.emit("imul", [product3, s.operand(b)], { tied: s.reg(a) });
  s.emit("add", [s.operand(dst), s.operand(c2)], { tied: product3.reg });
}
function floatUnary2(s, { fn, dst, a }) {
  const { elem } = dst.type;
  const [d, x] = [s.operand(dst), s.operand(a)];
  const rounding3 = ROUNDINGS[fn];
  if (fn === "sqrt") return s.emit(`vsqrt${ss(elem)}`, [d, x, x], { foldable: -1 });
  if (rounding3 !== void 0) {
    return s.emit(`${s.isa.rounding}${ss(elem)}`, [d, x, x, rounding3], { foldable: -1 });
  }
  if (fn === "neg" || fn === "abs") return s.isa.signBits(s, fn, elem, d, x);
  throw s.fail(`${fn} of ${elem}`);
}
function floatBinary(s, inst) {
  const { fn, dst, a, b } = inst;
  const { elem } = dst.type;
  if (fn === "min" || fn === "max") return floatMinMax(s, inst, ss(elem));
  if (fn !== "add" && fn !== "sub" && fn !== "mul" && fn !== "div") {
    throw s.fail(`${fn} of ${elem}`);
  }
  const [x, y] = s.isFolded(a) ? [b, a] : [a, b];
  s.emit(`v${fn}${ss(elem)}`, [s.operand(dst), s.operand(x), s.memoryOperand(y)]);
}
function floatMinMax(s, inst, suffix) {
  const { fn, dst } = inst;
  const swap = s.splatConstant(inst.b) === void 0 && s.splatConstant(inst.a) !== void 0;
  const [a, b] = swap ? [inst.b, inst.a] : [inst.a, inst.b];
  const known = s.splatConstant(b);
  const operands = { d: s.operand(dst), a: s.operand(a), b: s.operand(b) };
  s.isa.minMax(s, fn, suffix, operands, known);
}
function fma(s, { dst, a, b, c: c2 }, suffix) {
  const [x, y] = s.isFolded(a) ? [b, a] : [a, b];
  const d = s.operand(dst);
  const tieFactor = !s.diesHere(c2) && !s.isFolded(y);
  if (tieFactor && s.diesHere(x)) {
    return s.emit(`vfmadd213${suffix}`, [d, s.operand(y), s.operand(c2)], { tied: s.reg(x) });
  }
  if (tieFactor && s.diesHere(y)) {
    return s.emit(`vfmadd213${suffix}`, [d, s.operand(x), s.operand(c2)], { tied: s.reg(y) });
  }
  s.emit(`vfmadd231${suffix}`, [d, s.operand(x), s.memoryOperand(y)], { tied: s.reg(c2) });
}
function compare(s, inst) {
  const { elem } = inst.a.type;
  const d = s.reg(inst.dst);
  if (isFloat3(elem)) {
    const [a, b] = [s.operand(inst.a), s.operand(inst.b)];
    return s.isa.compareFloats(s, d, ss(elem), a, b, compareFloats(inst.fn));
  }
  s.push(compareInts(s, inst));
  setFlag(s, d, CONDITIONS2[inst.fn]);
}
function setFlag(s, d, condition) {
  const byte = s.use(s.temp("gp", 8), 8);
  s.emit(`set${condition}`, [byte]);
  s.emit("movzx", [s.use(d, 32), byte], { foldable: -1 });
}
function choose(s, inst) {
  const { dst, mask, a, b } = inst;
  if (isFloat3(dst.type.elem)) return s.isa.selectFloat(s, inst);
  const m = s.use(s.reg(mask), 32);
  s.emit("test", [m, m], { foldable: -1 });
  s.emit("cmovne", [s.operand(dst), s.operand(a)], { tied: s.reg(b) });
}
function convert(s, { dst, a }) {
  const [from, to] = [a.type.elem, dst.type.elem];
  if (to === "mask") return toMask(s, dst, a);
  if (isFloat3(from) && isFloat3(to)) {
    const name = to === "f64" ? "vcvtss2sd" : "vcvtsd2ss";
    return s.emit(name, [s.operand(dst), s.operand(a), s.operand(a)], { foldable: -1 });
  }
  if (isFloat3(from)) return s.isa.saturate(s, dst, a);
  if (isFloat3(to)) {
    const d = s.operand(dst);
    s.emit("vxorps", [d, d, d], { foldable: -1 });
    return s.emit(`vcvtsi2${ss(to)}`, [d, d, s.operand(a)], { tied: d.reg, foldable: -1 });
  }
  const widens = bytesOf2(to) === 8 && from === "i32";
  if (widens) return s.emit("movsxd", [s.operand(dst), s.operand(a)], { foldable: -1 });
  const bits2 = bytesOf2(from) === 8 && bytesOf2(to) === 8 ? 64 : 32;
  s.emit("mov", [s.use(s.reg(dst), bits2), s.use(s.reg(a), bits2)], { foldable: -1 });
}
function toMask(s, dst, a) {
  const { elem } = a.type;
  if (isFloat3(elem)) {
    const zero2 = { ...s.broadcast(elem, 0), broadcast: false };
    return s.isa.compareFloats(s, s.reg(dst), ss(elem), s.operand(a), zero2, compareFloats("ne"));
  }
  const x = s.operand(a);
  s.emit("test", [x, x], { foldable: -1 });
  setFlag(s, s.reg(dst), "ne");
}
function bitcast(s, { dst, a }) {
  const name = bytesOf2(dst.type.elem) === 8 ? "vmovq" : "vmovd";
  s.emit(name, [s.operand(dst), s.operand(a)], { foldable: -1 });
}
function load2(s, { dst, mem: mem2, addr }) {
  const { elem } = dst.type;
  if (mem2 === "u8") {
    s.emit("cmp", [s.address(addr, 8), 0]);
    return setFlag(s, s.reg(dst), "ne");
  }
  const bits2 = 8 * bytesOf2(elem);
  s.emit(isFloat3(elem) ? `vmov${ss(elem)}` : "mov", [s.operand(dst), s.address(addr, bits2)]);
}
function store2(s, { mem: mem2, addr, value }) {
  const { elem } = value.type;
  if (mem2 === "u8") {
    return s.emit("mov", [s.address(addr, 8), s.use(s.reg(value), 8)], { reads: true });
  }
  const at4 = s.address(addr, 8 * bytesOf2(elem));
  if (isFloat3(elem)) return s.emit(`vmov${ss(elem)}`, [at4, s.operand(value)]);
  const known = s.constant(value);
  const small = known !== void 0 && isInt32(known) ? Number(known) : void 0;
  s.emit("mov", [at4, small ?? s.operand(value)]);
}

// src/target/x64/avx2.ts
var BITS4 = 256;
var vectorOf = (s, bits2) => s.use(s.temp("vec", bits2 / 8), bits2);
function zeroOf(s, bits2) {
  const zero2 = vectorOf(s, bits2);
  s.emit("vpxor", [zero2, zero2, zero2], { foldable: -1 });
  return zero2;
}
var invert = (s, d, x) => s.emit("vpxor", [d, x, s.lanesOf("i32", -1, d.bits)]);
function zip(s, { dst, a, b, half }) {
  const kind = ps(dst.type.elem);
  const [low, high] = [vectorOf(s, BITS4), vectorOf(s, BITS4)];
  s.emit(`vunpckl${kind}`, [low, s.operand(a), s.operand(b)], { foldable: -1 });
  s.emit(`vunpckh${kind}`, [high, s.operand(a), s.operand(b)], { foldable: -1 });
  const halves = half === "low" ? 32 : 49;
  s.emit("vperm2f128", [s.operand(dst), low, high, halves], { foldable: -1 });
}
function unzip(s, { dst, a, b, part: part2 }) {
  const wide2 = bytesOf2(dst.type.elem) === 8;
  const mixed2 = vectorOf(s, BITS4);
  if (wide2) {
    const name = part2 === "even" ? "vunpcklpd" : "vunpckhpd";
    s.emit(name, [mixed2, s.operand(a), s.operand(b)], { foldable: -1 });
  } else {
    const lanes2 = part2 === "even" ? 136 : 221;
    s.emit("vshufps", [mixed2, s.operand(a), s.operand(b), lanes2], { foldable: -1 });
  }
  s.emit("vpermpd", [s.operand(dst), mixed2, 216], { foldable: -1 });
}
function intUnary2(s, fn, elem, d, x) {
  if (fn === "not") return invert(s, d, x);
  if (fn === "neg") return s.emit(`vpsub${dq(elem)}`, [d, zeroOf(s, d.bits), x]);
  if (fn !== "abs") throw s.fail(`${fn} of ${elem}`);
  if (elem !== "i64") return s.emit("vpabsd", [d, x]);
  const [sign4, flipped] = [vectorOf(s, d.bits), vectorOf(s, d.bits)];
  s.emit("vpcmpgtq", [sign4, zeroOf(s, d.bits), x]);
  s.emit("vpxor", [flipped, x, sign4]);
  s.emit("vpsubq", [d, flipped, sign4]);
}
function intBinary2(s, fn, elem, operands) {
  const { d, a, b } = operands;
  switch (fn) {
    case "mul":
      return elem === "i64" ? multiply64(s, operands) : s.emit("vpmulld", [d, a, b]);
    case "min":
    case "max":
      return elem === "i64" ? minMax64(s, fn, operands) : s.emit(`vp${fn}sd`, [d, a, b]);
    case "mulhu":
      return highProduct2(s, operands);
    case "add":
    case "sub":
      return s.emit(`vp${fn}${dq(elem)}`, [d, a, b]);
    case "and":
    case "or":
    case "xor":
      return s.emit(`vp${fn}`, [d, a, b]);
    default:
      throw s.fail(`${fn} of ${elem}`);
  }
}
function multiply64(s, { d, a, b }) {
  const temp = () => vectorOf(s, d.bits);
  let y = b;
  if (y.kind === "mem") {
    y = temp();
    s.emit("vmovdqu", [y, b]);
  }
  const [highA, highB, left, right] = [temp(), temp(), temp(), temp()];
  const [crossed, moved, low] = [temp(), temp(), temp()];
  s.emit("vpsrlq", [highA, a, 32], { foldable: -1 });
  s.emit("vpsrlq", [highB, y, 32], { foldable: -1 });
  s.emit("vpmuludq", [left, highA, y]);
  s.emit("vpmuludq", [right, highB, a]);
  s.emit("vpaddq", [crossed, left, right]);
  s.emit("vpsllq", [moved, crossed, 32], { foldable: -1 });
  s.emit("vpmuludq", [low, a, y]);
  s.emit("vpaddq", [d, low, moved]);
}
function minMax64(s, fn, { d, a, b }) {
  const larger = vectorOf(s, d.bits);
  s.emit("vpcmpgtq", [larger, a, b]);
  const [no, yes] = fn === "max" ? [b, a] : [a, b];
  s.emit("vblendvpd", [d, no, yes, larger], { foldable: 2 });
}
function highProduct2(s, { d, a, b }) {
  const temp = () => vectorOf(s, d.bits);
  const [even, odd, oddA, oddB, low] = [temp(), temp(), temp(), temp(), temp()];
  s.emit("vpmuludq", [even, a, b]);
  s.emit("vpsrlq", [oddA, a, 32], { foldable: -1 });
  s.emit("vpsrlq", [oddB, b, 32], { foldable: -1 });
  s.emit("vpmuludq", [odd, oddA, oddB]);
  s.emit("vpsrlq", [low, even, 32], { foldable: -1 });
  s.emit("vpblendd", [d, low, odd, 170]);
}
var SHIFTS = { shl: "vpsll", shr: "vpsrl", sar: "vpsra" };
function shift(s, { fn, dst, a, b }) {
  const { elem } = dst.type;
  const [d, x] = [s.operand(dst), s.operand(a)];
  const known = s.constant(b);
  let count = Number(known);
  if (known === void 0) {
    count = s.use(s.temp("vec", 16), 128);
    s.emit("vmovd", [count, s.use(s.reg(b), 32)], { foldable: -1 });
  }
  const shifted = (name, to, from) => s.emit(`${name}${dq(elem)}`, [to, from, count], { foldable: -1 });
  if (fn !== "sar" || elem !== "i64") {
    return shifted(SHIFTS[fn], d, x);
  }
  const [sign4, positive, result] = [vectorOf(s, BITS4), vectorOf(s, BITS4), vectorOf(s, BITS4)];
  s.emit("vpcmpgtq", [sign4, zeroOf(s, BITS4), x]);
  s.emit("vpxor", [positive, x, sign4]);
  shifted("vpsrl", result, positive);
  s.emit("vpxor", [d, result, sign4]);
}
function divide32(s, { fn, dst, a, b }) {
  const [x, y, d] = [s.operand(a), s.operand(b), s.operand(dst)];
  const quotients = [0, 1].map((part2) => {
    const [xw, yw, qw, q] = [...[1, 2, 3].map(() => vectorOf(s, BITS4)), vectorOf(s, 128)];
    for (const [from, to] of [
      [x, xw],
      [y, yw]
    ]) {
      const half = vectorOf(s, 128);
      s.emit("vextracti128", [half, from, part2], { foldable: -1 });
      s.emit("vcvtdq2pd", [to, half], { foldable: -1 });
    }
    s.emit("vdivpd", [qw, xw, yw]);
    s.emit("vcvttpd2dq", [q, qw], { foldable: -1 });
    return q;
  });
  const [joined2, byZero] = [vectorOf(s, BITS4), vectorOf(s, BITS4)];
  s.emit("vinserti128", [joined2, s.use(quotients[0].reg, BITS4), quotients[1], 1], { foldable: -1 });
  s.emit("vpcmpeqd", [byZero, y, zeroOf(s, BITS4)]);
  if (fn === "div") return s.emit("vpandn", [d, byZero, joined2]);
  const [product3, rest] = [vectorOf(s, BITS4), vectorOf(s, BITS4)];
  s.emit("vpmulld", [product3, joined2, y]);
  s.emit("vpsubd", [rest, x, product3]);
  s.emit("vpandn", [d, byZero, rest]);
}
function maskNot(s, _, d, x) {
  invert(s, d, x);
}
var maskBinary = (s, fn, _, { d, a, b }) => s.emit(`vp${fn}`, [d, a, b]);
function compare2(s, { fn, dst, a, b }) {
  const { elem } = a.type;
  const [d, x, y] = [s.operand(dst), s.operand(a), s.operand(b)];
  if (isFloat3(elem)) return s.emit(`vcmp${ps(elem)}`, [d, x, y, compareFloats(fn)]);
  const [left, right] = fn === "lt" || fn === "ge" ? [y, x] : [x, y];
  const name = `vpcmp${fn === "eq" || fn === "ne" ? "eq" : "gt"}${dq(elem)}`;
  if (fn === "eq" || fn === "gt" || fn === "lt") return s.emit(name, [d, left, right]);
  const contrary = vectorOf(s, BITS4);
  s.emit(name, [contrary, left, right]);
  invert(s, d, contrary);
}
function edge(s, { dst, count }) {
  const { lanes: n } = dst.type;
  const [most, clamped] = [s.temp("gp", 8), s.temp("gp", 8)];
  loadImmediate(s, most, 8, n);
  s.emit("cmp", [s.operand(count), n]);
  s.emit("cmovl", [s.use(clamped, 64), s.operand(count)], { tied: most });
  const elem = n > 4 ? "i32" : "i64";
  const [low, spread2] = [vectorOf(s, 128), vectorOf(s, BITS4)];
  s.emit(n > 4 ? "vmovd" : "vmovq", [low, s.use(clamped, n > 4 ? 32 : 64)], { foldable: -1 });
  s.emit(`vpbroadcast${dq(elem)}`, [spread2, low], { foldable: -1 });
  const base = s.pooled(countingBytes(elem, n));
  const numbers = { kind: "mem", base, disp: 0, bits: BITS4 };
  s.emit(`vpcmpgt${dq(elem)}`, [s.operand(dst), spread2, numbers]);
}
function extractTruth(s, { dst, a, lane }) {
  const all3 = bitsOfMask(s, s.operand(a), a.type.lanes);
  const shifted = s.temp("gp", 8);
  s.emit("shr", [s.use(shifted, 32), lane], { tied: all3 });
  s.emit("and", [s.operand(dst), 1], { tied: shifted });
}
function convert2(s, { dst, a }) {
  const [from, to] = [a.type.elem, dst.type.elem];
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (to === "mask") {
    if (isFloat3(from)) {
      return s.emit(`vcmp${ps(from)}`, [d, x, zeroOf(s, BITS4), compareFloats("ne")]);
    }
    const zero2 = vectorOf(s, BITS4);
    s.emit(`vpcmpeq${dq(from)}`, [zero2, x, zeroOf(s, BITS4)]);
    return invert(s, d, zero2);
  }
  if (from === "mask") {
    return s.emit("vandps", [d, x, s.lanesOf(to, isFloat3(to) ? 1 : 1n, BITS4)]);
  }
  if (bytesOf2(from) !== bytesOf2(to)) throw s.fail(`a conversion of ${from} lanes to ${to}`);
  if (from === "i32") return s.emit("vcvtdq2ps", [d, x]);
  if (from === "i64") {
    return s.emit("vmovaps", [d, eachLane(s, x, toFloat2)], { foldable: -1 });
  }
  let raw = vectorOf(s, BITS4);
  if (from === "f32") s.emit("vcvttps2dq", [raw, x]);
  else raw = eachLane(s, x, toInteger);
  repair(s, from, d, x, raw);
}
function eachLane(s, x, make) {
  let result = null;
  for (let lane = 0; lane < BITS4 / 64; lane++) {
    result = withLane(s, result, make(s, laneToBottom(s, x, lane, 8)), lane);
  }
  return result;
}
function toInteger(s, low) {
  const integer2 = s.use(s.temp("gp", 8), 64);
  s.emit("vcvttsd2si", [integer2, low], { foldable: -1 });
  return integer2;
}
function toFloat2(s, low) {
  const integer2 = s.use(s.temp("gp", 8), 64);
  s.emit("vmovq", [integer2, low], { foldable: -1 });
  const [upper2, float2] = [zeroOf(s, 128), vectorOf(s, 128)];
  s.emit("vcvtsi2sd", [float2, upper2, integer2], { foldable: -1 });
  return float2;
}
function splat(s, { dst, a }) {
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (elem === "mask") return spreadTruth(s, d, s.reg(a));
  const low = vectorOf(s, 128);
  s.emit(elem === "i64" ? "vmovq" : "vmovd", [low, s.operand(a)], { foldable: -1 });
  s.emit(`vpbroadcast${dq(elem)}`, [d, low], { foldable: -1 });
}
function laneToBottom(s, a, lane, bytes2) {
  let half = s.use(a.reg, 128);
  const at4 = lane * bytes2;
  if (at4 >= 16) {
    half = vectorOf(s, 128);
    s.emit("vextracti128", [half, a, 1], { foldable: -1 });
  }
  if (at4 % 16 === 0) return half;
  const moved = vectorOf(s, 128);
  s.emit("vpsrldq", [moved, half, at4 % 16], { foldable: -1 });
  return moved;
}
function withLane(s, lanes2, value, lane) {
  let low = value;
  if (value.reg.class === "gp") {
    low = vectorOf(s, 128);
    s.emit("vmovq", [low, value], { foldable: -1 });
  }
  const spread2 = vectorOf(s, BITS4);
  s.emit("vpbroadcastq", [spread2, low], { foldable: -1 });
  if (lanes2 === null) return spread2;
  const next = vectorOf(s, BITS4);
  s.emit("vpblendd", [next, lanes2, spread2, 3 << 2 * lane]);
  return next;
}
var AVX2 = {
  isa: "avx2",
  vectorBytes: 32,
  maskClass: "vec",
  broadcasts: false,
  rounding: "vround",
  minMax,
  signBits,
  compareFloats: compareScalars,
  selectFloat: selectScalars,
  saturate: saturate2,
  maskNot,
  maskBinary,
  intUnary: intUnary2,
  intBinary: intBinary2,
  shift,
  divide32,
  compare: compare2,
  select: selectLanes,
  edge,
  convert: convert2,
  splat,
  extractTruth,
  load,
  store,
  laneToBottom,
  withLane,
  zip,
  unzip,
  upperHalf: () => "vextractf128"
};

// src/target/x64/float-avx512.ts
var RANGE = { min: 4, max: 5 };
function minMax2(s, fn, suffix, { d, a, b }) {
  const k2 = s.temp("k", 8);
  const range3 = s.use(s.temp("vec", d.bits / 8), d.bits);
  s.emit(`vcmp${suffix}`, [s.use(k2, 64), a, b, UNORDERED]);
  s.emit(`vrange${suffix}`, [range3, a, b, RANGE[fn]]);
  s.emit(`vadd${suffix}`, [s.use(d.reg, d.bits, k2), a, b], { tied: range3.reg });
}
function signBits2(s, fn, elem, d, x) {
  const wide2 = elem === "f64";
  const sign4 = wide2 ? -(1n << 63n) : -(2 ** 31);
  const bits2 = fn === "neg" ? sign4 : wide2 ? (1n << 63n) - 1n : 2 ** 31 - 1;
  const name = `${fn === "neg" ? "vpxor" : "vpand"}${wide2 ? "q" : "d"}`;
  s.emit(name, [d, x, s.broadcast(wide2 ? "i64" : "i32", bits2)]);
}
function compareScalars2(s, dst, suffix, a, b, how) {
  const k2 = s.use(s.temp("k", 8), 64);
  s.emit(`vcmp${suffix}`, [k2, a, b, how]);
  s.emit("kmovw", [s.use(dst, 32), k2], { foldable: -1 });
}
function selectScalars2(s, { dst, mask, a, b }) {
  const k2 = s.temp("k", 8);
  s.emit("kmovw", [s.use(k2, 64), s.use(s.reg(mask), 32)], { foldable: -1 });
  const d = s.use(s.reg(dst), 128, k2);
  const name = dst.type.elem === "f64" ? "vblendmpd" : "vblendmps";
  s.emit(name, [d, s.operand(b), s.operand(a)], { foldable: -1 });
}
function saturate3(s, dst, a) {
  const [from, to] = [a.type.elem, dst.type.elem];
  const wide2 = s.temp("vec", 16);
  const x = s.use(wide2, 128);
  if (from === "f32") s.emit("vcvtss2sd", [x, s.operand(a), s.operand(a)], { foldable: -1 });
  else s.emit("vmovaps", [x, s.operand(a)], { foldable: -1 });
  if (to === "i32") {
    const [k2, y, z] = [s.temp("k", 8), s.temp("vec", 16), s.temp("vec", 16)];
    s.emit("vcmpsd", [s.use(k2, 64), x, x, ORDERED], { foldable: -1 });
    s.emit("vmovapd", [s.use(y, 128, k2, true), x], { foldable: -1 });
    const limit = (v) => ({ ...s.broadcast("f64", v), broadcast: false });
    const [yy, zz] = [s.use(y, 128), s.use(z, 128)];
    s.emit("vmaxsd", [zz, yy, limit(-(2 ** 31))]);
    s.emit("vminsd", [zz, zz, limit(2 ** 31 - 1)], { tied: z });
    return s.emit("vcvttsd2si", [s.operand(dst), zz], { foldable: -1 });
  }
  const integer2 = s.use(s.temp("vec", 16), 128);
  saturateLanes(s, "f64", integer2, x);
  s.emit("vmovq", [s.use(s.reg(dst), 64), integer2], { foldable: -1 });
}
function saturateLanes(s, elem, d, x) {
  if (!isFloat3(elem)) throw s.fail(`saturation of ${elem}`);
  const wide2 = elem === "f64";
  const temp = () => s.use(s.temp("vec", x.bits / 8), x.bits);
  const [raw, capped] = [temp(), temp()];
  const [above, nan] = [s.temp("k", 8), s.temp("k", 8)];
  const q = wide2 ? "q" : "d";
  const int = wide2 ? "i64" : "i32";
  const suffix = wide2 ? "pd" : "ps";
  s.emit(wide2 ? "vcvttpd2qq" : "vcvttps2dq", [raw, x], { foldable: -1 });
  const limit = s.broadcast(elem, wide2 ? 2 ** 63 : 2 ** 31);
  s.emit(`vcmp${suffix}`, [s.use(above, 64), x, limit, compareFloats("ge")]);
  const largest = s.broadcast(int, wide2 ? 2n ** 63n - 1n : 2 ** 31 - 1);
  s.emit(`vpbroadcast${q}`, [s.use(capped.reg, x.bits, above), { ...largest, broadcast: false }], {
    tied: raw.reg
  });
  s.emit(`vcmp${suffix}`, [s.use(nan, 64), x, x, UNORDERED], { foldable: -1 });
  s.emit(`vpxor${q}`, [s.use(d.reg, x.bits, nan), capped, capped], {
    tied: capped.reg,
    foldable: -1
  });
}

// src/target/x64/avx512.ts
var INT_PREDICATES = {
  eq: 0,
  lt: 1,
  le: 2,
  ne: 4,
  ge: 5,
  gt: 6
};
var onMask = (name, type) => `${name}${type.lanes > 8 ? "w" : "b"}`;
function zip2(s, inst) {
  const n = inst.dst.type.lanes;
  const from = inst.half === "low" ? 0 : n / 2;
  fromTwo(s, inst, (i) => from + (i >> 1) + i % 2 * n);
}
function unzip2(s, inst) {
  const odd = inst.part === "odd" ? 1 : 0;
  fromTwo(s, inst, (i) => 2 * i + odd);
}
function fromTwo(s, { dst, a, b }, source) {
  const { elem, lanes: n } = dst.type;
  const order = Array.from({ length: n }, (_, i) => source(i));
  const wide2 = bytesOf2(elem) === 8;
  const table4 = wide2 ? BigInt64Array.from(order, BigInt) : Int32Array.from(order);
  const index2 = s.use(s.hoisted(new Uint8Array(table4.buffer)), 512);
  const operands = [s.operand(dst), index2, s.operand(b)];
  s.emit(`vpermt2${ps(elem)}`, operands, { tied: s.reg(a), foldable: -1 });
}
var maskNot2 = (s, type, d, x) => s.emit(onMask("knot", type), [d, x], { foldable: -1 });
var maskBinary2 = (s, fn, type, { d, a, b }) => s.emit(onMask(`k${fn}`, type), [d, a, b], { foldable: -1 });
function intUnary3(s, fn, elem, d, x) {
  if (fn === "abs") return s.emit(`vpabs${dq(elem)}`, [d, x]);
  if (fn === "not") return s.emit(`vpxor${dq(elem)}`, [d, x, s.broadcast(elem, -1)]);
  if (fn !== "neg") throw s.fail(`${fn} of ${elem}`);
  const zero2 = s.use(s.temp("vec", d.bits / 8), d.bits);
  s.emit(`vpxor${dq(elem)}`, [zero2, zero2, zero2], { foldable: -1 });
  s.emit(`vpsub${dq(elem)}`, [d, zero2, x]);
}
function intBinary3(s, fn, elem, operands) {
  const { d, a, b } = operands;
  switch (fn) {
    case "mul":
      return s.emit(elem === "i64" ? "vpmullq" : "vpmulld", [d, a, b]);
    case "min":
    case "max":
      return s.emit(`vp${fn}s${dq(elem)}`, [d, a, b]);
    case "mulhu":
      return highProduct3(s, operands);
    case "add":
    case "sub":
    case "and":
    case "or":
    case "xor":
      return s.emit(`vp${fn}${dq(elem)}`, [d, a, b]);
    default:
      throw s.fail(`${fn} of ${elem}`);
  }
}
function highProduct3(s, { d, a, b }) {
  const temp = () => s.use(s.temp("vec", d.bits / 8), d.bits);
  const [even, odd, oddA, oddB] = [temp(), temp(), temp(), temp()];
  const k2 = s.temp("k", 8);
  s.emit("vpmuludq", [even, a, b], { foldable: -1 });
  s.emit("vpsrlq", [oddA, a, 32], { foldable: -1 });
  s.emit("vpsrlq", [oddB, b, 32], { foldable: -1 });
  s.emit("vpmuludq", [odd, oddA, oddB]);
  const bits2 = s.temp("gp", 8);
  loadImmediate(s, bits2, 4, 43690);
  s.emit("kmovw", [s.use(k2, 64), s.use(bits2, 32)], { foldable: -1 });
  const low = temp();
  s.emit("vpsrlq", [low, even, 32]);
  s.emit("vmovdqa32", [s.use(d.reg, d.bits, k2), odd], { tied: low.reg, foldable: -1 });
}
var SHIFTS2 = { shl: "vpsll", shr: "vpsrl", sar: "vpsra" };
function shift2(s, { fn, dst, a, b }) {
  const name = `${SHIFTS2[fn]}${dq(dst.type.elem)}`;
  const known = s.constant(b);
  if (known !== void 0) return s.emit(name, [s.operand(dst), s.operand(a), Number(known)]);
  const count = s.use(s.temp("vec", 16), 128);
  s.emit("vmovd", [count, s.use(s.reg(b), 32)], { foldable: -1 });
  s.emit(name, [s.operand(dst), s.operand(a), count], { foldable: -1 });
}
function divide322(s, { fn, dst, a, b }) {
  const [x, y, d] = [s.operand(a), s.operand(b), s.operand(dst)];
  const half = () => s.use(s.temp("vec", 32), 256);
  const wide2 = () => s.use(s.temp("vec", 64), 512);
  if (d.bits !== 512) throw s.fail("integer division of narrow vectors");
  const quotients = [0, 1].map((part2) => {
    const [xh, yh, xw, yw, qw, q] = [half(), half(), wide2(), wide2(), wide2(), half()];
    s.emit("vextracti64x4", [xh, x, part2], { foldable: -1 });
    s.emit("vextracti64x4", [yh, y, part2], { foldable: -1 });
    s.emit("vcvtdq2pd", [xw, xh], { foldable: -1 });
    s.emit("vcvtdq2pd", [yw, yh], { foldable: -1 });
    s.emit("vdivpd", [qw, xw, yw]);
    s.emit("vcvttpd2dq", [q, qw], { foldable: -1 });
    return q;
  });
  const [joined2, nonzero] = [wide2(), s.temp("k", 8)];
  s.emit("vinserti64x4", [joined2, s.use(quotients[0].reg, 512), quotients[1], 1], { foldable: -1 });
  s.emit("vptestmd", [s.use(nonzero, 64), y, y], { foldable: -1 });
  if (fn === "div") {
    return s.emit("vmovdqa32", [s.use(d.reg, 512, nonzero, true), joined2], { foldable: -1 });
  }
  const product3 = wide2();
  s.emit("vpmulld", [product3, joined2, y]);
  s.emit("vpsubd", [s.use(d.reg, 512, nonzero, true), x, product3], { foldable: -1 });
}
function compare3(s, { fn, dst, a, b }) {
  const { elem } = a.type;
  const operands = [s.operand(dst), s.operand(a), s.operand(b)];
  if (isFloat3(elem)) return s.emit(`vcmp${ps(elem)}`, [...operands, compareFloats(fn)]);
  s.emit(`vpcmp${dq(elem)}`, [...operands, INT_PREDICATES[fn]]);
}
function select(s, { dst, mask, a, b }) {
  const { type } = dst;
  const m = s.operand(mask);
  if (type.elem === "mask") {
    const [yes, no] = [s.use(s.temp("k", 8), 64), s.use(s.temp("k", 8), 64)];
    s.emit(onMask("kand", type), [yes, m, s.operand(a)], { foldable: -1 });
    s.emit(onMask("kandn", type), [no, m, s.operand(b)], { foldable: -1 });
    return s.emit(onMask("kor", type), [s.operand(dst), yes, no], { foldable: -1 });
  }
  const d = s.operand(dst);
  const blend = `vpblendm${dq(type.elem)}`;
  s.emit(blend, [s.use(d.reg, d.bits, m.reg), s.operand(b), s.operand(a)]);
}
function edge2(s, { dst, count }) {
  const { lanes: n } = dst.type;
  const [most, clamped] = [s.temp("gp", 8), s.temp("gp", 8)];
  loadImmediate(s, most, 8, n);
  s.emit("cmp", [s.operand(count), n]);
  s.emit("cmovl", [s.use(clamped, 64), s.operand(count)], { tied: most });
  const spread2 = s.use(s.temp("vec", 64), 512);
  const elem = n > 8 ? "i32" : "i64";
  s.emit(n > 8 ? "vpbroadcastd" : "vpbroadcastq", [spread2, s.use(clamped, n > 8 ? 32 : 64)], {
    foldable: -1
  });
  const numbers = {
    kind: "mem",
    base: s.pooled(countingBytes(elem, n)),
    disp: 0,
    bits: 512
  };
  s.emit(`vpcmp${dq(elem)}`, [s.operand(dst), spread2, numbers, INT_PREDICATES.gt]);
}
function convert3(s, { dst, a }) {
  const [from, to] = [a.type.elem, dst.type.elem];
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (to === "mask") {
    if (!isFloat3(from)) return s.emit(`vptestm${dq(from)}`, [d, x, x], { foldable: -1 });
    return s.emit(`vcmp${ps(from)}`, [d, x, s.broadcast(from, 0), compareFloats("ne")]);
  }
  if (from === "mask") {
    const one = { ...s.broadcast(to, isFloat3(to) ? 1 : 1n), broadcast: false };
    return s.emit(`vpbroadcast${dq(to)}`, [s.use(d.reg, d.bits, x.reg, true), one]);
  }
  if (bytesOf2(from) !== bytesOf2(to)) throw s.fail(`a conversion of ${from} lanes to ${to}`);
  if (isFloat3(from)) return saturateLanes(s, from, d, x);
  s.emit(from === "i64" ? "vcvtqq2pd" : "vcvtdq2ps", [d, x]);
}
function splat2(s, { dst, a }) {
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (elem !== "mask") {
    return s.emit(`vpbroadcast${dq(elem)}`, [d, s.operand(a)], { foldable: -1 });
  }
  const spread2 = s.temp("gp", 8);
  s.emit("neg", [s.use(spread2, 32)], { tied: s.reg(a) });
  s.emit("kmovd", [d, s.use(spread2, 32)], { foldable: -1 });
}
function extractTruth2(s, { dst, a, lane }) {
  const all3 = s.temp("gp", 8);
  s.emit("kmovw", [s.use(all3, 32), s.operand(a)], { foldable: -1 });
  const shifted = s.temp("gp", 8);
  s.emit("shr", [s.use(shifted, 32), lane], { tied: all3 });
  s.emit("and", [s.operand(dst), 1], { tied: shifted });
}
function laneToBottom2(s, a, lane, bytes2) {
  if (lane === 0) return s.use(a.reg, 128);
  const moved = s.temp("vec", a.bits / 8);
  const name = bytes2 === 8 ? "valignq" : "valignd";
  s.emit(name, [s.use(moved, a.bits), a, a, lane], { foldable: -1 });
  return s.use(moved, 128);
}
function withLane2(s, lanes2, value, lane) {
  const spread2 = s.use(s.temp("vec", 64), 512);
  s.emit("vpbroadcastq", [spread2, value], { foldable: -1 });
  if (lanes2 === null) return spread2;
  const [bit2, k2] = [s.temp("gp", 8), s.temp("k", 8)];
  loadImmediate(s, bit2, 4, 1 << lane);
  s.emit("kmovw", [s.use(k2, 64), s.use(bit2, 32)], { foldable: -1 });
  const next = s.temp("vec", 64);
  s.emit("vmovdqa64", [s.use(next, 512, k2), spread2], { tied: lanes2.reg, foldable: -1 });
  return s.use(next, 512);
}
function load3(s, inst) {
  const { dst, mem: mem2, addr, mask } = inst;
  const { elem, lanes: n } = dst.type;
  const guard = mask === void 0 ? void 0 : s.reg(mask);
  if (mem2 === "u8") return loadTruth2(s, inst);
  const d = s.operand(dst);
  const target2 = guard === void 0 ? d : s.use(d.reg, d.bits, guard, true);
  if (inst.splat) {
    const name2 = isFloat3(elem) ? `vbroadcast${bytesOf2(elem) === 8 ? "sd" : "ss"}` : `vpbroadcast${dq(elem)}`;
    return s.emit(name2, [target2, s.address(addr, 8 * bytesOf2(elem))]);
  }
  if (n * bytesOf2(elem) !== 64) throw s.fail(`a vector of ${n} ${elem} lanes`);
  const name = isFloat3(elem) ? `vmovu${ps(elem)}` : bytesOf2(elem) === 8 ? "vmovdqu64" : "vmovdqu32";
  s.emit(name, [target2, s.address(addr, bitsOf(dst.type))]);
}
function loadTruth2(s, { dst, addr, mask, splat: one }) {
  const { lanes: n } = dst.type;
  if (one) {
    const [byte, wide2] = [s.temp("gp", 8), s.temp("gp", 8)];
    const spread2 = s.temp("gp", 8);
    s.emit("cmp", [s.address(addr, 8), 0]);
    s.emit("setne", [s.use(byte, 8)]);
    s.emit("movzx", [s.use(wide2, 32), s.use(byte, 8)], { foldable: -1 });
    s.emit("neg", [s.use(spread2, 32)], { tied: wide2 });
    if (mask !== void 0) throw s.fail("a masked load of one truth value");
    return s.emit("kmovd", [s.operand(dst), s.use(spread2, 32)], { foldable: -1 });
  }
  const bytes2 = s.temp("vec", 16);
  if (mask !== void 0) {
    const to = s.use(bytes2, 128, s.reg(mask), true);
    s.emit("vmovdqu8", [to, s.address(addr, 128)]);
  } else if (n === 16) s.emit("vmovdqu8", [s.use(bytes2, 128), s.address(addr, 128)]);
  else s.emit("vmovq", [s.use(bytes2, 128), s.address(addr, 64)]);
  s.emit("vptestmb", [s.operand(dst), s.use(bytes2, 128), s.use(bytes2, 128)], { foldable: -1 });
}
function store3(s, { mem: mem2, addr, value, mask, stream }) {
  const { elem, lanes: n } = value.type;
  const guard = mask === void 0 ? {} : { mask: s.reg(mask) };
  if (mem2 === "u8") {
    const bytes2 = s.temp("vec", 16);
    const ones3 = s.pooled(new Uint8Array(16).fill(1));
    const v = s.reg(value);
    const from = { kind: "mem", base: ones3, disp: 0, bits: 128 };
    s.emit("vmovdqu8", [s.use(bytes2, 128, v, true), from]);
    if (mask === void 0 && n === 8) {
      return s.emit("vmovq", [s.address(addr, 64), s.use(bytes2, 128)]);
    }
    return s.emit("vmovdqu8", [{ ...s.address(addr, 128), ...guard }, s.use(bytes2, 128)]);
  }
  if (stream) return s.stream(s.address(addr, bitsOf(value.type)), s.operand(value));
  const name = isFloat3(elem) ? `vmovu${ps(elem)}` : bytesOf2(elem) === 8 ? "vmovdqu64" : "vmovdqu32";
  s.emit(name, [{ ...s.address(addr, bitsOf(value.type)), ...guard }, s.operand(value)]);
}
var AVX512 = {
  isa: "avx512",
  vectorBytes: 64,
  maskClass: "k",
  broadcasts: true,
  rounding: "vrndscale",
  minMax: minMax2,
  signBits: signBits2,
  compareFloats: compareScalars2,
  selectFloat: selectScalars2,
  saturate: saturate3,
  maskNot: maskNot2,
  maskBinary: maskBinary2,
  intUnary: intUnary3,
  intBinary: intBinary3,
  shift: shift2,
  divide32: divide322,
  compare: compare3,
  select,
  edge: edge2,
  convert: convert3,
  splat: splat2,
  extractTruth: extractTruth2,
  load: load3,
  store: store3,
  laneToBottom: laneToBottom2,
  withLane: withLane2,
  zip: zip2,
  unzip: unzip2,
  upperHalf: (bits2) => bits2 === 256 ? "vextractf64x4" : "vextractf32x4"
};

// src/target/x64/vector-code.ts
var ROUNDINGS2 = { nearest: 8, floor: 9, ceil: 10, trunc: 11 };
function selectVector(s, inst) {
  switch (inst.op) {
    case "unary":
      return unary(s, inst);
    case "binary":
      return binary(s, inst);
    case "fma":
      if (isFloat3(inst.dst.type.elem)) return fma(s, inst, ps(inst.dst.type.elem));
      return intFma2(s, inst);
    case "compare":
      return s.isa.compare(s, inst);
    case "select":
      return s.isa.select(s, inst);
    case "convert":
      return s.isa.convert(s, inst);
    case "bitcast":
      return move(s, inst.dst, inst.a);
    case "splat":
      return splat3(s, inst);
    case "lanes":
      return lanes(s, inst);
    case "unzip":
      return s.isa.unzip(s, inst);
    case "zip":
      return s.isa.zip(s, inst);
    case "extract":
      return extract(s, inst);
    case "horizontal":
      return horizontal(s, inst);
    case "edge":
      return s.isa.edge(s, inst);
    case "load":
      return s.isa.load(s, inst);
    case "store":
      return s.isa.store(s, inst);
    default:
      throw s.fail(`a vector ${inst.op}`);
  }
}
function unary(s, { fn, dst, a }) {
  const { type } = dst;
  const { elem } = type;
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (elem === "mask") return s.isa.maskNot(s, type, d, x);
  if (!isFloat3(elem)) return s.isa.intUnary(s, fn, elem, d, x);
  const rounding3 = ROUNDINGS2[fn];
  if (fn === "sqrt") return s.emit(`vsqrt${ps(elem)}`, [d, x]);
  if (rounding3 !== void 0) return s.emit(`${s.isa.rounding}${ps(elem)}`, [d, x, rounding3]);
  if (fn === "neg" || fn === "abs") return s.isa.signBits(s, fn, elem, d, x);
  throw s.fail(`${fn} of ${elem}`);
}
function binary(s, inst) {
  const { fn, dst, a, b } = inst;
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (elem === "mask") {
    if (fn !== "and" && fn !== "or" && fn !== "xor") throw s.fail(`${fn} of masks`);
    return s.isa.maskBinary(s, fn, dst.type, { d, a: s.operand(a), b: s.operand(b) });
  }
  if (fn === "shl" || fn === "shr" || fn === "sar") return s.isa.shift(s, inst);
  if (!isFloat3(elem) && (fn === "div" || fn === "rem")) {
    return elem === "i32" ? s.isa.divide32(s, inst) : lanewise(s, fn, dst, a, b);
  }
  if (isFloat3(elem) && (fn === "min" || fn === "max")) return floatMinMax(s, inst, ps(elem));
  const [x, y] = s.isFolded(a) ? [b, a] : [a, b];
  combine(s, fn, elem, { d, a: s.operand(x), b: s.memoryOperand(y) });
}
function combine(s, fn, elem, operands) {
  if (!isFloat3(elem)) return s.isa.intBinary(s, fn, elem, operands);
  if (fn === "min" || fn === "max") return s.isa.minMax(s, fn, ps(elem), operands);
  s.emit(`v${fn}${ps(elem)}`, [operands.d, operands.a, operands.b]);
}
function lanewise(s, fn, dst, a, b) {
  let result = null;
  for (let lane = 0; lane < dst.type.lanes; lane++) {
    const [x, y, q] = [a, b, dst].map(() => s.use(s.temp("gp", 8), 64));
    for (const [value, to] of [
      [a, x],
      [b, y]
    ]) {
      const low = s.isa.laneToBottom(s, s.operand(value), lane, 8);
      s.emit("vmovq", [to, low], { foldable: -1 });
    }
    s.emit(fn === "div" ? "divide" : "remainder", [q, x, y], { foldable: -1 });
    result = s.isa.withLane(s, result, q, lane);
  }
  s.emit("vmovaps", [s.operand(dst), result], { foldable: -1 });
}
function intFma2(s, { dst, a, b, c: c2 }) {
  const { elem } = dst.type;
  const d = s.operand(dst);
  const product3 = s.use(s.temp("vec", d.bits / 8), d.bits);
  combine(s, "mul", elem, { d: product3, a: s.operand(a), b: s.operand(b) });
  combine(s, "add", elem, { d, a: product3, b: s.operand(c2) });
}
function splat3(s, inst) {
  const { elem } = inst.dst.type;
  const d = s.operand(inst.dst);
  const known = s.constant(inst.a);
  if (elem === "mask" || known === void 0 && !isFloat3(elem)) return s.isa.splat(s, inst);
  const name = isFloat3(elem) ? `vbroadcast${bytesOf2(elem) === 8 ? "sd" : "ss"}` : `vpbroadcast${dq(elem)}`;
  if (known === void 0) return s.emit(name, [d, s.operand(inst.a)]);
  if (Number(known) === 0 && !Object.is(known, -0)) {
    return s.emit("vxorps", [d, d, d], { foldable: -1 });
  }
  s.emit(name, [d, { ...s.broadcast(elem, known), broadcast: false }]);
}
function lanes(s, { dst }) {
  const { elem, lanes: n } = dst.type;
  const d = s.operand(dst);
  const label = s.pooled(countingBytes(elem, n));
  s.emit("vmovups", [d, { kind: "mem", base: label, disp: 0, bits: d.bits }]);
}
function extract(s, inst) {
  const { dst, a, lane } = inst;
  const { elem } = a.type;
  if (elem === "mask") return s.isa.extractTruth(s, inst);
  moveLow(s, dst, s.isa.laneToBottom(s, s.operand(a), lane, bytesOf2(elem)));
}
function moveLow(s, dst, low) {
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (isFloat3(elem)) return s.emit("vmovaps", [d, low], { foldable: -1 });
  s.emit(bytesOf2(elem) === 8 ? "vmovq" : "vmovd", [d, low], { foldable: -1 });
}
function horizontal(s, { fn, dst, a }) {
  const { elem } = a.type;
  const bytes2 = bytesOf2(elem);
  let { bits: bits2 } = s.operand(a);
  let value = s.operand(a);
  const step4 = (upper2, width) => {
    const next = s.use(s.temp("vec", width / 8), width);
    combine(s, fn, elem, { d: next, a: s.use(value.reg, width), b: upper2 });
    value = next;
  };
  while (bits2 > 128) {
    bits2 /= 2;
    const upper2 = s.use(s.temp("vec", bits2 / 8), bits2);
    s.emit(s.isa.upperHalf(bits2), [upper2, value, 1], { foldable: -1 });
    step4(upper2, bits2);
  }
  for (let left = 128 / (8 * bytes2); left > 1; left /= 2) {
    const upper2 = s.use(s.temp("vec", 16), 128);
    const order = bytes2 === 8 || left === 4 ? 238 : 245;
    s.emit("vpshufd", [upper2, value, order], { foldable: -1 });
    step4(upper2, 128);
  }
  moveLow(s, dst, value);
}

// src/target/x64/select.ts
var CODE = {
  value: (s, inst) => isVector2(inst) ? selectVector(s, inst) : selectScalar(s, inst),
  test: scalarTest
};
function isVector2(inst) {
  if ("dst" in inst) return inst.dst.type.lanes > 1 || "a" in inst && inst.a.type.lanes > 1;
  return inst.op === "store" && inst.value.type.lanes > 1;
}
function select2(kernel, pool, isa) {
  const selector = new Selector(kernel, pool, CODE, isa === "avx2" ? AVX2 : AVX512);
  const body = selector.kernel();
  return { body, tiled: selector.tiled };
}

// src/target/x64/compile-kernel.ts
function compileKernel(kernel, options = {}) {
  const { isa = "avx512", listing = false, registers = REGISTERS[isa] } = options;
  const asm = new Assembler({ isa, listing });
  const selected = select2(kernel, (bytes2) => asm.constant(bytes2), isa);
  const allocation = allocate(measure(selected.body), registers);
  emitKernel(asm, selected, allocation, isa);
  const code = asm.finish();
  return {
    bytes: code.bytes,
    alignment: code.alignment,
    text: () => formatListing(code.listing)
  };
}

// src/target/x64/probes.ts
var FMA_CHAINS = 12;
var PIECE_BYTES = 65536;
var PIECE_SHIFT = 16;
var UNROLL2 = 8;
var probeBytes = (isa) => isa === "avx512" ? 64 : 32;
function probeCode(kind, isa) {
  const asm = new Assembler({ isa });
  const v = (id) => vector(probeBytes(isa), id);
  if (kind === "fma") multiply(asm, v);
  else move2(asm, v, kind, probeBytes(isa));
  if (kind === "stream") asm.emit("sfence");
  asm.emit("vzeroupper");
  asm.emit("ret");
  return asm.finish().bytes;
}
var slot = (asm, to, n) => asm.emit("cvttsd2si", to, mem(rdi, { disp: 8 * (ARG_FIRST + n), bits: 64 }));
function eachTile(asm, body) {
  const tile3 = asm.here();
  body();
  asm.emit("inc", rsi);
  asm.emit("cmp", rsi, rdx);
  asm.emit("jb", tile3);
}
function multiply(asm, v) {
  slot(asm, r8, 0);
  for (let i = 0; i <= FMA_CHAINS; i++) {
    asm.emit("vxorps", v(i), v(i), v(i));
  }
  eachTile(asm, () => {
    asm.emit("mov", rax, r8);
    asm.align(32);
    const turn2 = asm.here();
    for (let i = 0; i < FMA_CHAINS; i++) {
      asm.emit("vfmadd231ps", v(i), v(FMA_CHAINS), v(FMA_CHAINS));
    }
    asm.emit("dec", rax);
    asm.emit("jg", turn2);
  });
}
function move2(asm, v, kind, bytes2) {
  slot(asm, r8, 0);
  slot(asm, r9, 1);
  if (kind !== "read") {
    slot(asm, r10, 2);
    asm.emit("sub", r10, r8);
  }
  eachTile(asm, () => {
    asm.emit("mov", rax, rsi);
    asm.emit("and", rax, r9);
    asm.emit("shl", rax, PIECE_SHIFT);
    asm.emit("add", rax, r8);
    asm.emit("lea", r11, mem(rax, { disp: PIECE_BYTES }));
    asm.align(32);
    const turn2 = asm.here();
    for (let i = 0; i < UNROLL2; i++) {
      asm.emit("vmovups", v(i), mem(rax, { disp: i * bytes2 }));
    }
    if (kind !== "read") {
      const store4 = kind === "copy" ? "vmovups" : "vmovntps";
      for (let i = 0; i < UNROLL2; i++) {
        asm.emit(store4, mem(rax, { index: r10, disp: i * bytes2 }), v(i));
      }
    }
    asm.emit("add", rax, UNROLL2 * bytes2);
    asm.emit("cmp", rax, r11);
    asm.emit("jb", turn2);
  });
}

// src/runtime/cpu/native/fault-word.ts
var NONE = 4294967295;
var HIGH_POSITION_BITS = FAULT_POSITION_BITS - 32;
var FaultWord = class {
  block;
  words;
  constructor(memory) {
    this.block = memory.allocate(8);
    this.words = this.block.u32();
    this.clear();
  }
  get address() {
    return this.block.address;
  }
  /** After a call: the first op's first fault, or null. Clears it. */
  take() {
    const high = this.words[1];
    if (high === NONE) return null;
    const low = this.words[0];
    this.clear();
    return {
      op: high >>> HIGH_POSITION_BITS,
      position: (high & 2 ** HIGH_POSITION_BITS - 1) * 2 ** 32 + low
    };
  }
  clear() {
    this.words[0] = NONE;
    this.words[1] = NONE;
  }
};

// src/runtime/cpu/native/measure.ts
var TRIES = 8;
var FMA_TURNS = 2e4;
var CACHE_BYTES = 2 ** 22;
var MEMORY_BYTES = 2 ** 28;
var READ_IN_CACHE = 2 ** 27;
function measureHost(host, threads, isa = host.cpu.isa) {
  const { l2 } = host.cpu;
  if (isa === null) throw new Error("nothing can be measured without AVX2");
  const run3 = (kind, tiles2, ...operands) => {
    const block = host.code.write(probeCode(kind, isa));
    const ms = leastTime(() => {
      host.args.set([block.address, tiles2, ...operands]);
      if (threads > 1) host.runArgs();
      else host.call();
    });
    host.code.free(block);
    return ms;
  };
  const tiles = 16 * threads;
  const flops = tiles * FMA_TURNS * FMA_CHAINS * (probeBytes(isa) / 4) * 2;
  const peakGflops = flops / run3("fma", tiles, FMA_TURNS) / 1e6;
  const from = host.system.allocatePages(MEMORY_BYTES);
  const to = host.system.allocatePages(MEMORY_BYTES);
  try {
    const all3 = MEMORY_BYTES / PIECE_BYTES;
    new Uint8Array(host.system.view(from, MEMORY_BYTES)).fill(1);
    const cached = Math.max(CACHE_BYTES, 2 ** Math.ceil(Math.log2(2 * threads * l2 || 1)));
    const pieces = Math.min(cached, MEMORY_BYTES) / PIECE_BYTES;
    const again = READ_IN_CACHE / PIECE_BYTES;
    return {
      peakGflops,
      cacheReadGBs: READ_IN_CACHE / run3("read", again, from, pieces - 1) / 1e6,
      memoryReadGBs: MEMORY_BYTES / run3("read", all3, from, all3 - 1) / 1e6,
      memoryCopyGBs: 2 * MEMORY_BYTES / run3("copy", all3, from, all3 - 1, to) / 1e6,
      memoryStreamGBs: 2 * MEMORY_BYTES / run3("stream", all3, from, all3 - 1, to) / 1e6
    };
  } finally {
    host.system.freePages(from, MEMORY_BYTES);
    host.system.freePages(to, MEMORY_BYTES);
  }
}
function leastTime(run3) {
  let least = Number.POSITIVE_INFINITY;
  run3();
  for (let i = 0; i < TRIES; i++) {
    const start = performance.now();
    run3();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

// src/runtime/cpu/native/koffi.node.ts
import { createRequire as createRequire2 } from "node:module";

// src/runtime/cpu/native/processors.node.ts
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
var require2 = createRequire(import.meta.url);
function processors() {
  const { readFileSync } = require2("node:fs");
  const allowed = availableParallelism();
  try {
    const [quota, period] = readFileSync("/sys/fs/cgroup/cpu.max", "utf8").split(" ").map(Number);
    return quota > 0 ? Math.max(1, Math.min(allowed, Math.ceil(quota / period))) : allowed;
  } catch {
    return allowed;
  }
}

// src/runtime/cpu/native/koffi.node.ts
var require3 = createRequire2(import.meta.url);
function openPlatform() {
  const { platform, arch } = process;
  const open2 = (koffi, reason) => {
    return { koffi, reason, processors: processors(), available, bufferBytes, allocate: allocate2 };
  };
  const none = (reason) => open2(null, reason);
  if (arch !== "x64") return none(`the processor is ${arch}, not x86-64`);
  if (platform !== "linux") return none(`native code is not supported on ${platform} yet`);
  const name = `@koromix/koffi-${platform}-${arch}`;
  try {
    return open2(load4(name), "");
  } catch (error) {
    const code = error.code;
    if (code === "MODULE_NOT_FOUND") return none(`the optional package ${name} is not installed`);
    return none(`${name} does not load: ${String(error.message)}`);
  }
}
function load4(name) {
  try {
    return require3(`${name}/linux_x64/koffi.node`);
  } catch {
    return require3(name);
  }
}
var available = () => {
  const { availableMemory } = process;
  return availableMemory?.() ?? Number.POSITIVE_INFINITY;
};
var bufferBytes = () => process.memoryUsage().arrayBuffers;
var allocate2 = (bytes2) => Buffer.allocUnsafeSlow(bytes2).buffer;

// src/runtime/cpu/native/cpuid.ts
function readCpu(cpuid, xgetbv) {
  const [maxLeaf, b, c2, d] = cpuid(0, 0);
  const [maxExtended] = cpuid(2147483648, 0);
  return {
    vendor: text([b, d, c2]),
    model: maxExtended >= 2147483652 ? modelOf(cpuid) : "",
    isa: maxLeaf >= 7 ? isaOf(cpuid, xgetbv) : null,
    ...cachesOf(cpuid, maxLeaf, maxExtended)
  };
}
var text = (words2) => String.fromCharCode(...new Uint8Array(Uint32Array.from(words2).buffer)).replace(/\0.*$/s, "");
var modelOf = (cpuid) => text([2147483650, 2147483651, 2147483652].flatMap((leaf) => [...cpuid(leaf, 0)])).replace(/\s+/g, " ").trim();
var has = (word, ...bits2) => bits2.every((n) => word >>> n & 1);
function isaOf(cpuid, xgetbv) {
  const [, , c1] = cpuid(1, 0);
  const [, b7] = cpuid(7, 0);
  if (!has(c1, 12, 23, 27, 28, 29) || !has(b7, 3, 5, 8)) return null;
  const saved = xgetbv();
  if (!has(saved, 1, 2)) return null;
  return has(b7, 16, 17, 28, 30, 31) && has(saved, 5, 6, 7) ? "avx512" : "avx2";
}
function cachesOf(cpuid, maxLeaf, maxExtended) {
  const sizes = [0, 0, 0, 0];
  for (const leaf of [4, 2147483677]) {
    if (leaf > (leaf < 2147483648 ? maxLeaf : maxExtended) || sizes[1] > 0) continue;
    for (let i = 0; i < 16; i++) {
      const [a, b, sets] = cpuid(leaf, i);
      const type = a & 31;
      if (type === 0) break;
      const level = a >>> 5 & 7;
      const instructions = 2;
      if (type === instructions || level > 3) continue;
      const [ways, partitions, line] = [b >>> 22, b >>> 12 & 1023, b & 4095];
      sizes[level] = (ways + 1) * (partitions + 1) * (line + 1) * (sets + 1);
    }
  }
  if (sizes[1] === 0 && maxExtended >= 2147483654) {
    const [, , l1] = cpuid(2147483653, 0);
    const [, , l2, l3] = cpuid(2147483654, 0);
    return { l1: (l1 >>> 24) * 1024, l2: (l2 >>> 16) * 1024, l3: (l3 >>> 18) * 2 ** 19 };
  }
  return { l1: sizes[1], l2: sizes[2], l3: sizes[3] };
}

// src/runtime/cpu/native/layout.ts
var CONTROL = {
  /** float64: address of the program that `run` runs. */
  program: 0,
  /** Address of the process's pool, or 0: everything then runs on the calling thread. */
  pool: 8,
  /** Threads that may take part, the calling one among them (32 bits). */
  threads: 16,
  /** How often to look before going to sleep (32 bits). */
  spins: 20,
  /** Room for the results of CPUID, four 32-bit words. */
  scratch: 32,
  /** The program of `runArgs`: one entry, the argument block below. */
  argsProgram: 64,
  args: 128
};
var ARG_SLOTS = 256;
var POOL_MAGIC = "gradus pool 1\0\0\0";
var POOL = {
  magic: 0,
  /** Where the workers' code is. */
  worker: 16,
  /** Workers that have been started (32 bits), and how often they look before they sleep. */
  started: 24,
  spins: 28,
  /** Nonzero while an isolate uses the pool. */
  busy: 64,
  /**
   * The phase, one 64-bit word: in the low half how many workers are inside, and CLOSED if no more
   * may enter; in the high half its number. A worker enters by compare-and-swap of the whole.
   */
  inside: 128,
  phase: 132,
  /** Workers that sleep or are about to. */
  sleepers: 192,
  /** Whether the calling thread sleeps until the last worker is out. */
  waiting: 196,
  /** The next tile. */
  tile: 256,
  /** What runs in this phase: argument block, code, tiles; and which workers may enter. */
  args: 320,
  code: 328,
  tiles: 336,
  threads: 344,
  /** Signal sets: all of them, and what the calling thread had. */
  allSignals: 384,
  oldSignals: 512,
  threadId: 640,
  /** What each worker is started with: pool, index, last phase. */
  records: 1024
};
var RECORD_BYTES = 32;
var MAX_THREADS = 256;
var POOL_BYTES = POOL.records + MAX_THREADS * RECORD_BYTES;

// src/runtime/cpu/native/machine-code.ts
var CLOSED = 2147483648;
var FUTEX = 202;
var WAIT_PRIVATE = 128;
var WAKE_PRIVATE = 129;
var HERE = "0x1122334455667788";
var CALL = {
  assembly: `
    movabs rdi, ${HERE}
    cvttsd2si rdx, [rdi + 8]
    cvttsd2si rax, [rdi]
    xor esi, esi
    xor ecx, ecx
    jmp rax`,
  hex: "48bf8877665544332211f2480f2c5708f2480f2c0731f631c9ffe0"
};
var RUN = {
  assembly: `
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    sub rsp, 8
    movabs rbp, ${HERE}
    cvttsd2si r12, [rbp + ${CONTROL.program}]
    mov r13, [r12]
    lea r14, [r12 + 16]
    mov rbx, [rbp + ${CONTROL.pool}]
    test rbx, rbx
    je next
    xor eax, eax
    mov ecx, 1
    lock cmpxchg [rbx + ${POOL.busy}], ecx
    je locked
    xor ebx, ebx
    jmp next
  locked:
    mov eax, [rbp + ${CONTROL.threads}]
    mov [rbx + ${POOL.threads}], eax
  next:
    dec r13
    js done
    mov rdi, [r14]
    add r14, 8
    test rdi, rdi
    je guard
    cvttsd2si r15, [rdi + 8]
    cvttsd2si rax, [rdi]
    test r15, r15
    jle next
    test rbx, rbx
    je alone
    cmp r15, 1
    je alone
    # A phase: what runs, then its number, which opens it; then those who sleep.
    mov [rbx + ${POOL.args}], rdi
    mov [rbx + ${POOL.code}], rax
    mov [rbx + ${POOL.tiles}], r15
    mov qword ptr [rbx + ${POOL.tile}], 0
    mov eax, [rbx + ${POOL.phase}]
    inc eax
    shl rax, 32
    xchg [rbx + ${POOL.inside}], rax
    cmp dword ptr [rbx + ${POOL.sleepers}], 0
    je mine
    mov eax, 0x7fffffff
    lea rdx, [r15 - 1]
    cmp rdx, rax
    cmova rdx, rax
    lea rdi, [rbx + ${POOL.phase}]
    mov esi, ${WAKE_PRIVATE}
    mov eax, ${FUTEX}
    syscall
  mine:
    mov esi, 1
    lock xadd [rbx + ${POOL.tile}], rsi
    cmp rsi, r15
    jae close
    lea rdx, [rsi + 1]
    mov rdi, [rbx + ${POOL.args}]
    xor ecx, ecx
    call [rbx + ${POOL.code}]
    jmp mine
    # No tile is left: nobody may enter any more, and those inside are waited for.
  close:
    lock or dword ptr [rbx + ${POOL.inside}], ${CLOSED}
    mov ecx, [rbp + ${CONTROL.spins}]
  join:
    cmp dword ptr [rbx + ${POOL.inside}], ${CLOSED}
    je next
    pause
    dec ecx
    jne join
    mov eax, 1
    xchg [rbx + ${POOL.waiting}], eax
  sleep:
    mov edx, [rbx + ${POOL.inside}]
    cmp edx, ${CLOSED}
    je woken
    lea rdi, [rbx + ${POOL.inside}]
    mov esi, ${WAIT_PRIVATE}
    xor r10d, r10d
    mov eax, ${FUTEX}
    syscall
    jmp sleep
  woken:
    mov dword ptr [rbx + ${POOL.waiting}], 0
    jmp next
  alone:
    xor esi, esi
    mov rdx, r15
    xor ecx, ecx
    call rax
    jmp next
  guard:
    mov rax, [r12 + 8]
    test rax, rax
    je next
    cmp qword ptr [rax], -1
    je next
  done:
    test rbx, rbx
    je out
    mov dword ptr [rbx + ${POOL.busy}], 0
  out:
    add rsp, 8
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret`,
  hex: "535541544155415641574883ec0848bd8877665544332211f24c0f2c65004d8b2c244d8d742410488b5d084885db741b31c0b901000000f00fb14b40740431dbeb098b451089835801000049ffcd0f8844010000498b3e4983c6084885ff0f841c010000f24c0f2c7f08f2480f2c074d85ff7ed74885db0f84f50000004983ff010f84eb0000004889bb40010000488983480100004c89bb5001000048c78300010000000000008b8384000000ffc048c1e0204887838000000083bbc0000000007423b8ffffff7f498d57ff4839c2480f47d0488dbb84000000be81000000b8ca0000000f05be01000000f0480fc1b3000100004c39fe7315488d5601488bbb4001000031c9ff9348010000ebd8f0818b80000000000000808b4d1481bb80000000000000800f841ffffffff390ffc975eab8010000008783c40000008b938000000081fa000000807418488dbb80000000be800000004531d2b8ca0000000f05ebdac783c400000000000000e9d9feffff31f64c89fa31c9ffd0e9cbfeffff498b4424084885c00f84bdfeffff488338ff0f84b3feffff4885db7407c74340000000004883c408415f415e415d415c5d5bc3"
};
var WORKER = {
  assembly: `
    push rbx
    push rbp
    push r12
    push r13
    push r14
    mov rbx, [rdi]
    mov r12, [rdi + 8]
    mov r13, [rdi + 16]
  again:
    mov ebp, [rbx + ${POOL.spins}]
  look:
    mov rax, [rbx + ${POOL.inside}]
    mov rdx, rax
    shr rdx, 32
    cmp edx, r13d
    je idle
    test eax, eax
    js idle
    cmp r12d, [rbx + ${POOL.threads}]
    jae idle
    lea rcx, [rax + 1]
    lock cmpxchg [rbx + ${POOL.inside}], rcx
    jne look
    mov r13d, edx
    mov r14, [rbx + ${POOL.tiles}]
  tile:
    mov esi, 1
    lock xadd [rbx + ${POOL.tile}], rsi
    cmp rsi, r14
    jae leave
    lea rdx, [rsi + 1]
    mov rdi, [rbx + ${POOL.args}]
    mov ecx, r12d
    call [rbx + ${POOL.code}]
    jmp tile
  leave:
    mov eax, -1
    lock xadd [rbx + ${POOL.inside}], eax
    cmp eax, ${CLOSED + 1}
    jne again
    cmp dword ptr [rbx + ${POOL.waiting}], 0
    je again
    lea rdi, [rbx + ${POOL.inside}]
    mov esi, ${WAKE_PRIVATE}
    mov edx, 1
    mov eax, ${FUTEX}
    syscall
    jmp again
  idle:
    pause
    dec ebp
    jne look
    lock inc dword ptr [rbx + ${POOL.sleepers}]
    lea rdi, [rbx + ${POOL.phase}]
    mov esi, ${WAIT_PRIVATE}
    xor r10d, r10d
    mov eax, ${FUTEX}
    syscall
    lock dec dword ptr [rbx + ${POOL.sleepers}]
    jmp again`,
  hex: "5355415441554156488b1f4c8b67084c8b6f108b6b1c488b83800000004889c248c1ea204439ea0f849900000085c00f8891000000443ba3580100000f8384000000488d4801f0480fb18b8000000075c54189d54c8bb350010000be01000000f0480fc1b3000100004c39f67316488d5601488bbb400100004489e1ff9348010000ebd7b8fffffffff00fc183800000003d010000800f8577ffffff83bbc4000000000f846affffff488dbb80000000be81000000ba01000000b8ca0000000f05e94dfffffff390ffcd0f8546fffffff0ff83c0000000488dbb84000000be800000004531d2b8ca0000000f05f0ff8bc0000000e91affffff"
};
var RAISE_FAULT = {
  assembly: `
    mov rax, [rdi]
  retry:
    cmp rsi, rax
    jae kept
    lock cmpxchg [rdi], rsi
    jne retry
  kept:
    ret`,
  hex: "488b074839c67307f0480fb13775f4c3"
};
var COMPARE_AND_SWAP = {
  assembly: `
    mov rax, rsi
    lock cmpxchg [rdi], rdx
    ret`,
  hex: "4889f0f0480fb117c3"
};
var CPUID = {
  assembly: `
    push rbx
    mov r8, rdx
    mov eax, edi
    mov ecx, esi
    cpuid
    mov [r8], eax
    mov [r8 + 4], ebx
    mov [r8 + 8], ecx
    mov [r8 + 12], edx
    pop rbx
    ret`,
  hex: "534989d089f889f10fa241890041895804418948084189500c5bc3"
};
var XGETBV = {
  assembly: `
    xor ecx, ecx
    xgetbv
    ret`,
  hex: "31c90f01d0c3"
};
var PAUSES = {
  assembly: `
    pause
    dec rdi
    jne .-5
    ret`,
  hex: "f39048ffcf75f9c3"
};
function assembled(routine, here2 = 0) {
  const { hex: hex2 } = routine;
  const bytes2 = new Uint8Array(hex2.length / 2);
  for (let i = 0; i < bytes2.length; i++)
    bytes2[i] = Number.parseInt(hex2.slice(2 * i, 2 * i + 2), 16);
  const at4 = hex2.indexOf("8877665544332211") / 2;
  if (at4 >= 0) new DataView(bytes2.buffer).setBigUint64(at4, BigInt(here2), true);
  return bytes2;
}

// src/runtime/cpu/native/native-memory.ts
var CHUNK_BYTES3 = 2 ** 18;
var ALIGN2 = 64;
var NativeBlock = class {
  address;
  bytes;
  u8;
  freed = false;
  constructor(address2, u8) {
    this.address = address2;
    this.bytes = u8.length;
    this.u8 = u8;
  }
  f64() {
    return new Float64Array(this.u8.buffer, this.u8.byteOffset, this.bytes >> 3);
  }
  i64() {
    return new BigInt64Array(this.u8.buffer, this.u8.byteOffset, this.bytes >> 3);
  }
  u32() {
    return new Uint32Array(this.u8.buffer, this.u8.byteOffset, this.bytes >> 2);
  }
};
var NativeMemory = class {
  bytesInUse = 0;
  system;
  platform;
  chunks = [];
  constructor(system, platform) {
    this.system = system;
    this.platform = platform;
  }
  /** Zeroed, 64-byte aligned, a multiple of 64 bytes. */
  allocate(bytes2) {
    const room = Math.max(ALIGN2, Math.ceil(bytes2 / ALIGN2) * ALIGN2);
    let chunk3;
    let at4 = -1;
    for (chunk3 of this.chunks) {
      at4 = chunk3.free.take(room);
      if (at4 >= 0) break;
    }
    if (chunk3 === void 0 || at4 < 0) {
      chunk3 = this.grow(room);
      at4 = chunk3.free.take(room);
    }
    this.bytesInUse += room;
    return new NativeBlock(chunk3.address + at4, chunk3.memory.subarray(at4, at4 + room).fill(0));
  }
  /** Freeing twice does nothing. */
  free(block) {
    if (block.freed) return;
    const chunk3 = this.chunks.find((c2) => c2.memory.buffer === block.u8.buffer);
    if (chunk3 === void 0) return;
    block.freed = true;
    chunk3.free.give(block.u8.byteOffset, block.bytes);
    this.bytesInUse -= block.bytes;
  }
  /**
   * Where a buffer's bytes are, for as long as it is neither collected nor transferred; 0 if it has
   * none. Ask once a buffer: it takes 50 ns.
   */
  addressOf(buffer3) {
    return buffer3.byteLength === 0 ? 0 : Number(this.system.koffi.address(buffer3));
  }
  /** `bytes` bytes at a multiple of 64, uninitialised. */
  allocateBuffer(bytes2) {
    const buffer3 = this.platform.allocate(bytes2 + ALIGN2);
    const start = this.addressOf(buffer3);
    const address2 = Math.ceil(start / ALIGN2) * ALIGN2;
    return { buffer: buffer3, offset: address2 - start, address: address2 };
  }
  grow(room) {
    const bytes2 = Math.ceil(room / CHUNK_BYTES3) * CHUNK_BYTES3;
    const address2 = this.system.allocatePages(bytes2);
    const memory = new Uint8Array(this.system.view(address2, bytes2));
    const chunk3 = { address: address2, memory, free: new Extents() };
    chunk3.free.give(0, bytes2);
    this.chunks.push(chunk3);
    return chunk3;
  }
};

// src/runtime/cpu/native/system.ts
var PAGE = 4096;
var PROT_NONE = 0;
var PROT_READ = 1;
var PROT_WRITE = 2;
var PROT_EXEC = 4;
var MAP_SHARED = 1;
var MAP_PRIVATE_ANONYMOUS = 34;
var O_RDWR_CREATE_EXCL_CLOEXEC = 2 | 64 | 128 | 524288;
var MFD_CLOEXEC = 1;
var MFD_EXEC = 16;
var SYS_MEMFD_CREATE = 319;
var SYS_MEMBARRIER = 324;
var SYNC_CORE = 32;
var REGISTER_SYNC_CORE = 64;
var SIG_BLOCK = 0;
var SIG_SETMASK = 2;
var M_TRIM_THRESHOLD = -1;
var M_MMAP_THRESHOLD = -3;
var System = class {
  koffi;
  libc;
  mmap;
  munmap;
  mprotect;
  syscall;
  pthreadCreate;
  pthreadDetach;
  pthreadSigmask;
  /** Whether running threads can be told that code changed; asked at first need, as it takes 15 ms. */
  membarrier;
  /** Throws where something is missing; `openNative` turns that into a reason. */
  constructor(koffi) {
    this.koffi = koffi;
    this.libc = koffi.load(null);
    const i64 = "int64_t";
    const f2 = (name, result, ...args) => this.libc.func(name, result, args);
    this.symbol("gnu_get_libc_version");
    this.mmap = f2("mmap", i64, i64, i64, "int", "int", "int", i64);
    this.munmap = f2("munmap", "int", i64, i64);
    this.mprotect = f2("mprotect", "int", i64, i64, "int");
    this.syscall = f2("syscall", i64, i64, i64, i64, i64);
    this.pthreadCreate = f2("pthread_create", "int", i64, i64, i64, i64);
    this.pthreadDetach = f2("pthread_detach", "int", i64);
    this.pthreadSigmask = f2("pthread_sigmask", "int", "int", i64, i64);
  }
  /** Address of a symbol of the process, or 0. */
  find(name) {
    try {
      return Number(this.libc.symbol(name));
    } catch {
      return 0;
    }
  }
  symbol(name) {
    if (this.find(name) === 0) throw new Error(`the C library is not glibc: it has no ${name}`);
  }
  /** A function at an address, called with 64-bit integers. */
  function(address2, result, args) {
    const type = this.koffi.proto(result, new Array(args).fill("int64_t"));
    return this.koffi.decode(address2, type);
  }
  view(address2, bytes2) {
    return this.koffi.view(address2, bytes2);
  }
  /** Zeroed pages; throws if there are none. */
  allocatePages(bytes2) {
    return this.map(bytes2, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1);
  }
  freePages(address2, bytes2) {
    this.munmap(address2, bytes2);
  }
  /** Makes pages trap on any access. */
  forbidPages(address2, bytes2) {
    if (Number(this.mprotect(address2, bytes2, PROT_NONE)) !== 0) this.fail("mprotect");
  }
  /** Pages mapped twice, writable and executable, never both at one address. */
  mapCode(bytes2) {
    const fd = this.codeFile();
    try {
      const ftruncate = this.libc.func("ftruncate", "int", ["int", "int64_t"]);
      if (Number(ftruncate(fd, bytes2)) !== 0) this.fail("ftruncate");
      const executable = this.map(bytes2, PROT_READ | PROT_EXEC, MAP_SHARED, fd);
      try {
        const writable = this.map(bytes2, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        return { writable, executable, bytes: bytes2 };
      } catch (error) {
        this.freePages(executable, bytes2);
        throw error;
      }
    } finally {
      this.libc.func("close", "int", ["int"])(fd);
    }
  }
  unmapCode({ writable, executable, bytes: bytes2 }) {
    this.freePages(writable, bytes2);
    this.freePages(executable, bytes2);
  }
  /**
   * Makes every running thread of the process forget instructions it has fetched, which must happen
   * before new code runs where old code ran. False if the system cannot.
   */
  flushInstructions() {
    this.membarrier ??= Number(this.syscall(SYS_MEMBARRIER, REGISTER_SYNC_CORE, 0, 0)) === 0;
    return this.membarrier && Number(this.syscall(SYS_MEMBARRIER, SYNC_CORE, 0, 0)) === 0;
  }
  /**
   * Starts a thread at `entry` that takes no signal: handlers, and the terminal's SIGINT, are for
   * JavaScript's thread. The two sets are room for 128 bytes each. False if there is no more.
   */
  startThread(entry, argument, room) {
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
  keepFreedMemory() {
    const mallopt = this.libc.func("mallopt", "int", ["int", "int"]);
    mallopt(M_MMAP_THRESHOLD, 2 ** 30);
    mallopt(M_TRIM_THRESHOLD, 2 ** 30);
  }
  map(bytes2, protection, flags, fd) {
    const address2 = Number(this.mmap(0, bytes2, protection, flags, fd, 0));
    if (address2 === -1) this.fail("mmap");
    return address2;
  }
  /** A file without a name, on a file system that programs may run from. */
  codeFile() {
    const name = new TextEncoder().encode("gradus-code\0");
    const at4 = Number(this.koffi.address(name));
    for (const flags of [MFD_CLOEXEC | MFD_EXEC, MFD_CLOEXEC]) {
      const fd = Number(this.syscall(SYS_MEMFD_CREATE, at4, flags, 0));
      if (fd >= 0) return fd;
    }
    const open2 = this.libc.func("open", "int", ["str", "int", "int"]);
    const unlink = this.libc.func("unlink", "int", ["str"]);
    const unique = `gradus-code-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    for (const folder2 of ["/dev/shm", "/tmp"]) {
      const path2 = `${folder2}/${unique}`;
      const fd = open2(path2, O_RDWR_CREATE_EXCL_CLOEXEC, 384);
      if (fd < 0) continue;
      unlink(path2);
      return fd;
    }
    return this.fail("memfd_create");
  }
  fail(what2) {
    throw new Error(`${what2} failed (errno ${this.koffi.errno()})`);
  }
};

// src/runtime/cpu/native/thread-pool.ts
var SHARED_POINTER = "argp_program_bug_address";
var ThreadPool = class _ThreadPool {
  address;
  system;
  compareAndSwap;
  u32;
  constructor(system, compareAndSwap, address2) {
    this.system = system;
    this.compareAndSwap = compareAndSwap;
    this.address = address2;
    this.u32 = new Uint32Array(system.view(address2, POOL_BYTES));
  }
  /** The process's pool, made if there is none. `spins`: how often workers look before sleeping. */
  static open(system, compareAndSwap, spins) {
    const shared = system.find(SHARED_POINTER);
    const at4 = (address2) => new _ThreadPool(system, compareAndSwap, address2);
    if (shared === 0) return at4(makePool(system, spins));
    const there = Number(compareAndSwap(shared, 0, 0));
    if (there !== 0) return at4(isPool(system, there) ? there : makePool(system, spins));
    const mine = makePool(system, spins);
    const first = Number(compareAndSwap(shared, 0, mine));
    return at4(first !== 0 && isPool(system, first) ? first : mine);
  }
  /** Workers there are, beside the threads that run JavaScript. */
  get workers() {
    return this.u32[POOL.started >> 2];
  }
  /**
   * Starts workers until there are `wanted`, or the system gives no more. False if another isolate
   * uses the pool right now: try again later.
   */
  start(wanted) {
    if (this.workers >= wanted) return true;
    if (Number(this.compareAndSwap(this.address + POOL.busy, 0, 1)) !== 0) return false;
    try {
      while (this.workers < Math.min(wanted, MAX_THREADS - 1) && this.startWorker()) {
        this.u32[POOL.started >> 2]++;
      }
    } finally {
      Atomics.store(this.u32, POOL.busy >> 2, 0);
    }
    return true;
  }
  startWorker() {
    const { address: address2, system, u32 } = this;
    const index2 = this.workers + 1;
    const record = POOL.records + index2 * RECORD_BYTES;
    const words2 = new BigUint64Array(u32.buffer, record, 3);
    words2[0] = BigInt(address2);
    words2[1] = BigInt(index2);
    words2[2] = BigInt(u32[POOL.phase >> 2]);
    const [worker] = new BigUint64Array(u32.buffer, POOL.worker, 1);
    return system.startThread(Number(worker), address2 + record, {
      allSignals: address2 + POOL.allSignals,
      oldSignals: address2 + POOL.oldSignals,
      threadId: address2 + POOL.threadId
    });
  }
};
function makePool(system, spins) {
  const address2 = system.allocatePages(POOL_BYTES);
  const buffer3 = system.view(address2, POOL_BYTES);
  const u8 = new Uint8Array(buffer3);
  const u32 = new Uint32Array(buffer3);
  u8.set(new TextEncoder().encode(POOL_MAGIC), POOL.magic);
  u8.fill(255, POOL.allSignals, POOL.allSignals + 128);
  u32[POOL.spins >> 2] = spins;
  u32[POOL.inside >> 2] = 2147483648;
  const code = system.mapCode(PAGE);
  new Uint8Array(system.view(code.writable, PAGE)).set(assembled(WORKER));
  system.freePages(code.writable, PAGE);
  new BigUint64Array(buffer3, POOL.worker, 1)[0] = BigInt(code.executable);
  return address2;
}
function isPool(system, address2) {
  const found = new Uint8Array(system.view(address2, POOL_MAGIC.length));
  return new TextEncoder().encode(POOL_MAGIC).every((byte, i) => found[i] === byte);
}

// src/runtime/cpu/native/native-host.ts
var SPIN_US = 20;
var NativeHost = class {
  cpu;
  code;
  memory;
  /** Threads that take part in `run`, JavaScript's among them. */
  threads;
  /**
   * The argument block of `call` and `runArgs`, at an address of its own; see target/x64/abi.ts.
   * Write the kernel's address, the number of tiles and the rest, then call.
   */
  args;
  /** Runs the kernel in `args` on this thread, all tiles in one call. About 10 ns. */
  call;
  /** Address of the routine that lowers a fault word (rdi) to a value (rsi), changing only rax. */
  raiseFault;
  system;
  enter;
  control;
  argsProgram;
  compareAndSwap;
  spins;
  /** Whether `run` still has to start threads. */
  cold;
  /** Throws where the system refuses; `openNative` says why. */
  constructor(platform, threads) {
    if (platform.koffi === null) throw new Error(platform.reason);
    const system = new System(platform.koffi);
    this.system = system;
    const page = system.allocatePages(PAGE);
    const buffer3 = system.view(page, PAGE);
    this.control = new Float64Array(buffer3, 0, 1);
    this.args = new Float64Array(buffer3, CONTROL.args, ARG_SLOTS);
    let serialize = () => {
    };
    this.code = new CodeMemory(system, () => serialize());
    const place4 = (r, here2) => this.code.write(assembled(r, here2)).address;
    const cpuid = system.function(place4(CPUID), "void", 3);
    serialize = () => void cpuid(0, 0, page + CONTROL.scratch);
    const xgetbv = system.function(place4(XGETBV), "int64_t", 0);
    const words2 = new Uint32Array(buffer3, CONTROL.scratch, 4);
    this.cpu = readCpu(
      (leaf, subleaf) => {
        cpuid(leaf, subleaf, page + CONTROL.scratch);
        return [...words2];
      },
      () => Number(xgetbv())
    );
    this.compareAndSwap = system.function(place4(COMPARE_AND_SWAP), "int64_t", 3);
    this.raiseFault = place4(RAISE_FAULT);
    this.call = system.function(place4(CALL, page + CONTROL.args), "void", 0);
    this.enter = system.function(place4(RUN, page), "void", 0);
    this.memory = new NativeMemory(system, platform);
    this.threads = Math.max(1, Math.min(threads ?? platform.processors, MAX_THREADS));
    this.cold = this.threads > 1;
    this.spins = this.cold ? spinCount(system.function(place4(PAUSES), "void", 1)) : 1;
    const settings = new Uint32Array(buffer3);
    settings[CONTROL.threads >> 2] = this.threads;
    settings[CONTROL.spins >> 2] = this.spins;
    this.argsProgram = page + CONTROL.argsProgram;
    const program = new BigInt64Array(buffer3, CONTROL.argsProgram, PROGRAM_FIRST + 1);
    program[PROGRAM_COUNT] = 1n;
    program[PROGRAM_FIRST] = BigInt(page + CONTROL.args);
  }
  /**
   * Runs the program at an address (see target/x64/abi.ts) on all threads that have time, or on
   * this one alone while another isolate uses the pool. Returns when every thread is out.
   */
  run(program) {
    if (this.cold) this.warm();
    this.control[0] = program;
    this.enter();
  }
  /** Runs the kernel in `args` on all threads that have time. */
  runArgs() {
    this.run(this.argsProgram);
  }
  /** `runArgs` for a kernel with one operand or more, as an example and for tests. */
  runKernel(code, tiles, ...operands) {
    this.args[ARG_CODE] = code;
    this.args[ARG_TILES] = tiles;
    for (let i = 0; i < operands.length; i++) this.args[ARG_TILES + 1 + i] = operands[i];
    this.runArgs();
  }
  /** The first kernel that is worth more than one thread starts them. */
  warm() {
    const pool = ThreadPool.open(this.system, this.compareAndSwap, this.spins);
    const started = pool.start(this.threads - 1);
    const address2 = new BigUint64Array(this.control.buffer, CONTROL.pool, 1);
    address2[0] = BigInt(pool.address);
    this.cold = !started;
  }
};
function spinCount(pauses) {
  const tries = 200;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    pauses(tries);
    least = Math.min(least, performance.now() - start);
  }
  const count = tries * SPIN_US / (least * 1e3);
  return Math.max(50, Math.min(2e4, Math.round(count)));
}

// src/runtime/cpu/native/open-native.ts
function openNative(options = {}) {
  try {
    const host = new NativeHost(options.platform ?? openPlatform(), options.threads);
    if (host.cpu.isa !== null) return { host, reason: "" };
    return { host: null, reason: `${host.cpu.model} has neither AVX-512 nor AVX2 with FMA` };
  } catch (error) {
    return { host: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

// src/runtime/cpu/native/thread-count.ts
function threadsFromFlag(text2 = threadsWanted()) {
  if (text2 === void 0 || text2 === "") return void 0;
  const threads = Number(text2);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new ValueError({
    op: "GRADUS_THREADS",
    problem: `'${text2}' is no number of threads from 1 to ${MAX_THREADS}`,
    remedy: "set it to a whole number such as 4, or unset it to use every processor"
  });
}

// src/runtime/device.ts
var Storage = class {
  /** Name of the device it belongs to. */
  device;
  /** The device's record of the memory this lies in. */
  handle;
  /** First byte within the handle's memory. */
  offset;
  bytes;
  /** Counts writes; the tape checks it before it uses a saved tensor. */
  version = 0;
  /**
   * Whether more than one tensor reads it: a cell's update then writes a fresh buffer, and
   * `dispose` leaves it to the collector.
   */
  shared = false;
  /** Pending gradients that lie in it, and its state in a memory scope: see tensor/scope.ts. */
  pins = 0;
  scope = 0;
  constructor(device2, handle, offset, bytes2) {
    this.device = device2;
    this.handle = handle;
    this.offset = offset;
    this.bytes = bytes2;
  }
};
var outOfMemory = (bytes2, cause, ofWhat = "") => new DeviceError({
  op: "allocate",
  problem: `there is no memory for ${bytes2} more bytes${ofWhat}`,
  remedy: "use a smaller batch, or let go of tensors that are not needed",
  cause
});
var devices = /* @__PURE__ */ new Map();
var made = /* @__PURE__ */ new Map();
function registerDevice(name, make) {
  devices.set(name, make);
  made.delete(name);
}
function getDevice(name) {
  let d = made.get(name);
  if (d !== void 0) return d;
  const make = devices.get(name);
  if (make === void 0) {
    throw new DeviceError({
      op: "device",
      problem: `there is no device '${name}'`,
      remedy: `use one of ${[...devices.keys()].map((n) => `'${n}'`).join(", ")}`
    });
  }
  d = make();
  made.set(name, d);
  return d;
}
var deviceNames = () => [...devices.keys()];

// src/runtime/cpu/scalars.ts
function toInt64(value) {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}
var ScalarSlots = class {
  f64;
  f32;
  i32;
  i64;
  constructor(slots) {
    const { buffer: buffer3, byteOffset, length } = slots;
    this.f64 = slots;
    this.f32 = new Float32Array(buffer3, byteOffset, 2 * length);
    this.i32 = new Int32Array(buffer3, byteOffset, 2 * length);
    this.i64 = new BigInt64Array(buffer3, byteOffset, length);
  }
  write(at4, elem, value) {
    if (elem === "f32") this.f32[2 * at4] = value;
    else if (elem === "f64") this.f64[at4] = value;
    else if (elem === "i32") this.i32[2 * at4] = Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
    else this.i64[at4] = toInt64(value);
  }
};

// src/runtime/cpu/slabs.ts
var Bump = class {
  limit;
  slabBytes;
  align;
  handle = null;
  top = 0;
  constructor(limit, slabBytes, align) {
    this.limit = limit;
    this.slabBytes = slabBytes;
    this.align = align;
  }
};
var Slabs = class {
  device;
  source;
  classes = [
    new Bump(16, 4096, 16),
    new Bump(64, 16384, 16),
    new Bump(256, 16384, 64),
    new Bump(1024, 32768, 64),
    new Bump(4096, 65536, 64),
    new Bump(65536, 524288, 64)
  ];
  constructor(device2, source) {
    this.device = device2;
    this.source = source;
  }
  /** Storage of `bytes` bytes (up to 64 KB), or null if it should have memory of its own. */
  allocate(bytes2) {
    const c2 = this.classes;
    const b = bytes2 <= 16 ? c2[0] : bytes2 <= 64 ? c2[1] : bytes2 <= 256 ? c2[2] : bytes2 <= 1024 ? c2[3] : bytes2 <= 4096 ? c2[4] : bytes2 <= 65536 ? c2[5] : null;
    if (b === null) return null;
    if (b.handle === null || b.top + bytes2 > b.slabBytes) {
      b.handle = this.source.allocate(b.slabBytes);
      b.top = 0;
    }
    const s = new Storage(this.device, b.handle, b.top, bytes2);
    b.top = b.top + bytes2 + b.align - 1 & -b.align;
    return s;
  }
};

// src/runtime/cpu/x64-code.ts
var LIMIT_BYTES = 2 ** 24;
var MAX_USERS = 8192;
var X64Code = class {
  limitBytes = LIMIT_BYTES;
  /** Bytes of kernels in place. */
  bytes = 0;
  /** Counts the calls of `hold`. */
  tick = 0;
  memory;
  kernels = /* @__PURE__ */ new Map();
  /** Who holds what, oldest first; those that ran go to the end when their turn comes. */
  users = /* @__PURE__ */ new Map();
  constructor(memory) {
    this.memory = memory;
  }
  /** The kernel of a key, made if there is none. It stays at least until `hold` is called. */
  kernel(key, make) {
    let kernel = this.kernels.get(key);
    if (kernel === void 0) {
      kernel = { key, block: this.place(make()), holders: 0 };
      this.kernels.set(key, kernel);
      this.bytes += kernel.block.bytes;
    }
    return kernel;
  }
  /** Lets go of kernels that nobody holds: their user cannot be made. */
  discard(kernels) {
    for (const kernel of kernels) {
      if (kernel.holders === 0 && !kernel.block.freed) this.remove(kernel);
    }
  }
  place(code) {
    try {
      return this.memory.write(code);
    } catch (cause) {
      throw outOfMemory(code.length, cause, " of machine code");
    }
  }
  /** Keeps kernels for a user, and lets go of what others have not used if there is too much. */
  hold(user, kernels) {
    for (const kernel of kernels) kernel.holders++;
    const now = ++this.tick;
    this.users.set(user, { kernels, since: now });
    for (const [other, held] of this.users) {
      if (this.bytes <= this.limitBytes && this.users.size <= MAX_USERS) return;
      if (other === user) continue;
      this.users.delete(other);
      if (other.ranAt > held.since) {
        held.since = now;
        this.users.set(other, held);
        continue;
      }
      other.release();
      for (const kernel of held.kernels) this.drop(kernel);
    }
  }
  drop(kernel) {
    if (--kernel.holders > 0) return;
    this.remove(kernel);
  }
  remove(kernel) {
    this.kernels.delete(kernel.key);
    this.bytes -= kernel.block.bytes;
    this.memory.free(kernel.block);
  }
};

// src/runtime/cpu/fault.ts
function faultError(graph, inputs, faulted, position2, read) {
  const node = graph.nodes.find((n) => n.def.name === faulted);
  const size = node === void 0 ? null : pickedSize(node);
  const index2 = inputs.findIndex(
    (s) => s.weak === void 0 && isInt(s.dtype) && numelOf(s.shape) > position2
  );
  let what2 = "an index is out of range";
  if (index2 >= 0) {
    const { shape, strides } = inputs[index2];
    const at4 = unravel(position2, shape);
    const value = read(
      index2,
      at4.reduce((sum3, n, d) => sum3 + n * strides[d], 0)
    );
    what2 = `operand ${index2} holds ${value} at [${at4.join(", ")}], which is out of range`;
  }
  const least = faulted === graph.name && size !== null ? -size : 0;
  return new IndexError({
    op: graph.name,
    problem: size === null ? what2 : `${what2}: there are ${size}`,
    operands: inputs.filter((s) => s.weak === void 0),
    remedy: size === null ? void 0 : `use ${least} to ${size - 1}`
  });
}
function pickedSize(node) {
  const { lower } = node.def;
  const x = node.inputs[0];
  if (typeof x === "number" || lower?.kind !== "gather" && lower?.kind !== "scatterAdd")
    return null;
  return x.shape[lower.dim(node.attrs)];
}
function unravel(position2, shape) {
  const at4 = [];
  for (let d = shape.length - 1, rest = position2; d >= 0; d--) {
    at4.unshift(rest % shape[d]);
    rest = Math.floor(rest / shape[d]);
  }
  return at4;
}

// src/runtime/cpu/x64-executable.ts
var NONE2 = [];
var X64Executable = class {
  outputs;
  inPlace;
  machine;
  /** null: the kernels were let go of, and are made again by the next run. */
  steps = null;
  ranAt = 0;
  load;
  /** null: the plan has no temporaries. */
  scratch;
  graph;
  specs;
  constructor(machine, graph, specs, load6, device2) {
    this.machine = machine;
    this.graph = graph;
    this.specs = specs;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, void 0, device2));
    this.load = load6;
    const loaded = load6(this);
    const { plan } = loaded;
    this.inPlace = plan.inPlace;
    this.scratch = plan.temps.length === 0 ? null : machine.scratch(plan);
    this.steps = this.stepsOf(loaded);
  }
  release() {
    this.steps = null;
  }
  /** The steps, made again if they were let go of. */
  ready() {
    this.ranAt = this.machine.code.tick;
    this.steps ??= this.stepsOf(this.load(this));
    return this.steps;
  }
  stepsOf({ plan, code }) {
    const { machine } = this;
    return plan.launches.map((launch, i) => {
      const block = new Float64Array(ARG_PARAMS + launch.args.length);
      if (block.length > machine.host.args.length) {
        throw new Error(
          `${launch.faults ?? "a kernel"}: ${launch.args.length} arguments, but the argument block holds ${machine.host.args.length - ARG_PARAMS}`
        );
      }
      block[ARG_CODE] = code[i];
      const { tiles = 1 } = launch;
      block[ARG_TILES] = tiles;
      block[ARG_FAULT] = machine.fault.address;
      const pointers = [];
      const scalars = [];
      launch.args.forEach((arg, slot2) => {
        const at4 = ARG_PARAMS + slot2;
        if (arg.kind === "index") block[at4] = arg.value;
        else if (arg.kind === "pointer") pointers.push({ at: at4, arg });
        else scalars.push({ at: at4, arg });
      });
      return { block, parallel: tiles > 1, faults: launch.faults ?? null, pointers, scalars };
    });
  }
  run(out, a, b, scalarA, scalarB) {
    const steps = this.ready();
    const temps = this.scratch === null ? NONE2 : this.scratch.addresses();
    for (let i = 0; i < steps.length; i++) {
      const { block, parallel, pointers, scalars, faults } = steps[i];
      this.open(block);
      const { args } = this.machine.host;
      for (let p = 0; p < pointers.length; p++) {
        const { at: at4, arg } = pointers[p];
        const { kind, index: index2 } = arg.buffer;
        const base = kind === "output" ? addressOf2(out) : kind === "input" ? addressOf2(index2 === 0 ? a : b) : temps[index2];
        args[at4] = base + arg.bytes;
      }
      for (let s = 0; s < scalars.length; s++) {
        const { at: at4, arg } = scalars[s];
        this.machine.scalars.write(at4, arg.elem, arg.input === 0 ? scalarA : scalarB);
      }
      if (parallel) this.machine.host.runArgs();
      else this.machine.host.call();
      if (faults !== null) this.checkFault(faults, [a, b]);
    }
  }
  runAll(outputs, inputs) {
    const temps = this.scratch === null ? NONE2 : this.scratch.addresses();
    for (const { block, parallel, pointers, scalars, faults } of this.ready()) {
      this.open(block);
      const { args } = this.machine.host;
      for (const { at: at4, arg } of pointers) {
        const { kind, index: index2 } = arg.buffer;
        const base = kind === "input" ? addressOf2(inputs[index2]) : kind === "output" ? addressOf2(outputs[index2]) : temps[index2];
        args[at4] = base + arg.bytes;
      }
      for (const { at: at4, arg } of scalars)
        this.machine.scalars.write(at4, arg.elem, inputs[arg.input]);
      if (parallel) this.machine.host.runArgs();
      else this.machine.host.call();
      if (faults !== null) this.checkFault(faults, inputs);
    }
  }
  /** Starts the argument block of a step; `set` of a typed array costs more than a few stores. */
  open(block) {
    const { args } = this.machine.host;
    for (let i = 0; i < block.length; i++) args[i] = block[i];
  }
  checkFault(faulted, inputs) {
    const fault = this.machine.fault.take();
    if (fault === null) return;
    throw faultError(this.graph, this.specs, faulted, fault.position, (i, element) => {
      const { storage, offset } = inputs[i];
      const block = storage.handle;
      const at4 = block.offset + storage.offset + offset;
      const view = new DataView(block.buffer);
      return this.specs[i].dtype === "int64" ? Number(view.getBigInt64(at4 + 8 * element, true)) : view.getInt32(at4 + 4 * element, true);
    });
  }
};
function addressOf2({ storage, offset }) {
  const block = storage.handle;
  if (block.freed) throw new Error("a tensor was used after its memory was given back");
  return block.address + storage.offset + offset;
}

// src/runtime/cpu/x64-memory.ts
var X64Block = class {
  buffer;
  /** Where the first byte is in the buffer, and in memory. */
  offset;
  address;
  bytes;
  /** Given back by hand; any further use is a defect. */
  freed = false;
  constructor(buffer3, offset, address2, bytes2) {
    this.buffer = buffer3;
    this.offset = offset;
    this.address = address2;
    this.bytes = bytes2;
  }
};
var POOL_BYTES2 = 256 * 2 ** 20;
var POOLED_FROM = 65536;
var CHECKED_FROM = 2 ** 28;
var X64Memory = class {
  native;
  pool = /* @__PURE__ */ new Map();
  pooledBytes = 0;
  /** All plans' temporaries: runs follow each other. */
  temporary = null;
  poisons = verifying();
  constructor(native) {
    this.native = native;
  }
  /**
   * As V8 counts, with buffers that are not tensors'. A registry of blocks would know better and leak:
   * it keeps a cell of every block that ever was until its callbacks run, and in a synchronous loop
   * they never do.
   */
  get usedBytes() {
    return this.native.platform.bufferBytes() - this.pooledBytes;
  }
  allocate(bytes2) {
    const room = roomFor(bytes2);
    const list = this.pool.get(room);
    const old = list?.pop();
    if (old !== void 0) {
      this.pooledBytes -= room;
      return new X64Block(old.buffer, old.offset, old.address, room);
    }
    return this.fresh(room, bytes2);
  }
  /** Gives memory back for good. */
  release(block) {
    if (block.freed) return;
    block.freed = true;
    if (this.poisons) new Uint8Array(block.buffer, block.offset, block.bytes).fill(255);
    const { bytes: bytes2 } = block;
    if (bytes2 < POOLED_FROM || this.pooledBytes + bytes2 > POOL_BYTES2) return;
    this.pooledBytes += bytes2;
    const list = this.pool.get(bytes2);
    if (list === void 0) this.pool.set(bytes2, [block]);
    else list.push(block);
  }
  scratch({ temps, tempBytes }) {
    let base = -1;
    let list = [];
    const addresses = () => {
      const now = this.temporaries(tempBytes);
      if (now !== base) {
        base = now;
        list = temps.map((start) => now + start);
      }
      return list;
    };
    return { addresses };
  }
  temporaries(bytes2) {
    const old = this.temporary;
    if (old !== null && old.bytes >= bytes2) return old.address;
    this.temporary = this.allocate(bytes2);
    if (old !== null) this.release(old);
    return this.temporary.address;
  }
  fresh(room, bytes2) {
    try {
      const { native } = this;
      if (room >= CHECKED_FROM && room > native.platform.available())
        throw new Error("not so much");
      const { buffer: buffer3, offset, address: address2 } = native.allocateBuffer(room);
      return new X64Block(buffer3, offset, address2, room);
    } catch (cause) {
      if (this.pooledBytes === 0) throw outOfMemory(bytes2, cause);
      this.pool.clear();
      this.pooledBytes = 0;
      return this.fresh(room, bytes2);
    }
  }
};
var rounded2 = (bytes2) => Math.ceil(bytes2 / 64) * 64;
function roomFor(bytes2) {
  const least = rounded2(Math.max(bytes2, 1));
  if (least < POOLED_FROM) return least;
  const unit = 2 ** Math.max(12, Math.floor(Math.log2(least)) - 4);
  return Math.ceil(least / unit) * unit;
}

// src/runtime/cpu/x64-program.ts
var Places = class {
  /** The address that is written there now. */
  now = Number.NaN;
  slots = [];
  offsets = [];
  write(args, address2) {
    if (address2 === this.now) return;
    this.now = address2;
    const { slots, offsets } = this;
    for (let i = 0; i < slots.length; i++) args[slots[i]] = address2 + offsets[i];
  }
};
var slotsOf2 = (launch) => Math.ceil((ARG_PARAMS + launch.args.length) / 8) * 8;
var Image = class {
  address;
  block;
  args;
  slots;
  inputs = [];
  outputs = [];
  temps = [];
  scalars = [];
  faults;
  constructor(machine, { plan, code }) {
    const { launches } = plan;
    const lastFault = launches.findLastIndex((l) => l.faults !== void 0);
    this.faults = lastFault >= 0;
    const entries = launches.length + (this.faults ? 1 : 0);
    const header = Math.ceil((PROGRAM_FIRST + entries) / 8) * 8;
    const total = header + launches.reduce((n, l) => n + slotsOf2(l), 0);
    this.block = machine.allocate(8 * total);
    const { buffer: buffer3, offset, address: address2 } = this.block;
    this.address = address2;
    this.args = new Float64Array(buffer3, offset, total);
    this.slots = new ScalarSlots(this.args);
    const words2 = new BigInt64Array(buffer3, offset, total);
    words2[PROGRAM_COUNT] = BigInt(entries);
    words2[PROGRAM_FAULT] = BigInt(machine.fault.address);
    let at4 = header;
    let entry = PROGRAM_FIRST;
    launches.forEach((launch, i) => {
      words2[entry++] = BigInt(address2 + 8 * at4);
      this.fill(at4, launch, code[i], machine.fault.address);
      at4 += slotsOf2(launch);
      if (i === lastFault) words2[entry++] = 0n;
    });
  }
  fill(at4, launch, code, fault) {
    const { args } = this;
    args[at4 + ARG_CODE] = code;
    args[at4 + ARG_TILES] = launch.tiles ?? 1;
    args[at4 + ARG_FAULT] = fault;
    launch.args.forEach((arg, i) => {
      const slot2 = at4 + ARG_PARAMS + i;
      if (arg.kind === "index") args[slot2] = arg.value;
      else if (arg.kind === "scalar") this.scalars.push({ at: slot2, arg });
      else {
        const { kind, index: index2 } = arg.buffer;
        const list = kind === "input" ? this.inputs : kind === "output" ? this.outputs : this.temps;
        list[index2] ??= new Places();
        list[index2].slots.push(slot2);
        list[index2].offsets.push(arg.bytes);
      }
    });
  }
};
var X64Program = class {
  outputs;
  inPlace;
  ranAt = 0;
  machine;
  load;
  /** null: the kernels were let go of, and are made again by the next run. */
  image;
  scratch;
  /** Runs the same kernels one by one, to tell which of them met a bad index. */
  stepByStep;
  constructor(machine, graph, specs, load6, device2) {
    this.machine = machine;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, void 0, device2));
    this.load = load6;
    this.stepByStep = () => new X64Executable(machine, graph, specs, load6, device2);
    const loaded = load6(this);
    const { plan } = loaded;
    this.inPlace = plan.inPlace;
    this.scratch = plan.temps.length === 0 ? null : machine.scratch(plan);
    this.image = new Image(machine, loaded);
    this.loadedNames = plan.launches.map((l) => l.build().name + " x" + (l.tiles ?? 1) + " " + l.key.slice(0, 0));
  }
  loadedNames = [];
  release() {
    this.image = null;
  }
  run(out, a, b, scalarA, scalarB) {
    this.runAll([out], [a ?? scalarA, b ?? scalarB]);
  }
  runAll(outputs, inputs) {
    const { machine } = this;
    this.ranAt = machine.code.tick;
    this.image ??= new Image(machine, this.load(this));
    const { image } = this;
    const { args, faults } = image;
    for (let i = 0; i < image.inputs.length; i++) {
      image.inputs[i]?.write(args, addressOf2(inputs[i]));
    }
    for (let i = 0; i < image.outputs.length; i++) {
      image.outputs[i]?.write(args, addressOf2(outputs[i]));
    }
    if (this.scratch !== null) {
      const addresses = this.scratch.addresses();
      for (let i = 0; i < image.temps.length; i++) image.temps[i]?.write(args, addresses[i]);
    }
    for (const { at: at4, arg } of image.scalars) {
      image.slots.write(at4, arg.elem, inputs[arg.input]);
    }
    const G = globalThis;
    if (G.__prof) {
      const W = new BigInt64Array(image.block.buffer, image.block.offset, 8);
      const names = this.loadedNames;
      const saved = W[0];
      const all3 = new BigInt64Array(image.block.buffer, image.block.offset, 2 + Number(saved));
      const ents = [...all3.slice(2)];
      W[0] = 1n;
      let k2 = 0;
      for (const e of ents) {
        if (e === 0n) continue;
        all3[2] = e;
        const t02 = performance.now();
        machine.host.run(image.address);
        const dt = (performance.now() - t02) * 1e3;
        const n = k2 + " " + names[k2];
        k2++;
        G.__prof.set(n, Math.min(G.__prof.get(n) ?? 1e9, dt));
      }
      ents.forEach((e, i) => {
        all3[2 + i] = e;
      });
      W[0] = saved;
    } else machine.host.run(image.address);
    if (!faults || machine.fault.take() === null) return;
    this.stepByStep().runAll(outputs, inputs);
    throw new Error("an index was out of range, and then was not");
  }
};

// src/runtime/cpu/x64-device.ts
var X64Device = class {
  name = "cpu";
  engine;
  info;
  isa;
  threads;
  host;
  heap;
  /** null: every tensor has memory of its own. */
  slabs;
  machine;
  code;
  /** The host must have the instructions of `isa`. */
  constructor(host, isa, { memory, parallelWork } = {}) {
    this.code = new X64Code(host.code);
    this.host = host;
    this.isa = isa;
    this.threads = host.threads;
    host.system.keepFreedMemory();
    const { l1, l2, l3 } = host.cpu;
    const info = isa === "avx2" ? AVX2_TARGET : AVX512_TARGET;
    this.info = {
      ...info,
      threads: host.threads,
      parallelWork: parallelWork ?? info.parallelWork,
      cache: { l1: l1 || info.cache.l1, l2: l2 || info.cache.l2 },
      streamBytes: l3 || info.streamBytes
    };
    this.engine = `x86-64 machine code (${isa})`;
    this.heap = memory ?? new X64Memory(host.memory);
    this.slabs = memory === void 0 ? new Slabs(this.name, this.heap) : null;
    const { args } = host;
    this.machine = {
      host,
      code: this.code,
      fault: new FaultWord(host.memory),
      scalars: new ScalarSlots(args),
      allocate: (bytes2) => this.heap.allocate(bytes2),
      scratch: (temporaries) => this.heap.scratch(temporaries)
    };
  }
  allocate(bytes2) {
    return this.slabs?.allocate(bytes2) ?? new Storage(this.name, this.heap.allocate(bytes2), 0, bytes2);
  }
  free(storage) {
    const block = storage.handle;
    if (storage.bytes > 65536 || this.slabs === null) this.heap.release(block);
  }
  write(slot2, data) {
    const bytes2 = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytesOf3(slot2, data.byteLength).set(bytes2);
  }
  read(slot2, dtype, count) {
    const out = new (arrayOf(dtype))(count);
    new Uint8Array(out.buffer).set(bytesOf3(slot2, out.byteLength));
    return out;
  }
  view(slot2, dtype, count) {
    const { buffer: buffer3, byteOffset } = bytesOf3(slot2, 0);
    return new (arrayOf(dtype))(buffer3, byteOffset, count);
  }
  compile(graph, inputs, options) {
    if (debugLevel() >= 2) console.error(printGraph(graph));
    const load6 = (user) => {
      const plan = lowerGraph(graph, inputs, this.info, options?.last);
      const kernels = [];
      try {
        for (const l of plan.launches) kernels.push(this.code.kernel(l.key, () => this.make(l)));
      } catch (error) {
        this.code.discard(kernels);
        throw error;
      }
      this.code.hold(user, kernels);
      return { plan, code: kernels.map((k2) => k2.block.address) };
    };
    const kind = options?.program === true ? X64Program : X64Executable;
    return new kind(this.machine, graph, inputs, load6, this.name);
  }
  memory() {
    return { heapBytes: this.heap.usedBytes, usedBytes: this.heap.usedBytes };
  }
  measure() {
    return measureHost(this.host, this.threads, this.isa);
  }
  /** The machine code of a launch's kernel. */
  make(launch) {
    const start = debugLevel() >= 1 ? performance.now() : 0;
    const kernel = launch.build();
    if (verifying()) verifyKernel(kernel);
    const code = compileKernel(kernel, { isa: this.isa, listing: debugLevel() >= 5 });
    if (debugLevel() >= 1) {
      const ms = (performance.now() - start).toFixed(2);
      console.error(`[gradus] kernel ${kernel.name}: ${code.bytes.length} bytes, ${ms} ms`);
      if (debugLevel() >= 3) console.error(`  key ${launch.key}`);
      if (debugLevel() >= 4) console.error(printKernel(kernel));
      if (debugLevel() >= 5) console.error(code.text());
    }
    return code.bytes;
  }
};
function bytesOf3({ storage, offset }, length) {
  const block = storage.handle;
  if (block.freed) throw new Error("a tensor was used after its memory was given back");
  return new Uint8Array(block.buffer, block.offset + storage.offset + offset, length);
}

// src/runtime/cpu/open-x64.node.ts
function openX64() {
  const { host, reason } = openNative({ threads: threadsFromFlag() });
  if (host === null) return { reason };
  const isa = chooseIsa(host.cpu);
  if (isa === null) return { reason: `${host.cpu.model} has neither AVX-512 nor AVX2 with FMA` };
  return { device: new X64Device(host, isa) };
}

// src/runtime/cpu/notice.ts
function whyNoMachineCode() {
  const native = openX64();
  if ("reason" in native) return `no machine code: ${native.reason}`;
  return `GRADUS_CPU=${cpuEngine()} asks for this engine; machine code would be faster`;
}

// src/runtime/cpu/reference-device.ts
var Bytes = class {
  buffer;
  constructor(bytes2) {
    try {
      this.buffer = new ArrayBuffer(Math.ceil(bytes2 / 8) * 8);
    } catch (cause) {
      throw outOfMemory(bytes2, cause);
    }
  }
};
var bufferOf = (slot2) => slot2.storage.handle.buffer;
var ReferenceDevice = class {
  name = "cpu";
  engine = "reference interpreter (float64)";
  isa = "float64";
  threads = 1;
  notice() {
    return whyNoMachineCode();
  }
  allocate(bytes2) {
    return new Storage(this.name, new Bytes(bytes2), 0, bytes2);
  }
  free() {
  }
  write(slot2, data) {
    const bytes2 = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(bufferOf(slot2)).set(bytes2, slot2.offset);
  }
  read(slot2, dtype, count) {
    return this.view(slot2, dtype, count).slice();
  }
  view(slot2, dtype, count) {
    return new (arrayOf(dtype))(bufferOf(slot2), slot2.offset, count);
  }
  compile(graph, inputs) {
    const outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, void 0, this.name));
    const runAll = (outs, ins) => {
      const arrays = ins.map((s, i) => typeof s === "number" ? s : load5(s, inputs[i]));
      const results = withFaults(graph, inputs, ins, () => runGraph(graph, arrays));
      results.forEach((a, i) => this.write(outs[i], toTyped(a)));
    };
    const inPlace = outputs.flatMap((_, o) => inputs.map((_2, i) => [o, i]));
    return {
      outputs,
      inPlace,
      runAll,
      run: (out, a, b, scalarA, scalarB) => runAll([out], inputs.length === 1 ? [a ?? scalarA] : [a ?? scalarA, b ?? scalarB])
    };
  }
  memory() {
    return { heapBytes: 0, usedBytes: 0 };
  }
};
function withFaults(graph, specs, ins, f2) {
  try {
    return f2();
  } catch (error) {
    if (!(error instanceof IndexFault)) throw error;
    throw faultError(graph, specs, error.op, error.position, (i, element) => {
      const { dtype } = specs[i];
      const slot2 = ins[i];
      const all3 = new (arrayOf(dtype))(bufferOf(slot2));
      return Number(all3[slot2.offset / bytesOf(dtype) + element]);
    });
  }
}
function load5(slot2, spec) {
  const all3 = new (arrayOf(spec.dtype))(bufferOf(slot2));
  const base = slot2.offset / bytesOf(spec.dtype);
  const out = ndZeros(spec.shape, spec.dtype);
  forEachIndex(spec.shape, [spec.strides], (at4, [o]) => {
    out.data[at4] = all3[base + o];
  });
  return out;
}
function toTyped(a) {
  const out = new (arrayOf(a.dtype))(numelOf(a.shape));
  for (let i = 0; i < out.length; i++) out[i] = a.data[i];
  return out;
}

// src/asm/wasm/instructions.ts
var table2 = /* @__PURE__ */ new Map();
function run2(prefix, first, names, immediate = "none", bytes2 = 0) {
  let code = first;
  for (const name of names.split(/\s+/)) {
    if (name !== "-") table2.set(name, { name, prefix, code, immediate, bytes: bytes2 });
    code++;
  }
}
var each = (type, names) => names.split(" ").map((name) => name === "-" ? name : `${type}.${name}`).join(" ");
run2(0, 0, "unreachable nop");
run2(0, 2, "block loop if", "block");
run2(0, 5, "else");
run2(0, 11, "end");
run2(0, 12, "br br_if", "label");
run2(0, 15, "return");
run2(0, 16, "call", "function");
run2(0, 26, "drop select");
run2(0, 32, "local.get local.set local.tee", "local");
run2(0, 65, "i32.const", "i32");
run2(0, 66, "i64.const", "i64");
run2(0, 67, "f32.const", "f32");
run2(0, 68, "f64.const", "f64");
for (const [name, code, bytes2] of [
  ["i32.load", 40, 4],
  ["i64.load", 41, 8],
  ["f32.load", 42, 4],
  ["f64.load", 43, 8],
  ["i32.load8_s", 44, 1],
  ["i32.load8_u", 45, 1],
  ["i32.load16_s", 46, 2],
  ["i32.load16_u", 47, 2],
  ["i64.load8_s", 48, 1],
  ["i64.load8_u", 49, 1],
  ["i64.load16_s", 50, 2],
  ["i64.load16_u", 51, 2],
  ["i64.load32_s", 52, 4],
  ["i64.load32_u", 53, 4],
  ["i32.store", 54, 4],
  ["i64.store", 55, 8],
  ["f32.store", 56, 4],
  ["f64.store", 57, 8],
  ["i32.store8", 58, 1],
  ["i32.store16", 59, 2],
  ["i64.store8", 60, 1],
  ["i64.store16", 61, 2],
  ["i64.store32", 62, 4]
]) {
  run2(0, code, name, "address", bytes2);
}
run2(0, 63, "memory.size memory.grow", "memory");
run2(252, 10, "memory.copy", "two memories");
run2(252, 11, "memory.fill", "memory");
var INT_COMPARE = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
var FLOAT_COMPARE = "eq ne lt gt le ge";
var INT_ARITH = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
var FLOAT_ARITH = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";
run2(0, 69, each("i32", `eqz ${INT_COMPARE}`));
run2(0, 80, each("i64", `eqz ${INT_COMPARE}`));
run2(0, 91, each("f32", FLOAT_COMPARE));
run2(0, 97, each("f64", FLOAT_COMPARE));
run2(0, 103, each("i32", INT_ARITH));
run2(0, 121, each("i64", INT_ARITH));
run2(0, 139, each("f32", FLOAT_ARITH));
run2(0, 153, each("f64", FLOAT_ARITH));
run2(0, 167, each("i32", "wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u"));
run2(
  0,
  172,
  each("i64", "extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u")
);
run2(0, 178, each("f32", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64"));
run2(0, 183, each("f64", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32"));
run2(0, 188, "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64");
run2(0, 192, "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s");
var TRUNC_SAT = "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u";
run2(252, 0, each("i32", TRUNC_SAT));
run2(252, 4, each("i64", TRUNC_SAT));
var simd = (first, names, immediate = "none", bytes2 = 0) => run2(253, first, names, immediate, bytes2);
simd(0, "v128.load", "address", 16);
simd(
  1,
  each("v128", "load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u"),
  "address",
  8
);
simd(7, "v128.load8_splat", "address", 1);
simd(8, "v128.load16_splat", "address", 2);
simd(9, "v128.load32_splat", "address", 4);
simd(10, "v128.load64_splat", "address", 8);
simd(11, "v128.store", "address", 16);
simd(12, "v128.const", "v128");
simd(13, "i8x16.shuffle", "shuffle");
simd(14, "i8x16.swizzle");
simd(15, "i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat");
simd(21, "i8x16.extract_lane_s i8x16.extract_lane_u i8x16.replace_lane", "lane");
simd(24, "i16x8.extract_lane_s i16x8.extract_lane_u i16x8.replace_lane", "lane");
simd(27, "i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane", "lane");
simd(31, "f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane", "lane");
for (const [i, bits2] of [8, 16, 32, 64].entries()) {
  simd(84 + i, `v128.load${bits2}_lane`, "address and lane", bits2 / 8);
  simd(88 + i, `v128.store${bits2}_lane`, "address and lane", bits2 / 8);
}
simd(92, "v128.load32_zero", "address", 4);
simd(93, "v128.load64_zero", "address", 8);
for (const [i, type] of ["i8x16", "i16x8", "i32x4"].entries()) {
  simd(35 + 10 * i, each(type, INT_COMPARE));
}
simd(65, each("f32x4", FLOAT_COMPARE));
simd(71, each("f64x2", FLOAT_COMPARE));
simd(214, each("i64x2", "eq ne lt_s gt_s le_s ge_s"));
simd(77, each("v128", "not and andnot or xor bitselect any_true"));
var EXTMUL = (from) => `extmul_low_${from}_s extmul_high_${from}_s extmul_low_${from}_u extmul_high_${from}_u`;
var EXTEND = (from) => `extend_low_${from}_s extend_high_${from}_s extend_low_${from}_u extend_high_${from}_u`;
var SHIFTS3 = "shl shr_s shr_u";
var SATURATING = "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u";
simd(96, each("i8x16", "abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u"));
simd(107, each("i8x16", `${SHIFTS3} ${SATURATING} - - min_s min_u max_s max_u - avgr_u`));
simd(124, each("i16x8", "extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u"));
simd(126, each("i32x4", "extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u"));
simd(128, each("i16x8", `abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u`));
simd(135, each("i16x8", `${EXTEND("i8x16")} ${SHIFTS3} ${SATURATING}`));
simd(149, each("i16x8", `mul min_s min_u max_s max_u - avgr_u ${EXTMUL("i8x16")}`));
simd(160, each("i32x4", `abs neg - all_true bitmask - - ${EXTEND("i16x8")} ${SHIFTS3}`));
simd(174, each("i32x4", "add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s"));
simd(188, each("i32x4", EXTMUL("i16x8")));
simd(192, each("i64x2", `abs neg - all_true bitmask - - ${EXTEND("i32x4")} ${SHIFTS3}`));
simd(206, each("i64x2", "add - - sub - - - mul"));
simd(220, each("i64x2", EXTMUL("i32x4")));
var VECTOR_FLOAT = "abs neg - sqrt add sub mul div min max pmin pmax";
simd(224, each("f32x4", VECTOR_FLOAT));
simd(236, each("f64x2", VECTOR_FLOAT));
simd(103, each("f32x4", "ceil floor trunc nearest"));
simd(116, each("f64x2", "ceil floor"));
simd(122, "f64x2.trunc");
simd(148, "f64x2.nearest");
simd(94, "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4");
simd(248, "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u");
simd(250, "f32x4.convert_i32x4_s f32x4.convert_i32x4_u");
simd(252, "i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero");
simd(254, "f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u");
simd(261, "f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd");
var INSTRUCTIONS = table2;

// src/asm/wasm/function-builder.ts
var VALUE_TYPES = {
  i32: 127,
  i64: 126,
  f32: 125,
  f64: 124,
  v128: 123
};
var EMPTY_BLOCK = 64;
var FunctionBuilder = class {
  name;
  params;
  results;
  code = [];
  #locals = [];
  constructor(name, params, results = []) {
    this.name = name;
    this.params = params;
    this.results = results;
  }
  /** A new local; its number is final only in the encoded function, where types are grouped. */
  local(type) {
    this.#locals.push(type);
    return this.params.length + this.#locals.length - 1;
  }
  emit(name, ...immediates) {
    const instruction = INSTRUCTIONS.get(name);
    if (instruction === void 0) throw new Error(`no WebAssembly instruction is named ${name}`);
    this.code.push({ instruction, immediates });
  }
  /** `local.get`; right after a `local.set` of the same local, the two become a `local.tee`. */
  get(local) {
    const last = this.code.at(-1);
    if (last?.instruction.name === "local.set" && last.immediates[0] === local) {
      this.code.pop();
      this.emit("local.tee", local);
    } else {
      this.emit("local.get", local);
    }
  }
  set(local) {
    this.emit("local.set", local);
  }
  /** Number of each local in the encoded function: parameters, then the locals by type. */
  #numbering() {
    const numbers = this.params.map((_, i) => i);
    let next = numbers.length;
    for (const type of Object.keys(VALUE_TYPES)) {
      this.#locals.forEach((t, i) => {
        if (t === type) numbers[this.params.length + i] = next++;
      });
    }
    return numbers;
  }
  /** The body as the code section holds it, without its size. */
  encode(out) {
    const groups = Object.entries(VALUE_TYPES).map(([type, code]) => ({ code, count: this.#locals.filter((t) => t === type).length })).filter((group) => group.count > 0);
    out.u32(groups.length);
    for (const { count, code } of groups) {
      out.u32(count);
      out.u8(code);
    }
    const numbers = this.#numbering();
    for (const emitted of this.code) encodeInstruction(out, emitted, numbers);
    out.u8(11);
  }
  /** The instructions as text, one a line, blocks indented. */
  text() {
    const numbers = this.#numbering();
    const lines = [`func ${this.name} (${this.params.join(" ")}) (${this.results.join(" ")})`];
    let depth2 = 1;
    for (const { instruction, immediates } of this.code) {
      const { name, immediate } = instruction;
      if (name === "end" || name === "else") depth2--;
      const shown2 = immediate === "local" ? [numbers[immediates[0]]] : immediates;
      lines.push(`${"  ".repeat(depth2)}${[name, ...shown2.map(showImmediate)].join(" ")}`);
      if (immediate === "block" || name === "else") depth2++;
    }
    return lines.join("\n");
  }
};
var showImmediate = (x) => Array.isArray(x) ? x.map((byte) => byte.toString(16).padStart(2, "0")).join("") : `${x}`;
function encodeInstruction(out, emitted, locals) {
  const { instruction, immediates } = emitted;
  const [first, second] = immediates;
  if (instruction.prefix !== 0) {
    out.u8(instruction.prefix);
    out.u32(instruction.code);
  } else {
    out.u8(instruction.code);
  }
  switch (instruction.immediate) {
    case "none":
      return;
    case "block":
      return out.u8(first === void 0 ? EMPTY_BLOCK : VALUE_TYPES[first]);
    case "local":
      return out.u32(locals[first]);
    case "label":
    case "function":
      return out.u32(first);
    case "memory":
      return out.u8(0);
    case "two memories":
      return out.raw([0, 0]);
    case "address":
    case "address and lane":
      out.u32(Math.log2(instruction.bytes));
      out.u32(first);
      if (instruction.immediate === "address and lane") out.u8(second);
      return;
    case "lane":
      return out.u8(first);
    case "i32":
      return out.s32(first);
    case "i64":
      return out.s64(BigInt(first));
    case "f32":
      return out.f32(first);
    case "f64":
      return out.f64(first);
    case "shuffle":
    case "v128": {
      const bytes2 = first;
      if (bytes2.length !== 16) throw new Error(`${instruction.name} wants 16 bytes`);
      return out.raw(bytes2);
    }
  }
}

// src/asm/wasm/byte-writer.ts
var ByteWriter = class {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  length = 0;
  #reserve(count) {
    const at4 = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const bytes2 = new Uint8Array(2 * this.length);
      bytes2.set(this.#bytes);
      this.#bytes = bytes2;
      this.#view = new DataView(bytes2.buffer);
    }
    return at4;
  }
  u8(value) {
    const at4 = this.#reserve(1);
    this.#bytes[at4] = value;
  }
  raw(bytes2) {
    const at4 = this.#reserve(bytes2.length);
    this.#bytes.set(bytes2, at4);
  }
  f32(value) {
    const at4 = this.#reserve(4);
    this.#view.setFloat32(at4, value, true);
  }
  f64(value) {
    const at4 = this.#reserve(8);
    this.#view.setFloat64(at4, value, true);
  }
  /** Unsigned LEB128 of an integer below 2^32. */
  u32(value) {
    let rest = value >>> 0;
    while (rest >= 128) {
      this.u8(rest & 127 | 128);
      rest >>>= 7;
    }
    this.u8(rest);
  }
  /** Signed LEB128 of the low 32 bits. */
  s32(value) {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.u8(rest & 127 | 128);
      rest >>= 7;
    }
    this.u8(rest & 127);
  }
  /** Signed LEB128 of the low 64 bits. */
  s64(value) {
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.u8(Number(rest & 0x7fn) | 128);
      rest >>= 7n;
    }
    this.u8(Number(rest & 0x7fn));
  }
  /** Length, then UTF-8. */
  name(text2) {
    this.sized(new TextEncoder().encode(text2));
  }
  /** Length, then the bytes. */
  sized(bytes2) {
    this.u32(bytes2.length);
    this.raw(bytes2);
  }
  finish() {
    return this.#bytes.slice(0, this.length);
  }
};

// src/asm/wasm/module.ts
var SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 };
function encodeModule(functions, memory = { min: 0 }) {
  const out = new ByteWriter();
  out.raw([0, 97, 115, 109, 1, 0, 0, 0]);
  const section = (id, fill) => {
    const body = new ByteWriter();
    fill(body);
    out.u8(id);
    out.sized(body.finish());
  };
  const signature = (f2) => `${f2.params} ${f2.results}`;
  const signatures = [...new Set(functions.map(signature))];
  section(SECTION.type, (body) => {
    body.u32(signatures.length);
    for (const wanted of signatures) {
      const f2 = functions.find((candidate) => signature(candidate) === wanted);
      body.u8(96);
      body.sized(valueTypes(f2?.params ?? []));
      body.sized(valueTypes(f2?.results ?? []));
    }
  });
  section(SECTION.import, (body) => {
    body.u32(1);
    body.name("env");
    body.name("memory");
    body.u8(2);
    body.u8((memory.max === void 0 ? 0 : 1) | (memory.shared ? 2 : 0));
    body.u32(memory.min);
    if (memory.max !== void 0) body.u32(memory.max);
  });
  section(SECTION.function, (body) => {
    body.u32(functions.length);
    for (const f2 of functions) body.u32(signatures.indexOf(signature(f2)));
  });
  section(SECTION.export, (body) => {
    body.u32(functions.length);
    functions.forEach((f2, i) => {
      body.name(f2.name);
      body.u8(0);
      body.u32(i);
    });
  });
  section(SECTION.code, (body) => {
    body.u32(functions.length);
    for (const f2 of functions) {
      const code = new ByteWriter();
      f2.encode(code);
      body.sized(code.finish());
    }
  });
  return out.finish();
}
var valueTypes = (types) => types.map((t) => VALUE_TYPES[t]);

// src/target/wasm/plan-locals.ts
function planLocals(kernel, repeats) {
  const { inlined, dead } = planInlining(kernel, repeats);
  const { lifetimes, copies } = measure2(kernel, inlined, dead);
  const homes = shareHomes(kernel.registers, lifetimes, copies);
  return {
    inlined: (reg) => inlined.get(reg.id),
    home: (reg) => homes[reg.id],
    dead: (inst) => dead.has(inst)
  };
}
var writesMemory = (inst) => inst.op === "store" || inst.op === "loop" || inst.op === "if" || inst.op === "fault";
var isScalarConst = (inst) => inst.op === "const";
function planInlining(kernel, repeats) {
  const inlined = /* @__PURE__ */ new Map();
  const dead = /* @__PURE__ */ new Set();
  const uses = new Array(kernel.registers).fill(0);
  const use = (reg) => {
    uses[reg.id]++;
  };
  const visit = (block) => {
    const users = /* @__PURE__ */ new Map();
    const place4 = [];
    let nextWrite = block.length;
    for (let i = block.length - 1; i >= 0; i--) {
      const inst = block[i];
      place4[i] = i;
      if ("dst" in inst) {
        const { id } = inst.dst;
        if (uses[id] === 0) {
          dead.add(inst);
          continue;
        }
        const user = users.get(id);
        if (isScalarConst(inst)) {
          inlined.set(id, inst);
        } else if (uses[id] === 1 && user !== void 0) {
          if (isPure(inst) || place4[user] <= nextWrite) {
            place4[i] = place4[user];
            inlined.set(id, inst);
          }
        }
      } else if (inst.op === "prefetch") {
        dead.add(inst);
        continue;
      } else if (inst.op === "loop") {
        for (const c2 of inst.carried) use(c2.next);
        visit(inst.body);
      } else if (inst.op === "if") {
        for (const r of inst.results) {
          use(r.then);
          use(r.else);
        }
        visit(inst.then);
        visit(inst.else);
      }
      if (writesMemory(inst)) nextWrite = i;
      for (const reg of operandsOf(inst)) use(reg);
      if (repeats(inst)) continue;
      for (const reg of operandsOf(inst)) {
        if (inst.op !== "loop" || reg !== inst.to) users.set(reg.id, i);
      }
    }
  };
  visit(kernel.body);
  return { inlined, dead };
}
function measure2(kernel, inlined, dead) {
  const start = new Array(kernel.registers).fill(-1);
  const end = new Array(kernel.registers).fill(-1);
  const copies = [];
  const readInside = [];
  let position2 = 0;
  const define = (reg, at4) => {
    start[reg.id] = at4;
    end[reg.id] = Math.max(end[reg.id], at4 + 1);
  };
  const read = (reg, at4) => {
    const inst = inlined.get(reg.id);
    if (inst !== void 0) {
      for (const operand of operandsOf(inst)) read(operand, at4);
      return;
    }
    end[reg.id] = Math.max(end[reg.id], at4);
    readInside.at(-1)?.add(reg.id);
  };
  const copy2 = (from, to) => {
    if (!inlined.has(from.id)) copies.push({ from, to, depth: readInside.length });
  };
  const visitLoop = (inst) => {
    const entry = ++position2;
    for (const reg of operandsOf(inst)) read(reg, entry);
    readInside.push(/* @__PURE__ */ new Set());
    define(inst.index, entry);
    for (const c2 of inst.carried) define(c2.reg, entry);
    visit(inst.body);
    const turn2 = ++position2;
    const exit = ++position2;
    read(inst.to, turn2);
    for (const c2 of inst.carried) {
      read(c2.next, turn2);
      copy2(c2.next, c2.reg);
    }
    end[inst.index.id] = turn2;
    const inside = readInside.pop() ?? /* @__PURE__ */ new Set();
    for (const id of inside) {
      if (start[id] >= entry) continue;
      end[id] = Math.max(end[id], turn2);
      readInside.at(-1)?.add(id);
    }
    for (const c2 of inst.carried) {
      define(c2.result, exit);
      copy2(c2.reg, c2.result);
      copy2(c2.init, c2.reg);
    }
    copy2(inst.from, inst.index);
  };
  const visitIf = (inst) => {
    read(inst.cond, ++position2);
    visit(inst.then);
    const thenEnd = ++position2;
    for (const r of inst.results) read(r.then, thenEnd);
    visit(inst.else);
    const elseEnd = ++position2;
    for (const r of inst.results) {
      read(r.else, elseEnd);
      define(r.dst, elseEnd);
      copy2(r.then, r.dst);
      copy2(r.else, r.dst);
    }
  };
  const visit = (block) => {
    for (const inst of block) {
      if (dead.has(inst)) continue;
      if (inst.op === "loop") visitLoop(inst);
      else if (inst.op === "if") visitIf(inst);
      else if (!("dst" in inst) || !inlined.has(inst.dst.id)) {
        position2++;
        for (const reg of operandsOf(inst)) read(reg, position2);
        if ("dst" in inst) define(inst.dst, position2);
      }
    }
  };
  visit(kernel.body);
  const lifetimes = start.map((from, id) => from < 0 ? [] : [[from, end[id]]]);
  return { lifetimes, copies };
}
function shareHomes(registers, lifetimes, copies) {
  const homes = Array.from({ length: registers }, (_, id) => id);
  const members = homes.map((id) => [id]);
  const occupied = lifetimes.map((intervals) => [...intervals]);
  const meet = (a, b) => a[0] < b[1] && b[0] < a[1];
  for (const { from, to } of copies.toSorted((a, b) => b.depth - a.depth)) {
    const a = homes[from.id];
    const b = homes[to.id];
    if (a === b || occupied[a].some((x) => occupied[b].some((y) => meet(x, y)))) continue;
    for (const id of members[b]) homes[id] = a;
    members[a].push(...members[b]);
    occupied[a].push(...occupied[b]);
  }
  return homes;
}

// src/target/wasm/scalar-code.ts
function scalarType(elem) {
  return elem === "index" || elem === "mask" ? "i32" : elem;
}
var isFloat4 = (elem) => elem === "f32" || elem === "f64";
var zero = (type) => type === "i64" ? 0n : 0;
function scalarUnary(f2, fn, elem, a) {
  const type = scalarType(elem);
  if (fn === "not") {
    a();
    if (elem === "mask") return f2.emit("i32.eqz");
    f2.emit(`${type}.const`, type === "i64" ? -1n : -1);
    return f2.emit(`${type}.xor`);
  }
  if (isFloat4(elem)) {
    a();
    return f2.emit(`${type}.${fn}`);
  }
  const negated = () => {
    f2.emit(`${type}.const`, zero(type));
    a();
    f2.emit(`${type}.sub`);
  };
  if (fn === "neg") return negated();
  a();
  negated();
  a();
  f2.emit(`${type}.const`, zero(type));
  f2.emit(`${type}.ge_s`);
  f2.emit("select");
}
var INT_NAME = { shr: "shr_u", sar: "shr_s" };
function scalarBinary(f2, fn, elem, a, b, divisor2) {
  const type = scalarType(elem);
  const both = (name) => {
    a();
    b();
    f2.emit(`${type}.${name}`);
  };
  if (isFloat4(elem)) return both(fn);
  switch (fn) {
    case "min":
    case "max":
      a();
      b();
      both(fn === "min" ? "lt_s" : "gt_s");
      return f2.emit("select");
    case "shl":
    case "shr":
    case "sar":
      a();
      b();
      if (type === "i64") f2.emit("i64.extend_i32_u");
      return f2.emit(`${type}.${INT_NAME[fn] ?? fn}`);
    case "mulhu":
      for (const operand of [a, b]) {
        operand();
        f2.emit("i64.extend_i32_u");
      }
      f2.emit("i64.mul");
      f2.emit("i64.const", 32n);
      f2.emit("i64.shr_u");
      return f2.emit("i32.wrap_i64");
    case "div":
      return divide2(f2, type, a, b, divisor2);
    case "rem":
      if (divisor2 !== void 0 && Number(divisor2) !== 0) return both("rem_s");
      a();
      b();
      b();
      f2.emit(`${type}.eqz`);
      if (type === "i64") f2.emit("i64.extend_i32_u");
      f2.emit(`${type}.or`);
      return f2.emit(`${type}.rem_s`);
    default:
      return both(fn);
  }
}
function divide2(f2, type, a, b, divisor2) {
  const quotient = () => {
    a();
    b();
    f2.emit(`${type}.div_s`);
  };
  if (divisor2 !== void 0 && Number(divisor2) !== 0 && Number(divisor2) !== -1) return quotient();
  const one = type === "i64" ? 1n : 1;
  b();
  f2.emit(`${type}.const`, one);
  f2.emit(`${type}.add`);
  f2.emit(`${type}.const`, one);
  f2.emit(`${type}.le_u`);
  f2.emit("if", type);
  f2.emit(`${type}.const`, zero(type));
  a();
  f2.emit(`${type}.sub`);
  b();
  f2.emit(`${type}.and`);
  f2.emit("else");
  quotient();
  f2.emit("end");
}
function scalarCompare(f2, fn, elem, a, b) {
  const signed2 = !isFloat4(elem) && fn !== "eq" && fn !== "ne";
  a();
  b();
  f2.emit(`${scalarType(elem)}.${fn}${signed2 ? "_s" : ""}`);
}
function scalarConvert(f2, from, to, a) {
  a();
  if (from === to) return;
  const source = scalarType(from);
  const type = scalarType(to);
  if (to === "mask") {
    f2.emit(`${source}.const`, zero(source));
    f2.emit(`${source}.ne`);
  } else if (source === type) {
  } else if (isFloat4(to)) {
    if (isFloat4(from)) f2.emit(to === "f64" ? "f64.promote_f32" : "f32.demote_f64");
    else f2.emit(`${type}.convert_${source}_s`);
  } else if (isFloat4(from)) {
    f2.emit(`${type}.trunc_sat_${source}_s`);
  } else {
    f2.emit(to === "i64" ? "i64.extend_i32_s" : "i32.wrap_i64");
  }
}
var BITCASTS = {
  f32: "f32.reinterpret_i32",
  f64: "f64.reinterpret_i64",
  i32: "i32.reinterpret_f32",
  i64: "i64.reinterpret_f64"
};
function scalarBitcast(f2, from, to, a) {
  a();
  const name = BITCASTS[to];
  if (from !== to && name !== void 0) f2.emit(name);
}

// src/target/wasm/vector-code.ts
var SHAPES = {
  f32: "f32x4",
  f64: "f64x2",
  i32: "i32x4",
  i64: "i64x2"
};
function shapeOf({ elem, lanes: lanes2 }) {
  return SHAPES[elem] ?? (lanes2 === 4 ? "i32x4" : "i64x2");
}
var isNarrow = ({ elem, lanes: lanes2 }) => lanes2 === 2 && (elem === "f32" || elem === "i32");
var bytes = (...words2) => words2.flatMap((w) => [0, 1, 2, 3].map((i) => 4 * w + i));
var LOW_WORDS = bytes(0, 2, 0, 2);
var HIGH_HALF = bytes(2, 3, 2, 3);
var SECOND_WORD = bytes(1, 1, 1, 1);
var ODD_WORDS = bytes(1, 3, 5, 7);
function permute2(f2, lanes2) {
  const t = f2.local("v128");
  f2.set(t);
  f2.get(t);
  f2.get(t);
  f2.emit("i8x16.shuffle", lanes2);
}
function vectorZip(f2, half, { elem, lanes: lanes2 }, a, b) {
  a();
  b();
  const wide2 = elem === "f64" || elem === "i64";
  const first = half === "low" ? 0 : lanes2 / 2 * (wide2 ? 2 : 1);
  f2.emit(
    "i8x16.shuffle",
    wide2 ? bytes(first, first + 1, first + 4, first + 5) : bytes(first, first + 4, first + 1, first + 5)
  );
}
function vectorUnzip(f2, part2, { elem, lanes: lanes2 }, a, b) {
  a();
  b();
  const odd = part2 === "odd" ? 1 : 0;
  const wide2 = elem === "f64" || elem === "i64";
  if (wide2) f2.emit("i8x16.shuffle", bytes(2 * odd, 2 * odd + 1, 4 + 2 * odd, 5 + 2 * odd));
  else if (lanes2 === 4) f2.emit("i8x16.shuffle", bytes(odd, 2 + odd, 4 + odd, 6 + odd));
  else f2.emit("i8x16.shuffle", bytes(odd, 4 + odd, odd, 4 + odd));
}
function vectorConst(f2, type, values) {
  const view = new DataView(new ArrayBuffer(16));
  values.forEach((value, i) => {
    if (type.elem === "f32") view.setFloat32(4 * i, Number(value), true);
    else if (type.elem === "f64") view.setFloat64(8 * i, Number(value), true);
    else if (type.elem === "i32") view.setInt32(4 * i, Number(value), true);
    else if (type.elem === "i64") view.setBigInt64(8 * i, BigInt(value), true);
    else if (type.lanes === 4) view.setInt32(4 * i, Number(value) === 0 ? 0 : -1, true);
    else view.setBigInt64(8 * i, Number(value) === 0 ? 0n : -1n, true);
  });
  f2.emit("v128.const", [...new Uint8Array(view.buffer)]);
}
function vectorZero(f2) {
  f2.emit("v128.const", new Array(16).fill(0));
}
function vectorSplat(f2, type, a) {
  if (type.elem !== "mask") {
    a();
    return f2.emit(`${shapeOf(type)}.splat`);
  }
  f2.emit("i32.const", 0);
  a();
  f2.emit("i32.sub");
  f2.emit("i32x4.splat");
}
function vectorExtract(f2, type, lane, a) {
  a();
  f2.emit(`${shapeOf(type)}.extract_lane`, lane);
  if (type.elem !== "mask") return;
  if (type.lanes === 2) f2.emit("i32.wrap_i64");
  f2.emit("i32.const", 1);
  f2.emit("i32.and");
}
function laneByLane(f2, dst, sources, compute) {
  const temps = sources.map(({ type }) => f2.local(scalarType(type.elem)));
  for (let lane = 0; lane < dst.lanes; lane++) {
    sources.forEach(({ type, push }, i) => {
      vectorExtract(f2, type, lane, push);
      f2.set(temps[i]);
    });
    compute(temps.map((t) => () => f2.get(t)));
    if (lane === 0) f2.emit(`${shapeOf(dst)}.splat`);
    else f2.emit(`${shapeOf(dst)}.replace_lane`, lane);
  }
}
function vectorUnary(f2, fn, type, a) {
  a();
  f2.emit(fn === "not" ? "v128.not" : `${shapeOf(type)}.${fn}`);
}
var SHIFTS4 = { shl: "shl", shr: "shr_u", sar: "shr_s" };
var vectorBinaryRepeats = (fn, elem) => fn === "mulhu" || !isFloat4(elem) && (fn === "div" || fn === "rem") || elem === "i64" && (fn === "min" || fn === "max");
function vectorBinary(f2, fn, type, a, b) {
  const shape = shapeOf(type);
  const both = (name) => {
    a();
    b();
    f2.emit(name);
  };
  if (fn === "and" || fn === "or" || fn === "xor") return both(`v128.${fn}`);
  if (isFloat4(type.elem)) return both(`${shape}.${fn}`);
  const shift3 = SHIFTS4[fn];
  if (shift3 !== void 0) return both(`${shape}.${shift3}`);
  switch (fn) {
    case "mulhu":
      both("i64x2.extmul_low_i32x4_u");
      both("i64x2.extmul_high_i32x4_u");
      return f2.emit("i8x16.shuffle", ODD_WORDS);
    case "div":
    case "rem":
      return laneByLane(
        f2,
        type,
        [
          { type, push: a },
          { type, push: b }
        ],
        ([x, y]) => scalarBinary(f2, fn, type.elem, x, y)
      );
    case "min":
    case "max":
      if (type.elem === "i32") return both(`${shape}.${fn}_s`);
      a();
      b();
      both(fn === "min" ? "i64x2.lt_s" : "i64x2.gt_s");
      return f2.emit("v128.bitselect");
    default:
      return both(`${shape}.${fn}`);
  }
}
function vectorFma(f2, shape, relaxed, [a, b, c2]) {
  a();
  b();
  if (relaxed) {
    c2();
    return f2.emit(`${shape}.relaxed_madd`);
  }
  f2.emit(`${shape}.mul`);
  c2();
  f2.emit(`${shape}.add`);
}
function vectorCompare(f2, fn, type, a, b) {
  a();
  b();
  const signed2 = !isFloat4(type.elem) && fn !== "eq" && fn !== "ne";
  f2.emit(`${shapeOf(type)}.${fn}${signed2 ? "_s" : ""}`);
  if (isNarrow(type)) f2.emit("i64x2.extend_low_i32x4_s");
}
function vectorSelect(f2, type, mask, a, b) {
  a();
  b();
  mask();
  if (isNarrow(type)) permute2(f2, LOW_WORDS);
  f2.emit("v128.bitselect");
}
var vectorConvertRepeats = (from, to) => isFloat4(from) && to === "i64" || from === "i64" && isFloat4(to);
var CONVERSIONS = {
  "f32 f64": "f64x2.promote_low_f32x4",
  "f64 f32": "f32x4.demote_f64x2_zero",
  "f32 i32": "i32x4.trunc_sat_f32x4_s",
  "i32 f32": "f32x4.convert_i32x4_s",
  "f64 i32": "i32x4.trunc_sat_f64x2_s_zero",
  "i32 f64": "f64x2.convert_low_i32x4_s",
  "i32 i64": "i64x2.extend_low_i32x4_s"
};
function vectorConvert(f2, from, to, a) {
  if (from.elem === to.elem) return a();
  if (vectorConvertRepeats(from.elem, to.elem)) {
    return laneByLane(
      f2,
      to,
      [{ type: from, push: a }],
      ([x]) => scalarConvert(f2, from.elem, to.elem, x)
    );
  }
  if (to.elem === "mask") return vectorCompare(f2, "ne", from, a, () => vectorZero(f2));
  a();
  if (from.elem === "mask") {
    if (isNarrow(to)) permute2(f2, LOW_WORDS);
    if (!isFloat4(to.elem)) return f2.emit(`${shapeOf(to)}.neg`);
    vectorConst(f2, to, new Array(to.lanes).fill(1));
    return f2.emit("v128.and");
  }
  if (from.elem === "i64" && to.elem === "i32") return permute2(f2, LOW_WORDS);
  f2.emit(CONVERSIONS[`${from.elem} ${to.elem}`]);
}
function vectorHorizontal(f2, fn, type, a) {
  const narrow3 = type.elem === "f32" || type.elem === "i32";
  const steps = narrow3 ? type.lanes === 4 ? [HIGH_HALF, SECOND_WORD] : [SECOND_WORD] : [HIGH_HALF];
  a();
  for (const lanes2 of steps) {
    const whole = f2.local("v128");
    const moved = f2.local("v128");
    f2.set(whole);
    f2.get(whole);
    f2.get(whole);
    f2.emit("i8x16.shuffle", lanes2);
    f2.set(moved);
    vectorBinary(
      f2,
      fn,
      type,
      () => f2.get(whole),
      () => f2.get(moved)
    );
  }
  f2.emit(`${shapeOf(type)}.extract_lane`, 0);
}
function vectorLoad(f2, type, splat4, offset) {
  if (type.elem !== "mask") {
    const wide2 = type.elem === "f64" || type.elem === "i64";
    if (splat4) f2.emit(wide2 ? "v128.load64_splat" : "v128.load32_splat", offset);
    else f2.emit(isNarrow(type) ? "v128.load64_zero" : "v128.load", offset);
    return;
  }
  if (splat4) {
    f2.emit("v128.load8_splat", offset);
    vectorZero(f2);
    return f2.emit("i8x16.ne");
  }
  f2.emit(type.lanes === 4 ? "v128.load32_zero" : "v128.load16_splat", offset);
  f2.emit("i16x8.extend_low_i8x16_u");
  f2.emit("i32x4.extend_low_i16x8_u");
  if (type.lanes === 2) f2.emit("i64x2.extend_low_i32x4_u");
  vectorZero(f2);
  f2.emit(`${shapeOf(type)}.ne`);
}
var FIRST_BYTES = {
  4: [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12],
  2: [0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8]
};
function vectorStore(f2, type, value, offset) {
  value();
  if (type.elem !== "mask") {
    if (isNarrow(type)) f2.emit("v128.store64_lane", offset, 0);
    else f2.emit("v128.store", offset);
    return;
  }
  f2.emit("v128.const", new Array(16).fill(1));
  f2.emit("v128.and");
  permute2(f2, FIRST_BYTES[type.lanes]);
  f2.emit(type.lanes === 4 ? "v128.store32_lane" : "v128.store16_lane", offset, 0);
}

// src/target/wasm/compile-kernel.ts
var SHARED = { min: 0, max: 65536, shared: true };
function compileKernel2(kernel, info, env2) {
  const f2 = new FunctionBuilder("run", ["i32", "i32", "i32", "i32"]);
  new KernelCompiler(f2, kernel, info, env2).compile();
  return { bytes: encodeModule([f2], env2.shared ? SHARED : void 0), text: () => f2.text() };
}
var ARGS2 = 0;
var TILE = { first: 1, end: 2, thread: 3 };
var SLOT_BYTES = 8;
var SHIFT_OF_SCALE = { 1: 0, 2: 1, 4: 2, 8: 3 };
function repeatsOperands(inst) {
  switch (inst.op) {
    case "unary":
      return inst.fn === "abs" && inst.dst.type.lanes === 1 && !isFloat4(inst.dst.type.elem);
    case "binary": {
      const { elem, lanes: lanes2 } = inst.dst.type;
      if (lanes2 > 1) return vectorBinaryRepeats(inst.fn, elem);
      return !isFloat4(elem) && ["min", "max", "div", "rem"].includes(inst.fn);
    }
    case "convert":
      return inst.dst.type.lanes > 1 && vectorConvertRepeats(inst.a.type.elem, inst.dst.type.elem);
    default:
      return false;
  }
}
var KernelCompiler = class {
  #f;
  #kernel;
  #env;
  #relaxed;
  #plan;
  #locals = /* @__PURE__ */ new Map();
  #lanes = 1;
  constructor(f2, kernel, info, env2) {
    this.#f = f2;
    this.#kernel = kernel;
    this.#env = env2;
    this.#relaxed = info.isa === "wasm-relaxed";
    this.#plan = planLocals(kernel, repeatsOperands);
  }
  compile() {
    this.#block(this.#kernel.body);
  }
  // ---- registers
  #type(type) {
    return type.lanes === 1 ? scalarType(type.elem) : "v128";
  }
  #local(reg) {
    const home = this.#plan.home(reg);
    let local = this.#locals.get(home);
    if (local === void 0) {
      local = this.#f.local(this.#type(reg.type));
      this.#locals.set(home, local);
    }
    return local;
  }
  /** Pushes a register's value: computes it here if it has no local. */
  #push(reg) {
    const inst = this.#plan.inlined(reg);
    if (inst === void 0) this.#f.get(this.#local(reg));
    else this.#value(inst);
  }
  #pusher(reg) {
    return () => this.#push(reg);
  }
  /** The value of an inlined constant, else undefined. */
  #constant(reg) {
    const inst = this.#plan.inlined(reg);
    return inst?.op === "const" ? inst.value : void 0;
  }
  /** Assigns registers at once: all are read before one is written. */
  #copyAll(copies) {
    const needed = copies.filter(
      ({ to, from }) => this.#plan.inlined(from) !== void 0 || this.#plan.home(to) !== this.#plan.home(from)
    );
    for (const { from } of needed) this.#push(from);
    for (const { to } of needed.toReversed()) this.#f.set(this.#local(to));
  }
  // ---- control
  #block(block) {
    for (const inst of block) {
      if (this.#plan.dead(inst)) continue;
      switch (inst.op) {
        case "loop":
          this.#loop(inst);
          break;
        case "if":
          this.#if(inst);
          break;
        case "store":
          this.#store(inst);
          break;
        case "fault":
          this.#fault(inst);
          break;
        case "prefetch":
          break;
        default:
          if (this.#plan.inlined(inst.dst) !== void 0) break;
          this.#value(inst);
          this.#f.set(this.#local(inst.dst));
      }
    }
  }
  /** A loop is guarded by one test and then tested at the end of each turn. */
  #loop(inst) {
    const f2 = this.#f;
    const starts2 = [
      { to: inst.index, from: inst.from },
      ...inst.carried.map((c2) => ({ to: c2.reg, from: c2.init }))
    ];
    this.#copyAll(starts2);
    const from = this.#constant(inst.from);
    const to = this.#constant(inst.to);
    const guarded = from === void 0 || to === void 0 || Number(from) >= Number(to);
    const test = () => {
      f2.get(this.#local(inst.index));
      this.#push(inst.to);
      f2.emit("i32.lt_s");
    };
    if (guarded) {
      test();
      f2.emit("if");
    }
    f2.emit("loop");
    this.#block(inst.body);
    this.#copyAll(inst.carried.map((c2) => ({ to: c2.reg, from: c2.next })));
    f2.get(this.#local(inst.index));
    f2.emit("i32.const", inst.step);
    f2.emit("i32.add");
    f2.set(this.#local(inst.index));
    test();
    f2.emit("br_if", 0);
    f2.emit("end");
    if (guarded) f2.emit("end");
    this.#copyAll(inst.carried.map((c2) => ({ to: c2.result, from: c2.reg })));
  }
  #if(inst) {
    const f2 = this.#f;
    this.#push(inst.cond);
    f2.emit("if");
    this.#block(inst.then);
    this.#copyAll(inst.results.map((r) => ({ to: r.dst, from: r.then })));
    f2.emit("else");
    const empty = f2.code.length;
    this.#block(inst.else);
    this.#copyAll(inst.results.map((r) => ({ to: r.dst, from: r.else })));
    if (f2.code.length === empty) f2.code.pop();
    f2.emit("end");
  }
  #fault(inst) {
    const f2 = this.#f;
    const { faultAddress } = this.#env;
    this.#push(inst.cond);
    f2.emit("if");
    f2.emit("i32.const", faultAddress);
    f2.emit("i32.load", 0);
    f2.emit("i32.eqz");
    f2.emit("if");
    f2.emit("i32.const", faultAddress);
    this.#push(inst.position);
    f2.emit("i32.const", 1);
    f2.emit("i32.add");
    f2.emit("i32.store", 0);
    f2.emit("end");
    f2.emit("end");
  }
  // ---- memory
  /** Pushes the address and returns what is left for the access's own offset. */
  #address(addr) {
    const f2 = this.#f;
    this.#push(addr.base);
    if (addr.index !== void 0) {
      this.#push(addr.index);
      const shift3 = SHIFT_OF_SCALE[addr.scale ?? 1];
      if (shift3 !== 0) {
        f2.emit("i32.const", shift3);
        f2.emit("i32.shl");
      }
      f2.emit("i32.add");
    }
    if (addr.offset >= 0) return addr.offset;
    f2.emit("i32.const", addr.offset);
    f2.emit("i32.add");
    return 0;
  }
  #load(inst) {
    if (inst.mask !== void 0) throw this.#unsupported("a masked load");
    const f2 = this.#f;
    const offset = this.#address(inst.addr);
    const { type } = inst.dst;
    if (type.lanes > 1) return vectorLoad(f2, type, inst.splat, offset);
    if (inst.mem !== "u8") return f2.emit(`${scalarType(type.elem)}.load`, offset);
    f2.emit("i32.load8_u", offset);
    f2.emit("i32.const", 0);
    f2.emit("i32.ne");
  }
  #store(inst) {
    if (inst.mask !== void 0) throw this.#unsupported("a masked store");
    const { type } = inst.value;
    this.#checkLanes(type);
    const offset = this.#address(inst.addr);
    if (type.lanes > 1) return vectorStore(this.#f, type, this.#pusher(inst.value), offset);
    this.#push(inst.value);
    const name = inst.mem === "u8" ? "i32.store8" : `${scalarType(type.elem)}.store`;
    this.#f.emit(name, offset);
  }
  // ---- values
  /** Leaves the value of `inst` on the operand stack. */
  #value(inst) {
    if (!("dst" in inst)) throw this.#unsupported(`${inst.op} as a value`);
    this.#checkLanes(inst.dst.type);
    switch (inst.op) {
      case "const":
        return this.#const(inst.dst.type, inst.value);
      case "param":
        this.#f.get(ARGS2);
        this.#f.emit(`${scalarType(inst.dst.type.elem)}.load`, SLOT_BYTES * inst.slot);
        return;
      case "tile":
        return this.#f.get(TILE[inst.which]);
      case "load":
        return this.#load(inst);
      case "edge":
        throw this.#unsupported("an edge mask");
      case "horizontal":
        this.#checkLanes(inst.a.type);
        return vectorHorizontal(this.#f, inst.fn, inst.a.type, this.#pusher(inst.a));
      case "unzip":
        return vectorUnzip(
          this.#f,
          inst.part,
          inst.dst.type,
          this.#pusher(inst.a),
          this.#pusher(inst.b)
        );
      case "zip":
        return vectorZip(
          this.#f,
          inst.half,
          inst.dst.type,
          this.#pusher(inst.a),
          this.#pusher(inst.b)
        );
      case "extract":
        this.#checkLanes(inst.a.type);
        return vectorExtract(this.#f, inst.a.type, inst.lane, this.#pusher(inst.a));
      default:
        return inst.dst.type.lanes === 1 ? this.#scalar(inst) : this.#vector(inst);
    }
  }
  #const(type, value) {
    if (type.lanes > 1) {
      return vectorConst(this.#f, type, new Array(type.lanes).fill(value));
    }
    this.#f.emit(
      `${scalarType(type.elem)}.const`,
      type.elem === "i64" ? BigInt(value) : Number(value)
    );
  }
  #scalar(inst) {
    const f2 = this.#f;
    switch (inst.op) {
      case "unary":
        return scalarUnary(f2, inst.fn, inst.dst.type.elem, this.#pusher(inst.a));
      case "binary": {
        const [a, b] = [this.#pusher(inst.a), this.#pusher(inst.b)];
        return scalarBinary(f2, inst.fn, inst.dst.type.elem, a, b, this.#constant(inst.b));
      }
      case "fma":
        return this.#scalarFma(inst);
      case "compare":
        return scalarCompare(
          f2,
          inst.fn,
          inst.a.type.elem,
          this.#pusher(inst.a),
          this.#pusher(inst.b)
        );
      case "select":
        for (const reg of [inst.a, inst.b, inst.mask]) this.#push(reg);
        return f2.emit("select");
      case "convert":
        return scalarConvert(f2, inst.a.type.elem, inst.dst.type.elem, this.#pusher(inst.a));
      case "bitcast":
        return scalarBitcast(f2, inst.a.type.elem, inst.dst.type.elem, this.#pusher(inst.a));
      case "splat":
        return this.#push(inst.a);
      default:
        throw this.#unsupported(`a scalar ${inst.op}`);
    }
  }
  /** Relaxed scalars go through vectors, so that a loop's tail rounds as its body does. */
  #scalarFma(inst) {
    const f2 = this.#f;
    const type = scalarType(inst.dst.type.elem);
    const pushes = [inst.a, inst.b, inst.c].map((reg) => this.#pusher(reg));
    if (!this.#relaxed || !isFloat4(inst.dst.type.elem)) return vectorFma(f2, type, false, pushes);
    const lanes2 = type === "f32" ? 4 : 2;
    const shape = shapeOf({ elem: inst.dst.type.elem, lanes: lanes2 });
    const splats = pushes.map((push) => () => {
      push();
      f2.emit(`${shape}.splat`);
    });
    vectorFma(f2, shape, true, splats);
    f2.emit(`${shape}.extract_lane`, 0);
  }
  #vector(inst) {
    const f2 = this.#f;
    switch (inst.op) {
      case "unary":
        return vectorUnary(f2, inst.fn, inst.dst.type, this.#pusher(inst.a));
      case "binary":
        return vectorBinary(f2, inst.fn, inst.dst.type, this.#pusher(inst.a), this.#pusher(inst.b));
      case "fma": {
        const pushes = [inst.a, inst.b, inst.c].map((reg) => this.#pusher(reg));
        const relaxed = this.#relaxed && isFloat4(inst.dst.type.elem);
        return vectorFma(f2, shapeOf(inst.dst.type), relaxed, pushes);
      }
      case "compare":
        return vectorCompare(f2, inst.fn, inst.a.type, this.#pusher(inst.a), this.#pusher(inst.b));
      case "select":
        return vectorSelect(
          f2,
          inst.dst.type,
          this.#pusher(inst.mask),
          this.#pusher(inst.a),
          this.#pusher(inst.b)
        );
      case "convert":
        return vectorConvert(f2, inst.a.type, inst.dst.type, this.#pusher(inst.a));
      case "bitcast":
        return this.#push(inst.a);
      case "splat": {
        const value = this.#constant(inst.a);
        if (value !== void 0) return this.#const(inst.dst.type, value);
        return vectorSplat(f2, inst.dst.type, this.#pusher(inst.a));
      }
      case "lanes": {
        const { type } = inst.dst;
        return vectorConst(
          f2,
          type,
          Array.from({ length: type.lanes }, (_, i) => i)
        );
      }
      default:
        throw this.#unsupported(`a vector ${inst.op}`);
    }
  }
  // ---- limits
  /** Vectors have 4 lanes of 32 bits or 2 lanes, the same number all over the kernel. */
  #checkLanes({ elem, lanes: lanes2 }) {
    if (lanes2 === 1 || lanes2 === this.#lanes) return;
    const wide2 = elem === "f64" || elem === "i64";
    if (lanes2 !== 4 && lanes2 !== 2 || wide2 && lanes2 !== 2) {
      throw this.#unsupported(`a vector of ${lanes2} ${elem} lanes`);
    }
    if (this.#lanes !== 1) throw this.#unsupported(`vectors of ${this.#lanes} and ${lanes2} lanes`);
    this.#lanes = lanes2;
  }
  #unsupported(what2) {
    return new Error(`WebAssembly cannot compile ${what2} (kernel ${this.#kernel.name})`);
  }
};

// src/target/wasm/v8-flags.node.ts
import { createRequire as createRequire3 } from "node:module";
var require4 = createRequire3(import.meta.url);
function setV8Flag(flag2) {
  const { setFlagsFromString } = require4("node:v8");
  setFlagsFromString(flag2);
}

// src/target/wasm/engine.ts
function wasmRelaxed() {
  const env2 = globalThis.process?.env;
  return env2?.GRADUS_WASM_RELAXED !== "0";
}
var target;
function wasmTarget() {
  target ??= prepareEngine();
  return target;
}
function instantiate(bytes2, memory) {
  wasmTarget();
  return instantiateNow(bytes2, memory);
}
function instantiateNow(bytes2, memory) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes2), { env: { memory } });
  return instance.exports.run;
}
function prepareEngine() {
  setV8Flag("--no-liftoff");
  if (!wasmRelaxed()) return WASM_TARGET;
  const probe = fusionProbe();
  if (!WebAssembly.validate(probe)) setV8Flag("--experimental-wasm-relaxed-simd");
  if (!WebAssembly.validate(probe) || !fuses(probe)) return WASM_TARGET;
  return { ...WASM_TARGET, isa: "wasm-relaxed" };
}
var FACTOR = 1 + 2 ** -12;
var FUSED = FACTOR * FACTOR - 1;
function fusionProbe() {
  const f2 = new FunctionBuilder("run", ["i32"]);
  f2.get(0);
  for (const x of [FACTOR, FACTOR, -1]) {
    f2.emit("f32.const", x);
    f2.emit("f32x4.splat");
  }
  f2.emit("f32x4.relaxed_madd");
  f2.emit("v128.store", 0);
  return encodeModule([f2]);
}
function fuses(probe) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  instantiateNow(probe, memory)(0, 0, 1, 0);
  return new Float32Array(memory.buffer)[0] === Math.fround(FUSED);
}

// src/runtime/cpu/wasm-worker.ts
var WORDS = {
  /**
   * The phase: in the low byte how many workers are inside; then CLOSED, if no more may enter; above
   * it the phase's number. A worker enters by compare-and-swap of the whole. It reads what runs after
   * it entered, so it does no harm if the number has come round in the meantime.
   */
  phase: 0,
  /** Workers that sleep or are about to; whether the calling thread sleeps until all are out. */
  sleepers: 32,
  waiting: 33,
  /** The next tile. */
  tile: 64,
  /** What runs: number of the kernel, argument block, tiles. */
  kernel: 96,
  args: 97,
  tiles: 98,
  /** Kernels that have been published, workers that run, whether a kernel trapped in one. */
  published: 128,
  started: 129,
  trapped: 130,
  /** Whether the workers shall end. */
  stop: 131,
  /** Where each kernel's module lies: offset and length in bytes. */
  directory: 160
};
var CLOSED2 = 256;
var INSIDE = 255;
var PHASE_SHIFT = 9;
var MAX_TILED_KERNELS = 4096;
var CODE_FROM = 4 * (WORDS.directory + 2 * MAX_TILED_KERNELS);
var SPIN_MS = 0.1;
var WORKER_PROGRAM = `({ memory, shared, thread }) => {
  const words = new Int32Array(shared);
  const kernels = [];
  let behind = 0;
  let last = -1;
  const compile = (id) => {
    if (kernels[id] !== undefined) return;
    const at = words[${WORDS.directory} + 2 * id];
    const bytes = new Uint8Array(shared).slice(at, at + words[${WORDS.directory} + 2 * id + 1]);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    kernels[id] = instance.exports.run;
  };
  const work = () => {
    const kernel = kernels[words[${WORDS.kernel}]];
    if (kernel === undefined) return;
    const args = words[${WORDS.args}];
    const tiles = words[${WORDS.tiles}];
    try {
      for (;;) {
        const tile = Atomics.add(words, ${WORDS.tile}, 1);
        if (tile >= tiles) return;
        kernel(args, tile, tile + 1, thread);
      }
    } catch {
      Atomics.store(words, ${WORDS.trapped}, 1);
    }
  };
  const look = () => {
    const end = performance.now() + ${SPIN_MS};
    for (let turn = 1; ; turn++) {
      const phase = Atomics.load(words, ${WORDS.phase});
      if ((phase & ${CLOSED2}) === 0 && phase >>> ${PHASE_SHIFT} !== last) return phase;
      if (turn % 64 === 0 && performance.now() > end) {
        if (behind < Atomics.load(words, ${WORDS.published})) {
          compile(behind++);
          continue;
        }
        if (Atomics.load(words, ${WORDS.stop}) === 1) return -2;
        Atomics.add(words, ${WORDS.sleepers}, 1);
        Atomics.wait(words, ${WORDS.phase}, phase);
        Atomics.sub(words, ${WORDS.sleepers}, 1);
        return -1;
      }
    }
  };
  Atomics.add(words, ${WORDS.started}, 1);
  for (;;) {
    const phase = look();
    if (phase === -1) continue;
    if (phase === -2) return;
    const id = Atomics.load(words, ${WORDS.kernel});
    if (kernels[id] === undefined) {
      compile(id);
      continue;
    }
    if (Atomics.compareExchange(words, ${WORDS.phase}, phase, phase + 1) !== phase) continue;
    last = phase >>> ${PHASE_SHIFT};
    work();
    const left = Atomics.sub(words, ${WORDS.phase}, 1) & ${CLOSED2 | INSIDE};
    if (left === ${CLOSED2 + 1} && Atomics.compareExchange(words, ${WORDS.waiting}, 1, 0) === 1) {
      Atomics.notify(words, ${WORDS.waiting}, 1);
    }
  }
}`;

// src/runtime/cpu/wasm-pool.ts
var SHARED_BYTES = 2 ** 23;
var ALONE = -1;
var LAST_PHASE = 2 ** (32 - PHASE_SHIFT) - 1;
var WasmPool = class _WasmPool {
  /** Why there are fewer threads than wanted, or null. */
  failure = null;
  wanted;
  here;
  memory;
  words;
  bytes;
  codeEnd = CODE_FROM;
  phase = 0;
  cold = true;
  failed = 0;
  /** `threads`: how many take part at most, JavaScript's among them; `memory` must be shared. */
  constructor(here2, threads, memory) {
    this.here = here2;
    this.wanted = threads;
    this.memory = memory;
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.words = new Int32Array(shared);
    this.bytes = new Uint8Array(shared);
    this.words[WORDS.phase] = CLOSED2;
  }
  /** Threads that take part or, before the first launch with tiles, may. */
  get threads() {
    return this.wanted - this.failed;
  }
  /** Workers that have begun, beside this thread. */
  get started() {
    return Atomics.load(this.words, WORDS.started);
  }
  /** Whether workers are still on their way. */
  get starting() {
    return !this.cold && this.started < this.threads - 1;
  }
  /** As many threads of their own for another memory. */
  beside(memory) {
    return new _WasmPool(this.here, this.wanted, memory);
  }
  /** Ends the workers, once none has anything to do; nothing may run here afterwards. */
  stop() {
    const { words: words2 } = this;
    Atomics.store(words2, WORDS.stop, 1);
    Atomics.store(words2, WORDS.phase, this.phase + 1 << PHASE_SHIFT | CLOSED2);
    Atomics.notify(words2, WORDS.phase);
  }
  /** Gives a module to the workers, who compile it when they need it: its number, or ALONE. */
  publish(module) {
    const { words: words2 } = this;
    const id = words2[WORDS.published];
    if (id >= MAX_TILED_KERNELS || this.codeEnd + module.length > SHARED_BYTES) return ALONE;
    this.bytes.set(module, this.codeEnd);
    words2[WORDS.directory + 2 * id] = this.codeEnd;
    words2[WORDS.directory + 2 * id + 1] = module.length;
    this.codeEnd += module.length;
    Atomics.store(words2, WORDS.published, id + 1);
    return id;
  }
  /** Runs all tiles of a kernel on the threads that have time. Returns when every one is out. */
  run(kernel, id, args, tiles) {
    if (this.cold) this.warm();
    const { words: words2 } = this;
    words2[WORDS.kernel] = id;
    words2[WORDS.args] = args;
    words2[WORDS.tiles] = tiles;
    words2[WORDS.tile] = 0;
    this.phase = this.phase + 1 & LAST_PHASE;
    Atomics.store(words2, WORDS.phase, this.phase << PHASE_SHIFT);
    if (Atomics.load(words2, WORDS.sleepers) !== 0) Atomics.notify(words2, WORDS.phase, tiles - 1);
    try {
      for (; ; ) {
        const tile3 = Atomics.add(words2, WORDS.tile, 1);
        if (tile3 >= tiles) break;
        kernel(args, tile3, tile3 + 1, 0);
      }
    } finally {
      this.close();
    }
  }
  /** Lets nobody in any more and waits for those inside: they have a tile each at most. */
  close() {
    const { words: words2 } = this;
    let inside = Atomics.or(words2, WORDS.phase, CLOSED2) & INSIDE;
    if (inside !== 0) {
      const end = performance.now() + SPIN_MS;
      for (let turn2 = 1; inside !== 0; turn2++) {
        inside = Atomics.load(words2, WORDS.phase) & INSIDE;
        if (turn2 % 64 === 0 && this.here.mayWait && performance.now() > end) this.sleep();
      }
    }
    if (words2[WORDS.trapped] !== 0) {
      words2[WORDS.trapped] = 0;
      throw new Error("a kernel trapped on another thread");
    }
  }
  /** Leaves the processor to the last worker inside, which may have lost its own. */
  sleep() {
    const { words: words2 } = this;
    Atomics.store(words2, WORDS.waiting, 1);
    if ((Atomics.load(words2, WORDS.phase) & INSIDE) !== 0) Atomics.wait(words2, WORDS.waiting, 1);
    Atomics.store(words2, WORDS.waiting, 0);
  }
  /** The first launch with tiles starts the workers, and does not wait for them. */
  warm() {
    this.cold = false;
    const { buffer: buffer3 } = this.words;
    for (let thread = 1; thread < this.wanted; thread++) {
      const data = { memory: this.memory, shared: buffer3, thread };
      this.here.start(WORKER_PROGRAM, data, (reason) => {
        this.failed++;
        this.failure = reason;
      });
    }
  }
};

// src/runtime/cpu/measure-wasm.ts
var TRIES2 = 8;
var CHAINS = 12;
var TURNS = 2e4;
var PAGE2 = 65536;
var CACHE_BYTES2 = 2 ** 22;
var MEMORY_BYTES2 = 2 ** 28;
var READ_IN_CACHE2 = 2 ** 27;
var PIECE_BYTES2 = 2 ** 18;
var ARGS3 = 64;
var ZEROS = 128;
var START_MS = 500;
function measureWasm(info, pool) {
  const lanes2 = info.vectorBytes / 4;
  const pages = (MEMORY_BYTES2 + PAGE2) / PAGE2;
  const shared = pool !== null;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  const threads = pool?.beside(memory) ?? null;
  const args = new Int32Array(memory.buffer, ARGS3, 6);
  new Uint8Array(memory.buffer).fill(1, PAGE2);
  const time = (kernel, tiles2, ...operands) => {
    const { bytes: bytes2 } = compileKernel2(kernel, info, { faultAddress: 0, shared });
    const run3 = instantiate(bytes2, memory);
    const id = threads?.publish(bytes2) ?? ALONE;
    operands.forEach((x, slot2) => args[2 * slot2] = x);
    const all3 = () => threads === null ? run3(ARGS3, 0, tiles2, 0) : threads.run(run3, id, ARGS3, tiles2);
    const began = performance.now();
    do
      all3();
    while (threads?.starting && performance.now() - began < START_MS);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES2; i++) {
      const start = performance.now();
      all3();
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const tiles = 16 * (threads?.threads ?? 1);
  const pieces = MEMORY_BYTES2 / PIECE_BYTES2;
  const cached = Math.max(CACHE_BYTES2, 2 ** Math.ceil(Math.log2(2 * info.cache.l2 * info.threads)));
  const read = readProbe(lanes2);
  const flops = 2 * lanes2 * CHAINS * TURNS * tiles;
  const again = READ_IN_CACHE2 / PIECE_BYTES2;
  try {
    return {
      peakGflops: flops / time(fmaProbe(lanes2), tiles, ZEROS, TURNS) / 1e6,
      cacheReadGBs: READ_IN_CACHE2 / time(read, again, PAGE2, cached / PIECE_BYTES2) / 1e6,
      memoryReadGBs: MEMORY_BYTES2 / time(read, pieces, PAGE2, pieces) / 1e6,
      memoryCopyGBs: null,
      memoryStreamGBs: null
    };
  } finally {
    threads?.stop();
  }
}
function fmaProbe(lanes2) {
  const b = new KernelBuilder("probe_fma");
  const zeros3 = b.param("zeros", "ptr");
  const turns = b.param("turns", "index");
  b.tiles((tile3) => {
    const x = b.load("f32", lanes2, at(zeros3, 0));
    const init = Array.from({ length: CHAINS }, (_, i) => b.splat(b.const("f32", i), lanes2));
    const sums = b.loop(0, turns, 1, init, (_, carried) => carried.map((c2) => b.fma(x, x, c2)));
    b.store("f32", at(b.add(zeros3, b.mul(b.add(tile3, 1), lanes2 * 4))), sumOf(b, sums));
  });
  return b.finish();
}
function readProbe(lanes2) {
  const streams = 8;
  const b = new KernelBuilder("probe_read");
  const from = b.param("from", "ptr");
  const pieces = b.param("pieces", "index");
  b.tiles((tile3) => {
    const piece = b.binary("rem", b.convert(tile3, "i32"), b.convert(pieces, "i32"));
    const start = b.add(from, b.mul(b.convert(piece, "index"), PIECE_BYTES2));
    const init = Array.from({ length: streams }, () => b.splat(b.const("f32", 0), lanes2));
    const step4 = streams * lanes2 * 4;
    const sums = b.loop(
      start,
      b.add(start, PIECE_BYTES2),
      step4,
      init,
      (address2, inner) => inner.map((sum3, i) => b.add(sum3, b.load("f32", lanes2, at(address2, i * lanes2 * 4))))
    );
    b.store("f32", at(start), sumOf(b, sums));
  });
  return b.finish();
}
var sumOf = (b, parts2) => parts2.slice(1).reduce((sum3, r) => b.add(sum3, r), parts2[0]);

// src/runtime/cpu/wasm-executable.ts
var argBlocks = new FinalizationRegistry(
  ({ heap, address: address2, bytes: bytes2 }) => heap.releaseFixed(address2, bytes2)
);
var WasmExecutable = class {
  outputs;
  inPlace;
  heap;
  pool;
  steps = [];
  temps;
  scratchBytes;
  graph;
  specs;
  // The hot case: one launch over an output and one or two operands, each passed once.
  simple = false;
  kernel;
  id;
  args = 0;
  tiles = 1;
  outWord = 0;
  aWord = -1;
  bWord = -1;
  aBytes = 0;
  bBytes = 0;
  scalars = [];
  constructor({ heap, pool }, graph, specs, plan, kernels, device2) {
    this.heap = heap;
    this.pool = pool;
    this.graph = graph;
    this.specs = specs;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, void 0, device2));
    this.inPlace = plan.inPlace;
    this.temps = plan.temps;
    this.scratchBytes = plan.tempBytes;
    const words2 = plan.launches.reduce((n, l) => n + l.args.length, 0);
    const block = heap.allocateFixed(words2 * 8);
    argBlocks.register(this, { heap, address: block, bytes: words2 * 8 });
    let at4 = block;
    const steps = [];
    plan.launches.forEach((launch, i) => {
      const faults = launch.faults ?? null;
      const { tiles = 1 } = launch;
      const step4 = {
        kernel: kernels[i],
        tiles,
        faults,
        args: at4,
        pointers: [],
        scalars: []
      };
      for (const arg of launch.args) {
        if (arg.kind === "index") heap.i32[at4 >>> 2] = arg.value;
        else if (arg.kind === "pointer") step4.pointers.push({ at: at4 >>> 2, arg });
        else step4.scalars.push({ at: at4 >>> 2, arg });
        at4 += 8;
      }
      steps.push(step4);
    });
    this.steps = steps;
    this.kernel = kernels[0]?.run;
    this.id = kernels[0]?.id ?? ALONE;
    if (steps.length === 1 && plan.tempBytes === 0) {
      const [step4] = steps;
      const find2 = (kind, index2) => step4.pointers.filter((p) => p.arg.buffer.kind === kind && p.arg.buffer.index === index2);
      const out = find2("output", 0);
      const a = find2("input", 0);
      const b = find2("input", 1);
      const all3 = out.length + a.length + b.length === step4.pointers.length;
      if (all3 && out.length === 1 && out[0].arg.bytes === 0 && a.length <= 1 && b.length <= 1) {
        this.simple = true;
        this.args = step4.args;
        this.tiles = step4.tiles;
        this.outWord = out[0].at;
        if (a.length === 1) {
          this.aWord = a[0].at;
          this.aBytes = a[0].arg.bytes;
        }
        if (b.length === 1) {
          this.bWord = b[0].at;
          this.bBytes = b[0].arg.bytes;
        }
        this.scalars = step4.scalars;
      }
    }
  }
  run(out, a, b, scalarA, scalarB) {
    if (!this.simple) {
      const inputs = [a ?? scalarA];
      if (b !== null || scalarB === scalarB) inputs.push(b ?? scalarB);
      this.runAll([out], inputs);
      return;
    }
    const heap = this.heap;
    heap.tick++;
    this.pin(out);
    if (a !== null) this.pin(a);
    if (b !== null) this.pin(b);
    const aAddress = a !== null && this.aWord >= 0 ? this.address(a) : 0;
    const bAddress = b !== null && this.bWord >= 0 ? this.address(b) : 0;
    const outAddress = this.address(out);
    out.storage.handle.block.buffer = null;
    const i32 = heap.i32;
    i32[this.outWord] = outAddress;
    if (this.aWord >= 0) i32[this.aWord] = aAddress + this.aBytes;
    if (this.bWord >= 0) i32[this.bWord] = bAddress + this.bBytes;
    for (let i = 0; i < this.scalars.length; i++) {
      const s = this.scalars[i];
      this.writeScalar(s.at, s.arg.elem, s.arg.input === 0 ? scalarA : scalarB);
    }
    if (this.id === ALONE) this.kernel(this.args, 0, this.tiles, 0);
    else this.pool?.run(this.kernel, this.id, this.args, this.tiles);
    if (this.steps[0].faults !== null) this.checkFault(this.steps[0].faults, [a, b]);
  }
  runAll(outputs, inputs) {
    const heap = this.heap;
    heap.tick++;
    for (const s of inputs) if (typeof s !== "number") this.pin(s);
    for (const s of outputs) this.pin(s);
    for (const s of inputs) if (typeof s !== "number") this.address(s);
    for (const s of outputs) {
      this.address(s);
      s.storage.handle.block.buffer = null;
    }
    const scratch = this.scratchBytes === 0 ? 0 : heap.touchScratch(this.scratchBytes);
    for (const step4 of this.steps) {
      for (const { at: at4, arg } of step4.pointers) {
        const ref = arg.buffer;
        const base = ref.kind === "input" ? this.address(inputs[ref.index]) : ref.kind === "output" ? this.address(outputs[ref.index]) : scratch + this.temps[ref.index];
        heap.i32[at4] = base + arg.bytes;
      }
      for (const { at: at4, arg } of step4.scalars) {
        this.writeScalar(at4, arg.elem, inputs[arg.input]);
      }
      const { kernel, args, tiles } = step4;
      if (kernel.id === ALONE) kernel.run(args, 0, tiles, 0);
      else this.pool?.run(kernel.run, kernel.id, args, tiles);
      if (step4.faults !== null) this.checkFault(step4.faults, inputs);
    }
  }
  pin(s) {
    s.storage.handle.block.used = this.heap.tick;
  }
  /** Where a slot lies in the heap; brings it in if it is out. */
  address({ storage, offset }) {
    const handle = storage.handle;
    const { address: address2 } = handle.block;
    return (address2 < 0 ? this.heap.touch(handle) : address2) + storage.offset + offset;
  }
  /** Writes a number as `cast` converts it: saturating, NaN as 0. */
  writeScalar(at4, elem, value) {
    const heap = this.heap;
    if (elem === "f32") heap.f32[at4] = value;
    else if (elem === "f64") heap.f64[at4 >> 1] = value;
    else if (elem === "i32") heap.i32[at4] = Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
    else heap.i64[at4 >> 1] = toInt64(value);
  }
  checkFault(faulted, inputs) {
    const { heap } = this;
    const word = heap.faultAddress >> 2;
    const fault = heap.i32[word];
    if (fault === 0) return;
    heap.i32[word] = 0;
    throw faultError(this.graph, this.specs, faulted, fault - 1, (i, element) => {
      const at4 = this.address(inputs[i]);
      return this.specs[i].dtype === "int64" ? Number(heap.i64[at4 / 8 + element]) : heap.i32[at4 / 4 + element];
    });
  }
};

// src/runtime/cpu/wasm-workers.node.ts
import { createRequire as createRequire4 } from "node:module";
var require5 = createRequire4(import.meta.url);
var openWorkers = () => ({
  processors: processors(),
  // All of Node's threads may sleep, the main one too.
  mayWait: true,
  start(program, data, failed) {
    const threads = require5("node:worker_threads");
    const text2 = `(${program})(require('node:worker_threads').workerData)`;
    const worker = new threads.Worker(text2, {
      eval: true,
      workerData: data,
      env: threads.SHARE_ENV,
      execArgv: []
    });
    worker.on("error", (error) => failed(String(error)));
    worker.unref();
  }
});

// src/runtime/cpu/heap.ts
var Block = class {
  bytes;
  /** Address in the heap, or -1 while it is out. */
  address = -1;
  /** The bytes outside the heap; kept after they come back until they are written again. */
  buffer = null;
  /** Tick of the last use; blocks of the current tick are pinned. */
  used = 0;
  /** Position in the heap's list of resident blocks, or -1. */
  slot = -1;
  /** Given back by hand; any further use is a defect. */
  freed = false;
  constructor(bytes2) {
    this.bytes = bytes2;
  }
};
var Handle = class {
  block;
  constructor(block) {
    this.block = block;
  }
};
var PAGE3 = 65536;
var RESERVED = 1024;
var FIRST = 16 * 2 ** 20;
var LIMIT = 2 ** 31 - PAGE3;
var WasmHeap = class {
  memory;
  /** Address of the word in which a kernel leaves a fault. */
  faultAddress = 64;
  /** Views of the whole memory; replaced when it grows. They may be shared: give none away. */
  u8;
  i32;
  f32;
  f64;
  i64;
  /** Counts runs; whatever was touched in the current run stays where it is. */
  tick = 1;
  evictions = 0;
  poisons = verifying();
  cap;
  free = new Extents();
  fixed = new Extents();
  resident = [];
  size;
  scratch = new Block(0);
  registry = new FinalizationRegistry((block) => this.drop(block));
  /** `shared`: whether other threads can have the memory; throws a RangeError if there is none. */
  constructor(capBytes, shared = false) {
    this.cap = Math.min(capBytes, LIMIT);
    this.size = Math.min(FIRST, Math.max(PAGE3 * 16, Math.floor(capBytes / PAGE3) * PAGE3));
    const pages = { initial: this.size / PAGE3, maximum: LIMIT / PAGE3 };
    this.memory = new WebAssembly.Memory({ ...pages, shared });
    this.refresh();
    this.free.give(RESERVED, this.size - RESERVED);
  }
  /** Fresh memory, contents undefined, 64-byte aligned. */
  allocate(bytes2) {
    const handle = new Handle(new Block(bytes2));
    this.enter(handle);
    return handle;
  }
  /** Memory that never moves nor goes: argument blocks of plans. */
  allocateFixed(bytes2) {
    let at4 = this.fixed.take(round2(bytes2));
    if (at4 < 0) {
      const chunk3 = Math.max(PAGE3, round2(bytes2));
      this.fixed.give(this.take(chunk3, bytes2), chunk3);
      at4 = this.fixed.take(round2(bytes2));
    }
    return at4;
  }
  releaseFixed(address2, bytes2) {
    this.fixed.give(address2, round2(bytes2));
  }
  /** Marks memory as used by the current run and returns its address, bringing it in if out. */
  touch(handle) {
    const { block } = handle;
    block.used = this.tick;
    if (block.address < 0) {
      if (block.freed) throw new Error("a tensor was used after its memory was given back");
      this.enter(handle);
      if (block.buffer !== null) this.u8.set(block.buffer, block.address);
    }
    return block.address;
  }
  /** Like `touch`, for memory about to be written: a copy outside is out of date. */
  touchForWrite(handle) {
    const address2 = this.touch(handle);
    handle.block.buffer = null;
    return address2;
  }
  /** Memory for one run's temporaries: all runs share it, and it leaves without a copy. */
  touchScratch(bytes2) {
    if (this.scratch.bytes < bytes2) {
      this.drop(this.scratch);
      const larger = new Block(bytes2);
      this.place(larger);
      this.scratch = larger;
    }
    if (this.scratch.address < 0) this.place(this.scratch);
    this.scratch.used = this.tick;
    return this.scratch.address;
  }
  /** The block's bytes in a buffer of the collector's: safe to keep, never overwritten. */
  outside(block) {
    if (block.buffer === null) {
      block.buffer = uninitialised(block.bytes);
      block.buffer.set(this.u8.subarray(block.address, block.address + block.bytes));
    }
    return block.buffer;
  }
  /** Gives memory back for good. */
  release(block) {
    block.freed = true;
    if (this.poisons && block.address >= 0) {
      this.u8.fill(255, block.address, block.address + block.bytes);
    }
    block.buffer = null;
    this.drop(block);
  }
  /** Takes the block out of the heap; what it held is in its buffer, or lost. */
  drop(block) {
    if (block.address < 0) return;
    this.free.give(block.address, round2(block.bytes));
    block.address = -1;
    this.registry.unregister(block);
    this.unlist(block);
  }
  get usedBytes() {
    let n = 0;
    for (const b of this.resident) n += b.bytes;
    return n;
  }
  get heapBytes() {
    return this.size;
  }
  enter(handle) {
    this.place(handle.block);
    this.registry.register(handle, handle.block, handle.block);
  }
  place(block) {
    block.address = this.take(round2(block.bytes), block.bytes);
    block.used = this.tick;
    block.slot = this.resident.push(block) - 1;
  }
  /** Room for `bytes`; `wanted` is what was asked for. */
  take(bytes2, wanted) {
    if (bytes2 > LIMIT - RESERVED) throw full2(wanted);
    let at4 = this.free.take(bytes2);
    if (at4 >= 0) return at4;
    if (this.grow(bytes2, this.cap)) {
      at4 = this.free.take(bytes2);
      if (at4 >= 0) return at4;
    }
    this.evict(bytes2);
    at4 = this.free.take(bytes2);
    if (at4 >= 0) return at4;
    if (this.grow(bytes2, LIMIT)) {
      at4 = this.free.take(bytes2);
      if (at4 >= 0) return at4;
    }
    throw full2(wanted);
  }
  /** Grows by at least `bytes`, in steps that double, up to `limit`. */
  grow(bytes2, limit) {
    const need = Math.ceil(bytes2 / PAGE3) * PAGE3;
    if (this.size + need > limit) return false;
    const step4 = Math.min(Math.max(need, this.size), Math.floor((limit - this.size) / PAGE3) * PAGE3);
    const more = this.size + step4 > this.cap && need < step4 ? Math.max(need, this.cap - this.size) : step4;
    const pages = Math.ceil(more / PAGE3);
    try {
      this.memory.grow(pages);
    } catch {
      return false;
    }
    this.free.give(this.size, pages * PAGE3);
    this.size += pages * PAGE3;
    this.refresh();
    return true;
  }
  /** Moves least recently used blocks out until `bytes` fit, and an eighth of the cap is free. */
  evict(bytes2) {
    const order = this.resident.filter((b) => b.used !== this.tick).sort((a, b) => a.used - b.used);
    const goal = Math.max(bytes2, this.cap >> 3);
    let freed = 0;
    for (const block of order) {
      if (freed >= goal && this.free.largest() >= bytes2) return;
      if (block !== this.scratch) this.outside(block);
      freed += round2(block.bytes);
      this.evictions++;
      this.drop(block);
    }
  }
  unlist(block) {
    const last = this.resident.pop();
    if (last !== void 0 && last !== block) {
      this.resident[block.slot] = last;
      last.slot = block.slot;
    }
    block.slot = -1;
  }
  refresh() {
    const b = this.memory.buffer;
    this.u8 = new Uint8Array(b);
    this.i32 = new Int32Array(b);
    this.f32 = new Float32Array(b);
    this.f64 = new Float64Array(b);
    this.i64 = new BigInt64Array(b);
  }
};
var uninitialised = (bytes2) => {
  const buffer3 = globalThis.Buffer?.allocUnsafeSlow(bytes2).buffer;
  return buffer3 === void 0 ? new Uint8Array(bytes2) : new Uint8Array(buffer3);
};
var full2 = (bytes2) => new DeviceError({
  op: "allocate",
  problem: `the WebAssembly heap cannot hold ${bytes2} more bytes (it ends at 2 GiB)`,
  remedy: "split the operation, e.g. use a smaller batch"
});
var round2 = (bytes2) => Math.ceil((Math.max(bytes2, 1) + 64) / 64) * 64;

// src/runtime/cpu/wasm-threads.ts
var MOST_UNASKED = 8;
function openThreads(heapBytes2) {
  const alone = (reason) => {
    return { heap: new WasmHeap(heapBytes2), pool: null, reason };
  };
  const asked = threadsFromFlag();
  if (asked === 1) return alone(null);
  const here2 = openWorkers();
  if ("reason" in here2) return alone(here2.reason);
  const threads = asked ?? Math.min(here2.processors, MOST_UNASKED);
  if (threads === 1) return alone(null);
  let heap;
  try {
    heap = new WasmHeap(heapBytes2, true);
  } catch {
    return alone("there are no addresses left for a memory that threads share");
  }
  return { heap, pool: new WasmPool(here2, threads, heap.memory), reason: null };
}

// src/runtime/cpu/wasm-device.ts
var MAX_KERNELS = 8192;
var WasmDevice = class {
  name = "cpu";
  engine;
  heap;
  info;
  isa;
  machine;
  slabs;
  kernels = /* @__PURE__ */ new Map();
  constructor() {
    this.machine = openThreads(heapBytes(wasmHeap()));
    this.heap = this.machine.heap;
    this.slabs = new Slabs(this.name, this.heap);
    this.info = { ...wasmTarget(), threads: this.threads };
    this.isa = this.info.isa;
    this.engine = `WebAssembly SIMD (${this.info.isa})`;
  }
  get threads() {
    return this.machine.pool?.threads ?? 1;
  }
  allocate(bytes2) {
    return this.slabs.allocate(bytes2) ?? new Storage(this.name, this.heap.allocate(bytes2), 0, bytes2);
  }
  free(storage) {
    const { block } = storage.handle;
    if (block.bytes === storage.bytes) this.heap.release(block);
  }
  write(slot2, data) {
    const { storage } = slot2;
    this.heap.tick++;
    const base = this.heap.touchForWrite(storage.handle);
    const bytes2 = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.heap.u8.set(bytes2, base + storage.offset + slot2.offset);
  }
  read(slot2, dtype, count) {
    const { storage } = slot2;
    const handle = storage.handle;
    const { block } = handle;
    const out = new (arrayOf(dtype))(count);
    const from = storage.offset + slot2.offset;
    const source = block.address < 0 && block.buffer !== null ? block.buffer.subarray(from, from + out.byteLength) : this.resident(handle, from, out.byteLength);
    new Uint8Array(out.buffer).set(source);
    return out;
  }
  view(slot2, dtype, count) {
    const { storage } = slot2;
    const handle = storage.handle;
    if (handle.block.buffer === null) this.heap.touch(handle);
    const bytes2 = this.heap.outside(handle.block);
    return new (arrayOf(dtype))(
      bytes2.buffer,
      bytes2.byteOffset + storage.offset + slot2.offset,
      count
    );
  }
  compile(graph, inputs, { last } = {}) {
    if (debugLevel() >= 2) console.error(printGraph(graph));
    const plan = lowerGraph(graph, inputs, this.info, last);
    const kernels = plan.launches.map((l) => this.kernel(l));
    return new WasmExecutable(this.machine, graph, inputs, plan, kernels, this.name);
  }
  memory() {
    return { heapBytes: this.heap.heapBytes, usedBytes: this.heap.usedBytes };
  }
  measure() {
    return measureWasm(this.info, this.machine.pool);
  }
  notice() {
    const { pool, reason } = this.machine;
    const why = reason ?? pool?.failure;
    return why ? `${whyNoMachineCode()}; no more threads: ${why}` : whyNoMachineCode();
  }
  resident(handle, from, bytes2) {
    this.heap.tick++;
    const base = this.heap.touch(handle) + from;
    return this.heap.u8.subarray(base, base + bytes2);
  }
  kernel(launch) {
    const old = this.kernels.get(launch.key);
    if (old !== void 0) return old;
    const start = debugLevel() >= 1 ? performance.now() : 0;
    const kernel = launch.build();
    if (verifying()) verifyKernel(kernel);
    const { heap, pool } = this.machine;
    const env2 = { faultAddress: heap.faultAddress, shared: pool !== null };
    const code = compileKernel2(kernel, this.info, env2);
    const run3 = instantiate(code.bytes, heap.memory);
    const tiled = (launch.tiles ?? 1) > 1;
    const made2 = { run: run3, id: tiled && pool !== null ? pool.publish(code.bytes) : ALONE };
    if (this.kernels.size >= MAX_KERNELS) this.kernels.clear();
    this.kernels.set(launch.key, made2);
    if (debugLevel() >= 1) this.report(kernel, code, launch.key, performance.now() - start);
    return made2;
  }
  report(kernel, code, key, ms) {
    console.error(
      `[gradus] kernel ${kernel.name}: ${code.bytes.length} bytes, ${ms.toFixed(2)} ms`
    );
    if (debugLevel() >= 3) console.error(`  key ${key}`);
    if (debugLevel() >= 4) console.error(`${printKernel(kernel)}
${code.text()}`);
  }
};
function heapBytes(text2) {
  const megabytes = Number(text2);
  if (!(megabytes >= 1 && megabytes <= 2047)) {
    throw new ValueError({
      op: "GRADUS_WASM_HEAP",
      problem: `'${text2}' is no number of megabytes from 1 to 2047`,
      remedy: "set it to a number such as 256, or unset it"
    });
  }
  return Math.floor(megabytes * 2 ** 20);
}

// src/tensor/recording.ts
var current2 = null;
var recording = () => current2;
function setRecording(r) {
  const before = current2;
  current2 = r;
  return before;
}

// src/tensor/abstract-handle.ts
var AbstractHandle = class {
  value;
  /** The recording it belongs to. */
  owner;
  constructor(value, owner) {
    this.value = value;
    this.owner = owner;
  }
  get freed() {
    return unknown(this);
  }
  get block() {
    return unknown(this);
  }
  get buffer() {
    return unknown(this);
  }
};
function unknown({ value }) {
  const during = recording() !== null;
  throw new GraphError({
    op: during ? "compile" : "tensor",
    problem: during ? "the value of a tensor is not known while the function is recorded" : "this tensor was made while a function was recorded for compile(): it has no value",
    operands: [value],
    remedy: during ? "return the tensor and read it outside; for choices by value use where or cond" : "return it from the compiled function: what that writes into variables outside is written once"
  });
}

// src/tensor/nested.ts
var MAX_DEPTH = 64;
var isList = (x) => Array.isArray(x) || ArrayBuffer.isView(x) && !(x instanceof DataView);
var path = (at4) => `data${at4.map((i) => `[${i}]`).join("")}`;
function readNested(data, op) {
  const shape = [];
  for (let x = data; isList(x); x = x[0]) {
    shape.push(x.length);
    if (shape.length > MAX_DEPTH) {
      throw new ShapeError({
        op,
        problem: `the arrays are nested more than ${MAX_DEPTH} deep`,
        remedy: "does an array hold itself?"
      });
    }
    if (x.length === 0) break;
  }
  const values = [];
  let kind = null;
  const at4 = [];
  const visit = (x) => {
    const depth2 = at4.length;
    if (isList(x)) {
      if (depth2 >= shape.length) ragged(op, at4, `is an array of length ${x.length}`, "a value");
      if (x.length !== shape[depth2]) {
        ragged(op, at4, `has length ${x.length}`, `length ${shape[depth2]}`);
      }
      for (let i = 0; i < x.length; i++) {
        at4.push(i);
        visit(x[i]);
        at4.pop();
      }
      return;
    }
    const own = kindOf3(op, x, at4);
    if (depth2 < shape.length) {
      ragged(op, at4, `is the value ${String(x)}`, `an array of length ${shape[depth2]}`);
    }
    if (kind !== null && own !== kind) mixed(op, at4, own, kind);
    kind = own;
    values.push(x);
  };
  visit(data);
  return { values, shape, kind: kind ?? "number" };
}
function kindOf3(op, x, at4) {
  if (typeof x === "number") return "number";
  if (typeof x === "boolean") return "bool";
  if (typeof x === "bigint") return "int64";
  throw new DtypeError({
    op,
    problem: `${path(at4)} is ${what(x)}; elements are numbers, booleans or bigints`,
    remedy: isTensorLike(x) ? "join tensors with stack or concat" : void 0
  });
}
function what(x) {
  if (typeof x === "string") return `the string '${x}'`;
  return isTensorLike(x) ? "a tensor" : given(x);
}
function ragged(op, at4, has2, wanted) {
  throw new ShapeError({
    op,
    problem: `the arrays are ragged: ${path(at4)} ${has2}, where ${wanted} was expected`,
    remedy: "all arrays at one depth must have the same length"
  });
}
var NAMES2 = { bool: "a boolean", int64: "a bigint", number: "a number" };
function mixed(op, at4, own, kind) {
  throw new DtypeError({
    op,
    problem: `${path(at4)} is ${NAMES2[own]} among elements that are each ${NAMES2[kind]}`,
    remedy: "convert them so that all are of one kind"
  });
}

// src/tensor/at.ts
function slice2(start, end, step4) {
  return new SliceItem(start ?? null, end ?? null, step4 ?? 1);
}
var SliceItem = class {
  start;
  end;
  step;
  constructor(start, end, step4) {
    for (const n of [start, end, step4]) {
      if (n !== null && !Number.isInteger(n)) fail2(`a slice needs whole numbers, not ${given(n)}`);
    }
    if (step4 === 0) fail2("a slice step cannot be 0");
    this.start = start;
    this.end = end;
    this.step = step4;
  }
};
function fail2(problem, x, remedy2) {
  throw new IndexError({ op: "at", problem, operands: x === void 0 ? [] : [x], remedy: remedy2 });
}
function indexed(x, items, make) {
  const entries = fillRest(x, readItems(x, items, make));
  const view = basicView(x, entries);
  const arrays = entries.filter((e) => e.kind === "array");
  return arrays.length === 0 ? view : pickArrays(view, entries);
}
function readItems(x, items, make) {
  const entries = [];
  for (const [place4, item] of items.entries()) {
    if (typeof item === "number") entries.push({ kind: "pick", index: item, place: place4 });
    else if (item === null) entries.push({ kind: "axis" });
    else if (item === "...") entries.push({ kind: "rest" });
    else if (typeof item === "string") entries.push({ kind: "slice", slice: parse(item, place4) });
    else if (isSlice(item)) entries.push({ kind: "slice", slice: readSlice(item, place4) });
    else entries.push(...readArray(x, item, place4, entries, make));
  }
  return entries;
}
var SLICE2 = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/;
function parse(text2, place4) {
  const m = SLICE2.exec(text2);
  if (m === null) {
    fail2(
      `item ${place4}, '${text2}', is not a slice`,
      void 0,
      "write 'start:end', 'start:end:step', ':' or '...'; a position is a number"
    );
  }
  const bound = (s) => s === void 0 ? null : Number(s);
  return slice2(bound(m[1]), bound(m[2]), bound(m[3]));
}
var isSlice = (x) => x instanceof SliceItem || typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype && !("dtype" in x);
function readSlice(x, place4) {
  if (x instanceof SliceItem) return x;
  const other = Object.keys(x).find((key) => !["start", "end", "step"].includes(key));
  if (other !== void 0 || Object.keys(x).length === 0) {
    const problem = other === void 0 ? "an empty object" : `an object with '${other}'`;
    fail2(`item ${place4} is ${problem}`, void 0, "a slice is { start, end, step }");
  }
  return slice2(x.start, x.end, x.step);
}
var isTensor = (x) => typeof x === "object" && x !== null && "spec" in x && "storage" in x;
function readArray(x, item, place4, before, make) {
  const entry = (index2) => ({ kind: "array", index: index2, place: place4 });
  if (isTensor(item)) {
    if (item.dtype === "bool") {
      const flags = item.data({ copy: false });
      return maskEntries(x, flags, item.shape, place4, before, make).map(entry);
    }
    if (isInt(item.dtype)) return [entry(cast(item, "int32"))];
    throw new DtypeError({
      op: "at",
      problem: `item ${place4} is a ${item.dtype} tensor; an index holds integers or bools`,
      operands: [x, item],
      remedy: isMask(item) ? "a mask is bool: mask.to('bool'), or a comparison such as x.gt(0)" : "convert it: index.to('int32') for positions, mask.to('bool') for a mask"
    });
  }
  if (!Array.isArray(item)) {
    throw new DtypeError({
      op: "at",
      problem: `item ${place4} is ${given(item)}`,
      remedy: "an item is a number, a slice, null, an array of integers or booleans, or a tensor"
    });
  }
  const { values, shape, kind } = readNested(item, "at");
  if (kind === "bool" && values.length > 0) {
    const flags = Uint8Array.from(values, Number);
    return maskEntries(x, flags, shape, place4, before, make).map(entry);
  }
  const wrong = values.find((v) => !Number.isInteger(Number(v)));
  if (wrong !== void 0) fail2(`item ${place4} holds ${wrong}, which is not a whole number`, x);
  return [entry(make(Int32Array.from(values, Number), "int32", shape, x.device))];
}
var isMask = (x) => x.data({ copy: false }).every((v) => v === 0 || v === 1);
function maskEntries(x, flags, shape, place4, before, make) {
  if (shape.length === 0) fail2(`item ${place4} is a 0-d mask: it says nothing of any dimension`, x);
  const rest = before.some((e) => e.kind === "rest");
  if (!rest) {
    const first = before.filter((e) => e.kind !== "axis").length;
    shape.forEach((n, i) => {
      const size = x.shape[first + i];
      if (size === n || size === void 0) return;
      fail2(
        `item ${place4}, a mask of shape ${formatShape(shape)}, has ${n} elements along dimension ${first + i} of size ${size}`,
        x
      );
    });
  }
  const places = shape.map(() => []);
  const at4 = shape.map(() => 0);
  for (const flag2 of flags) {
    if (flag2 !== 0) for (const [d, i] of at4.entries()) places[d].push(i);
    for (let d = shape.length - 1; d >= 0; d--) {
      if (++at4[d] < shape[d]) break;
      at4[d] = 0;
    }
  }
  return places.map((p) => make(Int32Array.from(p), "int32", [p.length], x.device));
}
var ALL3 = { start: null, end: null, step: 1 };
var takesDim = (e) => e.kind !== "axis" && e.kind !== "rest";
function fillRest(x, entries) {
  const taken2 = entries.filter(takesDim).length;
  const rests = entries.filter((e) => e.kind === "rest").length;
  if (rests > 1) fail2("an index can hold only one '...'", x);
  if (taken2 > x.rank) {
    fail2(`${taken2} indices for a tensor of rank ${x.rank}`, x, "null adds an axis");
  }
  const fill = Array.from({ length: x.rank - taken2 }, () => ({ kind: "slice", slice: ALL3 }));
  if (rests === 0) return [...entries, ...fill];
  return entries.flatMap((e) => e.kind === "rest" ? fill : [e]);
}
function basicView(x, entries) {
  const start = [];
  const step4 = [];
  const size = [];
  const shape = [];
  for (const e of entries) {
    if (e.kind === "axis") {
      shape.push(1);
      continue;
    }
    const dim = start.length;
    const n = x.shape[dim];
    if (e.kind === "pick") {
      start.push(normalize(e.index, n, dim, e.place, x));
      step4.push(1);
      size.push(1);
      continue;
    }
    const [from, by, count] = e.kind === "slice" ? resolve(e.slice, n) : [0, 1, n];
    start.push(count === 0 ? 0 : from);
    step4.push(by);
    size.push(count);
    shape.push(count);
  }
  const whole = size.every((n, d) => n === x.shape[d] && step4[d] === 1);
  return reshape(whole ? x : slice(x, start, step4, size), shape);
}
function normalize(i, n, dim, place4, x) {
  if (!Number.isInteger(i)) fail2(`item ${place4}, ${i}, is not a whole number`, x);
  const k2 = i < 0 ? i + n : i;
  if (k2 >= 0 && k2 < n) return k2;
  return outOfRange(i, n, dim, place4, x);
}
function outOfRange(i, n, dim, place4, x) {
  return fail2(
    `index ${i} (item ${place4}) is out of range for dimension ${dim} of size ${n}`,
    x,
    n === 0 ? "the dimension is empty" : `use ${-n} to ${n - 1}`
  );
}
function resolve(s, n) {
  const { step: step4 } = s;
  const low = step4 < 0 ? -1 : 0;
  const high = step4 < 0 ? n - 1 : n;
  const bound = (b) => Math.min(high, Math.max(low, b < 0 ? b + n : b));
  const from = s.start === null ? step4 < 0 ? high : low : bound(s.start);
  const to = s.end === null ? step4 < 0 ? low : high : bound(s.end);
  return [from, step4, Math.max(0, Math.ceil((to - from) / step4))];
}
function pickArrays(view, entries) {
  const dims = [];
  const indices = [];
  let dim = 0;
  let source = 0;
  for (const e of entries) {
    if (e.kind === "array") {
      indices.push(checkRange(e.index, view.shape[dim], source, e.place, view));
      dims.push(dim);
    }
    if (e.kind !== "pick") dim++;
    if (e.kind !== "axis") source++;
  }
  const shape = broadcastIndices(indices, view);
  const lead = leading(entries);
  if (indices.length === 1 && lead === dims[0]) return selectAlong(view, lead, indices[0]);
  const picked = gatherAt(view, dims, indices, shape);
  if (lead === 0) return picked;
  const rank = shape.length;
  const order = Array.from(
    { length: picked.rank },
    (_, d) => d < lead ? rank + d : d < lead + rank ? d - lead : d
  );
  return permute(picked, order);
}
function selectAlong(view, dim, index2) {
  const flat2 = reshape(index2, [index2.numel]);
  const shape = view.shape.toSpliced(dim, 1, ...index2.shape);
  return reshape(indexSelect(view, dim, flat2), shape);
}
function leading(entries) {
  const at4 = entries.flatMap((e, i) => e.kind === "array" || e.kind === "pick" ? [i] : []);
  const adjacent = at4.every((i, k2) => i === at4[0] + k2);
  return adjacent ? at4[0] : 0;
}
function broadcastIndices(indices, view) {
  return indices.map((t) => t.shape).reduce((a, b) => {
    const both = broadcastShapes(a, b);
    if (both !== null) return both;
    return fail2(
      `index arrays of shapes ${indices.map((t) => formatShape(t.shape)).join(" and ")} do not broadcast`,
      view
    );
  });
}
function gatherAt(view, dims, indices, shape) {
  const sizes = dims.map((d) => view.shape[d]);
  const others = view.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const kept = others.map((d) => view.shape[d]);
  const wide2 = numelOf(sizes) > 2 ** 31 - 1;
  let linear3 = null;
  for (const [i, index2] of indices.entries()) {
    const own = wide2 ? cast(index2, "int64") : index2;
    linear3 = linear3 === null ? own : add(mul(linear3, sizes[i]), own);
  }
  const flat2 = reshape(expand(linear3, shape), [numelOf(shape)]);
  const front = permute(view, [...dims, ...others]);
  const merged = reshape(front, [numelOf(sizes), ...kept]);
  return reshape(indexSelect(merged, 0, flat2), [...shape, ...kept]);
}
function checkRange(index2, n, dim, place4, x) {
  let negative = false;
  for (const i of index2.data({ copy: false })) {
    if (i < -n || i >= n) outOfRange(i, n, dim, place4, x);
    negative ||= i < 0;
  }
  return negative ? where(lt(index2, 0), add(index2, n), index2) : index2;
}

// src/tensor/grad-mode.ts
var on = true;
var gradMode = () => on;
function setGradMode(mode) {
  const before = on;
  on = mode;
  return before;
}
function rejectPromise(op, result) {
  if (result instanceof Promise || typeof result?.then === "function") {
    Promise.resolve(result).catch(() => {
    });
    throw new GraphError({
      op,
      problem: "the function is asynchronous: its code would run after the scope had closed",
      remedy: `await first, then call ${op} with a synchronous function`
    });
  }
  return result;
}
function requireFunction(op, f2, remedy2) {
  if (typeof f2 === "function") return;
  throw new GraphError({ op, problem: `takes a function, not ${given(f2)}`, remedy: remedy2 });
}
function noGrad(f2) {
  requireFunction("noGrad", f2, "write noGrad(() => ...)");
  const before = setGradMode(false);
  try {
    return rejectPromise("noGrad", f2());
  } finally {
    on = before;
  }
}

// src/tensor/node-names.ts
var LEAF_NAME = "leaf";
var OUTPUT_NAME = "output of";

// src/tensor/scope.ts
var UNSCOPED = 0;
var JUST_MADE = 1;
var SCOPED = 2;
var MIN_BYTES = 65536;
var scope = { open: false, made: [] };
function enterScope(open2) {
  const before = scope;
  scope = { open: open2, made: [] };
  return before;
}
function leaveScope(before) {
  scope = before;
}
function track(storage) {
  if (!scope.open || storage.bytes <= MIN_BYTES) return;
  storage.scope = JUST_MADE;
  scope.made.push(storage);
}
function settle() {
  const { made: made2 } = scope;
  for (const storage of made2) {
    if (storage.scope !== JUST_MADE) continue;
    storage.scope = SCOPED;
    if (storage.pins <= 0) free(storage);
  }
  made2.length = 0;
}
function unpin(storage) {
  storage.pins--;
  if (storage.pins <= 0 && storage.scope === SCOPED && scope.open) free(storage);
}
function escape(storage) {
  storage.scope = UNSCOPED;
}
function free(storage) {
  storage.scope = UNSCOPED;
  getDevice(storage.device).free(storage);
}

// src/tensor/accumulate.ts
var Frontier = class {
  heap = [];
  /** Nodes at or below this sequence number are outside the run: their gradients are dropped. */
  floor;
  constructor(floor3) {
    this.floor = floor3;
  }
  get size() {
    return this.heap.length;
  }
  push(n) {
    const heap = this.heap;
    let i = heap.push(n) - 1;
    while (i > 0) {
      const p = i - 1 >> 1;
      if (heap[p].seq >= n.seq) break;
      heap[i] = heap[p];
      i = p;
    }
    heap[i] = n;
  }
  pop() {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    const n = heap.length;
    if (n > 0) {
      let i = 0;
      for (; ; ) {
        let c2 = 2 * i + 1;
        if (c2 >= n) break;
        if (c2 + 1 < n && heap[c2 + 1].seq > heap[c2].seq) c2++;
        if (heap[c2].seq <= last.seq) break;
        heap[i] = heap[c2];
        i = c2;
      }
      heap[i] = last;
    }
    return top;
  }
  /** Forgets every pending gradient, after a gradient function threw. */
  clear() {
    for (const n of this.heap) {
      n.grad = null;
      n.grads = null;
      n.owned = false;
    }
    this.heap.length = 0;
  }
};
var frontier = null;
function setFrontier(f2) {
  const before = frontier;
  frontier = f2;
  return before;
}
function accumulate(n, g, fresh) {
  const f2 = frontier;
  if (n.seq <= f2.floor) return;
  if (n.op.name === OUTPUT_NAME) {
    const whole = n.edge0;
    if (whole.grads === null) {
      whole.grads = [];
      f2.push(whole);
    }
    whole.grads[n.which] = join2(whole.grads[n.which] ?? null, g, false);
    return;
  }
  if (n.grad === null) f2.push(n);
  const first = n.grad === null;
  n.grad = join2(n.grad, g, n.owned);
  n.owned = fresh || !first;
}
function join2(before, g, owned2) {
  if (before === null) {
    g.storage.pins++;
    return g;
  }
  const { storage } = before;
  let total = before;
  if (owned2 && !gradMode() && before.spec.contiguous && before.offset === 0) before.accumulate(g);
  else total = add(before, g);
  if (total.storage !== storage) {
    total.storage.pins++;
    unpin(storage);
  }
  return total;
}

// src/tensor/anomaly.ts
var on2 = false;
var anomalyMode = () => on2;
var within = null;
function setBackwardNode(n) {
  within = n;
}
function anomalyLine(n) {
  if (on2) n.line = userFrame(new Error().stack ?? "");
}
function checkAnomaly(op, out) {
  if (!on2 || !isFloat(out.dtype)) return;
  const data = out.data();
  for (let i = 0; i < data.length; i++) {
    const x = data[i];
    if (Number.isFinite(x)) continue;
    const place4 = within === null ? "" : `, in the gradient of ${within.op.name}${within.line === void 0 ? "" : ` recorded at ${within.line}`}`;
    throw new GraphError({
      op: op.name,
      problem: `made ${x} at element ${i} of ${out.dtype}[${out.shape}]${place4}`,
      remedy: "the operands were finite or given by you: look at this op first"
    });
  }
}

// src/tensor/backward.ts
var NO_GRADIENTS = [];
var depth = 0;
function backward(root2, options = {}) {
  const { createGraph = false, retainGraph = createGraph } = options;
  if (root2.node === null) {
    throw new GraphError({
      op: "backward",
      problem: "this tensor does not depend on anything that requires a gradient",
      operands: [root2.spec],
      remedy: "make a Parameter, or set requiresGrad, before computing it; and not in noGrad"
    });
  }
  runBackward([root2], [seedOf(root2, options.gradient)], createGraph, retainGraph, null);
}
function seedOf(root2, given2) {
  if (given2 === void 0) {
    if (root2.spec.numel !== 1) {
      throw new ShapeError({
        op: "backward",
        problem: `a gradient is implied only for a tensor of one element, not [${root2.spec.shape}]`,
        remedy: "reduce the loss, e.g. with mean(), or pass { gradient }"
      });
    }
    return full(root2.spec.shape, 1, root2.spec.dtype, root2.spec.device);
  }
  if (!sameShape(given2.spec.shape, root2.spec.shape)) {
    throw new ShapeError({
      op: "backward",
      problem: "the gradient must have the shape of the tensor",
      operands: [given2.spec, root2.spec]
    });
  }
  return given2;
}
function runBackward(roots, seeds, createGraph, retainGraph, own) {
  const frontier2 = new Frontier(own === null ? -1 : own.floor);
  const frontierBefore = setFrontier(frontier2);
  const modeBefore = setGradMode(createGraph);
  const scope2 = enterScope(!createGraph && depth === 0);
  depth++;
  try {
    roots.forEach((root2, i) => {
      if (root2.node !== null) accumulate(root2.node, seeds[i], false);
    });
    while (frontier2.size > 0) step3(frontier2.pop(), createGraph, retainGraph, own);
  } finally {
    depth--;
    setBackwardNode(null);
    frontier2.clear();
    setFrontier(frontierBefore);
    setGradMode(modeBefore);
    leaveScope(scope2);
  }
}
function step3(n, createGraph, retainGraph, own) {
  const g = n.grad;
  const { owned: owned2, grads } = n;
  n.grad = null;
  n.owned = false;
  n.grads = null;
  if (own !== null && own.captured.has(n)) {
    own.captured.set(n, g);
    escape(g.storage);
    return;
  }
  if (n.op.name === LEAF_NAME) {
    if (own === null && n.leaf !== null) deposit(n.leaf, g, owned2);
    else unpin(g.storage);
    return;
  }
  if (n.released) {
    throw new GraphError({
      op: n.op.name,
      problem: "backward went through this operation before, and what it had saved is released",
      remedy: "pass { retainGraph: true } to the first backward"
    });
  }
  setBackwardNode(n);
  if (grads !== null) many(n, grads);
  else n.op.gradient?.(n, g, NO_GRADIENTS);
  settle();
  if (grads === null) unpin(g.storage);
  else for (const x of grads) if (x !== void 0 && x !== null) unpin(x.storage);
  if (!retainGraph && !createGraph) n.release();
}
function many(n, grads) {
  const zeros3 = /* @__PURE__ */ new Map();
  const zerosOf = (t) => {
    const z = zeros3.get(t) ?? full(t.shape, 0, t.dtype, t.device);
    zeros3.set(t, z);
    return z;
  };
  const filled = (n.outSpecs ?? []).map((t, i) => grads[i] ?? zerosOf(t));
  n.op.gradient?.(n, filled[0], filled);
}
function deposit(leaf, g, owned2) {
  if (leaf.grad !== null) {
    const before = leaf.grad;
    leaf.grad = before.plus(g);
    escape(leaf.grad.storage);
    unpin(g.storage);
    return;
  }
  if (owned2 && g.spec.contiguous && g.storage.bytes === g.byteLength) {
    leaf.grad = g;
    escape(g.storage);
    return;
  }
  leaf.grad = copy(g);
  escape(leaf.grad.storage);
  unpin(g.storage);
}

// src/tensor/keepdim.ts
function keep(op, k2) {
  if (k2 === void 0 || typeof k2 === "boolean") return k2 ?? false;
  checkOptions(op, k2, ["keepdim"]);
  if (k2.keepdim === void 0 || typeof k2.keepdim === "boolean") return k2.keepdim ?? false;
  throw new ValueError({ op, problem: `keepdim is true or false, not ${given(k2.keepdim)}` });
}

// src/tensor/derived-methods.ts
var DerivedMethods = class {
  /** With `value` wherever the bool `mask`, which broadcasts, holds. */
  maskedFill(mask, value) {
    return maskedFill(this, mask, value);
  }
  /** The vector norm `sum(|x|^p)^(1/p)` along `dim`, or of all. */
  norm(p = 2, dim, keepdim) {
    return norm(this, p, dim, keep("norm", keepdim));
  }
  /** Whether the element is neither infinite nor NaN. */
  isfinite() {
    return isfinite(this);
  }
  /** Whether the element is infinite. */
  isinf() {
    return isinf(this);
  }
  /** The logarithm to base 2. */
  log2() {
    return log2(this);
  }
  /** The logarithm to base 10. */
  log10() {
    return log10(this);
  }
  /** The tangent, of radians. */
  tan() {
    return tan(this);
  }
  /** Broadcast to the shape of `other` without copying. */
  expandAs(other) {
    requireTensor("expandAs", "operand", other);
    return expand(this, other.shape);
  }
  /** Repeated `repeats[d]` times along each dimension, as in NumPy. */
  tile(repeats) {
    return tile(this, repeats);
  }
  /** {@link tile} by PyTorch's name. */
  repeat(repeats) {
    return tile(this, repeats);
  }
  /** The lower triangle of the last two dimensions, 0 above. */
  tril(diagonal = 0) {
    return tril(this, diagonal);
  }
  /** The upper triangle of the last two dimensions, 0 below. */
  triu(diagonal = 0) {
    return triu(this, diagonal);
  }
};

// src/tensor/print.ts
var LINE_WIDTH = 75;
var THRESHOLD = 1e3;
var EDGE = 3;
var PRECISION = 8;
function format2(x) {
  if (isUnknown(x)) return `<recorded ${x.dtype}${formatShape(x.shape)}>`;
  return formatArray(x.data({ copy: false }), x.dtype, x.shape, " ", "");
}
function describe(x) {
  const grad2 = x.requiresGrad ? ", requiresGrad" : "";
  const name = "tensor(";
  if (isUnknown(x)) return `${name}<recorded>, shape ${formatShape(x.shape)}, ${x.dtype}${grad2})`;
  const body = formatArray(x.data({ copy: false }), x.dtype, x.shape, ", ", name);
  return `${name}${body}, shape ${formatShape(x.shape)}, ${x.dtype}${grad2})`;
}
var isUnknown = (x) => x.storage.handle instanceof AbstractHandle || x.cell && recording() !== null;
function formatArray(data, dtype, shape, separator, prefix) {
  if (shape.length === 0) return formatScalar(data[0], dtype);
  if (data.length === 0) return "[]";
  const summary2 = data.length > THRESHOLD;
  const visible = shape.map((n) => shownPlaces(n, summary2));
  const word = chooseFormat(shown(data, shape, visible), dtype);
  const rows = (dim, offset, indent, width) => {
    const last = dim === shape.length - 1;
    const size = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    const parts2 = visible[dim].map(
      (i) => last ? word(data[offset + i]) : rows(dim + 1, offset + i * size, `${indent} `, width - 1)
    );
    if (visible[dim].length < shape[dim]) parts2.splice(EDGE, 0, "...");
    if (last) return `[${wrap(parts2, indent, width, separator)}]`;
    const between = separator.trimEnd() + "\n".repeat(shape.length - 1 - dim) + indent;
    return `[${parts2.join(between)}]`;
  };
  return rows(0, 0, " ".repeat(prefix.length + 1), LINE_WIDTH);
}
function shownPlaces(n, summary2) {
  const all3 = Array.from({ length: summary2 && n > 2 * EDGE ? 2 * EDGE : n }, (_, i) => i);
  return all3.length === n ? all3 : all3.map((i) => i < EDGE ? i : n - 2 * EDGE + i);
}
function shown(data, shape, visible) {
  let offsets = [0];
  for (const [d, places] of visible.entries()) {
    offsets = offsets.flatMap((o) => places.map((i) => o * shape[d] + i));
  }
  return offsets.map((o) => data[o]);
}
function wrap(words2, indent, width, separator) {
  const room = width - Math.max(separator.trimEnd().length, 1);
  let text2 = "";
  let line = indent;
  for (const [i, word] of words2.entries()) {
    if (line.length + word.length > room && line.length > indent.length) {
      text2 += `${line.trimEnd()}
`;
      line = indent;
    }
    line += word + (i < words2.length - 1 ? separator : "");
  }
  return (text2 + line).slice(indent.length);
}
function chooseFormat(values, dtype) {
  if (dtype === "bool") return (x) => x ? " true" : "false";
  if (isFloat(dtype)) return floatFormat(values, dtype === "float32");
  const width = values.reduce((w, x) => Math.max(w, String(x).length), 0);
  return (x) => String(x).padStart(width);
}
function formatScalar(x, dtype) {
  if (dtype === "bool") return x ? "true" : "false";
  if (!isFloat(dtype)) return String(x);
  const v = x;
  if (!Number.isFinite(v)) return special(v);
  const single = dtype === "float32";
  const magnitude2 = Math.abs(v);
  if (v === 0 || magnitude2 < (single ? 1e6 : 1e16) && magnitude2 >= 1e-4) {
    const [whole2, fraction2] = positional(v, single, 400);
    return `${whole2}.${fraction2 || "0"}`;
  }
  const [whole, fraction, exponent] = scientific(v, single, 400);
  return `${whole}${fraction && "."}${fraction}e${exponentText(exponent, 2)}`;
}
var special = (x) => Number.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf";
function floatFormat(values, single) {
  const finite = values.filter(Number.isFinite);
  const { left, right, text: text2 } = usesExponents(finite, single) ? exponentFormat(finite, single) : positionalFormat(finite, single);
  const others = values.filter((x) => !Number.isFinite(x)).map((x) => special(x).length);
  const width = Math.max(left + right + 1, ...others);
  return (x) => (Number.isFinite(x) ? text2(x) : special(x)).padStart(width);
}
function usesExponents(finite, single) {
  const sizes = finite.filter((x) => x !== 0).map(Math.abs);
  if (sizes.length === 0) return false;
  const max3 = sizes.reduce((a, b) => Math.max(a, b));
  const min3 = sizes.reduce((a, b) => Math.min(a, b));
  const ratio = single ? Math.fround(max3 / min3) : max3 / min3;
  return max3 >= (single ? 1e6 : 1e8) || min3 < (single ? Math.fround(1e-4) : 1e-4) || ratio > 1e3;
}
var widest = (words2) => words2.reduce((w, s) => Math.max(w, s.length), 0);
function positionalFormat(finite, single) {
  const parts2 = finite.map((x) => positional(x, single, PRECISION));
  const left = widest(parts2.map((p) => p[0]));
  const right = widest(parts2.map((p) => p[1]));
  return {
    left,
    right,
    text(x) {
      const [whole, fraction] = positional(x, single, PRECISION);
      return `${whole}.${fraction.padEnd(right)}`;
    }
  };
}
function exponentFormat(finite, single) {
  const parts2 = finite.map((x) => scientific(x, single, PRECISION));
  const precision = widest(parts2.map((p) => p[1]));
  const size = parts2.reduce((w, p) => Math.max(w, String(Math.abs(p[2])).length), 2);
  return {
    left: widest(parts2.map((p) => p[0])),
    right: size + 2 + precision,
    text(x) {
      const [digits, exponent] = x === 0 ? ["0", 0] : rounded3(x, precision + 1);
      const fraction = digits.slice(1).padEnd(precision, "0");
      return `${sign2(x)}${digits[0]}.${fraction}e${exponentText(exponent, size)}`;
    }
  };
}
var exponentText = (e, size) => `${e < 0 ? "-" : "+"}${String(Math.abs(e)).padStart(size, "0")}`;
function shortest(x, single) {
  const v = Math.abs(x);
  if (v === 0) return ["0", 0];
  if (!single) return parts(v.toExponential());
  for (let count = 1; ; count++) {
    const [digits, exponent] = rounded3(v, count);
    const same = Math.fround(Number(`${digits[0]}.${digits.slice(1)}e${exponent}`)) === v;
    if (same || count >= 9) return [digits, exponent];
  }
}
function parts(text2) {
  const [digits, exponent] = text2.split("e");
  return [digits.replace(".", ""), Number(exponent)];
}
function rounded3(x, count) {
  const [digits, exponent] = parts(Math.abs(x).toExponential(60));
  if (count < 0) return ["0", exponent];
  const rest = digits.slice(count);
  const half = `5${"0".repeat(rest.length - 1)}`;
  const odd = count > 0 && Number(digits[count - 1]) % 2 === 1;
  const up = rest > half || rest === half && odd;
  if (!up) return [digits.slice(0, count) || "0", exponent];
  const next = String(BigInt(digits.slice(0, count) || "0") + 1n).padStart(count, "0");
  return next.length > count && count > 0 ? [next.slice(0, count), exponent + 1] : count === 0 ? ["1", exponent + 1] : [next, exponent];
}
var sign2 = (x) => x < 0 || Object.is(x, -0) ? "-" : "";
var trimZeros = (s) => s.replace(/0+$/, "");
function positional(x, single, precision) {
  let [digits, exponent] = shortest(x, single);
  if (digits.length - 1 - exponent > precision) {
    [digits, exponent] = rounded3(x, exponent + 1 + precision);
  }
  const all3 = exponent < 0 ? "0".repeat(-exponent) + digits : digits.padEnd(exponent + 1, "0");
  const point = Math.max(exponent, 0) + 1;
  const fraction = trimZeros(all3.slice(point, point + precision));
  return [sign2(x) + all3.slice(0, point), fraction];
}
function scientific(x, single, precision) {
  let [digits, exponent] = shortest(x, single);
  if (digits.length - 1 > precision) [digits, exponent] = rounded3(x, precision + 1);
  return [sign2(x) + digits[0], trimZeros(digits.slice(1)), exponent];
}

// src/tensor/random-state.ts
var MASK = 2n ** 64n - 1n;
var seed = BigInt(Math.floor(Math.random() * 2 ** 53));
var counter = 0n;
function seedOf2(op, value) {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt(value) & MASK;
  throw new ValueError({
    op,
    problem: `a seed is a whole number, not ${String(value)}`,
    remedy: "give an integer up to 2^53, or a bigint"
  });
}
function manualSeed(value) {
  recording()?.refuse(
    "manualSeed",
    "the seed would be set once, when the function is recorded",
    "set it before the call"
  );
  seed = seedOf2("manualSeed", value);
  counter = 0n;
}
var getRandomState = () => ({ seed, counter });
function setRandomState(state) {
  seed = BigInt.asUintN(64, state.seed);
  counter = BigInt.asUintN(64, state.counter);
}
var wordsOf = (x) => [
  Number(BigInt.asIntN(32, x)),
  Number(BigInt.asIntN(32, x >> 32n))
];
function nextKey() {
  const recorded = recording();
  if (recorded !== null) return recorded.randomState();
  const state = [...wordsOf(seed), ...wordsOf(counter)];
  counter = counter + 1n & MASK;
  return state;
}

// src/tensor/methods.ts
var inspect = /* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom");
var TensorMethods = class extends DerivedMethods {
  // ---- arithmetic; operands broadcast and dtypes are promoted
  /** Element by element `this + other`. */
  add(other) {
    return add(this, other);
  }
  /** `this - other`. */
  sub(other) {
    return sub(this, other);
  }
  /** `this * other`. */
  mul(other) {
    return mul(this, other);
  }
  /** The true quotient `this / other`; whole numbers give float32. */
  div(other) {
    return div(this, other);
  }
  /** The quotient rounded down. */
  floorDivide(other) {
    return floorDivide(this, other);
  }
  /** The remainder of `floorDivide`, with the divisor's sign. */
  remainder(other) {
    return remainder(this, other);
  }
  /** `this` to the power of `other`. */
  pow(other) {
    return pow(this, other);
  }
  /** The larger of the two; NaN wins. */
  maximum(other) {
    return maximum(this, other);
  }
  /** The smaller of the two; NaN wins. */
  minimum(other) {
    return minimum(this, other);
  }
  /** Bits set in both, of integers. */
  bitwiseAnd(other) {
    return bitwiseAnd(this, other);
  }
  /** Bits set in either, of integers. */
  bitwiseOr(other) {
    return bitwiseOr(this, other);
  }
  /** Bits set in one of the two, of integers. */
  bitwiseXor(other) {
    return bitwiseXor(this, other);
  }
  // ---- comparison and logic: bool tensors
  /** `this == other`, as bool. */
  eq(other) {
    return eq(this, other);
  }
  /** `this != other`, as bool. */
  ne(other) {
    return ne(this, other);
  }
  /** `this < other`, as bool. */
  lt(other) {
    return lt(this, other);
  }
  /** `this <= other`, as bool. */
  le(other) {
    return le(this, other);
  }
  /** `this > other`, as bool. */
  gt(other) {
    return gt(this, other);
  }
  /** `this >= other`, as bool. */
  ge(other) {
    return ge(this, other);
  }
  /** Whether both are not 0. */
  logicalAnd(other) {
    return logicalAnd(this, other);
  }
  /** Whether one of them is not 0. */
  logicalOr(other) {
    return logicalOr(this, other);
  }
  /** Whether exactly one of them is not 0. */
  logicalXor(other) {
    return logicalXor(this, other);
  }
  /** Whether the element is 0. */
  logicalNot() {
    return logicalNot(this);
  }
  /** Whether the element is NaN. */
  isnan() {
    return isnan(this);
  }
  /** This where `cond` holds, else `other`. */
  where(cond, other) {
    return where(cond, this, other);
  }
  // ---- functions of each element
  /** `-x`. */
  neg() {
    return neg(this);
  }
  /** `|x|`. */
  abs() {
    return abs(this);
  }
  /** -1, 0 or 1. */
  sign() {
    return sign(this);
  }
  /** The square root. */
  sqrt() {
    return sqrt(this);
  }
  /** `1 / sqrt(x)`. */
  rsqrt() {
    return rsqrt(this);
  }
  /** `x * x`. */
  square() {
    return square(this);
  }
  /** `1 / x`. */
  reciprocal() {
    return reciprocal(this);
  }
  /** `e^x`. */
  exp() {
    return exp(this);
  }
  /** `e^x - 1`, exact near 0. */
  expm1() {
    return expm1(this);
  }
  /** The natural logarithm. */
  log() {
    return log(this);
  }
  /** `log(1 + x)`, exact near 0. */
  log1p() {
    return log1p(this);
  }
  /** The sine, of radians. */
  sin() {
    return sin(this);
  }
  /** The cosine, of radians. */
  cos() {
    return cos(this);
  }
  /** The hyperbolic tangent. */
  tanh() {
    return tanh(this);
  }
  /** The error function. */
  erf() {
    return erf(this);
  }
  /** Rounded down. */
  floor() {
    return floor(this);
  }
  /** Rounded up. */
  ceil() {
    return ceil(this);
  }
  /** Rounded towards 0. */
  trunc() {
    return trunc(this);
  }
  /** Rounded to the nearest, halves to even. */
  round() {
    return round(this);
  }
  /** `max(x, 0)`. */
  relu() {
    return relu(this);
  }
  /** `1 / (1 + e^-x)`. */
  sigmoid() {
    return sigmoid(this);
  }
  /** `x * sigmoid(x)`. */
  silu() {
    return silu(this);
  }
  /** `log(1 + e^x)`. */
  softplus() {
    return softplus(this);
  }
  /** `x * Phi(x)`, exactly or by the tanh formula. */
  gelu(options) {
    return gelu(this, options);
  }
  /** `x` above 0, `slope * x` below. */
  leakyRelu(slope2) {
    return leakyRelu(this, slope2);
  }
  /** `x` above 0, `alpha * (e^x - 1)` below. */
  elu(alpha) {
    return elu(this, alpha);
  }
  /** Limited to `low` to `high`; `null` leaves a side open. */
  clamp(low, high) {
    return clamp(this, low, high);
  }
  /** Each element 0 with probability `p`, the others divided by `1 - p`; always random. */
  dropout(p = 0.5) {
    return dropout(this, p, nextKey());
  }
  // ---- reductions: over `dim` (a number, several, or all), `keepdim` keeps it with size 1
  /** The sum. */
  sum(dim, keepdim) {
    return sum(this, dim, keep("sum", keepdim));
  }
  /** The mean; whole numbers give float32. */
  mean(dim, keepdim) {
    return mean(this, dim, keep("mean", keepdim));
  }
  /** The product. */
  prod(dim, keepdim) {
    return prod(this, dim, keep("prod", keepdim));
  }
  /** The largest; NaN wins. */
  max(dim, keepdim) {
    return max(this, dim, keep("max", keepdim));
  }
  /** The smallest; NaN wins. */
  min(dim, keepdim) {
    return min(this, dim, keep("min", keepdim));
  }
  /** Whether some element is not 0. */
  any(dim, keepdim) {
    return any(this, dim, keep("any", keepdim));
  }
  /** Whether no element is 0. */
  all(dim, keepdim) {
    return all(this, dim, keep("all", keepdim));
  }
  /** `log(sum(e^x))`, without overflow. */
  logsumexp(dim, keepdim) {
    return logsumexp(this, dim, keep("logsumexp", keepdim));
  }
  /** Position of the first largest element along `dim`, or of all; int32. */
  argmax(dim, keepdim) {
    return argmax(this, dim, keep("argmax", keepdim));
  }
  /** Position of the first smallest element along `dim`, or of all; int32. */
  argmin(dim, keepdim) {
    return argmin(this, dim, keep("argmin", keepdim));
  }
  /** The variance, divided by `n - correction` (1 unless given). */
  var(dim, options) {
    return variance(this, dim, options);
  }
  /** The square root of {@link var}. */
  std(dim, options) {
    return std(this, dim, options);
  }
  /** `e^x / sum(e^x)` along `dim`. */
  softmax(dim = -1) {
    return softmax(this, dim);
  }
  /** `log(softmax(x))` along `dim`, without overflow. */
  logSoftmax(dim = -1) {
    return logSoftmax(this, dim);
  }
  // ---- products
  /** The matrix product; vectors and batches as in NumPy. */
  matmul(other) {
    return matmul(this, other);
  }
  /** The 2-d convolution of images N×C×H×W with a weight O×(C/groups)×h×w and a bias of O. */
  conv2d(weight2, bias, options) {
    return conv2d(this, weight2, bias, options);
  }
  /** The largest element of each window over the last two dimensions. */
  maxPool2d(kernel, options) {
    return maxPool2d(this, kernel, options);
  }
  /** The mean of each window over the last two dimensions, padding counted. */
  avgPool2d(kernel, options) {
    return avgPool2d(this, kernel, options);
  }
  // ---- other shapes of the same elements; views where strides allow
  /** The same elements in another shape; one size may be -1. */
  reshape(shape) {
    return reshape(this, shape);
  }
  /** Dimensions `start` to `end` merged into one. */
  flatten(start, end) {
    return flatten(this, start, end);
  }
  /** Two dimensions swapped, the last two unless given. */
  transpose(dim0, dim1) {
    return transpose(this, dim0, dim1);
  }
  /** The matrix transposed: the last two dimensions swapped; a vector stays as it is. */
  t() {
    const out = this.rank < 2 ? this : transpose(this);
    return out;
  }
  /** Dimensions in another order: dimension `i` of the result is `dims[i]` of this. */
  permute(dims) {
    return permute(this, dims);
  }
  /** Broadcast to `shape` without copying; -1 keeps a size. */
  expand(shape) {
    return expand(this, shape);
  }
  /** Without dimension `dim` if its size is 1, or without all of size 1. */
  squeeze(dim) {
    return squeeze(this, dim);
  }
  /** With a dimension of size 1 put in before `dim`. */
  unsqueeze(dim) {
    return unsqueeze(this, dim);
  }
  /** `length` elements of dimension `dim` from `start` on; a view. */
  narrow(dim, start, length) {
    return narrow(this, dim, start, length);
  }
  /** The elements reversed along `dims` (all unless given); a view. */
  flip(dims = this.shape.map((_, d) => d)) {
    return flip(this, typeof dims === "number" ? [dims] : dims);
  }
  /** Parts of `size` (or of each of these sizes) along `dim`; views. */
  split(size, dim = 0) {
    return split(this, size, dim);
  }
  /** At most `parts` equal parts along `dim`; views. */
  chunk(parts2, dim = 0) {
    return chunk(this, parts2, dim);
  }
  /** The slices along `dim`, without it; views. */
  unbind(dim) {
    return unbind(this, dim);
  }
  /** Goes through the first dimension: `for (const row of x)`. */
  [Symbol.iterator]() {
    return this.unbind()[Symbol.iterator]();
  }
  /** Enlarged by `value`: `[before, after]` for each dimension. */
  pad(padding, value = 0) {
    return pad(this, padding, value);
  }
  // ---- indexing (and see `at`)
  /** `out[i][j] = this[index[i][j]][j]` for dim 0, and so on; the result has `index`'s shape. */
  gather(dim, index2) {
    return gather(this, dim, index2);
  }
  /** A copy with `source` added at the places that {@link gather} would read. */
  scatterAdd(dim, index2, source) {
    return scatterAdd(this, dim, index2, source);
  }
  /** The slices along `dim` that a 1-d `index` lists. */
  indexSelect(dim, index2) {
    return indexSelect(this, dim, index2);
  }
  /** {@link gather} whose index broadcasts; over all elements if `dim` is left out. */
  takeAlongDim(index2, dim) {
    return takeAlongDim(this, index2, dim);
  }
  // ---- other dtypes, other devices, copies
  /** Converted to float32. */
  float() {
    return cast(this, "float32");
  }
  /** Converted to float64. */
  double() {
    return cast(this, "float64");
  }
  /** Converted to int32: fractions are cut off, NaN becomes 0. */
  int() {
    return cast(this, "int32");
  }
  /** Converted to bool: whether the element is not 0. */
  bool() {
    return cast(this, "bool");
  }
  /** Row-major in memory: itself, or a copy. */
  contiguous() {
    return this.spec.contiguous ? this : copy(this);
  }
  /** A copy in a buffer of its own, which gradients flow through. */
  clone() {
    return copy(this);
  }
  // ---- text
  /** The elements as NumPy prints them. */
  toString() {
    return format2(this);
  }
  /** What `console.log` shows in Node. @internal */
  [inspect]() {
    return describe(this);
  }
};

// src/tensor/node.ts
var LEAF = { name: LEAF_NAME, saves: 0 };
var OUTPUT = { name: OUTPUT_NAME, saves: 0 };
var sequence = 0;
var nextSequence = () => ++sequence;
var Node = class _Node {
  op;
  seq;
  attrs;
  /** The nodes of operands 0 and 1, or null where no gradient is wanted. */
  edge0;
  edge1;
  /** The nodes of operands 2 and on. */
  edges = null;
  saved0;
  saved1;
  saved = null;
  savedOut;
  /** With many outputs: those that are saved. */
  savedOuts = null;
  /** With many outputs: the spec of each. */
  outSpecs = null;
  /** Storage versions of operands 2 and on, when they were saved. */
  versions = null;
  type0;
  type1;
  types = null;
  version0;
  version1;
  /** The gradient gathered so far, and whether its buffer belongs to this gathering alone. */
  grad = null;
  owned = false;
  /** For many outputs: the gradient of each. */
  grads = null;
  /** OUTPUT nodes: which output of `edge0` this is. LEAF nodes: the tensor. */
  which;
  leaf = null;
  released = false;
  /** Under detectAnomaly: the user's line. */
  line = void 0;
  constructor(op, seq, attrs2, edge0, edge1, saved0, saved1, savedOut, type0, type1, version0, version1, which2) {
    this.op = op;
    this.seq = seq;
    this.attrs = attrs2;
    this.edge0 = edge0;
    this.edge1 = edge1;
    this.saved0 = saved0;
    this.saved1 = saved1;
    this.savedOut = savedOut;
    this.type0 = type0;
    this.type1 = type1;
    this.version0 = version0;
    this.version1 = version1;
    this.which = which2;
  }
  /** The node of a leaf: `backward` adds into the `.grad` of `tensor`, if there is one. */
  static leaf(type, seq, tensor2) {
    const n = new _Node(LEAF, seq, null, null, null, null, null, null, type, null, 0, 0, 0);
    n.leaf = tensor2;
    return n;
  }
  /** The node of output `which` of `whole`. */
  static output(whole, which2, type) {
    const seq = nextSequence();
    return new _Node(OUTPUT, seq, null, whole, null, null, null, null, type, null, 0, 0, which2);
  }
  input(i) {
    const x = i === 0 ? this.saved0 : i === 1 ? this.saved1 : this.saved?.[i - 2] ?? null;
    if (x === null) throw new Error(`${this.op.name}: operand ${i} was not saved (see its saves)`);
    if (typeof x !== "number") {
      const then = i === 0 ? this.version0 : i === 1 ? this.version1 : this.versions?.[i - 2] ?? 0;
      if (x.storage.version !== then) this.stale(i);
    }
    return x;
  }
  output(i) {
    const o = this.savedOuts === null ? this.savedOut : this.savedOuts[i];
    if (o === null) throw new Error(`${this.op.name}: output ${i} was not saved (see its saves)`);
    return o;
  }
  inputType(i) {
    return i === 0 ? this.type0 : i === 1 ? this.type1 : this.types[i - 2];
  }
  edge(i) {
    return i === 0 ? this.edge0 : i === 1 ? this.edge1 : this.edges?.[i - 2] ?? null;
  }
  needs(i) {
    return this.edge(i) !== null;
  }
  give(i, gradient) {
    const e = this.edge(i);
    if (e !== null) accumulate(e, gradient, true);
  }
  alias(i, gradient) {
    const e = this.edge(i);
    if (e !== null) accumulate(e, gradient, false);
  }
  /** Lets go of everything a backward has used; a second backward through here throws. */
  release() {
    this.edge0 = null;
    this.edge1 = null;
    this.edges = null;
    this.saved0 = null;
    this.saved1 = null;
    this.saved = null;
    this.savedOut = null;
    this.savedOuts = null;
    this.released = true;
  }
  stale(i) {
    throw new GraphError({
      op: this.op.name,
      problem: `operand ${i}, saved for backward, was assigned a new value since`,
      operands: [this.inputType(i)],
      remedy: "call backward before the optimiser step, or use a copy of the value"
    });
  }
};

// src/tensor/spent.ts
var SPENT = Object.freeze({});
var refuseSpent = (t) => {
  throw new GraphError({
    op: "grad",
    problem: "this gradient was made and used within a compiled function, and not kept",
    operands: [t.spec],
    remedy: "pass { keepGrads: true } to compile to see gradients; or call opt.zeroGrad() first"
  });
};

// src/tensor/tensor.ts
var Tensor = class _Tensor extends TensorMethods {
  // Set in one order and never deleted: one hidden class for plain tensors and cells.
  /** @internal */
  storage;
  /** Bytes from the storage's start to element 0. @internal */
  offset;
  /** Interned dtype, shape, strides and device. @internal */
  spec;
  /** The tape node that made it; not null means that it requires a gradient. @internal */
  node;
  ownGrad = null;
  /** A parameter or buffer: `assign` replaces its value. @internal */
  cell = false;
  /** @internal Tensors are made by `tensor`, `zeros`, ... and by ops. */
  constructor(storage, offset, spec, node) {
    super();
    if (spec === void 0) refuseNew();
    this.storage = storage;
    this.offset = offset;
    this.spec = spec;
    this.node = node;
  }
  get shape() {
    return this.spec.shape;
  }
  get dtype() {
    return this.spec.dtype;
  }
  get device() {
    return this.spec.device;
  }
  /** Number of elements. */
  get numel() {
    return this.spec.numel;
  }
  /** Number of dimensions. */
  get rank() {
    return this.spec.shape.length;
  }
  /** Bytes of the elements, packed. */
  get byteLength() {
    return this.spec.numel * bytesOf(this.spec.dtype);
  }
  // ---- gradients
  /** The gradient gathered by `backward`, on leaves; null while there is none. */
  get grad() {
    const now = recording();
    const own = this.ownGrad;
    if (now !== null) return now.gradient(this, own);
    return own === SPENT ? refuseSpent(this) : own;
  }
  set grad(g) {
    const now = recording();
    if (now === null) this.ownGrad = g;
    else now.setGradient(this, g);
  }
  /** Whether operations on this tensor are recorded for `backward`. Settable on leaves. */
  get requiresGrad() {
    return this.node !== null;
  }
  set requiresGrad(on3) {
    if (this.node !== null && this.node.op !== LEAF) {
      throw new GraphError({
        op: "requiresGrad",
        problem: "this tensor is the result of an operation, so it is no leaf",
        operands: [this.spec],
        remedy: "set it on the tensors it is computed from, or on x.detach()"
      });
    }
    if (on3 && !isFloat(this.dtype)) {
      throw new GraphError({
        op: "requiresGrad",
        problem: `only float tensors have gradients, this one is ${this.dtype}`,
        operands: [this.spec],
        remedy: "convert it, e.g. x.to('float32')"
      });
    }
    if (!on3) this.node = null;
    else if (this.node === null) {
      this.node = Node.leaf(this.spec, 0, this);
    }
  }
  /**
   * Adds the gradient of this tensor into `.grad` of every leaf it depends on. Releases what the
   * tape had saved, unless `retainGraph` or `createGraph` is given.
   *
   * Throws GraphError without anything to differentiate, or on a second backward; ShapeError for
   * more than one element without `gradient`.
   *
   * @example
   * const w = Parameter(tensor([1, 2]));
   * w.mul(w).sum().backward();
   * w.grad.toArray(); // [2, 4]
   */
  backward(options = {}) {
    backward(this, options);
  }
  /** The same values, cut off the tape. */
  detach() {
    recording()?.enter(this);
    this.storage.shared = true;
    return new _Tensor(this.storage, this.offset, this.spec, null);
  }
  /** What is stored as the gradient; SPENT for one that was not kept. @internal */
  storedGradient() {
    return this.ownGrad;
  }
  /** @internal */
  storeGradient(g) {
    this.ownGrad = g;
  }
  // ---- cells
  /**
   * Replaces the value of a parameter or buffer. Views and detached copies of the old value keep
   * it.
   *
   * Throws GraphError on a tensor that is not a cell, ShapeError if the shapes differ.
   */
  assign(value) {
    if (!this.cell) {
      throw new GraphError({
        op: "assign",
        problem: "tensors are immutable: only parameters and buffers can be assigned",
        operands: [this.spec],
        remedy: "make it a Parameter(t) or nn.buffer(t)"
      });
    }
    const before = setGradMode(false);
    try {
      this.write(value);
    } finally {
      setGradMode(before);
    }
    return this;
  }
  write(value) {
    const same = typeof value === "number" || sameShape(value.shape, this.shape);
    if (!same) {
      throw new ShapeError({
        op: "assign",
        problem: "the new value must have the shape of the cell",
        operands: [this.spec, value.spec]
      });
    }
    const source = typeof value === "number" ? full(this.shape, value, this.dtype) : value;
    interpreter().update(CAST, [source], attrs({ dtype: this.dtype }), [this]);
  }
  /** A cell's new storage, or its own written in place. @internal */
  replaceStorage(storage) {
    storage.version = this.storage.version + 1;
    this.storage = storage;
    this.offset = 0;
  }
  /** this += g, into its own memory. The caller owns it alone. @internal */
  accumulate(g) {
    interpreter().update(ADD, [this, g], null, [this]);
  }
  /** @internal */
  plus(other) {
    return add(this, other);
  }
  // ---- indexing
  /**
   * NumPy's indexing. Each item takes a dimension: a number picks; a string is a Python slice
   * (`':'`, `'1:10:2'`, `'...'`), `slice(start, end, step)` a computed one; `null` adds an axis;
   * an array of integers or an integer tensor picks several; booleans are a mask.
   *
   * Throws IndexError that names the item, the dimension and its size.
   *
   * @example
   * x.at(':', -1); x.at([0, 2]); x.at(x.gt(0));
   */
  at(...items) {
    return indexed(this, items, fromHost);
  }
  /** Converted to a dtype, or moved to a device; itself if it is there already. */
  to(target2) {
    if (isDType(target2)) return cast(this, target2);
    if (target2 === this.device) return this;
    getDevice(checkDevice(target2));
    return fromHost(this.data(), this.dtype, this.shape, target2);
  }
  /** On the CPU: the one asynchronous move. */
  async cpu() {
    return this.to("cpu");
  }
  // ---- reading
  /**
   * The elements in row-major order, as the dtype's typed array (`bool`: Uint8Array of 0 and 1).
   * A copy, unless `{ copy: false }`: then possibly a view, which must not be written.
   */
  data(options = {}) {
    recording()?.refuseRead("data", this);
    const t = this.spec.contiguous ? this : noGradCopy(this);
    const device2 = getDevice(this.device);
    const read = options.copy === false ? device2.view : device2.read;
    return read.call(device2, t, this.dtype, this.numel);
  }
  /**
   * The only element as a number (`bool`: 0 or 1).
   *
   * Throws ValueError for more than one element, RangeError for an int64 beyond 2^53.
   */
  item() {
    const x = this.only("item");
    const n = Number(x);
    if (typeof x === "bigint" && !Number.isSafeInteger(n)) {
      throw new RangeError(`item: ${x} is not a safe integer; use itemBigInt()`);
    }
    return n;
  }
  /**
   * The only element as a BigInt.
   *
   * Throws ValueError for more than one element, or one that is not whole.
   */
  itemBigInt() {
    const x = this.only("itemBigInt");
    if (typeof x === "bigint" || Number.isInteger(x)) return BigInt(x);
    throw new ValueError({
      op: "itemBigInt",
      problem: `${x} is not a whole number`,
      operands: [this.spec],
      remedy: "use item(), or convert first: x.to('int64')"
    });
  }
  /** Nested arrays of numbers; of booleans for bool, of bigints for int64. */
  toArray() {
    recording()?.refuseRead("toArray", this);
    const data = this.data({ copy: false });
    const bool = this.dtype === "bool";
    const { shape } = this;
    let at4 = 0;
    const build2 = (d) => {
      if (d < shape.length) return Array.from({ length: shape[d] }, () => build2(d + 1));
      const x = data[at4++];
      return bool ? x !== 0 : x;
    };
    return build2(0);
  }
  toJSON() {
    return this.toArray();
  }
  // ---- memory
  /**
   * Gives this tensor's hold on its memory up at once. Never needed: the collector does it. Other
   * tensors that share the memory are not disturbed; using this one afterwards throws ValueError.
   */
  dispose() {
    const { storage } = this;
    if (recording() !== null) return;
    if (storage !== DISPOSED && !storage.shared) getDevice(storage.device).free(storage);
    this.storage = DISPOSED;
    this.node = null;
    this.grad = null;
  }
  [Symbol.dispose]() {
    this.dispose();
  }
  only(op) {
    recording()?.refuseRead(op, this);
    if (this.numel !== 1) {
      throw new ValueError({
        op,
        problem: `a tensor of ${this.numel} elements has no single value`,
        operands: [this.spec],
        remedy: "use toArray(), or pick one element with at(...)"
      });
    }
    return getDevice(this.device).read(this, this.dtype, 1)[0];
  }
};
function refuseNew() {
  throw new ValueError({
    op: "new Tensor",
    problem: "tensors are not made by their constructor",
    remedy: "use tensor([1, 2]), zeros([2, 3]), ..."
  });
}
function noGradCopy(t) {
  const mode = gradMode();
  setGradMode(false);
  try {
    return copy(t);
  } finally {
    setGradMode(mode);
  }
}
function fromHost(data, dtype, shape, device2 = "cpu") {
  const d = getDevice(device2);
  const storage = d.allocate(data.byteLength);
  const out = new Tensor(storage, 0, specOf(dtype, shape, void 0, device2), null);
  d.write(out, data);
  return out;
}
function checkDevice(target2) {
  if (deviceNames().includes(target2)) return target2;
  throw new DtypeError({
    op: "to",
    problem: `'${target2}' is neither a dtype nor a device`,
    remedy: `dtypes: ${DTYPES.join(", ")}; devices: ${deviceNames().join(", ")}`
  });
}
function disposed() {
  throw new ValueError({
    op: "dispose",
    problem: "a tensor was used after it had been disposed of",
    remedy: "call dispose() after the last use; it is never needed"
  });
}
var DISPOSED = Object.defineProperties(new Storage("", {}, 0, 0), {
  handle: { get: disposed },
  offset: { get: disposed },
  bytes: { get: disposed }
});

// src/tensor/abstract.ts
function abstractTensor(value, spec, owner) {
  return new Tensor(abstractStorage(value, spec, owner), 0, spec, null);
}
function abstractStorage(value, spec, owner) {
  const handle = new AbstractHandle(value, owner);
  return new Storage(spec.device, handle, 0, spec.numel * bytesOf(spec.dtype));
}
function abstractHandle(t) {
  const { handle } = t.storage;
  return handle instanceof AbstractHandle ? handle : null;
}

// src/tensor/default-device.ts
var current3 = "cpu";
var devices2 = () => deviceNames().map((name) => {
  const d = getDevice(name);
  return {
    name,
    engine: d.engine,
    isa: d.isa,
    threads: d.threads,
    ...d.memory(),
    measure: () => d.measure?.() ?? null,
    notice: () => d.notice?.() ?? null
  };
});
function device(name, f2) {
  if (name === void 0) return current3;
  getDevice(name);
  const before = current3;
  current3 = name;
  if (f2 === void 0) return name;
  try {
    return rejectPromise("device", f2());
  } finally {
    current3 = before;
  }
}

// src/tensor/options.ts
var KEYS = ["dtype", "requiresGrad", "device"];
var NONE3 = {};
function readOptions(op, options) {
  if (options === void 0) return NONE3;
  checkOptions(op, options, KEYS);
  if (options.dtype !== void 0) checkDType(options.dtype, op);
  if (options.device !== void 0) getDevice(options.device);
  return options;
}
function finish2(t, options) {
  const made2 = t.to(options.device ?? device());
  if (options.requiresGrad === true) made2.requiresGrad = true;
  return made2;
}
function checkTensor(op, x) {
  if (x instanceof Tensor) return x;
  throw new DtypeError({
    op,
    problem: `the operand is ${Array.isArray(x) ? "an array" : given(x)}, not a tensor`,
    remedy: "wrap numbers and arrays with tensor(...)"
  });
}

// src/tensor/attention.ts
var OP2 = "scaledDotProductAttention";
function scaledDotProductAttention2(q, k2, v, options = {}) {
  checkOptions(OP2, options, ["mask", "isCausal", "scale", "dropout"]);
  for (const x of [q, k2, v]) checkTensor(OP2, x);
  const { dropout: p = 0, ...rest } = options;
  if (typeof p !== "number" || !(p >= 0 && p < 1)) {
    throw new ValueError({
      op: OP2,
      problem: `dropout must be from 0 up to but not including 1, not ${given(p)}`,
      remedy: "it is the share of the weights that is dropped, e.g. 0.1"
    });
  }
  const drop = p === 0 ? null : { p, state: nextKey() };
  return scaledDotProductAttention(q, k2, v, rest, drop);
}

// src/tensor/creation.ts
var TYPED = {
  Float32Array: "float32",
  Float64Array: "float64",
  Int8Array: "int32",
  Uint8Array: "int32",
  Uint8ClampedArray: "int32",
  Int16Array: "int32",
  Uint16Array: "int32",
  Int32Array: "int32",
  Uint32Array: "int64",
  BigInt64Array: "int64"
};
function tensor(data, options) {
  const o = readOptions("tensor", options);
  return finish2(fromData(data, o.dtype), o);
}
function fromData(data, dtype) {
  if (data instanceof Tensor) {
    throw new DtypeError({
      op: "tensor",
      problem: "the data is a tensor already",
      operands: [data],
      remedy: "use x.clone() for a copy, x.to(dtype) for a conversion"
    });
  }
  if (ArrayBuffer.isView(data)) {
    const own = TYPED[data.constructor.name];
    if (own === void 0) {
      throw new DtypeError({
        op: "tensor",
        problem: `no dtype holds the elements of a ${data.constructor.name}`,
        remedy: "copy them into a Float32Array, Int32Array or BigInt64Array first"
      });
    }
    const list = data;
    return place3(list, [list.length], dtype ?? own);
  }
  const { values, shape, kind } = readNested(data, "tensor");
  return place3(values, shape, dtype ?? (kind === "number" ? "float32" : kind));
}
function place3(values, shape, dtype) {
  const out = new (arrayOf(dtype))(values.length);
  const put = CONVERT[dtype];
  for (let i = 0; i < values.length; i++)
    out[i] = put(values[i]);
  return fromHost(out, dtype, shape);
}
var CONVERT = {
  float32: Number,
  float64: Number,
  bool: (x) => Number(x !== 0 && x !== 0n && x !== false),
  int32: (x) => typeof x === "bigint" ? Number(BigInt.asIntN(32, x)) : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(Number(x) || 0))),
  int64(x) {
    if (typeof x !== "bigint") return saturate4(Number(x));
    if (x === BigInt.asIntN(64, x)) return x;
    throw new ValueError({ op: "tensor", problem: `${x} does not fit into int64` });
  }
};
function saturate4(x) {
  if (x >= 2 ** 63) return 2n ** 63n - 1n;
  if (x < -(2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(x || 0));
}
function constant2(op, shape, value, options) {
  const o = readOptions(op, options);
  return finish2(full(checkShape(shape, op), value, o.dtype), o);
}
var zeros = (shape, options) => constant2("zeros", shape, 0, options);
var ones = (shape, options) => constant2("ones", shape, 1, options);
function cellOf(op, t) {
  const source = checkTensor(op, t);
  const before = setGradMode(false);
  try {
    const cell = copy(source);
    cell.cell = true;
    return cell;
  } finally {
    setGradMode(before);
  }
}
function Parameter(t) {
  const cell = cellOf("Parameter", t);
  cell.requiresGrad = true;
  return cell;
}
var buffer = (t) => cellOf("buffer", t);

// src/tensor/operands.ts
var specOfOperand = (op, x, i, floatContext) => typeof x !== "number" ? checkedSpec(op, x, i) : floatContext || !Number.isInteger(x) ? WEAK_FLOAT : WEAK_INT;
function weakSpec(op, x, other) {
  if (!Number.isInteger(x) || other === null || isFloat(other.dtype)) return WEAK_FLOAT;
  const bits2 = other.dtype === "int64" ? 63 : 31;
  if (x < -(2 ** bits2) || x >= 2 ** bits2) {
    throw new DtypeError({
      op: op.name,
      problem: `the number ${x} does not fit the ${other.dtype} tensor it meets`,
      operands: [other.spec],
      remedy: `convert the tensor first, e.g. x.to('${bits2 === 31 ? "int64" : "float64"}')`
    });
  }
  return WEAK_INT;
}
function checkedSpec(op, x, i) {
  if (x instanceof Tensor) return x.spec;
  const [what2, remedy2] = describe2(x);
  throw new DtypeError({
    op: op.name,
    problem: `operand ${i} is ${what2}, not a tensor or a number`,
    remedy: remedy2
  });
}
function describe2(x) {
  if (Array.isArray(x)) return ["an array", "wrap it: tensor(array)"];
  if (ArrayBuffer.isView(x)) return [`a ${x.constructor.name}`, "wrap it: tensor(typedArray)"];
  if (x === null) return ["null", "give a tensor or a number"];
  if (typeof x?.then === "function") {
    return ["a Promise", "await it first"];
  }
  switch (typeof x) {
    case "undefined":
      return ["undefined", "did a function, or forward, forget to return its result?"];
    case "string":
      return [`the string '${x}'`, "give a tensor or a number"];
    case "bigint":
      return ["a bigint", `make it an int64 tensor: tensor(${x}n)`];
    case "boolean":
      return [`the boolean ${x}`, `make it a bool tensor: tensor(${x})`];
    case "function":
      return ["a function", "call it, and give its result"];
    default:
      return ["an object", "give a tensor or a number; options come last"];
  }
}

// src/tensor/plan.ts
var Plan = class {
  op;
  a;
  b;
  attrs;
  out;
  outs;
  bytes;
  device;
  /** A view: no kernel, the result reads the operand's storage from here (in bytes). */
  viewOffset;
  executable;
  /** Whether results may carry a gradient. */
  differentiable;
  /** A composite without a gradient of its own: on the tape it runs op by op. */
  inline;
  /** A composite of views, which has no kernel either. */
  views;
  saves;
  constructor(op, a, b, attrs2, outs, device2, viewOffset, executable) {
    this.op = op;
    this.a = a;
    this.b = b;
    this.attrs = attrs2;
    this.out = outs[0];
    this.outs = outs;
    this.bytes = outs[0] === void 0 ? 0 : outs[0].numel * bytesOf(outs[0].dtype);
    this.device = device2;
    this.viewOffset = viewOffset;
    this.executable = executable;
    this.differentiable = op.differentiable && outs.some((s) => isFloat(s.dtype));
    this.inline = op.gradient === void 0 && op.decompose !== void 0;
    this.views = op.views === true;
    this.saves = op.saves ?? 0;
  }
};
var SLOTS = 4096;
var EMPTY = { op: null };
var cache2 = new Array(SLOTS).fill(EMPTY);
var plans = /* @__PURE__ */ new Map();
var MAX_PLANS = 1 << 14;
function lookup(op, a, b, attrs2, slot2) {
  const specs = b === null ? [a] : [a, b];
  const plan = planFor(op, specs, attrs2);
  cache2[slot2] = plan;
  return plan;
}
function planFor(op, specs, attrs2) {
  let key = `${op.id}:${attrs2 === null ? "" : attrs2.attrId}`;
  for (const s of specs) key += `:${s.id}`;
  let plan = plans.get(key);
  if (plan === void 0) {
    plan = makePlan(op, specs, attrs2);
    if (plans.size >= MAX_PLANS) plans.clear();
    plans.set(key, plan);
  }
  return plan;
}
function makePlan(op, specs, attrs2) {
  const name = deviceOf(op, specs, attrs2);
  const device2 = getDevice(name);
  const types = inferAll(op, specs, attrs2);
  let outs = types.map((t) => specOf(t.dtype, t.shape, void 0, name));
  let offset = null;
  let executable = null;
  const [a = null, b = null] = specs;
  if (op.lower?.kind === "view" && a !== null) {
    const v = op.lower.view(a, attrs2);
    if (v !== null) {
      outs = [specOf(types[0].dtype, v.shape, v.strides, name)];
      offset = v.offset * bytesOf(a.dtype);
    }
  }
  if (offset === null && op.views !== true) {
    const graph = graphOf(op, specs, attrs2, name);
    executable = device2.compile(graph, specs);
  }
  return new Plan(op, a, b, attrs2, outs, device2, offset ?? 0, executable);
}
function deviceOf(op, specs, attrs2) {
  let name = attrs2?.device ?? "";
  for (const s of specs) {
    if (s.weak !== void 0) continue;
    if (name !== "" && s.device !== name) {
      throw new DeviceError({
        op: op.name,
        problem: `operands are on different devices, ${name} and ${s.device}`,
        operands: specs,
        remedy: `move one of them, e.g. with .to('${name}')`
      });
    }
    name = s.device;
  }
  return name === "" ? "cpu" : name;
}

// src/tensor/tape.ts
function recordNode(op, inputs, attrs2, outs) {
  const s = op.saves ?? 0;
  const keep3 = (i) => s >> Math.min(i, 15) & 1 ? inputs[i] : null;
  const nodeOf = (x) => x instanceof Tensor ? x.node : null;
  const versionOf = (x) => x instanceof Tensor ? x.storage.version : 0;
  const typeOf3 = (i) => specOfOperand(op, inputs[i], i, true);
  const node = new Node(
    op,
    nextSequence(),
    attrs2,
    nodeOf(inputs[0]),
    nodeOf(inputs[1]),
    inputs.length > 0 ? keep3(0) : null,
    inputs.length > 1 ? keep3(1) : null,
    null,
    typeOf3(0),
    inputs.length > 1 ? typeOf3(1) : null,
    versionOf(inputs[0]),
    versionOf(inputs[1]),
    0
  );
  if (inputs.length > 2) {
    const rest = inputs.slice(2);
    node.edges = rest.map(nodeOf);
    node.saved = rest.map((_, i) => keep3(i + 2));
    node.types = rest.map((_, i) => typeOf3(i + 2));
    node.versions = rest.map(versionOf);
  }
  if (s >> 16 !== 0) {
    node.savedOuts = outs.map((o, i) => s >> 16 + i & 1 ? o : null);
  }
  anomalyLine(node);
  if (outs.length === 1) {
    outs[0].node = node;
    return;
  }
  node.outSpecs = outs.map((o) => o.spec);
  outs.forEach((o, i) => {
    if (!isFloat(o.dtype)) return;
    o.node = Node.output(node, i, o.spec);
  });
}

// src/tensor/eager.ts
var Eager = class {
  apply1(op, x, attrs2) {
    const a = x;
    const sa = a?.spec ?? checkedSpec(op, x, 0);
    const slot2 = op.id * 1031 + sa.id * 37 + (attrs2 === null ? 0 : attrs2.attrId * 7) & SLOTS - 1;
    let plan = cache2[slot2];
    if (plan.op !== op || plan.a !== sa || plan.b !== null || plan.attrs !== attrs2) {
      plan = lookup(op, sa, null, attrs2, slot2);
    }
    const recording2 = plan.differentiable && a.node !== null && gradMode();
    if (recording2 && plan.inline) return this.inline(op, [a], attrs2)[0];
    let out;
    if (plan.executable === null) {
      a.storage.shared = true;
      out = new Tensor(a.storage, a.offset + plan.viewOffset, plan.out, null);
    } else {
      const storage = plan.device.allocate(plan.bytes);
      track(storage);
      out = new Tensor(storage, 0, plan.out, null);
      plan.executable.run(out, a, null, Number.NaN, Number.NaN);
    }
    if (recording2) {
      const s = plan.saves;
      out.node = new Node(
        op,
        nextSequence(),
        attrs2,
        a.node,
        null,
        (s & SAVE.in0) !== 0 ? a : null,
        null,
        (s & SAVE.out0) !== 0 ? out : null,
        sa,
        null,
        a.storage.version,
        0,
        0
      );
      anomalyLine(out.node);
    }
    checkAnomaly(op, out);
    return out;
  }
  apply2(op, x, y, attrs2) {
    const a = typeof x === "number" ? null : x;
    const b = typeof y === "number" ? null : y;
    const sa = typeof x === "number" ? weakSpec(op, x, b) : a?.spec ?? checkedSpec(op, x, 0);
    const sb = typeof y === "number" ? weakSpec(op, y, a) : b?.spec ?? checkedSpec(op, y, 1);
    const slot2 = op.id * 1031 + sa.id * 37 + sb.id * 101 + (attrs2 === null ? 0 : attrs2.attrId * 7) & SLOTS - 1;
    let plan = cache2[slot2];
    if (plan.op !== op || plan.a !== sa || plan.b !== sb || plan.attrs !== attrs2) {
      plan = lookup(op, sa, sb, attrs2, slot2);
    }
    const na = a === null ? null : a.node;
    const nb = b === null ? null : b.node;
    const recording2 = plan.differentiable && (na !== null || nb !== null) && gradMode();
    if (recording2 && plan.inline) return this.inline(op, [x, y], attrs2)[0];
    const storage = plan.device.allocate(plan.bytes);
    track(storage);
    const out = new Tensor(storage, 0, plan.out, null);
    const exe = plan.executable;
    exe.run(
      out,
      a,
      b,
      a === null ? x : Number.NaN,
      b === null ? y : Number.NaN
    );
    if (recording2) {
      const s = plan.saves;
      out.node = new Node(
        op,
        nextSequence(),
        attrs2,
        na,
        nb,
        (s & SAVE.in0) !== 0 ? x : null,
        (s & SAVE.in1) !== 0 ? y : null,
        (s & SAVE.out0) !== 0 ? out : null,
        sa,
        sb,
        a === null ? 0 : a.storage.version,
        b === null ? 0 : b.storage.version,
        0
      );
      anomalyLine(out.node);
    }
    checkAnomaly(op, out);
    return out;
  }
  apply(op, inputs, attrs2) {
    const plan = this.planOf(op, inputs, attrs2);
    const recording2 = plan.differentiable && gradMode() && inputs.some((x) => x instanceof Tensor && x.node !== null);
    if (recording2 && plan.inline) return this.inline(op, inputs, attrs2);
    if (plan.views) return this.views(op, inputs, attrs2, recording2 ? plan : null);
    if (plan.executable === null) return [this.apply1(op, inputs[0], attrs2)];
    const outs = plan.outs.map((s) => {
      const storage = plan.device.allocate(s.numel * bytesOf(s.dtype));
      track(storage);
      return new Tensor(storage, 0, s, null);
    });
    plan.executable.runAll(outs, inputs);
    if (recording2) recordNode(op, inputs, attrs2, outs);
    for (const out of outs) checkAnomaly(op, out);
    return outs;
  }
  update(op, inputs, attrs2, cells) {
    const plan = this.planOf(op, inputs, attrs2);
    const targets = cells;
    if (plan.executable === null || !canWrite(plan, plan.executable, inputs, targets)) {
      const values = this.apply(op, inputs, attrs2);
      targets.forEach((c2, i) => {
        const fits2 = plan.executable !== null && values[i].dtype === c2.dtype;
        const value = fits2 ? values[i] : this.apply1(CAST, values[i], attrs({ dtype: c2.dtype }));
        c2.replaceStorage(value.storage);
      });
      return;
    }
    const places = targets.map(
      (c2) => c2.storage.shared ? new Tensor(plan.device.allocate(c2.byteLength), 0, c2.spec, null) : c2
    );
    plan.executable.runAll(places, inputs);
    places.forEach((p, i) => {
      targets[i].replaceStorage(p.storage);
    });
  }
  planOf(op, inputs, attrs2) {
    const floats2 = inputs.some((x) => x instanceof Tensor && isFloat(x.spec.dtype));
    return planFor(
      op,
      inputs.map((x, i) => specOfOperand(op, x, i, floats2)),
      attrs2
    );
  }
  /** The views that a composite consists of, and with a plan to record by one node for them all. */
  views(op, inputs, attrs2, recorded) {
    const before = setGradMode(false);
    try {
      const outs = this.inline(op, inputs, attrs2);
      if (recorded !== null) recordNode(op, inputs, attrs2, outs);
      return outs;
    } finally {
      setGradMode(before);
    }
  }
  inline(op, inputs, attrs2) {
    const out = op.decompose?.(inputs, attrs2);
    return Array.isArray(out) ? out : [out];
  }
};
function canWrite(plan, executable, inputs, cells) {
  return cells.every((cell, o) => {
    const out = plan.outs[o];
    const fits2 = cell.spec === out || cell.dtype === out.dtype && sameShape(cell.shape, out.shape);
    if (!fits2 || !cell.spec.contiguous || cell.offset !== 0) return false;
    return inputs.every((x, i) => {
      if (!(x instanceof Tensor) || x.storage !== cell.storage) return true;
      return executable.inPlace.some(([output, input]) => output === o && input === i);
    });
  });
}
var eager = new Eager();
function installEager() {
  setInterpreter(eager);
}

// src/tensor/functions.ts
var method = (name) => ((x, ...rest) => checkTensor(name, x)[name].apply(
  x,
  rest
));
var binary2 = (name, op) => ((a, b) => {
  if (a instanceof Tensor || b instanceof Tensor) return op(a, b);
  throw new DtypeError({
    op: name,
    problem: "neither operand is a tensor",
    remedy: "wrap one with tensor(...)"
  });
});
var add2 = binary2("add", add);
var sub2 = binary2("sub", sub);
var mul2 = binary2("mul", mul);
var div2 = binary2("div", div);
var floorDivide2 = binary2("floorDivide", floorDivide);
var remainder2 = binary2("remainder", remainder);
var pow3 = binary2("pow", pow);
var maximum2 = binary2("maximum", maximum);
var minimum2 = binary2("minimum", minimum);
var bitwiseAnd2 = binary2("bitwiseAnd", bitwiseAnd);
var bitwiseOr2 = binary2("bitwiseOr", bitwiseOr);
var bitwiseXor2 = binary2("bitwiseXor", bitwiseXor);
var eq2 = binary2("eq", eq);
var ne2 = binary2("ne", ne);
var lt2 = binary2("lt", lt);
var le2 = binary2("le", le);
var gt2 = binary2("gt", gt);
var ge2 = binary2("ge", ge);
var logicalAnd2 = binary2("logicalAnd", logicalAnd);
var logicalOr2 = binary2("logicalOr", logicalOr);
var logicalXor2 = binary2("logicalXor", logicalXor);
var neg2 = method("neg");
var abs2 = method("abs");
var sign3 = method("sign");
var sqrt2 = method("sqrt");
var rsqrt2 = method("rsqrt");
var square2 = method("square");
var reciprocal2 = method("reciprocal");
var exp3 = method("exp");
var expm13 = method("expm1");
var log4 = method("log");
var log1p3 = method("log1p");
var log22 = method("log2");
var log102 = method("log10");
var sin3 = method("sin");
var cos3 = method("cos");
var tan2 = method("tan");
var tanh3 = method("tanh");
var erf3 = method("erf");
var floor2 = method("floor");
var ceil2 = method("ceil");
var trunc2 = method("trunc");
var round3 = method("round");
var relu2 = method("relu");
var sigmoid2 = method("sigmoid");
var silu2 = method("silu");
var softplus2 = method("softplus");
var logicalNot2 = method("logicalNot");
var isnan2 = method("isnan");
var isfinite2 = method("isfinite");
var isinf2 = method("isinf");
var gelu2 = method("gelu");
var leakyRelu2 = method("leakyRelu");
var elu2 = method("elu");
var clamp2 = method("clamp");
var where2 = (cond, a, b) => where(checkTensor("where", cond), a, b);
var maskedFill2 = method("maskedFill");
var tril2 = method("tril");
var triu2 = method("triu");
var clone = method("clone");
var detach = method("detach");
var dropout2 = method("dropout");
var sum2 = method("sum");
var mean2 = method("mean");
var prod2 = method("prod");
var max2 = method("max");
var min2 = method("min");
var any2 = method("any");
var all2 = method("all");
var logsumexp2 = method("logsumexp");
var norm2 = method("norm");
var argmax2 = method("argmax");
var argmin2 = method("argmin");
var std2 = method("std");
var variance2 = method("var");
var softmax2 = method("softmax");
var logSoftmax2 = method("logSoftmax");
var matmul2 = method("matmul");
var conv2d2 = method("conv2d");
var maxPool2d2 = method("maxPool2d");
var avgPool2d2 = method("avgPool2d");
var reshape2 = method("reshape");
var flatten2 = method("flatten");
var transpose3 = method("transpose");
var permute3 = method("permute");
var expand2 = method("expand");
var expandAs = method("expandAs");
var tile2 = method("tile");
var squeeze2 = method("squeeze");
var unsqueeze2 = method("unsqueeze");
var narrow2 = method("narrow");
var flip2 = method("flip");
var split3 = method("split");
var chunk2 = method("chunk");
var unbind2 = method("unbind");
var pad2 = method("pad");
var gather2 = method("gather");
var scatterAdd2 = method("scatterAdd");
var indexSelect2 = method("indexSelect");
var takeAlongDim2 = method("takeAlongDim");

// src/tensor/random.ts
function floats(op, make, shape, options) {
  checkShape(shape, op);
  const o = readOptions(op, options);
  const dtype = checkDType(o.dtype ?? "float32", op);
  if (!isFloat(dtype)) {
    throw new ValueError({ op, problem: `gives floats, not ${dtype}`, remedy: "use randint" });
  }
  return finish2(cast(make(shape, nextKey()), dtype), o);
}
var rand = (shape, options) => floats("rand", uniform, shape, options);
var randn = (shape, options) => floats("randn", normal, shape, options);
function randint2(low, high, shape, options) {
  const o = readOptions("randint", options);
  if (!Array.isArray(shape)) {
    throw new ShapeError({
      op: "randint",
      problem: `a shape is an array of sizes, not ${given(shape)}`,
      remedy: "write randint(low, high, shape)"
    });
  }
  const t = randint(shape, low, high, nextKey());
  return finish2(cast(t, o.dtype ?? "int32"), o);
}

// src/wiring.ts
registerDevice("cpu", () => {
  const engine = cpuEngine();
  if (engine === "reference") return new ReferenceDevice();
  if (engine === void 0 || engine === "x64") {
    const native = openX64();
    if ("device" in native) return native.device;
    if (engine === void 0) return new WasmDevice();
    throw new DeviceError({
      op: "GRADUS_CPU",
      problem: `there is no x64 engine: ${native.reason}`,
      remedy: "unset GRADUS_CPU: WebAssembly then computes"
    });
  }
  if (engine === "wasm") return new WasmDevice();
  throw new DeviceError({
    op: "GRADUS_CPU",
    problem: `there is no CPU engine '${engine}'`,
    remedy: "set GRADUS_CPU to 'x64', 'wasm' or 'reference', or unset it"
  });
});
installEager();

// src/compile/tree.ts
function flatten3(op, root2, names) {
  const tensors = [];
  const paths = [];
  const open2 = /* @__PURE__ */ new Set();
  const refuse2 = (x, path2, problem) => {
    throw new GraphError({
      op,
      problem: problem ?? `${path2 === "" ? "the value" : path2} is ${given(x)}`,
      remedy: "compiled functions take and return tensors, numbers, strings, booleans, null, and arrays and plain objects of these"
    });
  };
  const walk = (x, path2, depth2) => {
    if (x instanceof Tensor) {
      paths.push(path2);
      return { kind: "tensor", place: tensors.push(x) - 1 };
    }
    if (typeof x === "function" || typeof x === "symbol") return refuse2(x, path2);
    if (typeof x !== "object" || x === null) return { kind: "value", value: x };
    if (open2.has(x)) return refuse2(x, path2, `${path2} contains itself`);
    open2.add(x);
    try {
      if (Array.isArray(x)) {
        const at4 = (i) => depth2 === 0 && path2 === "" ? names(i) : `${path2}[${i}]`;
        return { kind: "array", items: x.map((y, i) => walk(y, at4(i), depth2 + 1)) };
      }
      const proto = Object.getPrototypeOf(x);
      if (proto !== null && Object.getPrototypeOf(proto) !== null) return refuse2(x, path2);
      const entries = Object.entries(x).map(
        ([key, y]) => [key, walk(y, path2 === "" ? key : `${path2}.${key}`, depth2 + 1)]
      );
      return { kind: "object", entries };
    } finally {
      open2.delete(x);
    }
  };
  return { template: walk(root2, "", 0), tensors, paths };
}
function unflatten(template, at4) {
  switch (template.kind) {
    case "tensor":
      return at4(template.place);
    case "value":
      return template.value;
    case "array":
      return template.items.map((t) => unflatten(t, at4));
    case "object":
      return Object.fromEntries(template.entries.map(([key, t]) => [key, unflatten(t, at4)]));
  }
}
function structureKey(t) {
  switch (t.kind) {
    case "tensor":
      return "T";
    case "value":
      return typeof t.value === "string" ? JSON.stringify(t.value) : Object.is(t.value, -0) ? "-0" : typeof t.value === "bigint" ? `${t.value}n` : String(t.value);
    case "array":
      return `[${t.items.map(structureKey).join(",")}]`;
    case "object":
      return `{${t.entries.map(([k2, v]) => `${JSON.stringify(k2)}:${structureKey(v)}`).join(",")}}`;
  }
}

// src/compile/explain.ts
function describeRecording(before, flat2, same) {
  const structure = structureKey(flat2.template);
  const types = flat2.tensors.map(typeText);
  const now = { structure, paths: flat2.paths, types };
  return { ...now, reason: reasonFor(before.at(-1), now, flat2, same) };
}
function reasonFor(last, now, flat2, same) {
  if (last === void 0) return "it was called for the first time";
  if (same.length > 0) {
    const guard = same[same.length - 1].recorded.guards.find((g) => !g.holds(flat2.tensors));
    return `${guard?.what ?? "something it relied on"} changed`;
  }
  if (now.structure !== last.structure) {
    return "the structure of the arguments, or a number or string among them, differs";
  }
  const i = now.types.findIndex((t, k2) => t !== last.types[k2]);
  if (i >= 0) return `${now.paths[i]} is ${now.types[i]}, and was ${last.types[i]}`;
  return "gradient mode, default device or a parameter among the arguments differs";
}
var typeText = (t) => `${t.dtype}${formatShape(t.shape)}${t.requiresGrad ? " with gradient" : ""}`;
function explain(name, recordings) {
  const times = recordings.length === 1 ? "once" : `${recordings.length} times`;
  const lines = recordings.map(({ paths, types, reason }, i) => {
    const list = types.map((t, k2) => `${paths[k2]}: ${t}`).join(", ");
    return `  ${i + 1}. (${list}) because ${reason}`;
  });
  return [`${name} was recorded ${times}`, ...lines].join("\n");
}

// src/compile/bindings.ts
var ownerTensor = (owner, args) => owner.kind === "argument" ? args[owner.place] : owner.tensor;

// src/compile/operands.ts
function operandOf(source, call, spec) {
  switch (source.kind) {
    case "argument":
    case "captured":
      return laidOut2(ownerTensor(source, call.args), spec);
    case "gradient":
      return laidOut2(ownerTensor(source.of, call.args).storedGradient(), spec);
    case "seed":
      return wordsOf(call.seed)[source.word];
    case "counter":
      return wordsOf(call.counter + BigInt(source.call))[source.word];
  }
}
function laidOut2(t, spec) {
  const own = t.spec;
  if (own === spec || spec.contiguous && own.contiguous) return t;
  if (own.strides.join() === spec.strides.join()) return t;
  return noGrad(() => copy(t));
}
function specFor(source, value, device2) {
  if (source.kind === "seed" || source.kind === "counter") return WEAK_INT;
  if (source.kind === "captured") return source.tensor.spec;
  return specOf(value.dtype, value.shape, void 0, device2);
}

// src/compile/rebuild.ts
function rebuild(graph, visit) {
  const recorder = new Recorder(deviceOf2(graph));
  const now = /* @__PURE__ */ new Map();
  const inputs = graph.inputs.map((v) => {
    const made2 = recorder.input(v);
    now.set(v, made2);
    return made2;
  });
  const of = (x) => typeof x === "number" ? x : now.get(x);
  for (const node of graph.nodes) {
    recorder.origin = node.origin;
    const outs = visit(node, node.inputs.map(of), recorder);
    node.outputs.forEach((v, i) => {
      now.set(v, outs[i]);
    });
  }
  const outputs = graph.outputs.map((v) => {
    const out = of(v);
    if (typeof out === "number") throw new Error(`${graph.name}: a number is no output`);
    return out;
  });
  return { name: graph.name, inputs, nodes: recorder.nodes, outputs };
}
var deviceOf2 = (graph) => graph.inputs.find((v) => v.weak === void 0)?.device ?? graph.nodes[0]?.outputs[0]?.device ?? "cpu";
var keep2 = ({ def, attrs: attrs2, regions }, inputs, recorder) => recorder.apply(def, inputs, attrs2, regions);
function cut(name, from, nodes, outputs) {
  return rebuild({ name, inputs: from, nodes, outputs }, keep2);
}

// src/compile/passes/cse.ts
function cse(graph) {
  const known = /* @__PURE__ */ new Map();
  const name = (x) => typeof x === "number" ? Object.is(x, -0) ? "-0" : `${x}` : `%${x.id}`;
  return rebuild(graph, (node, inputs, recorder) => {
    const { def, attrs: attrs2, regions } = node;
    if (regions.length > 0) return keep2(node, inputs, recorder);
    const key = `${def.id}:${attrs2?.attrId ?? ""}:${inputs.map(name).join(",")}`;
    let outs = known.get(key);
    if (outs === void 0) {
      outs = keep2(node, inputs, recorder);
      known.set(key, outs);
    }
    return outs;
  });
}

// src/compile/passes/dce.ts
function dce(graph) {
  const live = /* @__PURE__ */ new Set();
  const stack3 = graph.outputs.flatMap((v) => v.node === null ? [] : [v.node]);
  for (let node = stack3.pop(); node !== void 0; node = stack3.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    for (const x of node.inputs) if (typeof x !== "number" && x.node !== null) stack3.push(x.node);
  }
  return { ...graph, nodes: graph.nodes.filter((n) => live.has(n)) };
}

// src/compile/passes/inline.ts
var inline = (graph) => rebuild(
  graph,
  ({ def, attrs: attrs2, regions }, inputs, recorder) => expandInto(recorder, def, inputs, attrs2, regions)
);

// src/compile/passes/simplify.ts
var isValue = (x) => typeof x !== "number";
var itself = (node, x) => {
  const [out] = node.outputs;
  return isValue(x) && x.weak === void 0 && x.dtype === out.dtype && sameShape(x.shape, out.shape) ? x : null;
};
var RULES = {
  // Values are immutable: a copy is needed only where a program writes its results.
  copy: (node, [x]) => itself(node, x),
  alias: (node, [x]) => itself(node, x),
  cast: (node, [x]) => itself(node, x) ?? castOfCast(node, x),
  reshape: (node, [x]) => itself(node, x),
  broadcastTo: (node, [x]) => itself(node, x),
  mul: (node, [a, b]) => b === 1 ? itself(node, a) : a === 1 ? itself(node, b) : null,
  div: (node, [a, b]) => b === 1 ? itself(node, a) : null,
  sub: (node, [a, b]) => b === 0 ? itself(node, a) : null,
  pow: (node, [a, b]) => b === 1 ? itself(node, a) : null,
  neg: (node, [x]) => {
    const inner = isValue(x) && x.node?.def.name === "neg" ? x.node.inputs[0] : null;
    return inner === null ? null : itself(node, inner);
  }
};
function castOfCast(node, x) {
  const first = isValue(x) && x.node?.def === CAST ? x.node.inputs[0] : null;
  if (first === null || !isValue(first) || first.weak !== void 0) return null;
  const exact = WIDER[first.dtype]?.includes(x.dtype) === true;
  return exact ? itself(node, first) : null;
}
var WIDER = {
  float32: ["float64"],
  int32: ["int64", "float64"]
};
function withNumbers(node, inputs) {
  const { def, attrs: attrs2, regions } = node;
  if (def.lower?.kind !== "element" || inputs.length < 2) return inputs;
  let now = inputs;
  inputs.forEach((x, i) => {
    const constant4 = numberOf(x);
    if (constant4 === null) return;
    const next = now.with(i, constant4);
    if (!next.some((y) => isValue(y) && y.weak === void 0)) return;
    const types = next.map(typeOf);
    const outs = inferAll(def, types, attrs2, regions);
    const same = outs.every(
      (t, k2) => t.dtype === node.outputs[k2].dtype && sameShape(t.shape, node.outputs[k2].shape)
    );
    const dtypes = def.operands?.(types, outs, attrs2);
    const own = x.dtype;
    if (same && dtypes !== void 0 && (dtypes[i] === own || !isFloat(own))) now = next;
  });
  return now;
}
function numberOf(x) {
  if (typeof x === "number" || x.shape.length > 0 || x.node?.def !== FULL) return null;
  const [value] = x.node.inputs;
  if (typeof value !== "number") return null;
  if (x.dtype === "float32") return Math.fround(value);
  if (x.dtype === "float64") return value;
  return x.dtype === "int32" && Number.isInteger(value) ? value | 0 : null;
}
var simplify = (graph) => rebuild(graph, (node, given2, recorder) => {
  const inputs = withNumbers(node, given2);
  const simpler = RULES[node.def.name]?.(node, inputs) ?? null;
  return simpler === null ? keep2(node, inputs, recorder) : [simpler];
});

// src/compile/passes/index.ts
var PASSES = [
  { name: "inline", run: inline },
  { name: "simplify", run: simplify },
  { name: "cse", run: cse },
  { name: "dce", run: dce }
];
function runPasses(graph, passes = PASSES) {
  let now = graph;
  if (verifying()) verifyGraph(now);
  for (const { name, run: run3 } of passes) {
    const before = now.nodes.length;
    const start = performance.now();
    now = run3(now);
    if (verifying()) verifyGraph(now);
    if (debugLevel() >= 3) {
      const ms = (performance.now() - start).toFixed(2);
      console.error(`[gradus] pass ${name}: ${before} to ${now.nodes.length} nodes, ${ms} ms`);
      console.error(printGraph(now));
    }
  }
  return now;
}

// src/compile/attach.ts
var ready = /* @__PURE__ */ new WeakMap();
function readyFor(part2, device2) {
  let made2 = ready.get(part2);
  if (made2 === void 0) {
    const specs = part2.graph.inputs.map(
      (v) => v.weak === void 0 ? specOf(v.dtype, v.shape, void 0, device2) : WEAK_INT
    );
    const graph = runPasses(part2.graph);
    made2 = { specs, executable: getDevice(device2).compile(graph, specs, { program: true }) };
    ready.set(part2, made2);
  }
  return made2;
}
function attachBackward(name, part2, results, args, device2, held) {
  const owners = part2.to.map((o) => ownerTensor(o, args));
  const kept = part2.inputs.map((b2, i) => b2.kind === "seed" ? 0 : held(i));
  const versions = kept.map((x) => typeof x === "number" ? 0 : x.storage.version);
  const outs = part2.results.map((place4) => results[place4]);
  const op = {
    name,
    saves: 0,
    gradient(ctx, g, all3) {
      const node2 = ctx;
      const saved = node2.saved;
      refuseStale(name, saved, versions);
      if (gradMode()) throw secondOrder(name);
      const seeds = all3.length === 0 ? [g] : all3;
      const { executable, specs } = readyFor(part2, device2);
      const inputs = part2.inputs.map((b2, i) => {
        const x = b2.kind === "seed" ? seeds[part2.results.indexOf(b2.result)] : saved[i];
        return typeof x === "number" ? x : laidOut2(x, specs[i]);
      });
      const made2 = executable.outputs.map(
        (s) => new Tensor(getDevice(device2).allocate(s.numel * bytesOf(s.dtype)), 0, s, null)
      );
      executable.runAll(made2, inputs);
      made2.forEach((t, i) => {
        ctx.give(i, t);
      });
    }
  };
  const [a, b] = owners;
  const spec = outs[0].spec;
  const node = new Node(
    op,
    nextSequence(),
    null,
    a?.node ?? null,
    b?.node ?? null,
    null,
    null,
    null,
    spec,
    null,
    0,
    0,
    0
  );
  node.edges = owners.slice(2).map((t) => t.node);
  node.saved = kept;
  if (outs.length === 1) {
    outs[0].node = node;
    return;
  }
  node.outSpecs = outs.map((o) => o.spec);
  outs.forEach((o, i) => {
    o.node = Node.output(node, i, o.spec);
  });
}
function refuseStale(op, saved, versions) {
  saved.forEach((x, i) => {
    if (typeof x === "number" || x.storage.version === versions[i]) return;
    throw new GraphError({
      op,
      problem: "a value saved for backward was assigned a new one since",
      operands: [x],
      remedy: "call backward before the optimiser step"
    });
  });
}
var secondOrder = (op) => new GraphError({
  op,
  problem: "gradients of gradients do not lead through a compiled function from outside",
  remedy: "take the inner gradient within the compiled function, or compile the outer one"
});

// src/compile/program.ts
var Program = class {
  recorded;
  device;
  executable;
  specs;
  /** For each output, the input that is the same cell, if it may be written in place; else -1. */
  sameInput;
  constructor(recorded, device2) {
    this.recorded = recorded;
    this.device = device2;
    const { graph, sources, targets } = recorded;
    this.specs = sources.map((s, i) => specFor(s, graph.inputs[i], device2));
    const last = targets.flatMap((t, o) => t.kind === "cell" ? [o] : []);
    this.executable = getDevice(device2).compile(runPasses(graph), this.specs, {
      last,
      program: true
    });
    this.sameInput = targets.map((t, o) => {
      if (t.kind !== "cell") return -1;
      const own = sources.findIndex((s) => s.kind === "captured" && s.tensor === t.cell);
      const { inPlace } = this.executable;
      return inPlace.some(([out, input]) => out === o && input === own) ? own : -1;
    });
  }
  /** Whether what the recording relied on is so still. */
  holds(args) {
    return this.recorded.guards.every((g) => g.holds(args));
  }
  run(args) {
    const call = { args, ...getRandomState() };
    const inputs = this.recorded.sources.map((s, i) => operandOf(s, call, this.specs[i]));
    const device2 = getDevice(this.device);
    const outs = this.executable.outputs.map((spec, o) => {
      const cell = this.cellInPlace(o, inputs);
      if (cell !== null) return cell;
      return new Tensor(device2.allocate(spec.numel * bytesOf(spec.dtype)), 0, spec, null);
    });
    this.executable.runAll(outs, inputs);
    return this.commit(outs, inputs, call);
  }
  /** The cell that output `o` may be written over in this call, or null. */
  cellInPlace(o, inputs) {
    const own = this.sameInput[o];
    if (own < 0) return null;
    const cell = inputs[own];
    const { storage, spec, offset } = cell;
    if (storage.shared || offset !== 0 || !spec.contiguous) return null;
    const alone = inputs.every(
      (x, i) => i === own || typeof x === "number" || x.storage !== storage
    );
    return alone ? cell : null;
  }
  /** After the run, which cannot fail any more: cells, gradients and the random counter. */
  commit(outs, inputs, { args, seed: seed2, counter: counter2 }) {
    const { recorded } = this;
    const results = [];
    recorded.targets.forEach((target2, o) => {
      if (target2.kind === "result") results[target2.place] = outs[o];
      else if (target2.kind === "cell") target2.cell.replaceStorage(outs[o].storage);
      else if (target2.kind === "gradient") ownerTensor(target2.of, args).storeGradient(outs[o]);
    });
    for (const { place: place4, owner } of recorded.passed) results[place4] = ownerTensor(owner, args);
    for (const { of, end } of recorded.gradientEnds) {
      const value = end === "none" ? null : end === "spent" ? SPENT : end;
      ownerTensor(of, args).storeGradient(value);
    }
    if (recorded.randomCalls > 0) {
      setRandomState({ seed: seed2, counter: counter2 + BigInt(recorded.randomCalls) });
    }
    const { backward: backward2, graph } = recorded;
    if (backward2 !== null) {
      attachBackward(graph.name, backward2, results, args, this.device, (i) => {
        const bound = backward2.inputs[i];
        return bound.kind === "source" ? inputs[bound.input] : outs[bound.output];
      });
    }
    return unflatten(recorded.result, (i) => results[i]);
  }
};

// src/compile/backward.ts
function separate(whole, inputs, nodes, { seeds, results, gradients }) {
  const { graph } = whole;
  const outputs = gradients.map((g) => g.value);
  const needed = outside(nodes, outputs);
  const place4 = new Map(inputs.map((v, i) => [v, i]));
  const kept = /* @__PURE__ */ new Map();
  const bound = needed.map((v) => {
    const seed2 = seeds.indexOf(v);
    if (seed2 >= 0) return { kind: "seed", result: results[seed2] };
    const input = place4.get(v);
    if (input !== void 0) return { kind: "source", input };
    const output = kept.get(v) ?? graph.outputs.length + kept.size;
    kept.set(v, output);
    return { kind: "residual", output };
  });
  const backward2 = cut(`${graph.name}.backward`, needed, nodes, outputs);
  return {
    ...whole,
    // What the backward pass alone captured comes in here too: it must be what it was at the call.
    graph: { ...graph, inputs, outputs: [...graph.outputs, ...kept.keys()] },
    targets: [...whole.targets, ...[...kept].map(() => ({ kind: "residual" }))],
    backward: { graph: backward2, inputs: bound, to: gradients.map((g) => g.owner), results }
  };
}
function outside(nodes, outputs) {
  const made2 = new Set(nodes.flatMap((n) => n.outputs));
  const found = /* @__PURE__ */ new Set();
  const use = (x) => {
    if (typeof x !== "number" && !made2.has(x)) found.add(x);
  };
  for (const n of nodes) n.inputs.forEach(use);
  outputs.forEach(use);
  return [...found];
}

// src/compile/overlay.ts
var Overlay = class {
  cells = /* @__PURE__ */ new Map();
  gradients = /* @__PURE__ */ new Map();
  guards = [];
  /** Makes an input of the graph. */
  input;
  ownerOf;
  tracer;
  constructor(input, ownerOf, tracer2) {
    this.input = input;
    this.ownerOf = ownerOf;
    this.tracer = tracer2;
  }
  /** Gives a cell abstract storage, once. */
  enter(cell) {
    if (this.cells.has(cell)) return;
    const { storage, offset, spec } = cell;
    const value = this.input({ kind: "captured", tensor: cell }, cell);
    const entered = abstractStorage(value, spec, this.tracer);
    entered.version = storage.version;
    this.cells.set(cell, { storage, offset, wanted: cell.requiresGrad, entered });
    cell.storage = entered;
    cell.offset = 0;
    this.guards.push(sameCell(cell));
  }
  isWritten(cell) {
    const entry = this.cells.get(cell);
    return entry !== void 0 && cell.storage !== entry.entered;
  }
  /** Cells that were given a value, in the order in which they were met. */
  written() {
    return [...this.cells.keys()].filter((c2) => this.isWritten(c2));
  }
  // ---- gradients
  gradient(t, stored) {
    let entry = this.gradients.get(t);
    if (entry === void 0) {
      entry = { now: this.found(t, stored), read: true, written: false, spent: false };
      this.gradients.set(t, entry);
    }
    return entry.now;
  }
  /** The gradient that is there when the program is called. */
  found(t, stored) {
    const of = this.ownerOf(t);
    const there = (args) => ownerTensor(of, args).storedGradient();
    if (stored === SPENT) return refuseSpent(t);
    if (stored === null) {
      this.guards.push({ what: "a gradient was null", holds: (args) => there(args) === null });
      return null;
    }
    const { dtype, shape } = stored;
    const spec = specOf(dtype, shape, void 0, stored.device);
    this.guards.push({
      what: "a gradient was there",
      holds: (args) => sameType2(there(args), spec)
    });
    return abstractTensor(this.input({ kind: "gradient", of }, stored), spec, this.tracer);
  }
  setGradient(t, g) {
    const entry = this.gradients.get(t);
    if (entry === void 0) {
      this.ownerOf(t);
      this.gradients.set(t, { now: g, read: false, written: true, spent: false });
    } else {
      entry.now = g;
      entry.written = true;
      entry.spent = false;
    }
  }
  spend(t) {
    const entry = this.gradients.get(t);
    if (entry !== void 0) entry.spent = true;
  }
  /** Gradients as the function leaves them; `spent` are those that nobody needs any more. */
  gradientEnds(keep3) {
    return [...this.gradients].filter(([, e]) => e.written).map(([t, e]) => ({
      of: this.ownerOf(t),
      grad: e.now,
      spent: e.spent && !e.read && !keep3
    }));
  }
  // ---- putting back
  /** Every cell as it was. */
  restore() {
    for (const [cell, { storage, offset }] of this.cells) {
      cell.storage = storage;
      cell.offset = offset;
    }
  }
  /** Runs `f`, which reads `uses`, on cells as they were. */
  outside(uses, f2) {
    const stale = uses.find((c2) => this.isWritten(c2));
    if (stale !== void 0) {
      throw new GraphError({
        op: "compile",
        problem: "this needs the value that a cell has within the recorded function",
        operands: [stale],
        remedy: "take the first step eagerly, before the compiled one"
      });
    }
    const now = [...this.cells.keys()].map((c2) => [c2, c2.storage, c2.offset]);
    this.restore();
    try {
      return f2();
    } finally {
      for (const [cell, storage, offset] of now) {
        cell.storage = storage;
        cell.offset = offset;
      }
    }
  }
};
function sameCell(cell) {
  const { spec, requiresGrad } = cell;
  return {
    what: "dtype, device or requiresGrad of a parameter or buffer",
    holds: () => cell.spec === spec && cell.requiresGrad === requiresGrad
  };
}
var sameType2 = (t, spec) => t !== null && t !== SPENT && t.dtype === spec.dtype && sameShape(t.shape, spec.shape);

// src/compile/tracer.ts
var Tracer = class {
  recorder;
  inputs = [];
  sources = [];
  overlay;
  guards = [];
  undo = [];
  randomCalls = 0;
  device;
  seed = null;
  /** Stand-ins of captured tensors, and whom each stand-in stands for. */
  captured = /* @__PURE__ */ new Map();
  owners = /* @__PURE__ */ new Map();
  reals = /* @__PURE__ */ new Map();
  eager = interpreter();
  constructor(device2) {
    this.device = device2;
    this.recorder = new Recorder(device2);
    this.overlay = new Overlay(
      (source, t) => this.input(source, t),
      (t) => this.ownerOf(t),
      this
    );
  }
  // ---- what comes in
  input(source, t) {
    const value = this.recorder.input(t.spec);
    this.inputs.push(value);
    this.sources.push(source);
    return value;
  }
  /** What the function sees in place of an argument. */
  argument(t, place4) {
    return t.cell ? t : this.standIn(t, { kind: "argument", place: place4 });
  }
  standIn(t, owner) {
    const { dtype, shape, device: device2 } = t.spec;
    const spec = specOf(dtype, shape, void 0, device2);
    const made2 = abstractTensor(this.input(owner, t), spec, this);
    this.owners.set(made2, owner);
    this.reals.set(made2, t);
    if (t.node !== null) {
      made2.node = Node.leaf(spec, 0, t.node.op === LEAF && t.node.leaf === t ? made2 : null);
      if (made2.node.leaf === null) made2.node.leaf = new Unreachable(made2);
    }
    return made2;
  }
  ownerOf(t) {
    return this.owners.get(t) ?? { kind: "captured", tensor: t };
  }
  /** Leaves that gradients of results reach: node and owner. */
  leaves() {
    const found = [];
    for (const [t, owner] of this.owners) if (t.node !== null) found.push({ node: t.node, owner });
    for (const source of this.sources) {
      if (source.kind !== "captured" || !source.tensor.cell) continue;
      const { node } = source.tensor;
      if (node !== null) found.push({ node, owner: source });
    }
    return found;
  }
  /** The graph's value of a tensor, which is made an input if it comes from outside. */
  valueOf(t) {
    const seen = this.seen(t);
    return abstractHandle(seen).value;
  }
  /** The tensor itself, or what stands for it here. */
  seen(t) {
    const handle = abstractHandle(t);
    if (handle !== null) {
      if (handle.owner === this) return t;
      throw new GraphError({
        op: "compile",
        problem: "a tensor that was made while another function was recorded is used here",
        operands: [t],
        remedy: "pass it as an argument, or return it from that function"
      });
    }
    if (t.cell) {
      this.overlay.enter(t);
      return t;
    }
    let stand = this.captured.get(t);
    if (stand === void 0) {
      stand = this.standIn(t, { kind: "captured", tensor: t });
      this.captured.set(t, stand);
    }
    return stand;
  }
  // ---- Interpreter
  apply1(def, a, attrs2) {
    return this.apply(def, [a], attrs2)[0];
  }
  apply2(def, a, b, attrs2) {
    return this.apply(def, [a, b], attrs2)[0];
  }
  apply(def, inputs, attrs2, regions = []) {
    const types = typesOf(def, inputs);
    const operands = inputs.map((x) => typeof x === "number" ? x : this.seen(x));
    const outs = inferAll(def, types, attrs2, regions);
    const wanted = def.differentiable && gradMode() && outs.some((t) => isFloat(t.dtype)) && operands.some((x) => typeof x !== "number" && x.node !== null);
    if (wanted && def.gradient === void 0 && def.decompose !== void 0) {
      return this.inline(def, operands, attrs2);
    }
    if (def.views === true) return this.views(def, operands, attrs2, wanted);
    this.recorder.origin = origin();
    const values = operands.map((x) => typeof x === "number" ? x : this.valueOf(x));
    const made2 = this.recorder.apply(def, values, attrs2, regions);
    const tensors = made2.map(
      (v) => abstractTensor(v, specOf(v.dtype, v.shape, void 0, this.device), this)
    );
    if (wanted) recordNode(def, operands, attrs2, tensors);
    return tensors;
  }
  update(def, inputs, attrs2, cells) {
    const outs = this.apply(def, inputs, attrs2);
    cells.forEach((cell, i) => {
      const { dtype } = cell;
      const value = outs[i].dtype === dtype ? outs[i] : this.apply(CAST, [outs[i]], attrs({ dtype }))[0];
      this.seen(cell);
      cell.replaceStorage(value.storage);
    });
  }
  inline(def, inputs, attrs2) {
    const out = def.decompose?.(inputs, attrs2);
    return Array.isArray(out) ? out : [out];
  }
  views(def, inputs, attrs2, wanted) {
    const before = setGradMode(false);
    try {
      const outs = this.inline(def, inputs, attrs2);
      if (wanted) recordNode(def, inputs, attrs2, outs);
      return outs;
    } finally {
      setGradMode(before);
    }
  }
  // ---- Recording
  gradient(t, stored) {
    const real = this.reals.get(t);
    if (real === void 0) return this.overlay.gradient(t, stored);
    return this.overlay.gradient(t, real.storedGradient());
  }
  setGradient(t, g) {
    this.overlay.setGradient(t, g);
  }
  spend(t) {
    this.overlay.spend(t);
  }
  randomState() {
    const call = this.randomCalls++;
    this.seed ??= this.words((word) => ({ kind: "seed", word }));
    const [k0, k1] = this.seed;
    const [c0, c1] = this.words((word) => ({ kind: "counter", call, word }));
    return [k0, k1, c0, c1];
  }
  /** The two words of a number that is given at each call. */
  words(source) {
    return [0, 1].map((word) => {
      const value = this.recorder.input(WEAK_INT);
      this.inputs.push(value);
      this.sources.push(source(word));
      return abstractTensor(value, WEAK_INT, this);
    });
  }
  enter(t) {
    if (t.cell) this.seen(t);
  }
  refuseRead(op, t) {
    if (abstractHandle(t) === null && !t.cell) return;
    throw new GraphError({
      op,
      problem: "the value of a tensor is not known while the function is recorded",
      operands: [t],
      remedy: "return the tensor and read it outside; for a choice by value use where or cond; or run the function eagerly: compile(fn, { fallback: true })"
    });
  }
  refuse(op, problem, remedy2) {
    throw new GraphError({ op, problem, remedy: remedy2 });
  }
  watch(what2, read) {
    const then = read();
    this.guards.push({ what: what2, holds: () => read() === then });
  }
  outside(uses, f2) {
    return this.overlay.outside(uses, () => {
      const before = setRecording(null);
      try {
        return withInterpreter(this.eager, f2);
      } finally {
        setRecording(before);
      }
    });
  }
  onFailure(undo) {
    this.undo.push(undo);
  }
};
var Unreachable = class {
  stand;
  constructor(stand) {
    this.stand = stand;
  }
  get grad() {
    throw new GraphError({
      op: "backward",
      problem: "the gradient leads out of the compiled function, to what was computed before the call",
      operands: [this.stand],
      remedy: "call backward outside, on what the function returns; or pass x.detach()"
    });
  }
};
function typesOf(def, inputs) {
  if (inputs.length === 2) {
    const [a, b] = inputs;
    if (typeof a === "number" && b instanceof Tensor) {
      return [weakSpec(def, a, b), specOfOperand(def, b, 1, false)];
    }
    if (typeof b === "number" && a instanceof Tensor) {
      return [specOfOperand(def, a, 0, false), weakSpec(def, b, a)];
    }
  }
  const floats2 = inputs.some((x) => x instanceof Tensor && isFloat(x.dtype));
  return inputs.map((x, i) => specOfOperand(def, x, i, floats2));
}
function origin() {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const line = userFrame(new Error().stack ?? "");
  Error.stackTraceLimit = limit;
  const module = runningModule();
  return { line, module: module === "" ? void 0 : module };
}

// src/compile/record.ts
function recordFunction(fn, args, options) {
  const tracer2 = new Tracer(options.device);
  const mode = gradMode();
  const before = setRecording(tracer2);
  let done = false;
  try {
    const recorded = withInterpreter(tracer2, () => {
      const inputs = args.tensors.map((t, i) => tracer2.argument(t, i));
      const list = unflatten(args.template, (i) => inputs[i]);
      const result = rejectPromise("compile", fn(...list));
      return collect(tracer2, result, inputs, options);
    });
    done = true;
    return recorded;
  } finally {
    setRecording(before);
    setGradMode(mode);
    tracer2.overlay.restore();
    if (!done) for (const undo of tracer2.undo.reverse()) undo();
  }
}
function collect(tracer2, result, inputs, options) {
  const { overlay, recorder } = tracer2;
  const flat2 = flatten3(`the result of ${options.name}`, result, (i) => `[${i}]`);
  const outputs = [];
  const targets = [];
  const output = (t, target2) => {
    outputs.push(tracer2.valueOf(t));
    targets.push(target2);
  };
  const passed = [];
  const computed = [];
  flat2.tensors.forEach((t, place4) => {
    const owner = passedOwner(t, inputs);
    if (owner !== null) passed.push({ place: place4, owner });
    else computed.push({ place: place4, t });
  });
  for (const { place: place4, t } of computed) output(t, { kind: "result", place: place4 });
  for (const cell of overlay.written()) output(cell, { kind: "cell", cell });
  const gradientEnds = [];
  for (const { of, grad: grad2, spent } of overlay.gradientEnds(options.keepGrads)) {
    if (grad2 === null) gradientEnds.push({ of, end: "none" });
    else if (spent) gradientEnds.push({ of, end: "spent" });
    else if (!(grad2 instanceof Tensor)) throw wrongGradient(grad2);
    else if (abstractHandle(grad2) === null) gradientEnds.push({ of, end: grad2 });
    else output(grad2, { kind: "gradient", of });
  }
  const forward = {
    name: options.name,
    inputs: [...tracer2.inputs],
    nodes: [...recorder.nodes],
    outputs
  };
  const roots = gradMode() ? computed.filter(({ t }) => isOpen(t.node)) : [];
  const whole = {
    graph: forward,
    sources: [...tracer2.sources],
    targets,
    result: flat2.template,
    passed,
    gradientEnds,
    guards: [...tracer2.guards, ...overlay.guards],
    randomCalls: tracer2.randomCalls,
    backward: null
  };
  return roots.length === 0 ? whole : withBackward(tracer2, whole, roots);
}
function withBackward(tracer2, whole, roots) {
  const leaves = tracer2.leaves();
  const captured = new Map(leaves.map(({ node }) => [node, null]));
  const seeds = roots.map(({ t }) => {
    const value = tracer2.recorder.input(t.spec);
    return { value, tensor: abstractTensor(value, t.spec, tracer2) };
  });
  runBackward(
    roots.map((r) => r.t),
    seeds.map((s) => s.tensor),
    false,
    true,
    { captured, floor: -1 }
  );
  const gradients = [];
  for (const { node, owner } of leaves) {
    const g = captured.get(node) ?? null;
    if (g !== null) gradients.push({ owner, value: tracer2.valueOf(g) });
  }
  if (gradients.length === 0) return whole;
  const nodes = tracer2.recorder.nodes.slice(whole.graph.nodes.length);
  return separate({ ...whole, sources: [...tracer2.sources] }, [...tracer2.inputs], nodes, {
    seeds: seeds.map((s) => s.value),
    results: roots.map((r) => r.place),
    gradients
  });
}
function isOpen(root2) {
  if (root2 === null) return false;
  const seen = /* @__PURE__ */ new Set();
  const stack3 = [root2];
  for (let n = stack3.pop(); n !== void 0; n = stack3.pop()) {
    if (n.released) return false;
    if (seen.has(n)) continue;
    seen.add(n);
    for (const e of [n.edge0, n.edge1, ...n.edges ?? []]) if (e !== null) stack3.push(e);
  }
  return true;
}
function passedOwner(t, inputs) {
  const place4 = inputs.indexOf(t);
  if (place4 >= 0) return { kind: "argument", place: place4 };
  return t.cell || abstractHandle(t) === null ? { kind: "captured", tensor: t } : null;
}
var wrongGradient = (grad2) => new GraphError({
  op: "compile",
  problem: `a gradient was set to ${given(grad2)}, not a tensor`,
  remedy: "set p.grad to a tensor of the shape of p, or to null"
});

// src/compile/compile.ts
var MANY2 = 8;
var Recorder2 = class {
  fn;
  name;
  options;
  programs = /* @__PURE__ */ new Map();
  recordings = [];
  warned = false;
  eager = false;
  constructor(fn, options) {
    this.fn = fn;
    this.options = options;
    this.name = options.name ?? (fn.name === "" ? "compiled" : fn.name);
  }
  call(args) {
    if (this.eager || recording() !== null || !enabled || !compileWanted() || anomalyMode()) {
      return this.fn(...args);
    }
    const flat2 = flatten3(this.name, args, (i) => `argument ${i}`);
    const key = this.keyOf(flat2);
    let list = this.programs.get(key);
    const program = list?.find((p) => p.holds(flat2.tensors));
    if (program !== void 0) return program.run(flat2.tensors);
    const made2 = this.record(flat2, list ?? []);
    if (made2 === null) return this.fn(...args);
    if (list === void 0) {
      list = [];
      this.programs.set(key, list);
    }
    list.push(made2);
    return made2.run(flat2.tensors);
  }
  reset() {
    this.programs.clear();
    this.recordings.length = 0;
    this.warned = false;
    this.eager = false;
  }
  explain() {
    return explain(this.name, this.recordings);
  }
  /** Everything that a recording depends on and that can be told from the call itself. */
  keyOf({ template, tensors }) {
    let key = `${structureKey(template)}|${gradMode() ? "g" : ""}|${device()}`;
    for (const t of tensors) {
      const own = t.cell ? `c${identityOf(t)}` : t.node === null ? "" : t.requiresGrad ? "r" : "";
      key += `|${t.dtype}[${t.shape}]${t.device === device() ? "" : t.device}${own}`;
    }
    return key;
  }
  record(flat2, same) {
    const { name, options } = this;
    const place4 = device();
    const { keepGrads = false, fallback = false } = options;
    this.recordings.push(describeRecording(this.recordings, flat2, same));
    if (this.recordings.length > MANY2 && !this.warned) this.warn();
    try {
      const recorded = recordFunction(this.fn, flat2, { name, device: place4, keepGrads });
      return new Program(recorded, place4);
    } catch (error) {
      this.recordings.pop();
      if (!fallback || !(error instanceof GraphError)) throw error;
      this.eager = true;
      console.warn(`[gradus] ${name} runs eagerly: ${error.message}`);
      return null;
    }
  }
  warn() {
    this.warned = true;
    const line = userFrame(new Error().stack ?? "");
    const last = this.recordings[this.recordings.length - 1];
    console.warn(
      `[gradus] ${this.name} was recorded ${this.recordings.length} times${line === void 0 ? "" : `, at ${line}`}; the last time because ${last.reason}. See explain(); sizes that vary can be declared: compile(fn, { dynamic: { ... } })`
    );
  }
};
var identities = 0;
var identity = /* @__PURE__ */ new WeakMap();
function identityOf(t) {
  let id = identity.get(t);
  if (id === void 0) {
    id = ++identities;
    identity.set(t, id);
  }
  return id;
}
var enabled = true;
function compile(fn, options = {}) {
  requireFunction("compile", fn, "write compile((x) => ...)");
  checkOptions("compile", options, ["name", "keepGrads", "fallback"]);
  const recorder = new Recorder2(fn, options);
  const compiled = (...args) => recorder.call(args);
  return Object.assign(compiled, {
    explain: () => recorder.explain(),
    reset: () => recorder.reset()
  });
}
compile.disable = () => {
  enabled = false;
};
compile.enable = () => {
  enabled = true;
};

// src/nn/index.ts
var nn_exports = {};
__export(nn_exports, {
  AvgPool2d: () => AvgPool2d,
  BatchNorm2d: () => BatchNorm2d,
  Conv2d: () => Conv2d,
  Dropout: () => Dropout,
  ELU: () => ELU,
  Embedding: () => Embedding,
  Flatten: () => Flatten,
  GELU: () => GELU,
  Identity: () => Identity,
  LSTM: () => LSTM,
  LSTMOutput: () => LSTMOutput,
  LayerNorm: () => LayerNorm,
  LeakyReLU: () => LeakyReLU,
  Linear: () => Linear,
  LogSoftmax: () => LogSoftmax,
  MaxPool2d: () => MaxPool2d,
  Module: () => Module,
  Parameter: () => Parameter,
  ReLU: () => ReLU,
  Sequential: () => Sequential,
  SiLU: () => SiLU,
  Sigmoid: () => Sigmoid,
  Softmax: () => Softmax,
  Tanh: () => Tanh,
  avgPool2d: () => avgPool2d3,
  batchNorm2d: () => batchNorm2d,
  bceWithLogits: () => bceWithLogits,
  buffer: () => buffer2,
  build: () => build,
  clipGradNorm: () => clipGradNorm,
  conv2d: () => conv2d3,
  convertCell: () => convertCell,
  crossEntropy: () => crossEntropy2,
  dropout: () => dropout3,
  elu: () => elu3,
  embedding: () => embedding2,
  flatten: () => flatten4,
  gelu: () => gelu3,
  identity: () => identity2,
  init: () => init_exports,
  l1Loss: () => l1Loss,
  layerElements: () => layerElements,
  layerName: () => layerName,
  layerNames: () => layerNames,
  layerNorm: () => layerNorm2,
  leakyRelu: () => leakyRelu3,
  linear: () => linear2,
  logSoftmax: () => logSoftmax3,
  lstm: () => lstm2,
  lstmOutput: () => lstmOutput,
  makeLayer: () => makeLayer,
  maxPool2d: () => maxPool2d3,
  mseLoss: () => mseLoss,
  nllLoss: () => nllLoss2,
  relu: () => relu3,
  sequential: () => sequential,
  sigmoid: () => sigmoid3,
  silu: () => silu3,
  softmax: () => softmax3,
  spec: () => spec_exports,
  summary: () => summary,
  tanh: () => tanh4
});

// src/nn/check-sizes.ts
function checkSize(op, name, value, min3 = 1) {
  if (Number.isSafeInteger(value) && value >= min3) return value;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number of at least ${min3}, not ${given(value)}`
  });
}
function checkPair(op, name, value, min3 = 1) {
  if (!Array.isArray(value)) {
    const n = checkSize(op, name, value, min3);
    return [n, n];
  }
  if (value.length !== 2) {
    throw new ValueError({
      op,
      problem: `${name} must be one number or [height, width], not ${given(value)}`
    });
  }
  return [checkSize(op, `${name}[0]`, value[0], min3), checkSize(op, `${name}[1]`, value[1], min3)];
}
function checkDim(op, name, value) {
  if (Number.isSafeInteger(value)) return value;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number, not ${given(value)}`,
    remedy: "negative ones count from the last dimension"
  });
}
function checkFlag(op, name, value, usual) {
  if (value === void 0) return usual;
  if (typeof value === "boolean") return value;
  throw new ValueError({ op, problem: `${name} must be true or false, not ${given(value)}` });
}
var showPair = ([h, w]) => h === w ? `${h}` : `${h}\xD7${w}`;
function checkEps2(op, value = 1e-5) {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ValueError({ op, problem: `eps must be a number from 0, not ${given(value)}` });
}

// src/nn/walk.ts
var MODULE_BRAND = /* @__PURE__ */ Symbol("gradus.module");
var isModule = (x) => typeof x === "object" && x !== null && MODULE_BRAND in x;
var join3 = (path2, name) => path2 === "" ? name : `${path2}.${name}`;
function heldBy(module) {
  const out = [];
  const containers = /* @__PURE__ */ new Set();
  const visit = (name, value) => {
    if (typeof value !== "object" || value === null) return;
    if (value instanceof Tensor || isModule(value)) {
      out.push({ name, value });
      return;
    }
    if (containers.has(value)) return;
    containers.add(value);
    if (Array.isArray(value)) value.forEach((v, i) => visit(join3(name, String(i)), v));
    else if (value instanceof Map) for (const [k2, v] of value) visit(join3(name, String(k2)), v);
    else if (isPlain2(value)) for (const k2 of Object.keys(value)) visit(join3(name, k2), value[k2]);
  };
  const fields = module;
  for (const key of Object.keys(fields)) visit(key, fields[key]);
  return out;
}
function isPlain2(x) {
  const proto = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}
function modulesBelow(root2, everyName = false) {
  const out = [];
  const seen = /* @__PURE__ */ new Set();
  const visit = (name, module) => {
    if (seen.has(module)) return;
    seen.add(module);
    out.push({ name, value: module });
    for (const held of heldBy(module)) {
      if (isModule(held.value)) visit(join3(name, held.name), held.value);
    }
    if (everyName) seen.delete(module);
  };
  visit("", root2);
  return out;
}
function cellsBelow(root2, everyName = false) {
  const out = [];
  const seen = /* @__PURE__ */ new Set();
  for (const { name, value: module } of modulesBelow(root2, everyName)) {
    for (const held of heldBy(module)) {
      const t = held.value;
      if (isModule(t) || !t.cell || seen.has(t) && !everyName) continue;
      seen.add(t);
      out.push({ name: join3(name, held.name), value: t });
    }
  }
  return out;
}
function parametersBelow(root2, isBuffer2) {
  for (const { name, value: module } of modulesBelow(root2)) {
    for (const { name: field, value: t } of heldBy(module)) {
      if (isModule(t) || t.cell || t.node === null || t.node.leaf !== t) continue;
      throw new GraphError({
        op: `${root2.constructor.name || "Module"}.parameters`,
        problem: `'${join3(name, field)}' requires a gradient but is a plain tensor, not a parameter: no optimiser could change it`,
        operands: [t],
        remedy: `make it one: ${field} = Parameter(tensor(...)); keep a tensor that is not to be trained as t.detach()`
      });
    }
  }
  return cellsBelow(root2).filter((c2) => !isBuffer2(c2.value));
}
function pathTo(root2, target2) {
  for (const { name, value } of modulesBelow(root2)) if (value === target2) return name;
  return null;
}

// src/nn/call-stack.ts
var open = [];
var reachable = /* @__PURE__ */ new WeakMap();
var announced = false;
function announcePaths() {
  if (announced) return;
  announced = true;
  setModulePathSource(runningPath);
}
var isInnermost = (module) => open.length > 0 && open[open.length - 1] === module;
function enter(module) {
  if (open.length > 0) {
    const caller = open[open.length - 1];
    if (reachable.get(module)?.has(caller) !== true) checkReachable(caller, module);
  }
  open.push(module);
}
function leave() {
  open.pop();
}
function checkReachable(caller, module) {
  if (!open.some((m) => pathTo(m, module) !== null) && hasState(module)) {
    const name = module.constructor.name;
    throw new GraphError({
      op: `${caller.constructor.name}.forward`,
      problem: `it calls a module (${name}) that none of its fields lead to, so parameters() does not list its parameters: they would not train, and train() and eval() would not reach it`,
      remedy: `make the ${name} in the constructor and keep it in a public field, array, Map or plain object; \`#private\` fields cannot be seen from outside their class`
    });
  }
  const callers = reachable.get(module) ?? /* @__PURE__ */ new WeakSet();
  callers.add(caller);
  reachable.set(module, callers);
}
var hasState = (module) => cellsBelow(module).length > 0 || modulesBelow(module).some((m) => m.value.usesTraining);
function runningPath() {
  const paths = [];
  for (let i = 0; i < open.length; i++) {
    const name = nameOf(open[i]);
    let path2 = i === 0 ? name : `${paths[i - 1]}.${name}`;
    for (let outer = i - 1; outer >= 0; outer--) {
      const found = pathTo(open[outer], open[i]);
      if (found === null) continue;
      path2 = found === "" ? paths[outer] : `${paths[outer]}.${found}`;
      break;
    }
    paths.push(path2);
  }
  return paths.at(-1) ?? "";
}
function nameOf(module) {
  const name = module.constructor.name;
  if (name === "") return "model";
  return name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (s) => s.toLowerCase());
}

// src/nn/cells.ts
var buffers = /* @__PURE__ */ new WeakSet();
function buffer2(value) {
  const cell = buffer(value);
  buffers.add(cell);
  return cell;
}
var isBuffer = (t) => buffers.has(t);
function convertCell(cell, target2) {
  if (cell.dtype === target2 || cell.device === target2) return;
  const wantsGrad = cell.requiresGrad;
  const value = cell.detach().to(target2);
  const grad2 = cell.grad?.to(target2) ?? null;
  cell.requiresGrad = false;
  cell.replaceStorage(value.storage);
  cell.offset = value.offset;
  cell.spec = value.spec;
  cell.requiresGrad = wantsGrad;
  cell.grad = grad2;
}

// src/nn/state-dict.ts
function loadState(module, cells, state, options) {
  const op = `${module}.loadStateDict`;
  checkOptions(op, options, ["strict"]);
  const strict = checkFlag(op, "strict", options.strict, true);
  const given2 = entriesOf(op, state);
  const named = cells.filter((c2) => given2.has(c2.name));
  const known = new Set(cells.map((c2) => c2.name));
  const found = new Set(named.map((c2) => c2.value));
  const missing = cells.filter((c2) => !found.has(c2.value)).map((c2) => c2.name);
  const unexpected = [...given2.keys()].filter((name) => !known.has(name));
  const shapes = named.flatMap(({ name, value }) => {
    const other = given2.get(name).shape;
    if (sameShape(value.shape, other)) return [];
    return [
      `${name} is ${formatShape(value.shape)} in the module, ${formatShape(other)} in the state`
    ];
  });
  if (strict && missing.length + unexpected.length > 0) {
    const lists = [
      ...missing.length > 0 ? [`${missing.length} missing: ${missing.join(", ")}`] : [],
      ...unexpected.length > 0 ? [`${unexpected.length} unexpected: ${unexpected.join(", ")}`] : [],
      ...shapes
    ];
    throw new ValueError({
      op,
      problem: `the names do not match
    ${lists.join("\n    ")}`,
      remedy: prefixRemedy(missing, unexpected) ?? "pass { strict: false } to load what matches"
    });
  }
  if (shapes.length > 0) {
    throw new ShapeError({ op, problem: `shapes differ
    ${shapes.join("\n    ")}` });
  }
  for (const { name, value } of named) value.assign(given2.get(name));
  return { missing, unexpected };
}
function entriesOf(op, state) {
  if (typeof state !== "object" || state === null || state instanceof Tensor) {
    throw new ValueError({
      op,
      problem: `a state is an object or a Map of names and tensors, not ${given(state)}`,
      remedy: "pass what stateDict() gave"
    });
  }
  const isMap = state instanceof Map;
  const entries = new Map(
    isMap ? state : Object.entries(state)
  );
  for (const [name, value] of entries) {
    if (value instanceof Tensor) continue;
    throw new ValueError({
      op,
      problem: `'${name}' is ${given(value)}, not a tensor`,
      remedy: remedyFor(value, isMap)
    });
  }
  return entries;
}
function remedyFor(value, isMap) {
  if (Array.isArray(value) || ArrayBuffer.isView(value) || typeof value === "number") {
    return "numbers, from JSON say, become tensors with tensor(v): Object.fromEntries(Object.entries(state).map(([name, v]) => [name, tensor(v)]))";
  }
  return isMap ? void 0 : "was a whole checkpoint passed in place of its state?";
}
function prefixRemedy(missing, unexpected) {
  if (missing.length === 0 || missing.length !== unexpected.length) return void 0;
  const shorter = (a, b) => {
    const prefix = a[0].slice(0, a[0].length - b[0].length);
    if (!prefix.endsWith(".")) return void 0;
    return a.every((name) => name.startsWith(prefix) && b.includes(name.slice(prefix.length))) ? prefix : void 0;
  };
  const extra = shorter(unexpected, missing);
  if (extra !== void 0) return `take the prefix '${extra}' off the names of the state`;
  const lacking = shorter(missing, unexpected);
  return lacking === void 0 ? void 0 : `put '${lacking}' before the names of the state`;
}

// src/nn/module.ts
var wrapped = /* @__PURE__ */ new WeakSet();
var printing = /* @__PURE__ */ new Set();
var nameOf2 = (module) => module.constructor.name || "Module";
var MISSING = {
  value() {
    throw new ValueError({
      op: `${nameOf2(this)}.forward`,
      problem: `the class ${nameOf2(this)} has no method forward`,
      remedy: "write forward(x) { ... } in it: what the module computes"
    });
  },
  writable: true,
  configurable: true
};
var Module = class {
  #training = true;
  #hooks = null;
  constructor() {
    announcePaths();
    this.#wrapForward(Object.getPrototypeOf(this));
  }
  /** @internal */
  get [MODULE_BRAND]() {
    return true;
  }
  /** Wraps the `forward` of a class once: the path of running modules, and hooks. */
  #wrapForward(prototype) {
    if (wrapped.has(prototype)) return;
    wrapped.add(prototype);
    let owner = prototype;
    while (owner !== null && !Object.hasOwn(owner, "forward")) {
      owner = Object.getPrototypeOf(owner);
    }
    if (owner === null) return void Object.defineProperty(prototype, "forward", MISSING);
    if (owner !== prototype && wrapped.has(owner)) return;
    wrapped.add(owner);
    const forward = owner.forward;
    const wrapper = function(...inputs) {
      if (this === void 0 || this === null || !(#hooks in this)) throw calledDetached();
      if (isInnermost(this)) return forward.apply(this, inputs);
      recording()?.watch(`the hooks of ${nameOf2(this)}`, () => this.#hooks);
      enter(this);
      try {
        const output = forward.apply(this, inputs);
        return this.#hooks === null ? output : this.#runHooks(inputs, output);
      } finally {
        leave();
      }
    };
    Object.defineProperty(wrapper, "name", { value: "forward" });
    Object.defineProperty(wrapper, "length", { value: forward.length });
    Object.defineProperty(owner, "forward", { value: wrapper, writable: true, configurable: true });
  }
  #runHooks(inputs, output) {
    let result = output;
    for (const hook of this.#hooks ?? []) {
      const replaced = hook(this, inputs, result);
      if (replaced !== void 0) result = replaced;
    }
    return result;
  }
  /**
   * Calls `hook` after each forward of this module, to look at outputs or to replace them.
   *
   * @example
   * const handle = net.conv.registerForwardHook((_, __, y) => console.log((y as Tensor).shape));
   * handle.remove();
   */
  registerForwardHook(hook) {
    if (typeof hook !== "function") {
      throw new ValueError({
        op: `${nameOf2(this)}.registerForwardHook`,
        problem: `a hook is a function, not ${given(hook)}`,
        remedy: "pass (module, inputs, output) => ..."
      });
    }
    this.#hooks = [...this.#hooks ?? [], hook];
    return {
      remove: () => {
        const left = (this.#hooks ?? []).filter((h) => h !== hook);
        this.#hooks = left.length === 0 ? null : left;
      }
    };
  }
  /** Whether the module trains: dropout and the like behave differently then. True at first. */
  get training() {
    recording()?.watch(`the training mode of ${nameOf2(this)}`, () => this.#training);
    return this.#training;
  }
  /** Whether `forward` reads `training`. @internal */
  get usesTraining() {
    return false;
  }
  /** Sets `training` here and in every module below. */
  train(on3 = true) {
    for (const { value } of modulesBelow(this)) value.#training = on3;
    return this;
  }
  /** The same as `train(false)`. It does not turn gradients off: that is `noGrad`. */
  eval() {
    return this.train(false);
  }
  /**
   * Every parameter here and below, each once, frozen ones too.
   *
   * Throws GraphError for a field that requires a gradient and is no Parameter: it would not train.
   */
  parameters() {
    return this.namedParameters().map(([, t]) => t);
  }
  /** Names (`layers.0.weight`) and parameters, each parameter once, in the order of fields. */
  namedParameters() {
    return pairs(parametersBelow(this, isBuffer));
  }
  /** Every buffer here and below: state that is saved but not trained. */
  buffers() {
    return this.namedBuffers().map(([, t]) => t);
  }
  /** Names and buffers, each buffer once. */
  namedBuffers() {
    return pairs(cellsBelow(this).filter((c2) => isBuffer(c2.value)));
  }
  /** Every name of every parameter and buffer: what is shared has several. @internal */
  namedCells() {
    return pairs(cellsBelow(this, true));
  }
  /** The modules held directly. */
  children() {
    return this.namedChildren().map(([, m]) => m);
  }
  /** Names (`conv`, `layers.0`) and modules held directly. */
  namedChildren() {
    return heldBy(this).flatMap(
      ({ name, value }) => isModule(value) ? [[name, value]] : []
    );
  }
  /** This module and every one below. */
  modules() {
    return modulesBelow(this).map((m) => m.value);
  }
  /** Names and modules; this module's own name is empty. */
  namedModules() {
    return pairs(modulesBelow(this));
  }
  /** Number of elements of all parameters; those that are shared count once. */
  numParameters() {
    return this.parameters().reduce((n, t) => n + t.numel, 0);
  }
  /** Sets the gradient of every parameter to null. */
  zeroGrad() {
    for (const t of this.parameters()) t.grad = null;
  }
  /** Freezes every parameter (`requiresGrad(false)`), or trains them again. */
  requiresGrad(on3 = true) {
    for (const t of this.parameters()) t.requiresGrad = on3;
    return this;
  }
  /**
   * Names and values of all parameters and buffers, as tensors that keep the values of now
   * whatever happens to the module. Names are PyTorch's; what is shared is listed under each name.
   *
   * @example
   * const best = net.stateDict();
   * net.loadStateDict(best);
   */
  stateDict() {
    return Object.fromEntries(this.namedCells().map(([name, cell]) => [name, cell.detach()]));
  }
  /**
   * Takes over values by name. Nothing changes unless everything fits. Values are converted to
   * the dtype of the parameter.
   *
   * Returns the missing and the unexpected names. Throws ValueError that lists them all, unless
   * `{ strict: false }`; ShapeError that names every shape that differs.
   */
  loadStateDict(state, options = {}) {
    return loadState(nameOf2(this), cellsBelow(this, true), state, options);
  }
  /**
   * Converts every floating-point parameter and buffer, in place: integer ones stay; or moves all
   * of them to a device. Make the optimiser afterwards: its state lies where the parameters do, and
   * has their dtype.
   *
   * Throws DtypeError for a dtype without gradients, and for what is neither a dtype nor a device.
   */
  to(target2) {
    const op = `${nameOf2(this)}.to`;
    const names = devices2().map((d) => d.name);
    if (!isDType(target2) && !names.includes(target2)) {
      throw new DtypeError({
        op,
        problem: `${given(target2)} is neither a dtype nor a device`,
        remedy: `dtypes: ${DTYPES.filter(isFloat).join(", ")}; devices: ${names.join(", ")}`
      });
    }
    if (isDType(target2) && !isFloat(target2)) {
      throw new DtypeError({
        op,
        problem: `parameters cannot be ${target2}: they need gradients`,
        remedy: "use a floating-point dtype such as 'float32' or 'float64'"
      });
    }
    for (const { value } of cellsBelow(this)) {
      if (!isDType(target2) || isFloat(value.dtype)) convertCell(value, target2);
    }
    return this;
  }
  /**
   * The arguments of the constructor, as plain data, with which a module like this one can be made:
   * what `saveModel` writes down. A class that says nothing has none to tell.
   *
   * @example
   * class Head extends nn.Module {
   *   readonly line: nn.Linear;
   *   constructor(private readonly classes: number) {
   *     super();
   *     this.line = nn.linear(64, classes);
   *   }
   *   override config() { return [this.classes]; }
   *   forward(x: Tensor) { return this.line.forward(x); }
   * }
   */
  config() {
    return [];
  }
  /** The arguments that `toString` shows. Override it to describe a layer. */
  describe() {
    return "";
  }
  /** The modules, nested, with the arguments they were made with. */
  toString() {
    const name = nameOf2(this);
    if (printing.has(this)) return `${name}(...)`;
    printing.add(this);
    try {
      const children = this.namedChildren().map(([key, child]) => `${key}: ${String(child)}`);
      if (children.length === 0) return `${name}(${this.describe()})`;
      const lines = children.join("\n").replaceAll("\n", "\n  ");
      return `${name}(${this.describe()}
  ${lines}
)`;
    } finally {
      printing.delete(this);
    }
  }
  /** What Node's console.log shows. @internal */
  [/* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom")]() {
    return this.toString();
  }
};
var pairs = (list) => list.map(({ name, value }) => [name, value]);
var calledDetached = () => new ValueError({
  op: "forward",
  problem: "it was called without its module",
  remedy: "call it as a method, net.forward(x), or pass (x) => net.forward(x)"
});

// src/nn/activations.ts
function checkNone(name, args) {
  if (args.length === 0) return;
  throw new ValueError({
    op: `nn.${name}`,
    problem: `makes a layer and takes no arguments, not ${given(args[0])}`,
    remedy: `compute with x.${name}(), or with nn.${name}().forward(x)`
  });
}
function checkFactor(op, name, value) {
  if (Number.isFinite(value)) return value;
  throw new ValueError({ op, problem: `${name} must be a number, not ${given(value)}` });
}
var ReLU = class extends Module {
  forward(x) {
    return relu(x);
  }
};
var relu3 = (...none) => {
  checkNone("relu", none);
  return new ReLU();
};
var LeakyReLU = class extends Module {
  slope;
  constructor(slope2) {
    super();
    this.slope = checkFactor("nn.leakyRelu", "slope", slope2);
  }
  config() {
    return [this.slope];
  }
  forward(x) {
    return leakyRelu(x, this.slope);
  }
  describe() {
    return `${this.slope}`;
  }
};
var leakyRelu3 = (slope2 = 0.01) => new LeakyReLU(slope2);
var ELU = class extends Module {
  alpha;
  constructor(alpha) {
    super();
    this.alpha = checkFactor("nn.elu", "alpha", alpha);
  }
  config() {
    return [this.alpha];
  }
  forward(x) {
    return elu(x, this.alpha);
  }
  describe() {
    return `${this.alpha}`;
  }
};
var elu3 = (alpha = 1) => new ELU(alpha);
var SiLU = class extends Module {
  forward(x) {
    return silu(x);
  }
};
var silu3 = (...none) => {
  checkNone("silu", none);
  return new SiLU();
};
var GELU = class extends Module {
  approximate;
  constructor(approximate = "none") {
    super();
    if (approximate !== "none" && approximate !== "tanh") {
      throw new ValueError({
        op: "nn.gelu",
        problem: `there is no approximation ${given(approximate)}`,
        remedy: "use 'none' or 'tanh'"
      });
    }
    this.approximate = approximate;
  }
  config() {
    return [this.approximate];
  }
  forward(x) {
    return gelu(x, { approximate: this.approximate });
  }
  describe() {
    return this.approximate === "none" ? "" : this.approximate;
  }
};
function gelu3(options = {}) {
  checkOptions("nn.gelu", options, ["approximate"]);
  return new GELU(options.approximate);
}
var Sigmoid = class extends Module {
  forward(x) {
    return sigmoid(x);
  }
};
var sigmoid3 = (...none) => {
  checkNone("sigmoid", none);
  return new Sigmoid();
};
var Tanh = class extends Module {
  forward(x) {
    return tanh(x);
  }
};
var tanh4 = (...none) => {
  checkNone("tanh", none);
  return new Tanh();
};
var Softmax = class extends Module {
  dim;
  constructor(dim) {
    super();
    this.dim = checkDim("nn.softmax", "dim", dim);
  }
  config() {
    return [this.dim];
  }
  forward(x) {
    return softmax(x, this.dim);
  }
  describe() {
    return `dim ${this.dim}`;
  }
};
var softmax3 = (dim) => new Softmax(dim);
var LogSoftmax = class extends Module {
  dim;
  constructor(dim) {
    super();
    this.dim = checkDim("nn.logSoftmax", "dim", dim);
  }
  config() {
    return [this.dim];
  }
  forward(x) {
    return logSoftmax(x, this.dim);
  }
  describe() {
    return `dim ${this.dim}`;
  }
};
var logSoftmax3 = (dim) => new LogSoftmax(dim);

// src/nn/avg-pool2d.ts
var AvgPool2d = class extends Module {
  kernelSize;
  stride;
  padding;
  constructor(kernelSize, options = {}) {
    super();
    const op = "nn.avgPool2d";
    this.kernelSize = checkPair(op, "kernelSize", kernelSize);
    checkOptions(op, options, ["stride", "padding"]);
    this.stride = checkPair(op, "stride", options.stride ?? kernelSize);
    this.padding = checkPair(op, "padding", options.padding ?? 0, 0);
  }
  config() {
    const { kernelSize, stride, padding } = this;
    return [kernelSize, { stride, padding }];
  }
  forward(x) {
    const { stride, padding } = this;
    return avgPool2d(x, this.kernelSize, { stride, padding });
  }
  describe() {
    const { kernelSize, stride, padding } = this;
    const parts2 = [showPair(kernelSize)];
    if (String(stride) !== String(kernelSize)) parts2.push(`stride ${showPair(stride)}`);
    if (padding[0] + padding[1] > 0) parts2.push(`padding ${showPair(padding)}`);
    return parts2.join(", ");
  }
};
var avgPool2d3 = (kernelSize, options = {}) => new AvgPool2d(kernelSize, options);

// src/nn/batch-norm2d.ts
var OP3 = "nn.batchNorm2d";
var BatchNorm2d = class extends Module {
  numFeatures;
  eps;
  momentum;
  /** One number a channel, as all others; ones at first. */
  weight;
  bias;
  /** Zeros at first. */
  runningMean;
  /** Unbiased; ones at first. */
  runningVar;
  /** 0-d int64: how many batches were trained on. */
  numBatchesTracked;
  constructor(numFeatures, options = {}) {
    super();
    this.numFeatures = checkSize(OP3, "numFeatures", numFeatures);
    checkOptions(OP3, options, ["eps", "momentum", "affine", "trackRunningStats"]);
    this.eps = checkEps2(OP3, options.eps);
    const { momentum = 0.1 } = options;
    if (momentum !== null && !(typeof momentum === "number" && momentum >= 0 && momentum <= 1)) {
      throw new ValueError({
        op: OP3,
        problem: `momentum must be a number from 0 to 1, or null, not ${given(momentum)}`,
        remedy: "it is the share of the new batch: 0.1, say"
      });
    }
    this.momentum = momentum;
    const affine2 = checkFlag(OP3, "affine", options.affine, true);
    const tracked = checkFlag(OP3, "trackRunningStats", options.trackRunningStats, true);
    const shape = [numFeatures];
    this.weight = affine2 ? Parameter(ones(shape)) : null;
    this.bias = affine2 ? Parameter(zeros(shape)) : null;
    this.runningMean = tracked ? buffer2(zeros(shape)) : null;
    this.runningVar = tracked ? buffer2(ones(shape)) : null;
    this.numBatchesTracked = tracked ? buffer2(tensor(0, { dtype: "int64" })) : null;
  }
  get usesTraining() {
    return true;
  }
  config() {
    const { eps, momentum, weight: weight2, runningMean } = this;
    const flags = { affine: weight2 !== null, trackRunningStats: runningMean !== null };
    return [this.numFeatures, { eps, momentum, ...flags }];
  }
  forward(x) {
    const { weight: weight2, bias, runningMean, runningVar, eps } = this;
    this.checkInput(x);
    if (!this.training && runningMean !== null && runningVar !== null) {
      return batchNorm(x, runningMean, runningVar, weight2, bias, { eps });
    }
    const count = numelOf(x.shape.toSpliced(1, 1));
    if (this.training && count < 2) {
      throw new ShapeError({
        op: "batchNorm2d",
        problem: `${formatShape(x.shape)} has ${count} elements in each channel: no variance`,
        operands: [x],
        remedy: "train on larger batches (dropLast), or call net.eval() to go by running statistics"
      });
    }
    const [y, mean3, variance3] = batchNormTraining(x, weight2, bias, { eps });
    if (this.training) noGrad(() => this.track(mean3, variance3, count / (count - 1)));
    return y;
  }
  /** Moves the running statistics toward those of a batch. */
  track(mean3, variance3, correction) {
    const { runningMean, runningVar, numBatchesTracked, momentum } = this;
    if (runningMean === null || runningVar === null || numBatchesTracked === null) return;
    const run3 = interpreter();
    run3.update(ADD, [numBatchesTracked, 1], null, [numBatchesTracked]);
    const share5 = momentum ?? numBatchesTracked.to("float64").reciprocal();
    const operands = [runningMean, runningVar, mean3, variance3, share5, correction];
    run3.update(RUNNING_UPDATE, operands, null, [runningMean, runningVar]);
  }
  checkInput(x) {
    const shape = x?.shape;
    if (shape === void 0 || shape.length === 4 && shape[1] === this.numFeatures) return;
    throw new ShapeError({
      op: "batchNorm2d",
      problem: `expects [N, ${this.numFeatures}, H, W], not ${formatShape(shape)}`,
      operands: [x],
      remedy: "images are batch, channels, height, width"
    });
  }
  describe() {
    const parts2 = [`${this.numFeatures}`];
    if (this.eps !== 1e-5) parts2.push(`eps ${this.eps}`);
    if (this.momentum !== 0.1) parts2.push(`momentum ${this.momentum}`);
    if (this.weight === null) parts2.push("no weight");
    if (this.runningMean === null) parts2.push("no running statistics");
    return parts2.join(", ");
  }
};
var batchNorm2d = (numFeatures, options = {}) => new BatchNorm2d(numFeatures, options);

// src/nn/check-loss.ts
function checkLossOptions(op, options, known = ["reduction"]) {
  checkOptions(op, options, known);
  const { reduction } = options;
  if (reduction === void 0 || ["mean", "sum", "none"].includes(reduction)) return;
  throw new ValueError({
    op,
    problem: `there is no reduction ${given(reduction)}`,
    remedy: "use 'mean', 'sum' or 'none'"
  });
}
function checkOperand(op, name, x, wrap2) {
  if (x instanceof Tensor) return;
  throw new DtypeError({
    op,
    problem: `the ${name} must be a tensor, not ${given(x)}`,
    remedy: fix()
  });
  function fix() {
    if (x === void 0) return "did forward return its result?";
    if (x instanceof Promise) return "await it first; a forward is not asynchronous";
    return Array.isArray(x) || ArrayBuffer.isView(x) || typeof x === "number" ? `wrap it: ${wrap2}` : "pass what forward gives, and a tensor to compare it with";
  }
}
function checkAlike(op, input, target2) {
  checkOperand(op, "input", input, "tensor(values)");
  checkOperand(op, "target", target2, "tensor(values)");
  if (sameShape(input.shape, target2.shape)) return;
  const [x, y] = [input.shape, target2.shape];
  throw new ShapeError({
    op,
    problem: `input ${formatShape(x)} and target ${formatShape(y)} differ`,
    operands: [input, target2],
    remedy: column(x, y) ? "drop the last dimension of the input: input.squeeze(-1)" : column(y, x) ? "drop the last dimension of the target: target.squeeze(-1)" : "reshape or expand one of them: silent broadcasting hides mistakes here"
  });
}
var column = (a, b) => a.length === b.length + 1 && a.at(-1) === 1 && sameShape(a.slice(0, -1), b);
function checkLabels2(op, scores2, labels, name = "logits") {
  checkOperand(op, name, scores2, "tensor(values)");
  checkOperand(op, "labels", labels, "tensor(labels, { dtype: 'int32' })");
  const [x, y] = [scores2.shape, labels.shape];
  const rest = x.length === 1 ? [] : [x[0], ...x.slice(2)];
  if (x.length === 0 || sameShape(rest, y)) return;
  const whole = labels.dtype.startsWith("int");
  const remedy2 = y.length === rest.length + 1 && y[x.length === 1 ? 0 : 1] === 1 && !sameShape(x, y) ? `drop the dimension of size 1: labels.squeeze(${x.length === 1 ? 0 : 1})` : sameShape(x, y) && whole ? "one label an example: labels.argmax(1).to('int32') of one-hot rows, or probabilities as floats" : void 0;
  if (remedy2 === void 0) return;
  throw new ShapeError({
    op,
    problem: `labels ${formatShape(y)} do not fit ${name} ${formatShape(x)}: expected ${formatShape(rest)}`,
    operands: [scores2, labels],
    remedy: remedy2
  });
}

// src/nn/l1-loss.ts
function l1Loss(input, target2, options = {}) {
  checkAlike("nn.l1Loss", input, target2);
  checkLossOptions("nn.l1Loss", options);
  return reduced(abs(sub(input, target2)), options);
}
function reduced(losses, { reduction = "mean" }) {
  if (reduction === "none") return losses;
  return reduction === "sum" ? sum(losses) : mean(losses);
}

// src/nn/bce-with-logits.ts
function bceWithLogits(input, target2, options = {}) {
  checkAlike("nn.bceWithLogits", input, target2);
  checkLossOptions("nn.bceWithLogits", options);
  const certain = sub(maximum(input, 0), mul(input, target2));
  const rest = log1p(exp(neg(abs(input))));
  return reduced(add(certain, rest), options);
}

// src/nn/evaluated.ts
function evaluated(module, f2) {
  const modes = module.modules().map((m) => [m, m.training]);
  module.eval();
  try {
    return f2();
  } finally {
    for (const [m, training] of modes) m.train(training);
  }
}

// src/nn/sequential.ts
var Sequential = class extends Module {
  length;
  constructor(modules) {
    super();
    modules.forEach((module, i) => {
      if (!isModule(module)) {
        throw new ValueError({
          op: "nn.sequential",
          problem: `argument ${i} is ${describe3(module)}, not a module`,
          remedy: remedyFor2(module)
        });
      }
      this[i] = module;
    });
    this.length = modules.length;
  }
  forward(x) {
    let y = x;
    for (let i = 0; i < this.length; i++) y = this[i].forward(y);
    return y;
  }
  /** Module `index`, counted from the end if negative. */
  at(index2) {
    return this[index2 < 0 ? index2 + this.length : index2];
  }
  *[Symbol.iterator]() {
    for (let i = 0; i < this.length; i++) yield this[i];
  }
};
var describe3 = (x) => Array.isArray(x) ? "an array" : given(x);
function remedyFor2(x) {
  if (Array.isArray(x)) return "spread it: nn.sequential(...layers)";
  if (typeof x !== "function") return "pass modules, e.g. nn.linear(4, 2), nn.relu()";
  return "call the layer function, e.g. nn.relu(), or make the module, e.g. new Block(); a function of your own goes into the forward of a class that extends nn.Module";
}
var sequential = (...modules) => new Sequential(modules);

// src/nn/spec.ts
var spec_exports = {};
__export(spec_exports, {
  LayerSpec: () => LayerSpec,
  activation: () => activation,
  avgPool2d: () => avgPool2d4,
  batchNorm2d: () => batchNorm2d2,
  conv2d: () => conv2d4,
  dense: () => dense2,
  dropout: () => dropout4,
  embedding: () => embedding3,
  flatten: () => flatten5,
  layerNorm: () => layerNorm3,
  lstm: () => lstm3,
  maxPool2d: () => maxPool2d4
});

// src/nn/init.ts
var init_exports = {};
__export(init_exports, {
  constant: () => constant3,
  defaultBound: () => defaultBound,
  fans: () => fans,
  gain: () => gain,
  kaimingNormal: () => kaimingNormal,
  kaimingUniform: () => kaimingUniform,
  normal: () => normal2,
  ones: () => ones2,
  uniform: () => uniform3,
  uniformTensor: () => uniformTensor,
  xavierNormal: () => xavierNormal,
  xavierUniform: () => xavierUniform,
  zeros: () => zeros2
});
function fans(shape) {
  if (shape.length < 2) {
    throw new ShapeError({
      op: "nn.init",
      problem: `fan-in and fan-out need at least two dimensions, not ${formatShape(shape)}`,
      remedy: "use init.uniform, init.normal or init.zeros for biases"
    });
  }
  const field = numelOf(shape.slice(2));
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}
function gain(nonlinearity, a = 0.01) {
  switch (nonlinearity) {
    case "linear":
    case "conv2d":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + a * a));
    case "selu":
      return 3 / 4;
    default:
      throw new ValueError({
        op: "nn.init",
        problem: `there is no gain for ${given(nonlinearity)}`,
        remedy: "use 'linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu' or 'selu'"
      });
  }
}
var set = (cell, make) => {
  cell.assign(noGrad(make));
  return cell;
};
function uniform3(cell, low = 0, high = 1) {
  checkRange2("nn.init.uniform", low, high);
  return set(cell, () => uniformTensor(cell.shape, low, high));
}
function normal2(cell, mean3 = 0, std3 = 1) {
  if (!(std3 >= 0)) {
    throw new ValueError({ op: "nn.init.normal", problem: `std must be at least 0, not ${std3}` });
  }
  return set(cell, () => randn(cell.shape).mul(std3).add(mean3));
}
var constant3 = (cell, value) => set(cell, () => value);
var zeros2 = (cell) => constant3(cell, 0);
var ones2 = (cell) => constant3(cell, 1);
function xavierUniform(cell, factor = 1) {
  const { fanIn, fanOut } = fans(cell.shape);
  const bound = factor * Math.sqrt(6 / (fanIn + fanOut));
  return uniform3(cell, -bound, bound);
}
function xavierNormal(cell, factor = 1) {
  const { fanIn, fanOut } = fans(cell.shape);
  return normal2(cell, 0, factor * Math.sqrt(2 / (fanIn + fanOut)));
}
function kaimingUniform(cell, options = {}) {
  const bound = Math.sqrt(3) * kaimingStd("nn.init.kaimingUniform", cell.shape, options);
  return uniform3(cell, -bound, bound);
}
function kaimingNormal(cell, options = {}) {
  return normal2(cell, 0, kaimingStd("nn.init.kaimingNormal", cell.shape, options));
}
function kaimingStd(op, shape, options) {
  checkOptions(op, options, ["a", "mode", "nonlinearity"]);
  const { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" } = options;
  if (mode !== "fanIn" && mode !== "fanOut") {
    throw new ValueError({
      op,
      problem: `there is no mode ${given(mode)}`,
      remedy: "use 'fanIn' or 'fanOut'"
    });
  }
  const { fanIn, fanOut } = fans(shape);
  return gain(nonlinearity, a) / Math.sqrt(mode === "fanIn" ? fanIn : fanOut);
}
var uniformTensor = (shape, low, high) => rand(shape).mul(high - low).add(low);
var defaultBound = (fanIn) => fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
function checkRange2(op, low, high) {
  if (low <= high) return;
  throw new ValueError({ op, problem: `the range from ${low} to ${high} is empty` });
}

// src/nn/conv2d.ts
var OPTIONS2 = ["stride", "padding", "dilation", "groups", "bias"];
var Conv2d = class extends Module {
  inChannels;
  outChannels;
  kernelSize;
  stride;
  padding;
  dilation;
  groups;
  /** `[outChannels, inChannels / groups, kernel height, kernel width]`. */
  weight;
  bias;
  constructor(inChannels, outChannels, kernelSize, options = {}) {
    super();
    const op = "nn.conv2d";
    checkSize(op, "inChannels", inChannels);
    checkSize(op, "outChannels", outChannels);
    checkOptions(op, options, OPTIONS2);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = checkPair(op, "kernelSize", kernelSize);
    this.stride = checkPair(op, "stride", options.stride ?? 1);
    this.padding = checkPair(op, "padding", options.padding ?? 0, 0);
    this.dilation = checkPair(op, "dilation", options.dilation ?? 1);
    this.groups = checkSize(op, "groups", options.groups ?? 1);
    if (inChannels % this.groups !== 0 || outChannels % this.groups !== 0) {
      throw new ValueError({
        op,
        problem: `${this.groups} groups do not divide ${inChannels} input and ${outChannels} output channels`
      });
    }
    const [height, width] = this.kernelSize;
    const perGroup = inChannels / this.groups;
    const bound = defaultBound(perGroup * height * width);
    this.weight = Parameter(uniformTensor([outChannels, perGroup, height, width], -bound, bound));
    const biased = checkFlag(op, "bias", options.bias, true);
    this.bias = biased ? Parameter(uniformTensor([outChannels], -bound, bound)) : null;
  }
  config() {
    const { stride, padding, dilation, groups } = this;
    const options = { stride, padding, dilation, groups, bias: this.bias !== null };
    return [this.inChannels, this.outChannels, this.kernelSize, options];
  }
  forward(x) {
    const { stride, padding, dilation, groups } = this;
    const options = { stride, padding, dilation, groups };
    return conv2d(x, this.weight, this.bias, options);
  }
  describe() {
    const parts2 = [`${this.inChannels}, ${this.outChannels}, kernel ${showPair(this.kernelSize)}`];
    const note = (name, pair, usual) => {
      if (pair[0] !== usual || pair[1] !== usual) parts2.push(`${name} ${showPair(pair)}`);
    };
    note("stride", this.stride, 1);
    note("padding", this.padding, 0);
    note("dilation", this.dilation, 1);
    if (this.groups !== 1) parts2.push(`groups ${this.groups}`);
    if (this.bias === null) parts2.push("no bias");
    return parts2.join(", ");
  }
};
var conv2d3 = (inChannels, outChannels, kernelSize, options = {}) => new Conv2d(inChannels, outChannels, kernelSize, options);

// src/nn/dropout.ts
var Dropout = class extends Module {
  p;
  constructor(p) {
    super();
    if (typeof p !== "number" || !(p >= 0 && p < 1)) {
      throw new ValueError({
        op: "nn.dropout",
        problem: `the probability must be from 0 up to but not including 1, not ${given(p)}`,
        remedy: "it is the share of elements that is dropped, e.g. 0.5"
      });
    }
    this.p = p;
  }
  get usesTraining() {
    return true;
  }
  config() {
    return [this.p];
  }
  forward(x) {
    if (!this.training || this.p === 0) return x;
    return dropout2(x, this.p);
  }
  describe() {
    return `${this.p}`;
  }
};
var dropout3 = (p = 0.5) => new Dropout(p);

// src/nn/embedding.ts
var OP4 = "nn.embedding";
var Embedding = class extends Module {
  numEmbeddings;
  embeddingDim;
  paddingIdx;
  /** `[numEmbeddings, embeddingDim]`. */
  weight;
  constructor(numEmbeddings, embeddingDim, options = {}) {
    super();
    checkSize(OP4, "numEmbeddings", numEmbeddings);
    checkSize(OP4, "embeddingDim", embeddingDim);
    checkOptions(OP4, options, ["paddingIdx"]);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = checkPadding(numEmbeddings, options.paddingIdx ?? null);
    this.weight = Parameter(noGrad(() => this.initial()));
  }
  /** Normal numbers, zeros in the entry of padding. */
  initial() {
    const shape = [this.numEmbeddings, this.embeddingDim];
    const values = randn(shape);
    if (this.paddingIdx === null) return values;
    const rows = reshape(iota(shape[0]), [shape[0], 1]);
    return where(ne(rows, this.paddingIdx), values, 0);
  }
  config() {
    return [this.numEmbeddings, this.embeddingDim, { paddingIdx: this.paddingIdx }];
  }
  forward(index2) {
    const { weight: weight2, paddingIdx } = this;
    return embedding(weight2, index2, { paddingIdx });
  }
  describe() {
    const padding = this.paddingIdx === null ? "" : `, padding ${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
};
function checkPadding(entries, index2) {
  if (index2 === null) return null;
  if (Number.isSafeInteger(index2) && index2 >= -entries && index2 < entries) {
    return index2 < 0 ? index2 + entries : index2;
  }
  throw new ValueError({
    op: OP4,
    problem: `paddingIdx must be a whole number from ${-entries} to ${entries - 1}, not ${given(index2)}`
  });
}
var embedding2 = (numEmbeddings, embeddingDim, options = {}) => new Embedding(numEmbeddings, embeddingDim, options);

// src/nn/flatten.ts
var Flatten = class extends Module {
  startDim;
  endDim;
  constructor(startDim, endDim) {
    super();
    this.startDim = checkDim("nn.flatten", "startDim", startDim);
    this.endDim = checkDim("nn.flatten", "endDim", endDim);
  }
  config() {
    return [this.startDim, this.endDim];
  }
  forward(x) {
    const y = x.flatten(this.startDim, this.endDim);
    return y;
  }
  describe() {
    return this.endDim === -1 ? `${this.startDim}` : `${this.startDim}, ${this.endDim}`;
  }
};
var flatten4 = (startDim = 1, endDim = -1) => new Flatten(startDim, endDim);

// src/nn/layer-norm.ts
var OP5 = "nn.layerNorm";
var LayerNorm = class extends Module {
  normalizedShape;
  eps;
  /** The shape that is normalised; ones at first. */
  weight;
  bias;
  constructor(normalizedShape, options = {}) {
    super();
    checkOptions(OP5, options, ["eps", "elementwiseAffine", "bias"]);
    const sizes = Array.isArray(normalizedShape) ? normalizedShape : [normalizedShape];
    if (sizes.length === 0) {
      throw new ShapeError({ op: OP5, problem: "normalizedShape is empty: one size at least" });
    }
    const shape = sizes.map(
      (n, i) => checkSize(OP5, sizes.length === 1 ? "normalizedShape" : `normalizedShape[${i}]`, n)
    );
    this.normalizedShape = Object.freeze(shape);
    this.eps = checkEps2(OP5, options.eps);
    const affine2 = checkFlag(OP5, "elementwiseAffine", options.elementwiseAffine, true);
    const biased = checkFlag(OP5, "bias", options.bias, true);
    this.weight = affine2 ? Parameter(ones(shape)) : null;
    this.bias = affine2 && biased ? Parameter(zeros(shape)) : null;
  }
  config() {
    const flags = { elementwiseAffine: this.weight !== null, bias: this.bias !== null };
    return [this.normalizedShape, { eps: this.eps, ...flags }];
  }
  forward(x) {
    const shape = this.normalizedShape;
    const tail = x?.shape?.slice(Math.max(0, x.shape.length - shape.length));
    if (tail !== void 0 && !sameShape(tail, shape)) {
      throw new ShapeError({
        op: "layerNorm",
        problem: `expects ${formatShape(shape)} in the last dimensions, not ${given([...tail])}`,
        operands: [x]
      });
    }
    return layerNorm(x, shape, this.weight, this.bias, { eps: this.eps });
  }
  describe() {
    const parts2 = [this.normalizedShape.join("\xD7")];
    if (this.eps !== 1e-5) parts2.push(`eps ${this.eps}`);
    if (this.weight === null) parts2.push("no weight");
    else if (this.bias === null) parts2.push("no bias");
    return parts2.join(", ");
  }
};
var layerNorm2 = (normalizedShape, options = {}) => new LayerNorm(normalizedShape, options);

// src/nn/linear.ts
var Linear = class extends Module {
  inFeatures;
  outFeatures;
  /** `[outFeatures, inFeatures]`. */
  weight;
  bias;
  constructor(inFeatures, outFeatures, options = {}) {
    super();
    const op = "nn.linear";
    checkSize(op, "inFeatures", inFeatures);
    checkSize(op, "outFeatures", outFeatures);
    checkOptions(op, options, ["bias"]);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const bound = defaultBound(inFeatures);
    this.weight = Parameter(uniformTensor([outFeatures, inFeatures], -bound, bound));
    const biased = checkFlag(op, "bias", options.bias, true);
    this.bias = biased ? Parameter(uniformTensor([outFeatures], -bound, bound)) : null;
  }
  config() {
    return [this.inFeatures, this.outFeatures, { bias: this.bias !== null }];
  }
  forward(x) {
    return linear(x, this.weight, this.bias);
  }
  describe() {
    const bias = this.bias === null ? ", no bias" : "";
    return `${this.inFeatures}, ${this.outFeatures}${bias}`;
  }
};
var linear2 = (inFeatures, outFeatures, options = {}) => new Linear(inFeatures, outFeatures, options);

// src/nn/lstm.ts
var STEPS = 16;
var OP6 = "nn.lstm";
var KEYS2 = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional"];
var LSTM = class extends Module {
  inputSize;
  hiddenSize;
  numLayers;
  bias;
  batchFirst;
  dropout;
  bidirectional;
  constructor(inputSize, hiddenSize, options = {}) {
    super();
    checkOptions(OP6, options, KEYS2);
    this.inputSize = checkSize(OP6, "inputSize", inputSize);
    this.hiddenSize = checkSize(OP6, "hiddenSize", hiddenSize);
    this.numLayers = checkSize(OP6, "numLayers", options.numLayers ?? 1);
    this.bias = checkFlag(OP6, "bias", options.bias, true);
    this.batchFirst = checkFlag(OP6, "batchFirst", options.batchFirst, false);
    this.dropout = checkDropout(options.dropout ?? 0);
    this.bidirectional = checkFlag(OP6, "bidirectional", options.bidirectional, false);
    const gates = 4 * hiddenSize;
    const bound = defaultBound(hiddenSize);
    const fields = this;
    for (const [name, layer] of this.cells()) {
      const inputs = layer === 0 ? inputSize : hiddenSize * this.directions;
      const make = (shape) => Parameter(uniformTensor(shape, -bound, bound));
      fields[`weightIh${name}`] = make([gates, inputs]);
      fields[`weightHh${name}`] = make([gates, hiddenSize]);
      if (!this.bias) continue;
      fields[`biasIh${name}`] = make([gates]);
      fields[`biasHh${name}`] = make([gates]);
    }
  }
  get directions() {
    return this.bidirectional ? 2 : 1;
  }
  /** The end of the names of each cell's parameters, and its layer. */
  cells() {
    const ends = this.bidirectional ? ["", "Reverse"] : [""];
    return Array.from(
      { length: this.numLayers },
      (_, layer) => ends.map((end) => [`L${layer}${end}`, layer])
    ).flat();
  }
  get usesTraining() {
    return this.dropout > 0 && this.numLayers > 1;
  }
  config() {
    const { numLayers, bias, batchFirst, bidirectional } = this;
    const flags = { bias, batchFirst, bidirectional };
    return [this.inputSize, this.hiddenSize, { numLayers, dropout: this.dropout, ...flags }];
  }
  forward(x, state) {
    this.checkInput(x);
    const single = x.rank === 2;
    const steps = single || !this.batchFirst ? 0 : 1;
    let y = single ? x.unsqueeze(1) : x;
    const [h0, c0] = this.startOf(y, 1 - steps, state ?? null, single);
    const hidden = [];
    const cells = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.training && this.dropout > 0) y = dropout2(y, this.dropout);
      const first = layer * this.directions;
      const outputs = [false, true].slice(0, this.directions).map((back, k2) => {
        const name = `L${layer}${back ? "Reverse" : ""}`;
        const run3 = this.runCell(name, y, steps, h0[first + k2], c0[first + k2], back);
        hidden.push(run3.h);
        cells.push(run3.c);
        return run3.outputs;
      });
      y = outputs.length === 1 ? outputs[0] : concat(outputs, -1);
      if (steps === 1) y = y.transpose(0, 1);
    }
    const end = [hidden, cells].map((list) => stack(list));
    const last = (t) => single ? t.squeeze(1) : t;
    return [last(y), [last(end[0]), last(end[1])]];
  }
  /** One cell's hidden states in all steps, `[steps, batch, hidden]`, and its state after the last. */
  runCell(name, x, steps, h0, c0, reverse) {
    const bias = this.bias ? add(this[`biasIh${name}`], this[`biasHh${name}`]) : null;
    const shares = linear(x, this[`weightIh${name}`], bias);
    const first = steps === 1 ? transpose(shares, 0, 1) : shares;
    const runs = split(first, Math.min(first.shape[0], STEPS));
    const outputs = new Array(runs.length);
    let [h, c2] = [h0, c0];
    const order = [...runs.keys()];
    for (const k2 of reverse ? order.reverse() : order) {
      const weight2 = this[`weightHh${name}`];
      const [hidden, cells] = lstm(runs[k2], weight2, h, c2, { reverse });
      outputs[k2] = hidden;
      [h, c2] = [hidden, cells].map((t) => t.at(reverse ? 0 : -1));
    }
    const all3 = outputs.length === 1 ? outputs[0] : concat(outputs);
    return { outputs: all3, h, c: c2 };
  }
  /** The state of each cell before the first step; zeros if none is given. */
  startOf(x, batchDim, state, single) {
    const count = this.numLayers * this.directions;
    const batch = x.shape[batchDim];
    if (state === null) {
      const dtype = isFloat(x.dtype) ? x.dtype : "float32";
      const zero2 = zeros([batch, this.hiddenSize], { dtype, device: x.device });
      const none = new Array(count).fill(zero2);
      return [none, none];
    }
    const wanted = single ? [count, this.hiddenSize] : [count, batch, this.hiddenSize];
    if (!Array.isArray(state) || state.length !== 2) {
      throw new ValueError({
        op: "lstm",
        problem: `the state is ${given(state)}, not [h, c]`,
        remedy: "pass what forward gave with the output: const [y, state] = lstm.forward(x)"
      });
    }
    const [h, c2] = state.map((t, i) => {
      const cell = checkTensor("lstm", t);
      if (!sameShape(cell.shape, wanted)) {
        throw new ShapeError({
          op: "lstm",
          problem: `${i === 0 ? "h" : "c"} is ${formatShape(cell.shape)}, not ${formatShape(wanted)}`,
          operands: [x, cell],
          remedy: "a state is [layers * directions, batch, hiddenSize], batchFirst or not"
        });
      }
      return (single ? cell.unsqueeze(1) : cell).unbind();
    });
    return [h, c2];
  }
  checkInput(x) {
    const { shape, dtype } = checkTensor("lstm", x);
    const steps = this.batchFirst ? "[batch, steps, features]" : "[steps, batch, features]";
    if (shape.length !== 2 && shape.length !== 3) {
      throw new ShapeError({
        op: "lstm",
        problem: `takes ${steps} or [steps, features], not ${formatShape(shape)}`,
        operands: [x]
      });
    }
    if (shape[shape.length - 1] !== this.inputSize) {
      throw new ShapeError({
        op: "lstm",
        problem: `expects ${this.inputSize} features in the last dimension of ${formatShape(shape)}`,
        operands: [x]
      });
    }
    if (shape[shape.length === 3 && this.batchFirst ? 1 : 0] === 0) {
      throw new ShapeError({
        op: "lstm",
        problem: `there are no steps in ${formatShape(shape)}`,
        operands: [x],
        remedy: `sequences are ${steps}: batchFirst is ${this.batchFirst}`
      });
    }
    if (!isFloat(dtype)) {
      throw new DtypeError({
        op: "lstm",
        problem: `takes floats, not ${dtype}`,
        operands: [x],
        remedy: "indices become vectors with nn.embedding, one-hot rows with oneHot"
      });
    }
  }
  describe() {
    const parts2 = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.numLayers > 1) parts2.push(`${this.numLayers} layers`);
    if (!this.bias) parts2.push("no bias");
    if (this.batchFirst) parts2.push("batch first");
    if (this.dropout > 0) parts2.push(`dropout ${this.dropout}`);
    if (this.bidirectional) parts2.push("bidirectional");
    return parts2.join(", ");
  }
};
function checkDropout(p) {
  if (typeof p === "number" && p >= 0 && p < 1) return p;
  throw new ValueError({
    op: OP6,
    problem: `dropout must be from 0 up to but not including 1, not ${given(p)}`,
    remedy: "it is the share of elements that is dropped between layers, e.g. 0.5"
  });
}
var lstm2 = (inputSize, hiddenSize, options = {}) => new LSTM(inputSize, hiddenSize, options);

// src/nn/lstm-output.ts
var LSTMOutput = class extends Module {
  lstm;
  returnSequences;
  constructor(inputSize, hiddenSize, options = {}) {
    super();
    const op = "nn.lstmOutput";
    const own = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional"];
    checkOptions(op, options, [...own, "returnSequences"]);
    const { returnSequences, ...rest } = options;
    this.returnSequences = checkFlag(op, "returnSequences", returnSequences, false);
    this.lstm = new LSTM(inputSize, hiddenSize, rest);
  }
  config() {
    const [inputSize, hiddenSize, options] = this.lstm.config();
    const { returnSequences } = this;
    return [inputSize, hiddenSize, { ...options, returnSequences }];
  }
  forward(x) {
    const [output, [h]] = this.lstm.forward(x);
    if (this.returnSequences) return output;
    const states = unbind(h).slice(this.lstm.bidirectional ? -2 : -1);
    return states.length === 1 ? states[0] : concat(states, -1);
  }
  describe() {
    return this.returnSequences ? "all steps" : "last step";
  }
};
var lstmOutput = (inputSize, hiddenSize, options = {}) => new LSTMOutput(inputSize, hiddenSize, options);

// src/nn/max-pool2d.ts
var MaxPool2d = class extends Module {
  kernelSize;
  stride;
  padding;
  constructor(kernelSize, options = {}) {
    super();
    const op = "nn.maxPool2d";
    this.kernelSize = checkPair(op, "kernelSize", kernelSize);
    checkOptions(op, options, ["stride", "padding"]);
    this.stride = checkPair(op, "stride", options.stride ?? kernelSize);
    this.padding = checkPair(op, "padding", options.padding ?? 0, 0);
    if (this.padding.some((p, d) => 2 * p > this.kernelSize[d])) {
      throw new ValueError({
        op,
        problem: `padding [${this.padding}] is more than half the kernel [${this.kernelSize}]`,
        remedy: "a window must not lie in the border alone"
      });
    }
  }
  config() {
    const { kernelSize, stride, padding } = this;
    return [kernelSize, { stride, padding }];
  }
  forward(x) {
    const { stride, padding } = this;
    return maxPool2d(x, this.kernelSize, { stride, padding });
  }
  describe() {
    const { kernelSize, stride, padding } = this;
    const parts2 = [showPair(kernelSize)];
    if (String(stride) !== String(kernelSize)) parts2.push(`stride ${showPair(stride)}`);
    if (padding[0] + padding[1] > 0) parts2.push(`padding ${showPair(padding)}`);
    return parts2.join(", ");
  }
};
var maxPool2d3 = (kernelSize, options = {}) => new MaxPool2d(kernelSize, options);

// src/nn/spec.ts
var ACTIVATIONS = {
  relu: () => relu3(),
  leakyRelu: () => leakyRelu3(),
  elu: () => elu3(),
  silu: () => silu3(),
  gelu: () => gelu3(),
  sigmoid: () => sigmoid3(),
  tanh: () => tanh4()
};
var LayerSpec = class {
  name;
  /** Takes whole numbers, not floats. @internal */
  takesIndices;
  /** The modules for inputs of this shape, batch left out. @internal */
  make;
  /** @internal */
  constructor(name, make, takesIndices = false) {
    this.name = name;
    this.make = make;
    this.takesIndices = takesIndices;
  }
};
function dense2(options) {
  const op = "nn.spec.dense";
  const { units, bias, activation: activation2 } = required(op, options, ["units", "bias", "activation"]);
  checkSize(op, "units", units);
  checkFlag(op, "bias", bias, true);
  const after = activationOf(op, activation2);
  return new LayerSpec("dense", (input) => {
    if (input.length === 0 || input.length > 2) {
      throw new ShapeError({
        op,
        problem: `takes [features] or [steps, features], not ${show2(input)}`,
        remedy: input.length === 0 ? void 0 : "put flatten() before it"
      });
    }
    return [linear2(input[input.length - 1], units, { bias }), ...after()];
  });
}
function conv2d4(options) {
  const op = "nn.spec.conv2d";
  const known = [
    "filters",
    "kernel",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "activation"
  ];
  const { filters, kernel, padding, activation: activation2, ...rest } = required(op, options, known);
  checkSize(op, "filters", filters);
  const sizes = checkPair(op, "kernel", kernel);
  const around = padding === "same" ? samePadding(op, sizes, rest) : padding;
  const after = activationOf(op, activation2);
  return new LayerSpec("conv2d", (input) => [
    conv2d3(channelsOf(op, input), filters, sizes, { ...rest, padding: around }),
    ...after()
  ]);
}
function maxPool2d4(options) {
  const op = "nn.spec.maxPool2d";
  const { kernel, ...rest } = required(op, options, ["kernel", "stride", "padding"]);
  const pool = maxPool2d3(checkPair(op, "kernel", kernel), rest);
  return new LayerSpec("maxPool2d", (input) => {
    channelsOf(op, input);
    return [maxPool2d3(pool.kernelSize, { stride: pool.stride, padding: pool.padding })];
  });
}
function avgPool2d4(options) {
  const op = "nn.spec.avgPool2d";
  const { kernel, ...rest } = required(op, options, ["kernel", "stride", "padding"]);
  const pool = avgPool2d3(checkPair(op, "kernel", kernel), rest);
  return new LayerSpec("avgPool2d", (input) => {
    channelsOf(op, input);
    return [avgPool2d3(pool.kernelSize, { stride: pool.stride, padding: pool.padding })];
  });
}
var flatten5 = () => new LayerSpec("flatten", () => [flatten4()]);
function dropout4(p = 0.5) {
  dropout3(p);
  return new LayerSpec("dropout", () => [dropout3(p)]);
}
function batchNorm2d2(options = {}) {
  const op = "nn.spec.batchNorm2d";
  batchNorm2d(1, options);
  return new LayerSpec("batchNorm2d", (input) => [batchNorm2d(channelsOf(op, input), options)]);
}
function layerNorm3(options = {}) {
  layerNorm2(1, options);
  return new LayerSpec("layerNorm", (input) => {
    if (input.length > 0) return [layerNorm2(input[input.length - 1], options)];
    throw new ShapeError({ op: "nn.spec.layerNorm", problem: "takes [..., features], not []" });
  });
}
function embedding3(options) {
  const op = "nn.spec.embedding";
  const known = ["entries", "features", "paddingIdx"];
  const { entries, features, paddingIdx } = required(op, options, known);
  checkSize(op, "entries", entries);
  checkSize(op, "features", features);
  return new LayerSpec("embedding", () => [embedding2(entries, features, { paddingIdx })], true);
}
function lstm3(options) {
  const op = "nn.spec.lstm";
  const own = ["units", "returnSequences", "numLayers", "bias", "dropout", "bidirectional"];
  const { units, ...rest } = required(op, options, own);
  checkSize(op, "units", units);
  return new LayerSpec("lstm", (input) => {
    if (input.length === 2) return [lstmOutput(input[1], units, { ...rest, batchFirst: true })];
    throw new ShapeError({
      op,
      problem: `takes sequences [steps, features], not ${show2(input)}`,
      remedy: "shapes leave the batch out; an LSTM before it needs { returnSequences: true }"
    });
  });
}
function activation(name) {
  const after = activationOf("nn.spec.activation", name);
  if (name !== void 0) return new LayerSpec(name, after);
  throw new ValueError({ op: "nn.spec.activation", problem: "no name was given" });
}
function required(op, options, known) {
  checkOptions(op, options, known);
  if (options !== void 0) return options;
  throw new ValueError({ op, problem: `needs options`, remedy: `pass { ${known[0]}: ... }` });
}
function activationOf(op, name) {
  if (name === void 0) return () => [];
  if (typeof name === "string" && Object.hasOwn(ACTIVATIONS, name)) {
    return () => [ACTIVATIONS[name]()];
  }
  const names = Object.keys(ACTIVATIONS).join(", ");
  throw new ValueError({
    op,
    problem: `there is no activation ${given(name)}`,
    remedy: name === "softmax" ? "leave it out: nn.crossEntropy takes the scores before it; nn.softmax(1) is a layer" : `use ${names}, or put a module such as nn.softmax(1) into the list`
  });
}
function samePadding(op, kernel, options) {
  const stride = checkPair(op, "stride", options.stride ?? 1);
  const dilation = checkPair(op, "dilation", options.dilation ?? 1);
  const sizes = checkPair(op, "kernel", kernel);
  const added = sizes.map((k2, i) => dilation[i] * (k2 - 1));
  if (stride.every((s) => s === 1) && added.every((n) => n % 2 === 0)) {
    return [added[0] / 2, added[1] / 2];
  }
  throw new ValueError({
    op,
    problem: `padding 'same' needs stride 1 and an odd kernel, not stride ${stride} and kernel ${sizes}`,
    remedy: "give the padding as a number"
  });
}
function channelsOf(op, input) {
  if (input.length === 3) return input[0];
  throw new ShapeError({
    op,
    problem: `takes images [channels, height, width], not ${show2(input)}`,
    remedy: "it comes before flatten(); shapes leave the batch out"
  });
}
var show2 = (shape) => `[${shape.join(", ")}]`;

// src/nn/build.ts
var OP7 = "nn.build";
function build(inputShape2, layers) {
  checkShape(inputShape2, OP7);
  if (!Array.isArray(layers)) {
    throw new ValueError({
      op: OP7,
      problem: `the layers are given as one array, not as ${given(layers)}`,
      remedy: "write nn.build([784], [dense({ units: 10 })])"
    });
  }
  const modules = [];
  const [first] = layers;
  const dtype = first instanceof LayerSpec && first.takesIndices ? "int32" : "float32";
  let probe = noGrad(() => zeros([0, ...inputShape2], { dtype }));
  layers.forEach((layer, index2) => {
    checkLayer(layer, index2);
    const label = `layer ${index2} (${layer instanceof LayerSpec ? layer.name : layer.constructor.name})`;
    const before = probe.shape.slice(1);
    try {
      const made2 = layer instanceof LayerSpec ? layer.make(before) : [layer];
      for (const module of made2) probe = through(module, probe);
      modules.push(...made2);
    } catch (error) {
      throw misfit2(label, before, error);
    }
  });
  return sequential(...modules);
}
function checkLayer(layer, index2) {
  if (layer instanceof LayerSpec || isModule(layer)) return;
  throw new ValueError({
    op: OP7,
    problem: `layer ${index2} is ${given(layer)}, not a layer`,
    remedy: typeof layer === "function" ? "call it, e.g. flatten()" : "take layers from nn.spec, e.g. nn.spec.dense({ units: 10 }), or pass a module"
  });
}
function through(module, probe) {
  const out = evaluated(module, () => noGrad(() => module.forward(probe)));
  if (out instanceof Tensor && out.shape.length > 0) return out;
  throw new ShapeError({
    op: OP7,
    problem: `it gives ${given(out)}, not a tensor with a batch`,
    remedy: "what a list of layers cannot express goes into a class that extends nn.Module"
  });
}
function misfit2(label, before, error) {
  if (!(error instanceof GradusError)) return error;
  const [reason] = error.message.split("\n");
  const Kind = error.constructor;
  return new Kind({
    op: OP7,
    problem: `${label} does not fit what comes before it, ${formatShape(before)}: ${reason}`,
    remedy: remedyOf(error.message),
    cause: error
  });
}
var remedyOf = (message) => /remedy: (.*)/.exec(message)?.[1];

// src/nn/clip-grad-norm.ts
var EPS = 1e-6;
function clipGradNorm(params, maxNorm) {
  const op = "nn.clipGradNorm";
  if (typeof maxNorm !== "number" || !(maxNorm > 0)) {
    throw new ValueError({ op, problem: `maxNorm must be above 0, not ${given(maxNorm)}` });
  }
  const withGrad = listOf(op, params).filter((p) => p.grad !== null);
  if (withGrad.length === 0) {
    throw new GraphError({
      op,
      problem: "no parameter has a gradient",
      remedy: "call it after loss.backward() and before opt.step()"
    });
  }
  for (const { grad: grad2 } of withGrad) {
    if (grad2 instanceof Tensor) continue;
    throw new ValueError({ op, problem: `a gradient is ${given(grad2)}, not a tensor` });
  }
  return noGrad(() => {
    const squares = withGrad.map((p) => p.grad.square().sum().to("float64"));
    const norm3 = squares.reduce((a, b) => a.add(b)).sqrt();
    const factor = norm3.add(EPS).reciprocal().mul(maxNorm).minimum(1);
    for (const p of withGrad) p.grad = p.grad.mul(factor.to(p.dtype));
    return norm3;
  });
}
function listOf(op, params) {
  if (params instanceof Tensor) return [params];
  const iterable = typeof params?.[Symbol.iterator] === "function";
  const list = iterable && typeof params !== "string" ? [...params] : null;
  const wrong = list === null ? params : list.find((p) => !(p instanceof Tensor));
  if (list !== null && wrong === void 0) return list;
  throw new ValueError({
    op,
    problem: `takes a list of parameters, not ${list === null ? "" : "one with "}${given(wrong)}`,
    remedy: "pass net.parameters()"
  });
}

// src/nn/identity.ts
var Identity = class extends Module {
  forward(x) {
    return x;
  }
};
var identity2 = () => new Identity();

// src/nn/layers.ts
var LAYERS = {
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GELU,
  Identity,
  LayerNorm,
  LeakyReLU,
  Linear,
  LogSoftmax,
  LSTM,
  LSTMOutput,
  MaxPool2d,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh
};
var product2 = (sizes) => [sizes].flat().reduce((n, size) => n * Number(size), 1);
var area = (kernel) => Array.isArray(kernel) ? product2(kernel) : Number(kernel) ** 2;
function lstmElements([inputs, hidden, options]) {
  const { numLayers = 1, bidirectional = false } = options ?? {};
  const [size, directions] = [Number(hidden), bidirectional ? 2 : 1];
  const cell = (from) => 4 * size * (from + size + 2);
  return directions * (cell(Number(inputs)) + (Number(numLayers) - 1) * cell(size * directions));
}
var ELEMENTS = {
  BatchNorm2d: ([channels]) => 4 * Number(channels) + 1,
  Conv2d: ([inputs, outputs, kernel, options]) => {
    const groups = options?.groups ?? 1;
    return product2([inputs, outputs]) / Number(groups) * area(kernel) + Number(outputs);
  },
  Embedding: ([entries, size]) => product2([entries, size]),
  LayerNorm: ([shape]) => 2 * product2(shape),
  LSTM: lstmElements,
  LSTMOutput: lstmElements,
  Linear: ([inputs, outputs]) => product2([inputs, outputs]) + Number(outputs)
};
var layerNames = () => Object.keys(LAYERS);
function layerName(module) {
  for (const [name, Layer] of Object.entries(LAYERS)) {
    if (module.constructor === Layer) return name;
  }
  return null;
}
function makeLayer(name, config) {
  if (!Object.hasOwn(LAYERS, name)) return null;
  return new LAYERS[name](...config);
}
function layerElements(name, config) {
  if (!Object.hasOwn(ELEMENTS, name)) return 0;
  const n = ELEMENTS[name](config);
  return n > 0 ? n : 0;
}

// src/nn/losses.ts
function checkIgnored(op, ignoreIndex) {
  if (ignoreIndex === void 0 || Number.isSafeInteger(ignoreIndex)) return;
  throw new ValueError({
    op,
    problem: `ignoreIndex must be a whole number, not ${given(ignoreIndex)}`
  });
}
function crossEntropy2(logits, labels, options = {}) {
  const op = "nn.crossEntropy";
  checkLabels2(op, logits, labels);
  checkLossOptions(op, options, ["reduction", "labelSmoothing", "ignoreIndex"]);
  checkIgnored(op, options.ignoreIndex);
  return crossEntropy(logits, labels, options);
}
function mseLoss(input, target2, options = {}) {
  checkAlike("nn.mseLoss", input, target2);
  checkLossOptions("nn.mseLoss", options);
  return mse(input, target2, options);
}

// src/nn/nll-loss.ts
function nllLoss2(logProbs, labels, options = {}) {
  const op = "nn.nllLoss";
  checkLabels2(op, logProbs, labels, "log-probabilities");
  checkLossOptions(op, options, ["reduction", "ignoreIndex"]);
  checkIgnored(op, options.ignoreIndex);
  return nllLoss(logProbs, labels, options);
}

// src/nn/summary.ts
function summary(module, inputShape2, options = {}) {
  const op = "nn.summary";
  if (!isModule(module)) {
    throw new ValueError({
      op,
      problem: `the first argument is a module, not ${given(module)}`,
      remedy: "write nn.summary(net, [1, 28, 28])"
    });
  }
  checkOptions(op, options, ["dtype"]);
  const outputs = inputShape2 === void 0 ? null : outputsOf(module, checkShape(inputShape2, op), options.dtype ?? "float32");
  const counted = /* @__PURE__ */ new Set();
  const rows = [];
  for (const { name, value } of modulesBelow(module)) {
    const own = parametersOf(value).filter((t) => !counted.has(t));
    for (const t of own) counted.add(t);
    if (name === "" && own.length === 0 && value.children().length > 0) continue;
    rows.push({
      path: name === "" ? "(itself)" : name,
      type: value.constructor.name,
      output: outputs === null ? "" : outputs.get(value) ?? "-",
      parameters: sizeOf3(own)
    });
  }
  const all3 = [...counted];
  const frozen = sizeOf3(all3.filter((t) => !t.requiresGrad));
  const total = sizeOf3(all3);
  const totals = `${show3(total)} parameters: ${show3(total - frozen)} trainable, ${show3(frozen)} frozen`;
  return `${table3(rows, outputs !== null)}
${totals}`;
}
var parametersOf = (module) => heldBy(module).flatMap(
  ({ value }) => value instanceof Tensor && value.cell && !isBuffer(value) ? [value] : []
);
var sizeOf3 = (list) => list.reduce((n, t) => n + t.numel, 0);
var show3 = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
function outputsOf(module, shape, dtype) {
  const outputs = /* @__PURE__ */ new Map();
  const handles = [];
  try {
    for (const m of module.modules()) {
      handles.push(
        m.registerForwardHook((_, __, output) => {
          outputs.set(m, shapesOf(output));
        })
      );
    }
    evaluated(
      module,
      () => noGrad(() => {
        module.forward(zeros([1, ...shape], { dtype }));
      })
    );
  } finally {
    for (const handle of handles) handle.remove();
  }
  return outputs;
}
function shapesOf(output) {
  if (output instanceof Tensor) return `[${output.shape.join(", ")}]`;
  if (Array.isArray(output)) return output.map(shapesOf).join(" ");
  return "-";
}
function table3(rows, shapes) {
  const cells = rows.map((r) => [
    r.path,
    r.type,
    ...shapes ? [r.output] : [],
    show3(r.parameters)
  ]);
  const head = ["layer", "type", ...shapes ? ["output"] : [], "parameters"];
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((row) => row[i].length)));
  const line = (row) => row.map((s, i) => i === row.length - 1 ? s.padStart(widths[i]) : s.padEnd(widths[i])).join("  ");
  return [head, ...cells].map(line).join("\n");
}

// src/optim/index.ts
var optim_exports = {};
__export(optim_exports, {
  Adam: () => Adam,
  Optimizer: () => Optimizer,
  Rmsprop: () => Rmsprop,
  Schedule: () => Schedule,
  Sgd: () => Sgd,
  adam: () => adam,
  adamW: () => adamW,
  cosineLr: () => cosineLr,
  exponentialLr: () => exponentialLr,
  linearLr: () => linearLr,
  rmsprop: () => rmsprop,
  sgd: () => sgd,
  stepLr: () => stepLr
});

// src/optim/hyper.ts
var stateCell = (value) => buffer(value);
var NOT_NEGATIVE = { min: 0 };
var FRACTION = { min: 0, below: 1 };
function checkHyper(op, name, value, range3) {
  const { min: min3, below: below2 = Number.POSITIVE_INFINITY } = range3;
  if (typeof value === "number" && Number.isFinite(value) && value >= min3 && value < below2) {
    return value;
  }
  const wanted = below2 === Number.POSITIVE_INFINITY ? `a number from ${min3}` : `from ${min3} up to but not including ${below2}`;
  throw new ValueError({
    op,
    problem: `${name} must be ${wanted}, not ${given(value)}`,
    remedy: name === "lr" ? "pass { lr: 1e-3 }, say" : void 0
  });
}
var Hyper = class {
  cell;
  op;
  name;
  range;
  constructor(op, name, value, range3) {
    checkHyper(op, name, value, range3);
    this.op = op;
    this.name = name;
    this.range = range3;
    this.cell = stateCell(tensor(value, { dtype: "float64" }));
  }
  get value() {
    return this.cell.item();
  }
  set value(x) {
    this.cell.assign(checkHyper(this.op, this.name, x, this.range));
  }
};

// src/optim/check-params.ts
function checkParams(op, list, known) {
  const entries = listOf2(op, list);
  const grouped = entries.length > 0 && entries.every(isGroup);
  const groups = grouped ? entries : [{ params: entries }];
  const seen = /* @__PURE__ */ new Set();
  return groups.map(({ params, ...options }, g) => {
    const where3 = grouped ? `group ${g}, ` : "";
    checkOptions(grouped ? `${op}, group ${g}` : op, options, known);
    const members = listOf2(op, params);
    if (members.length === 0) {
      throw new ValueError({
        op,
        problem: `${where3}there are no parameters`,
        remedy: "keep layers and parameters in public fields of the module: #private is not seen"
      });
    }
    const checked2 = members.map((p, i) => checkParam(op, p, `${where3}parameter ${i}`, seen));
    return {
      params: checked2.map((c2) => c2.param),
      labels: checked2.map((c2) => c2.label),
      // What is undefined is left out: it must not hide the option of all groups.
      options: Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== void 0)
      )
    };
  });
}
var isGroup = (x) => typeof x === "object" && x !== null && !(x instanceof Tensor) && "params" in x;
function listOf2(op, list) {
  const wrong = (what2, remedy2) => {
    throw new ValueError({ op, problem: `takes a list of parameters, not ${what2}`, remedy: remedy2 });
  };
  if (list instanceof Tensor) return wrong("one tensor", "put it in brackets: [w]");
  if (typeof list !== "object" || list === null) {
    return wrong(
      given(list),
      typeof list === "function" ? "call it: net.parameters()" : "pass net.parameters()"
    );
  }
  if (typeof list.parameters === "function") {
    return wrong("a module", "pass its parameters: net.parameters()");
  }
  if (isGroup(list)) return wrong("one group", "put it in brackets: [{ params, lr }]");
  if (typeof list[Symbol.iterator] !== "function") {
    return wrong(given(list), "pass net.parameters(), or [{ params, lr }] for groups");
  }
  return [...list];
}
function checkParam(op, entry, place4, seen) {
  const fail3 = (problem, remedy2) => {
    throw new ValueError({ op, problem, remedy: remedy2 });
  };
  const named = Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string";
  const p = named ? entry[1] : entry;
  const name = named ? `${place4}, '${entry[0]}'` : place4;
  if (!(p instanceof Tensor)) {
    return fail3(`${name} is ${given(p)}, not a tensor`, "pass net.parameters()");
  }
  const label = `${name} (${p.dtype} ${formatShape(p.shape)})`;
  if (!p.cell) {
    return fail3(`${label} is a plain tensor, which cannot be changed`, "make it with Parameter(t)");
  }
  if (!isFloat(p.dtype)) {
    return fail3(`${label} is no float, so it has no gradient`, "convert it: net.to('float32')");
  }
  if (seen.has(p)) {
    return fail3(`${label} is listed twice`, "give each parameter once, in one group");
  }
  seen.add(p);
  return { param: p, label };
}

// src/optim/optimizer.ts
var Group = class {
  params;
  /** The settings, by name. @internal */
  hypers;
  /** Names of the state tensors of each parameter. @internal */
  stateNames;
  /** @internal */
  cohorts;
  /** @internal */
  constructor(params, hypers, stateNames) {
    this.params = params;
    this.hypers = hypers;
    this.stateNames = stateNames;
    const slots = params.map((param2) => ({
      param: param2,
      state: stateNames.map(
        () => stateCell(zeros(param2.shape, { dtype: param2.dtype, device: param2.device }))
      )
    }));
    this.cohorts = [{ steps: stateCell(tensor(0, { dtype: "float64" })), slots }];
  }
  /** The learning rate of this group. */
  get lr() {
    return this.get("lr");
  }
  set lr(value) {
    this.set("lr", value);
  }
  get(name) {
    return this.hypers[name].value;
  }
  /** Throws ValueError for a value that makes no sense. */
  set(name, value) {
    this.hypers[name].value = value;
  }
  /** The cell of a setting, to compute with. @internal */
  cell(name) {
    return this.hypers[name].cell;
  }
};
var Optimizer = class {
  /** One for each group given; `opt.groups[1].lr = 1e-4` changes one alone. */
  groups;
  op;
  /** What errors call each parameter. */
  labels;
  constructor(op, params, known, makeGroup) {
    const checked2 = checkParams(op, params, known);
    this.op = op;
    this.labels = new Map(
      checked2.flatMap((g) => g.params.map((p, i) => [p, g.labels[i]]))
    );
    this.groups = checked2.map((g) => makeGroup(g.params, g.options));
  }
  /** The learning rate; setting it sets that of every group. Throws ValueError below 0 or for NaN. */
  get lr() {
    return this.groups[0].lr;
  }
  set lr(value) {
    for (const group of this.groups) group.lr = value;
  }
  /** Forgets the gradient of every parameter. */
  zeroGrad() {
    for (const group of this.groups) for (const p of group.params) p.grad = null;
  }
  /**
   * Changes every parameter that has a gradient, in place; the others keep value and state.
   *
   * Throws ShapeError for a gradient that was set by hand and has another shape, ValueError for one
   * that is no tensor; then nothing has changed.
   */
  step() {
    for (const group of this.groups) for (const p of group.params) this.checkGradient(p);
    noGrad(() => {
      for (const group of this.groups) for (const c2 of group.cohorts) this.advance(group, c2);
    });
    const recorded = recording();
    if (recorded === null) return;
    for (const group of this.groups) {
      for (const p of group.params) recorded.spend(p);
      recorded.watch("which parameters take a step", () => group.cohorts);
    }
  }
  advance(group, cohort) {
    const active = cohort.slots.filter((s) => s.param.grad !== null);
    if (active.length === 0) return;
    if (active.length < cohort.slots.length) {
      const before = group.cohorts;
      recording()?.onFailure(() => {
        group.cohorts = before;
      });
      outside2([cohort.steps], () => split4(group, cohort, active));
    }
    interpreter().update(ADD, [cohort.steps, 1], null, [cohort.steps]);
    this.update(group, active, cohort.steps);
  }
  checkGradient(param2) {
    const { grad: grad2 } = param2;
    if (grad2 === null) return;
    const what2 = `the gradient of ${this.labels.get(param2)}`;
    if (!(grad2 instanceof Tensor)) {
      throw new ValueError({
        op: `${this.op}.step`,
        problem: `${what2} is ${given(grad2)}, not a tensor`,
        remedy: "set p.grad to a tensor of the shape of p, or to null"
      });
    }
    if (sameShape(grad2.shape, param2.shape)) return;
    throw new ShapeError({
      op: `${this.op}.step`,
      problem: `${what2} has another shape`,
      operands: [grad2, param2]
    });
  }
  /**
   * Moments, counts of steps and settings by name (`0.expAvg`, `0.step`, `groups.0.lr`), parameters
   * being numbered in order. The tensors keep the values of now.
   */
  stateDict() {
    const out = {};
    for (const [name, cell] of this.cells()) out[name] = cell.detach();
    return out;
  }
  /**
   * Goes on from what `stateDict` gave. Throws ValueError that lists names which do not match,
   * ShapeError for parameters of other shapes; then nothing has changed.
   */
  loadStateDict(state) {
    const op = `${this.op}.loadStateDict`;
    checkState(op, state);
    for (const group of this.groups) separate2(group);
    const cells = this.cells();
    const missing = [...cells.keys()].filter((name) => !Object.hasOwn(state, name));
    const unexpected = Object.keys(state).filter((name) => !cells.has(name));
    if (missing.length + unexpected.length > 0) {
      throw new ValueError({
        op,
        problem: `names do not match; missing: ${missing.join(", ") || "none"}; unexpected: ${unexpected.join(", ") || "none"}`,
        remedy: "make the optimiser with the same kind of settings for the same parameters"
      });
    }
    for (const [name, cell] of cells) {
      if (sameShape(cell.shape, state[name].shape)) continue;
      throw new ShapeError({
        op,
        problem: `${name} is ${formatShape(cell.shape)} here and ${formatShape(state[name].shape)} in the state`
      });
    }
    for (const [name, cell] of cells) cell.assign(state[name]);
    for (const group of this.groups) unite(group);
  }
  cells() {
    const out = /* @__PURE__ */ new Map();
    const all3 = this.groups.flatMap(
      (group) => group.params.map((param2) => ({ group, param: param2, cohort: cohortOf(group, param2) }))
    );
    all3.forEach(({ group, param: param2, cohort }, i) => {
      const slot2 = cohort.slots.find((s) => s.param === param2);
      out.set(`${i}.step`, cohort.steps);
      group.stateNames.forEach((name, k2) => out.set(`${i}.${name}`, slot2.state[k2]));
    });
    this.groups.forEach((group, g) => {
      for (const name of Object.keys(group.hypers)) {
        out.set(`groups.${g}.${name}`, group.cell(name));
      }
    });
    return out;
  }
};
function outside2(uses, f2) {
  const recorded = recording();
  if (recorded === null) f2();
  else recorded.outside(uses, f2);
}
function checkState(op, state) {
  if (typeof state !== "object" || state === null || state instanceof Tensor) {
    throw new ValueError({
      op,
      problem: `a state is an object of names and tensors, not ${given(state)}`,
      remedy: "pass what stateDict() gave"
    });
  }
  for (const [name, value] of Object.entries(state)) {
    if (value instanceof Tensor) continue;
    throw new ValueError({
      op,
      problem: `'${name}' is ${given(value)}, not a tensor`,
      remedy: "make tensors of numbers, from JSON say: tensor(v, { dtype: 'float64' })"
    });
  }
}
var cohortOf = (group, param2) => group.cohorts.find((c2) => c2.slots.some((s) => s.param === param2));
var countFrom = (steps) => stateCell(steps.add(0));
function split4(group, cohort, active) {
  const rest = cohort.slots.filter((s) => !active.includes(s));
  group.cohorts = group.cohorts.flatMap(
    (c2) => c2 === cohort ? [
      { steps: cohort.steps, slots: active },
      { steps: countFrom(cohort.steps), slots: rest }
    ] : [c2]
  );
}
function separate2(group) {
  group.cohorts = group.params.map((param2) => {
    const { steps, slots } = cohortOf(group, param2);
    return { steps: countFrom(steps), slots: slots.filter((s) => s.param === param2) };
  });
}
function unite(group) {
  const byCount = /* @__PURE__ */ new Map();
  for (const { steps, slots } of group.cohorts) {
    const count = steps.item();
    const before = byCount.get(count);
    byCount.set(
      count,
      before ? { steps: before.steps, slots: [...before.slots, ...slots] } : { steps, slots }
    );
  }
  group.cohorts = [...byCount.values()];
}

// src/optim/adam.ts
var OPTIONS3 = ["lr", "betas", "eps", "weightDecay"];
var AdamGroup = class extends Group {
  constructor(op, params, options) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new ValueError({
        op,
        problem: `betas must be two numbers, e.g. [0.9, 0.999], not ${given(betas)}`
      });
    }
    const hypers = {
      lr: new Hyper(op, "lr", lr, NOT_NEGATIVE),
      beta1: new Hyper(op, "betas[0]", betas[0], FRACTION),
      beta2: new Hyper(op, "betas[1]", betas[1], FRACTION),
      eps: new Hyper(op, "eps", eps, NOT_NEGATIVE),
      weightDecay: new Hyper(op, "weightDecay", weightDecay, NOT_NEGATIVE)
    };
    super(params, hypers, ["expAvg", "expAvgSq"]);
  }
};
var Adam = class extends Optimizer {
  decoupled;
  constructor(params, options = {}, decoupled = false) {
    const op = decoupled ? "optim.adamW" : "optim.adam";
    checkOptions(op, options, OPTIONS3);
    super(op, params, OPTIONS3, (list, own) => {
      const { weightDecay = decoupled ? 0.01 : 0 } = options;
      return new AdamGroup(op, list, { ...options, weightDecay, ...own });
    });
    this.decoupled = decoupled;
  }
  update(group, slots, steps) {
    const b1 = group.cell("beta1");
    const b2 = group.cell("beta2");
    const operands = [
      group.cell("lr"),
      b1,
      b2,
      group.cell("eps"),
      group.cell("weightDecay"),
      // The averages start at zero; these are the shares of real gradients in them.
      b1.pow(steps).neg().add(1),
      b2.pow(steps).neg().add(1)
    ];
    const settings = attrs({ decoupled: this.decoupled });
    for (const { param: param2, state } of slots) {
      const [m, v] = state;
      const inputs = [param2, param2.grad, m, v, ...operands];
      interpreter().update(ADAM_UPDATE, inputs, settings, [param2, m, v]);
    }
  }
};
var adam = (params, options = {}) => new Adam(params, options);
var adamW = (params, options = {}) => new Adam(params, options, true);

// src/optim/rmsprop.ts
var OPTIONS4 = ["lr", "alpha", "eps", "weightDecay", "momentum", "centered"];
var OP8 = "optim.rmsprop";
var RmspropGroup = class extends Group {
  centered;
  constructor(params, options) {
    const { lr = 0.01, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = options;
    const { centered = false } = options;
    if (typeof centered !== "boolean") {
      throw new ValueError({
        op: OP8,
        problem: `centered must be true or false, not ${given(centered)}`
      });
    }
    const hypers = {
      lr: new Hyper(OP8, "lr", lr, NOT_NEGATIVE),
      alpha: new Hyper(OP8, "alpha", alpha, FRACTION),
      eps: new Hyper(OP8, "eps", eps, NOT_NEGATIVE),
      weightDecay: new Hyper(OP8, "weightDecay", weightDecay, NOT_NEGATIVE),
      momentum: new Hyper(OP8, "momentum", momentum, NOT_NEGATIVE)
    };
    const names = ["squareAvg"];
    if (centered) names.push("gradAvg");
    if (momentum !== 0) names.push("momentumBuffer");
    super(params, hypers, names);
    this.centered = centered;
  }
  get hasMomentum() {
    return this.stateNames.includes("momentumBuffer");
  }
  set(name, value) {
    if (name === "momentum" && value !== 0 && !this.hasMomentum) {
      throw new ValueError({
        op: OP8,
        problem: "this optimiser was made without momentum",
        remedy: "give a momentum above 0 when making it; it can be changed afterwards"
      });
    }
    super.set(name, value);
  }
};
var Rmsprop = class extends Optimizer {
  constructor(params, options = {}) {
    checkOptions(OP8, options, OPTIONS4);
    super(OP8, params, OPTIONS4, (list, own) => new RmspropGroup(list, { ...options, ...own }));
  }
  update(group, slots) {
    const names = ["lr", "alpha", "eps", "weightDecay"];
    const momentum = group.hasMomentum;
    const hypers = [...names, ...momentum ? ["momentum"] : []].map((n) => group.cell(n));
    const settings = attrs({ centered: group.centered, momentum });
    for (const { param: param2, state } of slots) {
      const inputs = [param2, param2.grad, ...state, ...hypers];
      interpreter().update(RMSPROP_UPDATE, inputs, settings, [param2, ...state]);
    }
  }
};
var rmsprop = (params, options = {}) => new Rmsprop(params, options);

// src/optim/schedule.ts
var Schedule = class {
  op;
  /** The optimiser whose rate it sets. */
  optimizer;
  rule;
  count;
  bases;
  /** @internal */
  constructor(op, optimizer, rule5) {
    if (!(optimizer instanceof Optimizer)) {
      throw new ValueError({
        op,
        problem: `the first argument is an optimiser, not ${given(optimizer)}`,
        remedy: `write ${op}(opt, { ... }) with opt = optim.adam(net.parameters()), say`
      });
    }
    this.op = op;
    this.optimizer = optimizer;
    this.rule = rule5;
    const cellOf2 = (x) => stateCell(tensor(x, { dtype: "float64" }));
    this.count = cellOf2(0);
    this.bases = optimizer.groups.map((g) => cellOf2(g.lr));
    this.assign();
  }
  /** How many steps were taken. */
  get steps() {
    return this.count.item();
  }
  /** Counts one step, and assigns the learning rates of the next. Call it after `opt.step()`. */
  step() {
    noGrad(() => interpreter().update(ADD, [this.count, 1], null, [this.count]));
    this.assign();
  }
  assign() {
    noGrad(() => {
      this.optimizer.groups.forEach((group, g) => {
        group.hypers.lr.cell.assign(
          this.rule(this.count, this.bases[g])
        );
      });
    });
  }
  /** The count of steps (`step`) and the rates at the start (`base.0`, ...), as they are now. */
  stateDict() {
    const out = {};
    for (const [name, cell] of this.cells()) out[name] = cell.detach();
    return out;
  }
  /**
   * Goes on from what `stateDict` gave, and assigns the rates. The settings stay those of this
   * schedule. Throws ValueError for names that do not match; then nothing has changed.
   */
  loadStateDict(state) {
    const op = `${this.op}.loadStateDict`;
    const fail3 = (problem) => {
      throw new ValueError({ op, problem, remedy: "pass what stateDict() gave" });
    };
    if (typeof state !== "object" || state === null || state instanceof Tensor) {
      fail3(`a state is an object of names and tensors, not ${given(state)}`);
    }
    const cells = this.cells();
    const missing = [...cells.keys()].filter((name) => !Object.hasOwn(state, name));
    const unexpected = Object.keys(state).filter((name) => !cells.has(name));
    if (missing.length + unexpected.length > 0) {
      fail3(
        `names do not match; missing: ${missing.join(", ") || "none"}; unexpected: ${unexpected.join(", ") || "none"}`
      );
    }
    for (const name of cells.keys()) {
      const value = state[name];
      if (!(value instanceof Tensor)) fail3(`'${name}' is ${given(value)}, not a tensor`);
      const { shape } = value;
      if (sameShape(shape, [])) continue;
      throw new ShapeError({ op, problem: `${name} is one number, not ${formatShape(shape)}` });
    }
    for (const [name, cell] of cells) cell.assign(state[name]);
    this.assign();
  }
  cells() {
    return new Map([
      ["step", this.count],
      ...this.bases.map((cell, g) => [`base.${g}`, cell])
    ]);
  }
};

// src/optim/schedules.ts
function checkSteps(op, name, value, min3) {
  if (Number.isSafeInteger(value) && value >= min3) return value;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number of at least ${min3}, not ${given(value)}`
  });
}
var share4 = (count, steps) => minimum2(count, steps).div(Math.max(1, steps));
function stepLr(opt, options) {
  const op = "optim.stepLr";
  checkOptions(op, options, ["stepSize", "gamma"]);
  const { stepSize, gamma: factor = 0.1 } = options ?? {};
  const size = checkSteps(op, "stepSize", stepSize, 1);
  const gamma = checkHyper(op, "gamma", factor, NOT_NEGATIVE);
  return new Schedule(op, opt, (count, base) => powers(gamma, count.div(size).floor()).mul(base));
}
function exponentialLr(opt, options) {
  const op = "optim.exponentialLr";
  checkOptions(op, options, ["gamma"]);
  const gamma = checkHyper(op, "gamma", options?.gamma, NOT_NEGATIVE);
  return new Schedule(op, opt, (count, base) => powers(gamma, count).mul(base));
}
var powers = (gamma, n) => n.mul(0).add(gamma).pow(n);
function linearLr(opt, options) {
  const op = "optim.linearLr";
  checkOptions(op, options, ["steps", "startFactor", "endFactor"]);
  const { steps: all3, startFactor = 1 / 3, endFactor = 1 } = options ?? {};
  const steps = checkSteps(op, "steps", all3, 1);
  const from = checkHyper(op, "startFactor", startFactor, NOT_NEGATIVE);
  const to = checkHyper(op, "endFactor", endFactor, NOT_NEGATIVE);
  return new Schedule(
    op,
    opt,
    (count, base) => share4(count, steps).mul(to - from).add(from).mul(base)
  );
}
function cosineLr(opt, options) {
  const op = "optim.cosineLr";
  checkOptions(op, options, ["steps", "warmup", "minLr"]);
  const { steps: all3, warmup: first = 0, minLr = 0 } = options ?? {};
  const steps = checkSteps(op, "steps", all3, 1);
  const warmup = checkSteps(op, "warmup", first, 0);
  const least = checkHyper(op, "minLr", minLr, NOT_NEGATIVE);
  if (warmup >= steps) {
    throw new ValueError({
      op,
      problem: `a warm-up of ${warmup} steps leaves none of ${steps} for the cosine`,
      remedy: "steps counts all of them, those of the warm-up included"
    });
  }
  return new Schedule(op, opt, (count, base) => {
    const angle = share4(count.sub(warmup), steps - warmup).mul(Math.PI);
    const cosine = angle.cos().add(1).mul(0.5).mul(base.sub(least)).add(least);
    if (warmup === 0) return cosine;
    const rising = count.add(1).div(warmup + 1).mul(base);
    return where2(count.lt(warmup), rising, cosine);
  });
}

// src/optim/sgd.ts
var OPTIONS5 = ["lr", "momentum", "dampening", "weightDecay", "nesterov"];
var OP9 = "optim.sgd";
var SgdGroup = class extends Group {
  nesterov;
  /** Whether momentum takes less than the whole gradient, from the second step on. */
  damped;
  constructor(params, options) {
    const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
    const hyper = (name, value) => new Hyper(OP9, name, value, NOT_NEGATIVE);
    const hypers = {
      lr: hyper("lr", lr),
      momentum: hyper("momentum", momentum),
      dampening: hyper("dampening", dampening),
      weightDecay: hyper("weightDecay", weightDecay)
    };
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ValueError({
        op: OP9,
        problem: "nesterov needs a momentum above 0 and a dampening of 0",
        remedy: "pass { momentum: 0.9, nesterov: true }"
      });
    }
    super(params, hypers, momentum === 0 ? [] : ["momentumBuffer"]);
    this.nesterov = nesterov;
    this.damped = dampening !== 0;
  }
  set(name, value) {
    const unprepared = name === "momentum" && value !== 0 && this.stateNames.length === 0 || name === "dampening" && value !== 0 && !this.damped;
    if (unprepared) {
      throw new ValueError({
        op: OP9,
        problem: `this optimiser was made without ${name}`,
        remedy: `give a ${name} above 0 when making it; it can be changed afterwards`
      });
    }
    super.set(name, value);
  }
};
var Sgd = class extends Optimizer {
  constructor(params, options) {
    checkOptions(OP9, options, OPTIONS5);
    super(
      OP9,
      params,
      OPTIONS5,
      (list, own) => new SgdGroup(list, { ...options, ...own })
    );
  }
  update(group, slots, steps) {
    const lr = group.cell("lr");
    const weightDecay = group.cell("weightDecay");
    if (group.stateNames.length === 0) {
      for (const { param: param2 } of slots) {
        const operands = [param2, param2.grad, lr, weightDecay];
        interpreter().update(SGD_UPDATE, operands, null, [param2]);
      }
      return;
    }
    const momentum = group.cell("momentum");
    const dampening = group.damped ? steps.gt(1).to("float64").mul(group.cell("dampening")) : group.cell("dampening");
    const settings = attrs({ nesterov: group.nesterov });
    for (const { param: param2, state } of slots) {
      const [buffer3] = state;
      const grad2 = param2.grad;
      const operands = [param2, grad2, buffer3, lr, momentum, dampening, weightDecay];
      interpreter().update(SGD_MOMENTUM_UPDATE, operands, settings, [param2, buffer3]);
    }
  }
};
var sgd = (params, options) => new Sgd(params, options);

// ../../tmp/w.ts
var which = process.env.W;
var makeCnn = () => nn_exports.sequential(nn_exports.conv2d(1, 32, 3), nn_exports.relu(), nn_exports.conv2d(32, 64, 3), nn_exports.relu(), nn_exports.maxPool2d(2), nn_exports.flatten(), nn_exports.linear(9216, 128), nn_exports.relu(), nn_exports.linear(128, 10));
var mlp = () => nn_exports.sequential(nn_exports.linear(784, 256), nn_exports.relu(), nn_exports.linear(256, 128), nn_exports.relu(), nn_exports.linear(128, 10));
function train(m, x) {
  const opt = optim_exports.adam(m.parameters(), { lr: 1e-3 });
  const y = randint2(0, 10, [x.shape[0]]);
  const f2 = (x2, y2) => {
    const l = nn_exports.crossEntropy(m.forward(x2), y2);
    opt.zeroGrad();
    l.backward();
    opt.step();
    return l;
  };
  const c2 = compile(f2);
  return [() => c2(x, y), () => f2(x, y)];
}
var Block2 = class extends nn_exports.Module {
  norm1 = nn_exports.layerNorm(256);
  qkv = nn_exports.linear(256, 768);
  out = nn_exports.linear(256, 256);
  norm2 = nn_exports.layerNorm(256);
  up = nn_exports.linear(256, 1024);
  down = nn_exports.linear(1024, 256);
  forward(x) {
    const [batch, length] = x.shape;
    const [q, k2, v] = this.qkv.forward(this.norm1.forward(x)).reshape([batch, length, 3, 8, 32]).permute([2, 0, 3, 1, 4]).unbind(0);
    const mixed2 = scaledDotProductAttention2(q, k2, v).transpose(1, 2).reshape([batch, length, 256]);
    const y = x.add(this.out.forward(mixed2));
    return y.add(this.down.forward(this.up.forward(this.norm2.forward(y)).gelu()));
  }
};
var blocks = () => nn_exports.sequential(...[0, 1, 2, 3].map(() => new Block2()));
var L = class extends nn_exports.Module {
  lstm = nn_exports.lstm(64, 128, { batchFirst: true });
  head = nn_exports.linear(128, 10);
  forward(x) {
    const [o] = this.lstm.forward(x);
    return this.head.forward(o.narrow(1, 63, 1).squeeze(1));
  }
};
var cases = {
  W2: () => {
    const [x, w, b] = [1, 2, 3].map(() => randn([1e6]));
    const f2 = (x2, w2, b2) => x2.mul(w2).add(b2).tanh().mul(0.5).add(0.5);
    const c2 = compile(f2);
    return [() => c2(x, w, b), () => f2(x, w, b)];
  },
  W4: () => train(mlp(), randn([64, 784])),
  W5: () => train(makeCnn(), randn([64, 1, 28, 28])),
  W7: () => train(new L(), randn([32, 64, 64])),
  W61: () => {
    const m = makeCnn().eval();
    const x = randn([1, 1, 28, 28]);
    const f2 = (x2) => noGrad(() => m.forward(x2));
    const c2 = compile(f2);
    return [() => c2(x), () => f2(x)];
  },
  W664: () => {
    const m = makeCnn().eval();
    const x = randn([64, 1, 28, 28]);
    const f2 = (x2) => noGrad(() => m.forward(x2));
    const c2 = compile(f2);
    return [() => c2(x), () => f2(x)];
  },
  W8: () => {
    const m = blocks().eval();
    const x = randn([1, 128, 256]);
    const f2 = (x2) => noGrad(() => m.forward(x2));
    const c2 = compile(f2);
    return [() => c2(x), () => f2(x)];
  },
  W8t: () => {
    const m = blocks();
    const opt = optim_exports.adamW(m.parameters());
    const x = randn([8, 128, 256]);
    const f2 = (x2) => {
      const l = m.forward(x2).square().mean();
      opt.zeroGrad();
      l.backward();
      opt.step();
      return l;
    };
    const c2 = compile(f2);
    return [() => c2(x), () => f2(x)];
  }
};
manualSeed(1);
var [c, f] = cases[which]();
var t0 = performance.now();
c();
console.log("first", (performance.now() - t0).toFixed(1));
var best = (g, ms) => {
  let b = 1e9;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const t = performance.now();
    g();
    b = Math.min(b, performance.now() - t);
  }
  return b;
};
if (process.env.PROF) {
  best(c, 500);
  globalThis.__prof = /* @__PURE__ */ new Map();
  for (let i = 0; i < +(process.env.N ?? 20); i++) c();
  let s = 0;
  for (const [k2, v] of globalThis.__prof) {
    console.log(v.toFixed(1).padStart(9), k2);
    s += v;
  }
  console.log("sum us", s.toFixed(0));
  globalThis.__prof = void 0;
}
for (let r = 0; r < 3; r++) console.log("compiled", best(c, 700).toFixed(3), process.env.EAGER ? "eager " + best(f, 700).toFixed(3) : "");
