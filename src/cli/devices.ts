/** `gradus devices`: what there is to compute on. */
import { device, devices } from '../index.ts';

export function showDevices(): void {
  for (const name of devices()) console.log(name === device() ? `${name} (default)` : name);
}
