import type { Graph } from '../../ir/index.ts';
import { needed } from '../rebuild.ts';

/** Leaves out nodes that no output depends on. Inputs stay: callers bind them by position. */
export const dce = (graph: Graph): Graph => ({ ...graph, nodes: needed(graph, graph.outputs) });
