import { Module } from './module.ts';

/** See {@link identity}. */
export class Identity extends Module {
  forward<T>(x: T): T {
    return x;
  }
}

/** Gives its input back: a place holder, e.g. for a head that was taken off. */
export const identity = (): Identity => new Identity();
