/** In place of the x86-64 engine where there is no native code; its code is then in no bundle. */
import type { Device } from '../device.ts';

export const openX64 = (): { readonly device: Device } | { readonly reason: string } => ({
  reason: 'machine code runs in Node alone',
});
