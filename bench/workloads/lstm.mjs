import { nn, randn } from 'gradus';
import { trainingStep } from './train.mjs';

// A copy, as it may lack what is asked for.
const { lstm } = { ...nn };
const [BATCH, LENGTH, INPUTS, HIDDEN] = [32, 64, 64, 128];

/** W7: one Adam step of an LSTM with a dense head on its last output. */
export const lstmStep = {
  group: 'W7',
  name: 'W7',
  title: 'training step of an LSTM',
  warmUp: 1500,
  budget: 1000,
  prepare() {
    if (lstm === undefined) throw new Error('there is no nn.lstm');
    class Net extends nn.Module {
      lstm = lstm(INPUTS, HIDDEN, { batchFirst: true });
      head = nn.linear(HIDDEN, 10);
      forward(x) {
        const [output] = this.lstm.forward(x);
        return this.head.forward(output.narrow(1, LENGTH - 1, 1).squeeze(1));
      }
    }
    return trainingStep(new Net(), randn([BATCH, LENGTH, INPUTS]));
  },
};
