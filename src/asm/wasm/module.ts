/** Functions to the bytes of a module that imports one memory, `env.memory`. */
import { ByteWriter } from './byte-writer.ts';
import { type FunctionBuilder, VALUE_TYPES, type ValueType } from './function-builder.ts';

/** Limits in pages of 64 KiB, which the imported memory must satisfy. */
export interface MemoryImport {
  readonly min: number;
  readonly max?: number;
  /** A shared memory must state its maximum. */
  readonly shared?: boolean;
}

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;

/** Every function is exported under its name. */
export function encodeModule(
  functions: readonly FunctionBuilder[],
  memory: MemoryImport = { min: 0 },
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  const section = (id: number, fill: (body: ByteWriter) => void): void => {
    const body = new ByteWriter();
    fill(body);
    out.u8(id);
    out.sized(body.finish());
  };

  const signature = (f: FunctionBuilder): string => `${f.params} ${f.results}`;
  const signatures = [...new Set(functions.map(signature))];
  section(SECTION.type, (body) => {
    body.u32(signatures.length);
    for (const wanted of signatures) {
      const f = functions.find((candidate) => signature(candidate) === wanted);
      body.u8(0x60);
      body.sized(valueTypes(f?.params ?? []));
      body.sized(valueTypes(f?.results ?? []));
    }
  });
  section(SECTION.import, (body) => {
    body.u32(1);
    body.name('env');
    body.name('memory');
    body.u8(2);
    body.u8((memory.max === undefined ? 0 : 1) | (memory.shared ? 2 : 0));
    body.u32(memory.min);
    if (memory.max !== undefined) body.u32(memory.max);
  });
  section(SECTION.function, (body) => {
    body.u32(functions.length);
    for (const f of functions) body.u32(signatures.indexOf(signature(f)));
  });
  section(SECTION.export, (body) => {
    body.u32(functions.length);
    functions.forEach((f, i) => {
      body.name(f.name);
      body.u8(0);
      body.u32(i);
    });
  });
  section(SECTION.code, (body) => {
    body.u32(functions.length);
    for (const f of functions) {
      const code = new ByteWriter();
      f.encode(code);
      body.sized(code.finish());
    }
  });
  return out.finish();
}

const valueTypes = (types: readonly ValueType[]): number[] => types.map((t) => VALUE_TYPES[t]);
