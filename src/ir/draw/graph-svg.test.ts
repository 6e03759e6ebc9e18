import { expect, test } from 'vitest';
import { type Graph, record } from '../graph.ts';
import { add, mul, relu, sub } from '../ops/index.ts';
import type { Value } from '../value.ts';
import { graphToSvg } from './graph-svg.ts';
import { netOf } from './net.ts';
import { crossings, orderLayers } from './order.ts';
import { layOut } from './paint.ts';
import * as samples from './samples.test-util.ts';

const deep = record(
  'deep',
  (x) => {
    const made: Value[] = [x as Value];
    for (let i = 0; i < 1500; i++) {
      // Every value is used next and once more, far away.
      made.push(add(made[i], made[i % 3 === 0 ? i >> 1 : i]));
    }
    return made[1500];
  },
  [samples.type([4])],
  'cpu',
);

const GRAPHS: [string, Graph][] = [
  ['mlp', samples.mlp()],
  ['cnn', samples.cnnStep()],
  ['lstm', samples.lstmStep(4)],
  ['transformer', samples.transformer(3)],
  ['loops', samples.loops()],
  ['deep', deep],
  ['empty', { name: 'empty', inputs: [], nodes: [], outputs: [] }],
  ['identity', record('identity', (x) => x, [samples.type([2])], 'cpu')],
];

