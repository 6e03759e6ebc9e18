/** A graph to look at: its nodes, as text, as a picture. */
import {
  type Graph,
  type GraphNode,
  type GraphValue,
  graphToSvg,
  printGraph,
} from '../../ir/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { Recogniser } from './recognise.ts';

/** A value in a graph. */
export interface OpValue {
  /** As printed: `%3`. */
  readonly id: string;
  /** Open sizes by name. */
  readonly shape: readonly (number | string)[];
  readonly dtype: string;
  /** What makes it; null for an input of the graph. */
  readonly node: OpNode | null;
  /** Within a rule's `replace`: the tensor to build with. */
  readonly tensor: Tensor;
}

/** An application of an op. */
export interface OpNode {
  readonly op: string;
  readonly inputs: readonly (OpValue | number)[];
  readonly outputs: readonly OpValue[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `file:line:column` where the user asked for it. */
  readonly line: string | undefined;
  /** The module whose forward was running: `net.layers.2.conv`. */
  readonly module: string | undefined;
}

/** What a graph takes: at each call, or of its own. */
export interface OpInput extends OpValue {
  readonly name: string;
  readonly kind: 'argument' | 'parameter' | 'buffer' | 'constant' | 'hidden';
}

/** Views of the nodes and values of one graph, each made once. */
export class Views {
  private readonly nodes = new Map<GraphNode, OpNode>();
  private readonly values = new Map<GraphValue, OpValue>();
  private readonly name: (n: number) => number | string;
  private readonly tensor: (v: GraphValue) => Tensor;

  constructor(sizes: Recogniser | null, tensor: (v: GraphValue) => Tensor) {
    this.name = (n) => sizes?.recognise(n)?.text ?? n;
    this.tensor = tensor;
  }

  value(v: GraphValue): OpValue {
    let view = this.values.get(v);
    if (view === undefined) {
      const { node } = v;
      const nodeView = (): OpNode | null => (node === null ? null : this.node(node));
      const tensor = (): Tensor => this.tensor(v);
      view = {
        id: `%${v.id}`,
        shape: v.shape.map(this.name),
        dtype: v.dtype,
        get node() {
          return nodeView();
        },
        get tensor() {
          return tensor();
        },
      };
      this.values.set(v, view);
    }
    return view;
  }

  node(n: GraphNode): OpNode {
    let view = this.nodes.get(n);
    if (view === undefined) {
      view = {
        op: n.def.name,
        inputs: n.inputs.map((x) => (typeof x === 'number' ? x : this.value(x))),
        outputs: n.outputs.map((v) => this.value(v)),
        attributes: attributesOf(n),
        line: n.origin?.line,
        module: n.origin?.module,
      };
      this.nodes.set(n, view);
    }
    return view;
  }
}

function attributesOf({ attrs }: GraphNode): Record<string, unknown> {
  const entries = Object.entries(attrs ?? {}).filter(([k, v]) => k !== 'attrId' && v !== undefined);
  return Object.fromEntries(entries);
}

/** What an input of a graph is called, and what it is. */
export interface InputLabel {
  readonly name: string;
  readonly kind: OpInput['kind'];
}

/**
 * A recorded or symbolic graph: to walk, print and draw. {@link graph} and `compile(f).graph(...)`
 * give one.
 *
 * @example
 * for (const node of f.nodes) console.log(node.op, node.line);
 */
export class OpGraph {
  /** @internal */
  readonly raw: Graph;
  /** What it takes, arguments first. */
  readonly inputs: readonly OpInput[];
  readonly outputs: readonly OpValue[];
  /** In an order in which they can run. */
  readonly nodes: readonly OpNode[];
  private readonly sizes: Recogniser | null;

  constructor(raw: Graph, labels: readonly InputLabel[], sizes: Recogniser | null) {
    const views = new Views(sizes, () => {
      throw new Error('tensors of a graph are there while a rule replaces a node of it');
    });
    this.raw = raw;
    this.sizes = sizes;
    this.inputs = raw.inputs.map((v, i) => ({
      ...labels[i],
      id: `%${v.id}`,
      shape: views.value(v).shape,
      dtype: v.dtype,
      node: null,
      get tensor() {
        return views.value(v).tensor;
      },
    }));
    this.outputs = raw.outputs.map((v) => views.value(v));
    this.nodes = raw.nodes.map((n) => views.node(n));
  }

  /** The nodes of an op. */
  find(op: string): readonly OpNode[] {
    return this.nodes.filter((n) => n.op === op);
  }

  /** One line a node, with shapes and attributes; inputs by name, open sizes too. */
  toString(): string {
    const inputs = this.inputs.map((x) => `  ${x.id} is ${x.kind} ${x.name}`);
    const [head, ...rest] = this.named(printGraph(this.raw)).trimEnd().split('\n');
    return [head, ...inputs, ...rest].join('\n');
  }

  /** Writes {@link toString} to the console. */
  print(): void {
    console.log(this.toString());
  }

  /** A picture: boxes for nodes, coloured by kind, with modules behind them. */
  toSvg(): string {
    const svg = graphToSvg(this.raw, { inputNames: this.inputs.map((x) => x.name) });
    return svg.replace(/>[^<]+</g, (text) => this.named(text));
  }

  /** Stand-ins of open sizes by name. */
  protected named(text: string): string {
    return text.replace(/(?<![\w.%])\d{5,}(?![\w.])/g, (n) => {
      return this.sizes?.recognise(Number(n))?.text ?? n;
    });
  }
}
