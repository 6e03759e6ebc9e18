/** What Gradus uses of koffi, the foreign-function library: a handful of calls. */

/** A C function called with numbers; a 64-bit result is a bigint if it is no safe integer. */
export type NativeFunction = (...args: number[]) => number | bigint;

/** A parsed C type; koffi's own business. */
export type NativeType = { readonly __koffi: never };

export interface Koffi {
  /** `null` is the process itself: all that is already loaded. */
  load(path: string | null): KoffiLibrary;
  proto(result: string, args: readonly string[]): NativeType;
  decode(address: number, type: NativeType): NativeFunction;
  /** The bytes at an address, as a buffer that nobody frees. */
  view(address: number, bytes: number): ArrayBuffer;
  address(memory: ArrayBufferLike | ArrayBufferView): bigint;
  errno(): number;
}

export interface KoffiLibrary {
  func(name: string, result: string, args: readonly string[]): NativeFunction;
  /** Address of a symbol; throws if there is none. */
  symbol(name: string): bigint;
}

/** What a platform says of itself and its koffi, or why it has none. */
export interface Platform {
  readonly koffi: Koffi | null;
  /** Why `koffi` is null. */
  readonly reason: string;
  /** Processors this process may use. */
  readonly processors: number;
  /** Bytes of memory that this process may still take, about. */
  available(): number;
  /** Bytes of all ArrayBuffers of this isolate. */
  bufferBytes(): number;
  /** An ArrayBuffer whose bytes are whatever was there before. */
  allocate(bytes: number): ArrayBuffer;
}
