export { COND, isTrue } from './cond.ts';
export { SCAN, type ScanAttrs, scanWord } from './scan.ts';
export {
  WHILE_LOOP,
  WHILE_LOOP_GRAD,
  type WhileGradAttrs,
  type WhileLoopAttrs,
} from './while-loop.ts';
