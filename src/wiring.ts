/**
 * The one module with import-time effects: it registers the devices and puts the eager interpreter
 * in the slot. Every public entry point imports it.
 */
import { cpuEngine, DeviceError } from './base/index.ts';
import { openX64, ReferenceDevice, registerDevice, WasmDevice } from './runtime/index.ts';
import { installEager } from './tensor/index.ts';

registerDevice('cpu', () => {
  const engine = cpuEngine();
  if (engine === 'reference') return new ReferenceDevice();
  if (engine === undefined || engine === 'x64') {
    const native = openX64();
    if ('device' in native) return native.device;
    if (engine === undefined) return new WasmDevice();
    throw new DeviceError({
      op: 'GRADUS_CPU',
      problem: `there is no x64 engine: ${native.reason}`,
      remedy: 'unset GRADUS_CPU: WebAssembly then computes',
    });
  }
  if (engine === 'wasm') return new WasmDevice();
  throw new DeviceError({
    op: 'GRADUS_CPU',
    problem: `there is no CPU engine '${engine}'`,
    remedy: "set GRADUS_CPU to 'x64', 'wasm' or 'reference', or unset it",
  });
});

installEager();
