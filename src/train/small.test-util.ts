/** A small problem that trains in milliseconds, with dropout so that random numbers matter. */
import { manualSeed, nn, optim, randn, type Tensor, tensor } from '../index.ts';
import type { Module } from '../nn/index.ts';
import type { TrainerOptions } from './options.ts';
import type { Output } from './progress-line.ts';
import { Trainer } from './trainer.ts';

export const CLASSES = 3;

/** 60 points in 4 dimensions; the class is that of the largest of 3 fixed projections. */
export function points(count = 60): { x: Tensor; y: Tensor } {
  manualSeed(7);
  const x = randn([count, 4]) as Tensor;
  const y = x.matmul(randn([4, CLASSES])).argmax(1) as Tensor;
  return { x, y };
}

export function network(): Module {
  manualSeed(3);
  return nn.sequential(nn.linear(4, 8), nn.relu(), nn.dropout(0.2), nn.linear(8, CLASSES));
}

export function trainerOf(net: Module = network(), options: Partial<TrainerOptions> = {}): Trainer {
  const optimizer = optim.adam(net.parameters(), { lr: 0.01 });
  return new Trainer(net, { loss: nn.crossEntropy, optimizer, ...options });
}

/** Every bit of a model's state, as text. */
export const bitsOf = (net: Module): string =>
  Object.entries(net.stateDict())
    .map(([name, t]) => `${name}=${Buffer.from(t.data().buffer.slice(0)).toString('hex')}`)
    .join('\n');

export function recorder(isTTY = false): Output & { text: string } {
  return {
    isTTY,
    columns: 100,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}

export const labels = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });
