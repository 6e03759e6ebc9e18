/**
 * The one module with import-time effects: it registers the devices and puts the eager interpreter
 * in the slot. Every public entry point imports it.
 */
import { cpuEngine, DeviceError } from './base/index.ts';
import { ReferenceDevice, registerDevice, WasmDevice } from './runtime/index.ts';
import { installEager } from './tensor/index.ts';

registerDevice('cpu', () => {
  const engine = cpuEngine() ?? 'wasm';
  if (engine === 'reference') return new ReferenceDevice();
  if (engine === 'wasm') return new WasmDevice();
  throw new DeviceError({
    op: 'GRADUS_CPU',
    problem: `there is no CPU engine '${engine}'`,
    remedy: "set GRADUS_CPU to 'wasm' or 'reference', or unset it",
  });
});

installEager();
