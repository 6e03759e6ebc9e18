// Kipf & Welling, Semi-Supervised Classification with Graph Convolutional Networks, 2016.
import { bernoulli, eye, nn, optim, randint, randn, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const NODES = 128;
const FEATURES = 32;
const CLASSES = 7;
const IGNORED = -100;

class GraphConv extends nn.Module {
  line: nn.Linear;

  constructor(from: number, to: number) {
    super();
    this.line = nn.linear(from, to);
  }

  forward(x: Tensor, links: Tensor): Tensor {
    return links.matmul(this.line.forward(x));
  }
}

class Gcn extends nn.Module {
  first = new GraphConv(FEATURES, 32);
  second = new GraphConv(32, CLASSES);
  dropout = nn.dropout(0.3);

  forward(x: Tensor, adjacency: Tensor): Tensor {
    // Every node is its own neighbour; each link is weighed by the degrees at both ends.
    const withSelf: Tensor = adjacency.add(eye(adjacency.shape[0]));
    const scale = withSelf.sum(1).rsqrt();
    const links: Tensor = withSelf.mul(scale.unsqueeze(1)).mul(scale);
    const hidden = this.first.forward(this.dropout.forward(x), links).relu();
    return this.second.forward(this.dropout.forward(hidden), links);
  }
}

export const graphConvolution = {
  name: 'graph-convolution',
  describe: 'two graph convolutions over a dense adjacency, some nodes labelled; Adam',
  make() {
    const model = new Gcn();
    const opt = optim.adam(model.parameters(), { lr: 1e-2, weightDecay: 5e-4 });
    return {
      model,
      inputs: () => {
        const half: Tensor = bernoulli(0.03, [NODES, NODES]).float().triu(1);
        const known = bernoulli(0.5, [NODES]);
        const labels: Tensor = randint(0, CLASSES, [NODES]);
        return [
          randn([NODES, FEATURES]),
          half.add(half.t()),
          labels.maskedFill(known.logicalNot(), IGNORED),
        ];
      },
      step(x: Tensor, adjacency: Tensor, labels: Tensor) {
        const logits = model.forward(x, adjacency);
        const loss = nn.crossEntropy(logits, labels, { ignoreIndex: IGNORED });
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
