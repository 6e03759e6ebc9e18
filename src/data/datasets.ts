/** The data sets by name: `datasets.digits()`. */
export { digits } from './digits.ts';
