/** Steps that are no elementwise group: contractions, windows, assembly, scatter. */
import { bytesOf, contiguousStrides, IndexError, numelOf, specOf } from '../../base/index.ts';
import { type GraphNode, type GraphValue, typeOf } from '../../ir/index.ts';
import {
  gathersWindows,
  lowerConv,
  lowerGemm,
  lowerMaxWindow,
  lowerMaxWindowGrad,
  needsEvenPixels,
} from '../contraction/index.ts';
import type { Epilogue } from '../epilogue.ts';
import type { Step } from '../fuse/step.ts';
import type { BufferRef, Launch } from '../launch.ts';
import type { Assembly } from './assembly.ts';
import { epilogueOf } from './epilogues.ts';
import { type AnyLowering, chainOf, isScalar, type LoweringOf, operandTypes } from './operand.ts';
import { partPlaces } from './parts.ts';
import type { Place } from './place.ts';
import { scatterLaunch } from './scatter.ts';

export function buildSpecial(assembly: Assembly, step: Step, finish: Step | null): void {
  const [node] = step.nodes;
  const lower = node.def.lower as AnyLowering;
  switch (lower.kind) {
    case 'gemm':
    case 'conv':
      return buildContraction(assembly, node, lower, finish);
    case 'maxWindow':
      return buildWindow(assembly, node, lower);
    case 'maxWindowGrad':
      return buildWindowGrad(assembly, node, lower);
    case 'assemble':
      return buildAssemble(assembly, node, lower);
    case 'scatterAdd':
      return buildScatter(assembly, node, lower);
    default:
      throw new Error(`cannot lower ${node.def.name}`);
  }
}

/** Buffers under names of their own, so that launches can be told where in them operands start. */
class Operands {
  private readonly assembly: Assembly;
  private readonly bytes = new Map<BufferRef, number>();

  constructor(assembly: Assembly) {
    this.assembly = assembly;
  }

  ref(place: Place): BufferRef {
    const ref = { ...this.assembly.bufferOf(place.root) };
    this.bytes.set(ref, place.offset * bytesOf(place.dtype));
    return ref;
  }

  add(offsets: ReadonlyMap<BufferRef, number>): void {
    for (const [ref, bytes] of offsets) this.bytes.set(ref, bytes);
  }

  /** The launches, with each operand's first element where it is. */
  placed(launches: readonly Launch[]): Launch[] {
    return launches.map((launch) => ({
      ...launch,
      build: () => launch.build(),
      args: launch.args.map((arg) => {
        const more = arg.kind === 'pointer' ? (this.bytes.get(arg.buffer) ?? 0) : 0;
        return arg.kind === 'pointer' && more !== 0 ? { ...arg, bytes: arg.bytes + more } : arg;
      }),
    }));
  }
}

const denseOut = (node: GraphNode, i = 0): Place => ({
  root: node.outputs[i],
  dtype: node.outputs[i].dtype,
  offset: 0,
  shape: node.outputs[i].shape,
  strides: contiguousStrides(node.outputs[i].shape),
});

function buildContraction(
  assembly: Assembly,
  node: GraphNode,
  lower: LoweringOf<'gemm'> | LoweringOf<'conv'>,
  finish: Step | null,
): void {
  const [out] = node.outputs;
  if (numelOf(out.shape) === 0) return;
  const types = operandTypes(node);
  const [image, b] = node.inputs.map((x, i) => assembly.operand(x, types[i]));
  const conv =
    lower.kind === 'conv'
      ? { face: lower.face, geometry: lower.geometry(node.inputs.map(typeOf), node.attrs) }
      : null;
  const uneven = conv !== null && needsEvenPixels(conv, image.strides);
  const a = uneven ? assembly.copied(image) : image;
  const operands = new Operands(assembly);
  let epilogue: Epilogue | null = null;
  let target: BufferRef;
  if (finish === null) target = assembly.bufferOf(out);
  else {
    const finished = epilogueOf(assembly, finish, node);
    ({ epilogue } = finished);
    target = finished.out;
    operands.add(finished.offsets);
  }
  const common = {
    name: node.def.name,
    dtype: out.dtype,
    a: operands.ref(a),
    b: operands.ref(b),
    out: target,
    epilogue,
  };
  const temp = (bytes: number): BufferRef => assembly.temp(bytes);
  const weights = assembly.tempFor(b.root);
  const keep = weights.kept ? weights.temp : null;
  if (conv === null) {
    const { map: mapOf } = lower as LoweringOf<'gemm'>;
    const spec = (p: Place) => specOf(p.dtype, p.shape, p.strides);
    const map = mapOf(spec(a), spec(b), node.attrs);
    assembly.push(operands.placed(lowerGemm({ ...common, map, keep }, assembly.info, temp)));
    return;
  }
  const spec = {
    ...common,
    ...conv,
    keep,
    aStrides: [...a.strides],
    bStrides: [...b.strides],
  };
  assembly.push(operands.placed(lowerConv(spec, assembly.info, temp)));
}

