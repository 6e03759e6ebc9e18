/** Builds an ONNX model, node by node. Field numbers are those of onnx.proto3. */
import { Message } from './protobuf.mjs';

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;
const INT64 = 7;
/** AttributeProto.type */
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

export class OnnxGraph {
  #nodes = [];
  #weights = [];
  #inputs = [];
  #names = 0;

  input(name, shape) {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  /** Small random numbers. */
  weight(...shape) {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, () => (Math.random() - 0.5) * 0.1);
    return this.#initializer(FLOAT, shape, data);
  }

  scalar(value) {
    return this.#initializer(FLOAT, [], Float32Array.of(value));
  }

  /** Sizes or axes, as an operand. */
  sizes(...values) {
    return this.#initializer(INT64, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** Adds a node and returns the name of its result; more than one: the names. */
  node(op, inputs, attributes = {}, outputs = 1) {
    const names = Array.from({ length: outputs }, () => `v${this.#names++}`);
    this.#nodes.push(
      new Message()
        .strings(1, inputs)
        .strings(2, names)
        .string(4, op)
        .messages(5, Object.entries(attributes).map(attribute)),
    );
    return outputs === 1 ? names[0] : names;
  }

  finish(output, shape) {
    const graph = new Message()
      .messages(1, this.#nodes)
      .string(2, 'bench')
      .messages(5, this.#weights)
      .messages(11, this.#inputs)
      .message(12, valueInfo(output, shape));
    return new Message()
      .int(1, IR_VERSION)
      .message(7, graph)
      .message(8, new Message().string(1, '').int(2, OPSET))
      .finish();
  }

  #initializer(type, dims, data) {
    const name = `w${this.#weights.length}`;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#weights.push(new Message().ints(1, dims).int(2, type).string(8, name).bytes(9, raw));
    return name;
  }
}

/** Whole numbers are ints: write `{ float: x }` for a float. */
function attribute([name, value]) {
  const message = new Message().string(1, name);
  if (Array.isArray(value)) return message.ints(8, value).int(20, ATTRIBUTE.ints);
  if (typeof value === 'object') return message.float(2, value.float).int(20, ATTRIBUTE.float);
  return message.int(3, value).int(20, ATTRIBUTE.int);
}

function valueInfo(name, shape) {
  const dims = shape.map((n) => new Message().int(1, n));
  const tensor = new Message().int(1, FLOAT).message(2, new Message().messages(1, dims));
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}
