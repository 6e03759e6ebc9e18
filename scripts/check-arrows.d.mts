/** One broken rule, at a line of a file. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The part of package.json that the arrows depend on. */
export interface PackageNames {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly sideEffects?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The violations of `files` (path from the repository root -> text). */
export function checkArrows(
  files: ReadonlyMap<string, string>,
  pkg: PackageNames,
): readonly Violation[];
