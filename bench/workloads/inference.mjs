import { noGrad, randn } from 'gradus';
import { maybeCompiled } from './compiled.mjs';
import { makeCnn } from './train.mjs';

/** W6: the CNN's answers, in evaluation mode. */
export const inference = [1, 64].map((batch) => ({
  group: 'W6',
  name: `W6-b${batch}`,
  title: `inference of a CNN, batch ${batch}`,
  warmUp: 800,
  prepare() {
    const model = makeCnn().eval();
    const x = randn([batch, 1, 28, 28]);
    const answer = maybeCompiled((x) => noGrad(() => model.forward(x)));
    return () => answer(x).data();
  },
}));
