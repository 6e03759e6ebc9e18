/** `gradus devices`: what there is to compute on. */
import { devices } from '../index.ts';

export function showDevices(): void {
  for (const { name, engine, heapBytes } of devices()) {
    const held = `${(heapBytes / 2 ** 20).toFixed(0)} MB held`;
    console.log(`${name.padEnd(8)} ${engine}, ${held}`);
  }
}
