export * from './dtype.ts';
export * from './errors/index.ts';
export * from './flags.ts';
export * from './given.ts';
export * from './options.ts';
export * from './philox.ts';
export * from './shape.ts';
export * from './spec.ts';
