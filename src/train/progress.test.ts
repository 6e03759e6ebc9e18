import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { curvesSvg } from './curves-svg.ts';
import { Curve } from './history.ts';
import { accuracy } from './metrics/accuracy.ts';
import { bar, duration, number, progressLine } from './progress-line.ts';
import { network, points, recorder, trainerOf } from './small.test-util.ts';

const data = points();

test('a terminal gets a bar with rate, time left and live metrics', async () => {
  const out = recorder(true);
  const trainer = trainerOf(network(), { metrics: [accuracy()] });
  await trainer.fit(data, { epochs: 2, batchSize: 30, validation: data, out });
  const lines = out.text.split(/[\r\n]/).map((l) => l.trimEnd());
  expect(
    lines.some((l) => /^epoch 1\/2 {2}█+░* +1\/2 {2}loss \d\.\d+ {2}accuracy \d/.test(l)),
  ).toBe(true);
  expect(out.text).toMatch(/\d+ examples\/s {2}\d+\.\d s left/);
  expect(lines.filter((l) => /valAccuracy/.test(l))).toHaveLength(2);
});

test('elsewhere one plain line an epoch; none for none', async () => {
  const out = recorder(false);
  await trainerOf().fit(data, { epochs: 2, out });
  expect(out.text).toMatch(/^epoch 1\/2 .*loss .*\nepoch 2\/2 .*\n$/);
  expect(out.text).not.toContain('\r');
  const none = recorder(true);
  await trainerOf().fit(data, { out: none, progress: 'none' });
  expect(none.text).toBe('');
});

test('without a terminal long epochs tell how far they are now and then', () => {
  const out = recorder(false);
  let time = 0;
  const line = progressLine(out, false, () => time);
  for (const [ms, text] of [
    [1000, 'a'],
    [14_000, 'b'],
    [1000, 'c'],
    [14_000, 'd'],
    [2000, 'e'],
  ] as const) {
    time += ms;
    line.update(text);
  }
  expect(out.text).toBe('b\nd\n');
});

test('the line is written over now and then, cut to the width; the last is in full', () => {
  const out = { ...recorder(true), columns: 20 };
  let time = 0;
  const line = progressLine(out, true, () => time);
  line.update('one');
  line.update('too soon');
  time += 100;
  line.update('a line that is longer than that');
  time += 100;
  line.update('x');
  line.done('the end of it, however long it is');
  expect(out.text).toBe(
    '\rone\ra line that is long\rx                  \rthe end of it, however long it is\n',
  );
  expect(bar(0.5, 4)).toBe('██░░');
});

test('what is said does not break the line', () => {
  const out = recorder(true);
  const line = progressLine(out, true, () => 0);
  line.update('progress');
  line.say('note');
  line.done('end');
  expect(out.text).toBe('\rprogress\rnote    \n\rprogress\rend     \n');
});

test('numbers and durations', () => {
  expect([0.08123, 12.3456, 1234.56, 3, 1e-5, 0, Number.NaN].map(number)).toEqual([
    '0.0812',
    '12.3456',
    '1234.6',
    '3',
    '1.00e-5',
    '0',
    'NaN',
  ]);
  expect([1.24, 59, 200, 7500].map(duration)).toEqual(['1.2 s', '59 s', '3 min 20 s', '2 h 5 min']);
});

test('a curve keeps about a thousand points, whose mean is that of the losses', () => {
  const curve = new Curve();
  const n = 2 ** 15;
  for (let i = 1; i <= n; i++) curve.add(i, i);
  expect(curve.points.length).toBeLessThanOrEqual(1024);
  expect(curve.points.length).toBeGreaterThanOrEqual(512);
  const mean = curve.points.reduce((s, p) => s + p.loss, 0) / curve.points.length;
  expect(mean).toBeCloseTo((n + 1) / 2, 6);
  expect(curve.points.at(-1)?.step).toBe(n);
});

test('curves are drawn as SVG at the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-curves-'));
  try {
    const path = join(folder, 'curves.svg');
    const trainer = trainerOf(network(), { metrics: [accuracy('a<b')] });
    const history = await trainer.fit(data, {
      epochs: 3,
      validation: data,
      curves: path,
      progress: 'none',
    });
    const svg = readFileSync(path, 'utf8');
    expect(svg).toBe(curvesSvg(history));
    expect(svg).toMatch(/^<svg [^>]*xmlns=.*<\/svg>\n$/s);
    expect(svg).toContain('a&#60;b');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.match(/<polyline/g)).toHaveLength(5); // step, loss, valLoss, and a metric twice
  } finally {
    rmSync(folder, { recursive: true });
  }
});
