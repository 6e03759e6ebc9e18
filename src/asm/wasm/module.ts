/** Functions to the bytes of a module that imports one memory, `env.memory`, and perhaps a table. */
import { ByteWriter } from './byte-writer.ts';
import { type FunctionBuilder, VALUE_TYPES, type ValueType } from './function-builder.ts';

/** Limits in pages of 64 KiB, which the imported memory must satisfy. */
export interface MemoryImport {
  readonly min: number;
  readonly max?: number;
  /** A shared memory must state its maximum. */
  readonly shared?: boolean;
}

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A table of functions, `env.table`, and the signatures that `call_indirect` names by number. */
export interface TableImport {
  readonly min: number;
  readonly signatures: readonly Signature[];
}

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;

/** Every function is exported under its name. */
export function encodeModule(
  functions: readonly FunctionBuilder[],
  memory: MemoryImport = { min: 0 },
  table: TableImport | null = null,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  const section = (id: number, fill: (body: ByteWriter) => void): void => {
    const body = new ByteWriter();
    fill(body);
    out.u8(id);
    out.sized(body.finish());
  };

  // Those of the table come first: their numbers are what instructions hold.
  const signatures: Signature[] = [...(table?.signatures ?? [])];
  const place = (f: Signature): number => signatures.findIndex((s) => nameOf(s) === nameOf(f));
  for (const f of functions) if (place(f) < 0) signatures.push(f);
  section(SECTION.type, (body) => {
    body.u32(signatures.length);
    for (const { params, results } of signatures) {
      body.u8(0x60);
      body.sized(valueTypes(params));
      body.sized(valueTypes(results));
    }
  });
  section(SECTION.import, (body) => {
    body.u32(table === null ? 1 : 2);
    body.name('env');
    body.name('memory');
    body.u8(2);
    body.u8((memory.max === undefined ? 0 : 1) | (memory.shared ? 2 : 0));
    body.u32(memory.min);
    if (memory.max !== undefined) body.u32(memory.max);
    if (table === null) return;
    body.name('env');
    body.name('table');
    body.raw([1, FUNCREF, 0]);
    body.u32(table.min);
  });
  section(SECTION.function, (body) => {
    body.u32(functions.length);
    for (const f of functions) body.u32(place(f));
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

const FUNCREF = 0x70;
const nameOf = ({ params, results }: Signature): string => `${params} ${results}`;
const valueTypes = (types: readonly ValueType[]): number[] => types.map((t) => VALUE_TYPES[t]);
