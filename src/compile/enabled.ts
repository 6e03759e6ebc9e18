/** Whether compiled functions run as programs: `compile.disable()` says no. */
let enabled = true;

export const compileEnabled = (): boolean => enabled;

export function setCompileEnabled(on: boolean): void {
  enabled = on;
}