/** Throws unless `text` is one well-formed element; gives the tags it opens. */
function parse(text: string): string[] {
  const opened: string[] = [];
  const stack: string[] = [];
  const attribute = /\s+([\w:-]+)="([^"<]*)"/y;
  let roots = 0;
  let i = 0;
  const content = (s: string): void => {
    if (/[<>]/.test(s) || /&(?!#\d+;)/.test(s)) throw new Error(`unescaped: ${s}`);
    if ([...s].some((c) => c < ' ' && c !== '\n')) throw new Error(`control character: ${s}`);
  };
  while (i < text.length) {
    const next = text.indexOf('<', i);
    const between = text.slice(i, next < 0 ? undefined : next);
    content(between);
    if (stack.length === 0 && between.trim() !== '') throw new Error(`outside: ${between}`);
    if (next < 0) break;
    const tag = /<(\/?)([a-z]+)/iy;
    tag.lastIndex = next;
    const found = tag.exec(text);
    if (found === null) throw new Error(`no tag: ${text.slice(next, next + 40)}`);
    i = tag.lastIndex;
    const names = new Set<string>();
    for (attribute.lastIndex = i; ; i = attribute.lastIndex) {
      const a = attribute.exec(text);
      if (a === null) break;
      content(a[2]);
      if (names.has(a[1])) throw new Error(`twice: ${a[1]}`);
      names.add(a[1]);
    }
    if (found[1] === '/') {
      if (stack.pop() !== found[2]) throw new Error(`${found[2]} closes something else`);
    } else {
      opened.push(found[2]);
      if (stack.length === 0 && ++roots > 1) throw new Error('two roots');
      if (text[i] !== '/') stack.push(found[2]);
    }
    if (found[1] === '' && text[i] === '/') i++;
    if (text[i] !== '>') throw new Error(`no end: ${text.slice(next, next + 80)}`);
    i++;
  }
  if (stack.length > 0) throw new Error(`open: ${stack.join()}`);
  return opened;
}

const unescape = (s: string): string =>
  s.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

const titles = (svg: string): string[] =>
  [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map((m) => unescape(m[1]));

/** Nodes of a graph and of its regions, each region once. */
function nodesOf(graph: Graph, seen = new Set<Graph>()): number {
  if (seen.has(graph)) return 0;
  seen.add(graph);
  return graph.nodes.reduce(
    (n, node) => n + 1 + node.regions.reduce((m, r) => m + nodesOf(r, seen), 0),
    0,
  );
}

test.each(GRAPHS)('%s: well formed, and every node once', (_, graph) => {
  const svg = graphToSvg(graph);
  expect(parse(svg)[0]).toBe('svg');
  const nodes = titles(svg).filter((t) => /^%\d/.test(t));
  expect(nodes).toHaveLength(nodesOf(graph));
  const first = nodes.slice(0, graph.nodes.length).map((t) => /^[^=]*/.exec(t)?.[0]);
  expect(new Set(first).size).toBe(graph.nodes.length);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test.each(GRAPHS)('%s: no two boxes overlap, all are inside', (_, graph) => {
  const { net, width, height } = layOut(graph, { inputs: [], outputs: [] }, () => []);
  for (const layer of net.layers) {
    for (const [i, v] of layer.entries()) {
      expect(v.x - v.width / 2).toBeGreaterThan(-1e-6);
      expect(v.x + v.width / 2).toBeLessThan(width + 1e-6);
      expect(v.y + v.height / 2).toBeLessThan(height + 1e-6);
      if (i === 0) continue;
      const gap = v.x - layer[i - 1].x - (v.width + layer[i - 1].width) / 2;
      expect(gap).toBeGreaterThan(5);
    }
  }
  for (const { from, to } of net.links) {
    expect(to.layer).toBe(from.layer + 1);
    expect(to.y - to.height / 2).toBeGreaterThan(from.y + from.height / 2);
  }
});

test.each(GRAPHS)('%s: wires run downwards', (_, graph) => {
  for (const [, d] of graphToSvg(graph).matchAll(/<path class="wire[^"]*" d="([^"]*)"/g)) {
    let y = Number.NEGATIVE_INFINITY;
    for (const [, command, list] of d.matchAll(/([MVC])([^MVC]*)/g)) {
      const at = list.split(' ').map(Number);
      const ys = command === 'V' ? at : at.filter((_, i) => i % 2 === 1);
      for (const [i, next] of ys.entries()) {
        if (command !== 'M' || i > 0) expect(next).toBeGreaterThanOrEqual(y);
        y = next;
      }
    }
  }
});

test('ordering takes crossings away', () => {
  const net = netOf(samples.lstmStep(4));
  const before = crossings(net);
  orderLayers(net);
  expect(crossings(net)).toBeLessThan(before);
});

test('chains are straight', () => {
  const chain = record('c', (x) => relu(mul(relu(add(x, 1)), 2)), [samples.type([3, 4])], 'cpu');
  const { net } = layOut(chain, { inputs: [], outputs: [] }, () => []);
  const xs = net.vertices.map((v) => v.x);
  expect(Math.max(...xs) - Math.min(...xs)).toBeLessThan(0.5);
});

test('equal graphs give equal pictures', () => {
  expect(graphToSvg(samples.lstmStep(3))).toBe(graphToSvg(samples.lstmStep(3)));
});

test('a box says numbers, names and types; the tooltip says everything', () => {
  const graph = record(
    'f',
    (x, w) => sub(1, mul(x, w)),
    [samples.type([2]), samples.type([2])],
    'cpu',
  );
  samples.withOrigins(graph, (i) => (i === 0 ? 'net.gate' : undefined));
  const svg = graphToSvg(graph, { title: 'Gates', inputNames: ['x', 'w'], outputNames: ['gate'] });
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map((m) => unescape(m[1]));
  expect(texts).toEqual(expect.arrayContaining(['Gates', 'x', 'w', 'gate', 'sub', 'float32[2]']));
  expect(texts).toContain('(1, ·) %3');
  expect(texts).toContain('net.gate');
  expect(titles(svg)).toContain(
    '%2 = mul(%0, %1) : float32[2]\nmodule: net.gate\nat: model.ts:10:7',
  );
});

test('names are escaped', () => {
  const graph = record('<&"\u0000', (x) => add(x, 1), [samples.type([2])], 'cpu');
  samples.withOrigins(graph, () => ']]><script>&amp;');
  const svg = graphToSvg(graph, { inputNames: ['</text>'], outputNames: ['<b>\u0007'] });
  expect(parse(svg)).not.toContain('script');
  expect(titles(svg).join()).toContain('module: ]]><script>&amp;');
});

test('modules whose nodes lie together get a rectangle', () => {
  const { groups } = layOut(samples.transformer(2), { inputs: [], outputs: [] }, () => []);
  const paths = groups.map((g) => g.path);
  expect(paths).toContain('net.blocks.0.attn');
  expect(paths).toContain('net.blocks.1.mlp');
});

test('bodies of loops are drawn once each, under their label', () => {
  const svg = graphToSvg(samples.loops());
  expect(svg.match(/class="region"/g)).toHaveLength(2);
  expect(svg.match(/↻ inner #2/g)).toHaveLength(3);
});

test('of wires that nobody could follow, the box names the value', () => {
  const svg = graphToSvg(deep);
  expect(svg).toMatch(/\(·, %\d+\)/);
});

test('a large graph takes a second or so, not a minute', () => {
  const graph = samples.lstmStep(40);
  expect(graph.nodes.length).toBeGreaterThan(1500);
  const start = performance.now();
  graphToSvg(graph);
  expect(performance.now() - start).toBeLessThan(20_000);
});
