/** `gradus info <model>`: what a saved model is made of. */
import { statSync, writeFileSync } from 'node:fs';
import { loadModel, type ModelInfo, type ModelNode, modelInfo } from '../format/index.ts';
import { compile, type DType, nn, noGrad, type Tensor, zeros } from '../index.ts';

interface InfoOptions {
  /** The shape of an input, its batch first: output shapes are told too. */
  readonly input?: readonly number[];
  /** Of such an input. Default float32. */
  readonly dtype?: DType;
  /** Where a picture of the graph of `forward` goes, as SVG; needs `input`. */
  readonly graph?: string;
  readonly json?: boolean;
  readonly out?: { write(text: string): unknown };
}

/**
 * Shows the layers of a saved model, its tensors and what was saved with it. Only the header is read;
 * with `input` the model is made and run once. Throws FormatError for what is no model.
 */
export function showInfo(path: string, options: InfoOptions = {}): void {
  const { input, dtype = 'float32', graph, json = false, out = process.stdout } = options;
  const info = modelInfo(path);
  if (json) {
    out.write(`${JSON.stringify(info, null, 2)}\n`);
    return;
  }
  const lines = [
    `${path}: a model, ${bytes(statSync(path).size)}`,
    '',
    ...layers(info),
    '',
    ...totals(info),
  ];
  if (input !== undefined) {
    lines.push('', `With an input ${shapeText(input)}, in batches of one:`, '');
    const model = loadModel(path);
    lines.push(nn.summary(model, input.slice(1), { dtype }));
    if (graph !== undefined) {
      writeFileSync(graph, pictureOf(model, zeros(input, { dtype })));
      lines.push('', `The graph of its forward is in ${graph}.`);
    }
  }
  out.write(`${lines.join('\n')}\n`);
}

function pictureOf(model: nn.Module, input: Tensor): string {
  const forward = compile((x: Tensor) => model.forward(x), { name: 'forward' });
  return noGrad(() => {
    const svg: string = forward.graph(input).toSvg();
    return svg;
  });
}

/** A line a module: its path, what it is, and its own tensors. */
function layers(info: ModelInfo): string[] {
  const rows: string[][] = [];
  const visit = (node: ModelNode, path: string): void => {
    // Options are left out: --json has them.
    const sizes = node.config.filter((x) => typeof x !== 'object' || Array.isArray(x));
    const config = sizes.map((x) => JSON.stringify(x).replaceAll(',', ', ')).join(', ');
    const made = node.same === undefined ? `${node.type}(${config})` : `the same as ${node.same}`;
    rows.push([path === '' ? '(itself)' : path, made, tensorsOf(info, node, path)]);
    for (const [name, child] of node.children) visit(child, join(path, name));
  };
  visit(info.model, '');
  const widths = [0, 1].map((i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map(([path, made, own]) =>
    `${path.padEnd(widths[0])}  ${made.padEnd(widths[1])}  ${own}`.trimEnd(),
  );
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The tensors that no module below holds: `weight [10, 64], bias [10]`. */
function tensorsOf({ tensors }: ModelInfo, node: ModelNode, path: string): string {
  const below = node.children.map(([name]) => `${join(path, name)}.`);
  const prefix = path === '' ? '' : `${path}.`;
  return Object.entries(tensors)
    .filter(([name]) => name.startsWith(prefix) && !below.some((b) => name.startsWith(b)))
    .map(([name, { shape }]) => `${name.slice(prefix.length)} ${shapeText(shape)}`)
    .join(', ');
}

function totals(info: ModelInfo): string[] {
  const all = Object.values(info.tensors);
  const count = all.reduce((sum, t) => sum + t.shape.reduce((n, size) => n * size, 1), 0);
  const dtypes = [...new Set(all.map((t) => t.dtype))].join(', ') || 'none';
  const lines = [`${commas(count)} values in ${all.length} tensors: ${dtypes}`];
  const { shared, frozen, metadata } = info;
  if (frozen.length > 0) lines.push(`frozen: ${frozen.join(', ')}`);
  for (const [name, target] of Object.entries(shared)) lines.push(`shared: ${name} is ${target}`);
  for (const [key, text] of Object.entries(metadata)) lines.push(`${key}: ${text}`);
  const own = [...new Set(ownClasses(info.model))];
  if (own.length > 0) {
    lines.push(`classes of its own: loadModel(path, { classes: { ${own.join(', ')} } })`);
  }
  return lines;
}

const ownClasses = ({ type, own, children }: ModelNode): string[] => [
  ...(own === true ? [type] : []),
  ...children.flatMap(([, child]) => ownClasses(child)),
];

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

const commas = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

const bytes = (n: number): string =>
  n < 1000 ? `${n} bytes` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;
