// Trains a small network with checkpoints, and tells each step that is safe. Killed by kill.mjs.
import { manualSeed, nn, optim } from 'gradus';
import { datasets } from 'gradus/data';
import { accuracy, earlyStopping, lrSchedule, Trainer } from 'gradus/train';

const [checkpoint = 'run.safetensors'] = process.argv.slice(2);

manualSeed(1);
const { train, test } = datasets.digits().split(0.2, { seed: 1 });
const net = nn.sequential(
  nn.flatten(),
  nn.linear(64, 48),
  nn.relu(),
  nn.dropout(0.2),
  nn.linear(48, 10),
);
const optimizer = optim.adam(net.parameters(), { lr: 3e-3 });
const schedule = optim.cosineLr(optimizer, { steps: 40 * 46, warmup: 50 });
const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer, metrics: [accuracy()] });
let first = true;
const history = await trainer.fit(train, {
  epochs: 40,
  batchSize: 32,
  validation: test,
  checkpoint: { path: checkpoint, everySteps: 5 },
  resume: true,
  progress: 'none',
  callbacks: [
    lrSchedule(schedule),
    earlyStopping({ patience: 39 }),
    {
      onFitStart: (run) => void process.stdout.write(`start ${run.step}\n`),
      onStepEnd: (run) => {
        // Told at the step after: by then the checkpoint of step - 1 was written.
        if (!first && (run.step - 1) % 5 === 0) process.stdout.write(`safe ${run.step - 1}\n`);
        first = false;
      },
    },
  ],
});
const bits = Object.values(net.stateDict()).map((t) =>
  Buffer.from(t.data().buffer as ArrayBuffer).toString('hex'),
);
const { createHash } = await import('node:crypto');
const sum = createHash('sha256').update(bits.join()).digest('hex');
process.stdout.write(`end ${sum} ${history.epochs.map((e) => e.logs.valLoss).join(' ')}\n`);
