/** The data sets by name: `datasets.digits()`, `await datasets.mnist()`. */
export { digits } from './digits.ts';
export { fashionMnist, mnist } from './mnist.ts';
export { shakespeare } from './shakespeare.ts';