function buildWindow(assembly: Assembly, node: GraphNode, lower: LoweringOf<'maxWindow'>): void {
  const [values, positions] = node.outputs;
  if (numelOf(values.shape) === 0) return;
  const operands = new Operands(assembly);
  const x = assembly.operand(node.inputs[0], values.dtype);
  const spec = {
    name: node.def.name,
    window: lower.window(node.attrs),
    dtype: values.dtype,
    input: operands.ref(x),
    inputShape: [...x.shape],
    inputStrides: [...x.strides],
    outputSize: values.shape.slice(2),
    values: assembly.bufferOf(values),
    positions: assembly.isRead(positions) ? assembly.bufferOf(positions) : null,
  };
  const launches = lowerMaxWindow(spec, assembly.info, (bytes) => assembly.temp(bytes));
  assembly.push(operands.placed(launches));
}

/** Each element asks the windows over it; where these are many, each window adds to its element. */
function buildWindowGrad(
  assembly: Assembly,
  node: GraphNode,
  lower: LoweringOf<'maxWindowGrad'>,
): void {
  const [image] = node.outputs;
  if (numelOf(image.shape) === 0) return;
  const window = lower.window(node.attrs);
  const { info } = assembly;
  const positions = assembly.denseOperand(node.inputs[0], 'int32');
  const dy = assembly.denseOperand(node.inputs[1], image.dtype);
  const [batch, channels, height, width] = image.shape;
  if (gathersWindows(window, image.dtype, info)) {
    const operands = new Operands(assembly);
    const spec = {
      name: node.def.name,
      window,
      dtype: image.dtype,
      positions: operands.ref(positions),
      dy: operands.ref(dy),
      dyShape: [...dy.shape],
      dyStrides: [...dy.strides],
      dx: assembly.bufferOf(image),
      height,
      width,
    };
    assembly.push(operands.placed(lowerMaxWindowGrad(spec, info)));
    return;
  }
  const out = denseOut(node);
  assembly.fill(out, 0);
  const planes = (p: Place): Place => {
    const shape = [batch, channels, numelOf(p.shape) / (batch * channels)];
    return { ...p, shape, strides: contiguousStrides(shape) };
  };
  const bufferOf = (p: Place) => assembly.bufferOf(p.root);
  const [to, at, from] = [out, positions, dy].map(planes);
  assembly.push([scatterLaunch(node, 2, to, at, from, info, bufferOf)]);
}

/** Fills the output, then copies each operand that is not there yet to its place. */
function buildAssemble(assembly: Assembly, node: GraphNode, lower: LoweringOf<'assemble'>): void {
  const out = assembly.placeOfBase(node.outputs[0]);
  const fill = lower.fill(node.attrs);
  if (fill !== null) assembly.fill(out, fill);
  const places = partPlaces(node, out);
  node.inputs.forEach((x, i) => {
    const to = places[i];
    const { base } = chainOf(x);
    if (isScalar(base)) assembly.fill(to, base);
    else if (!assembly.liesAt(base as GraphValue, to)) {
      assembly.copy(assembly.placeOf(x as GraphValue), to);
    }
  });
}

/** Copies x, then adds the source at its indices, in order. */
function buildScatter(assembly: Assembly, node: GraphNode, lower: LoweringOf<'scatterAdd'>): void {
  const [x, index, source] = node.inputs;
  const out = denseOut(node);
  const types = operandTypes(node);
  const { base } = chainOf(x);
  if (isScalar(base)) assembly.fill(out, base);
  else assembly.copy(assembly.placeOf(x as Exclude<typeof x, number>), out);
  const at = assembly.operand(index, types[1]);
  if (numelOf(at.shape) === 0) return;
  const dim = lower.dim(node.attrs);
  if (out.shape[dim] === 0) {
    throw new IndexError({
      op: node.def.name,
      problem: `dimension ${dim} of the operand is empty, so no index is in range`,
    });
  }
  const from = assembly.operand(source, types[2]);
  const bufferOf = (p: Place) => assembly.bufferOf(p.root);
  assembly.push([scatterLaunch(node, dim, out, at, from, assembly.info, bufferOf)]);
}
