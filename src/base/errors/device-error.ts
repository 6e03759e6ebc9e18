import { GradusError } from './gradus-error.ts';

/** Thrown for a device that is missing, full or of the wrong kind for the call. */
export class DeviceError extends GradusError {}
