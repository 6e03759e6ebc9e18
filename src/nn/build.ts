import {
  checkShape,
  type ErrorParts,
  formatShape,
  GradusError,
  given,
  type Shape,
  ShapeError,
  ValueError,
} from '../base/index.ts';
import { noGrad, Tensor, zeros } from '../tensor/index.ts';
import { evaluated } from './evaluated.ts';
import type { Module } from './module.ts';
import { type Sequential, sequential } from './sequential.ts';
import { LayerSpec } from './spec.ts';
import { isModule } from './walk.ts';

const OP = 'nn.build';

/**
 * A sequence of layers whose input sizes are worked out here, from the shape of one example: each
 * layer is asked for the shape it makes of an empty batch.
 *
 * `inputShape` leaves the batch out: `[1, 28, 28]` are images of one channel. The list holds what the
 * functions of `nn.spec` give, and modules. An `activation` becomes a module of its own: the result,
 * and the names in its state dict, are those of `nn.sequential(nn.conv2d(...), nn.relu(), ...)`.
 * Throws ShapeError that names the layer by its place in the list when a layer does not fit, ValueError
 * for what is no layer.
 *
 * @example
 * const { conv2d, dense, flatten, maxPool2d } = nn.spec;
 * const net = nn.build([1, 28, 28], [
 *   conv2d({ filters: 32, kernel: 3, activation: 'relu' }),
 *   maxPool2d({ kernel: 2 }),
 *   flatten(),
 *   dense({ units: 10 }),
 * ]);
 * net.forward(zeros([8, 1, 28, 28])).shape; // [8, 10]
 */
export function build(
  inputShape: Shape,
  layers: readonly (LayerSpec | Module)[],
): Sequential<readonly Module[]> {
  checkShape(inputShape, OP);
  if (!Array.isArray(layers)) {
    throw new ValueError({
      op: OP,
      problem: `the layers are given as one array, not as ${given(layers)}`,
      remedy: 'write nn.build([784], [dense({ units: 10 })])',
    });
  }
  const modules: Module[] = [];
  const [first] = layers;
  const dtype = first instanceof LayerSpec && first.takesIndices ? 'int32' : 'float32';
  let probe: Tensor = noGrad(() => zeros([0, ...inputShape], { dtype }) as Tensor);
  layers.forEach((layer: unknown, index) => {
    checkLayer(layer, index);
    const label = `layer ${index} (${layer instanceof LayerSpec ? layer.name : layer.constructor.name})`;
    const before = probe.shape.slice(1);
    try {
      const made = layer instanceof LayerSpec ? layer.make(before) : [layer];
      for (const module of made) probe = through(module, probe);
      modules.push(...made);
    } catch (error) {
      throw misfit(label, before, error);
    }
  });
  return sequential(...modules) as Sequential<readonly Module[]>;
}

function checkLayer(layer: unknown, index: number): asserts layer is LayerSpec | Module {
  if (layer instanceof LayerSpec || isModule(layer)) return;
  throw new ValueError({
    op: OP,
    problem: `layer ${index} is ${given(layer)}, not a layer`,
    remedy:
      typeof layer === 'function'
        ? 'call it, e.g. flatten()'
        : 'take layers from nn.spec, e.g. nn.spec.dense({ units: 10 }), or pass a module',
  });
}

/** What a module makes of an empty batch, in evaluation: no state moves, no random number is drawn. */
function through(module: Module, probe: Tensor): Tensor {
  const out = evaluated(module, () => noGrad(() => module.forward(probe) as Tensor));
  if (out instanceof Tensor && out.shape.length > 0) return out;
  throw new ShapeError({
    op: OP,
    problem: `it gives ${given(out)}, not a tensor with a batch`,
    remedy: 'what a list of layers cannot express goes into a class that extends nn.Module',
  });
}

/** The error of one layer, with its place in the list. */
function misfit(label: string, before: Shape, error: unknown): unknown {
  if (!(error instanceof GradusError)) return error;
  const [reason] = error.message.split('\n');
  const Kind = error.constructor as new (parts: ErrorParts) => GradusError;
  return new Kind({
    op: OP,
    problem: `${label} does not fit what comes before it, ${formatShape(before)}: ${reason}`,
    remedy: remedyOf(error.message),
    cause: error,
  });
}

const remedyOf = (message: string): string | undefined => /remedy: (.*)/.exec(message)?.[1];
