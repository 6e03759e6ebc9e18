export { DeviceError } from './device-error.ts';
export { DtypeError } from './dtype-error.ts';
export { FormatError } from './format-error.ts';
export {
  type ErrorParts,
  GradusError,
  runningModule,
  setModulePathSource,
} from './gradus-error.ts';
export { GraphError } from './graph-error.ts';
export { IndexError } from './index-error.ts';
export { ShapeError } from './shape-error.ts';
export { userFrame } from './user-frame.ts';
export { ValueError } from './value-error.ts';
