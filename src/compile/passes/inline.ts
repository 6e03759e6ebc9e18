import { expandInto, type Graph } from '../../ir/index.ts';
import { rebuild } from '../rebuild.ts';

/** Composites as the primitives they consist of. */
export const inline = (graph: Graph): Graph =>
  rebuild(graph, ({ def, attrs, regions }, inputs, recorder) =>
    expandInto(recorder, def, inputs, attrs, regions),
  );
