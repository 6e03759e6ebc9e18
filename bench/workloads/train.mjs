import { nn, optim, randint, randn } from 'gradus';
import { maybeCompiled } from './compiled.mjs';

const BATCH = 64;

/** Forward, loss, gradients, Adam: one step, whose loss is read. */
export function trainingStep(model, x, classes = 10) {
  const opt = optim.adam(model.parameters(), { lr: 1e-3 });
  const y = randint(0, classes, [x.shape[0]]);
  const step = maybeCompiled((x, y) => {
    const loss = nn.crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    return loss;
  });
  return () => step(x, y).item();
}

/** conv3x3x32-relu-conv3x3x64-relu-maxpool2-dense128-relu-dense10 on 28x28. */
export const makeCnn = () =>
  nn.sequential(
    nn.conv2d(1, 32, 3),
    nn.relu(),
    nn.conv2d(32, 64, 3),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(9216, 128),
    nn.relu(),
    nn.linear(128, 10),
  );

/** W4: one Adam step of an MLP 784-256-128-10, batch 64. */
export const mlpStep = {
  group: 'W4',
  name: 'W4',
  title: 'training step of an MLP',
  warmUp: 1000,
  prepare() {
    const model = nn.sequential(
      nn.linear(784, 256),
      nn.relu(),
      nn.linear(256, 128),
      nn.relu(),
      nn.linear(128, 10),
    );
    return trainingStep(model, randn([BATCH, 784]));
  },
};

/** W5: one Adam step of the CNN. */
export const cnnStep = {
  group: 'W5',
  name: 'W5',
  title: 'training step of a CNN',
  warmUp: 1500,
  budget: 1500,
  prepare: () => trainingStep(makeCnn(), randn([BATCH, 1, 28, 28])),
};
