/** The curves of a run as an SVG picture. */
import type { EpochRecord, History } from './history.ts';
import { number } from './progress-line.ts';

const WIDTH = 420;
const HEIGHT = 300;
const MARGIN = { left: 56, right: 16, top: 34, bottom: 40 };
const COLOURS = ['#2563eb', '#dc2626', '#059669', '#d97706', '#7c3aed', '#0891b2'];

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
  /** Epochs are dots on a line, steps a thin line. */
  readonly dots: boolean;
}

/**
 * Loss and metrics of a run as an SVG picture: left the loss, by step, with the mean of each epoch
 * and of its validation; right the metrics, by epoch.
 *
 * @example
 * writeFileSync('curves.svg', curvesSvg(await trainer.fit(train, { epochs: 5, validation: test })));
 */
export function curvesSvg(history: History): string {
  const { epochs, curve } = history;
  const loss: Line[] = [
    { name: 'step', points: curve.map((p) => [p.step, p.loss]), colour: '#93c5fd', dots: false },
    { ...byStep(epochs, 'loss', COLOURS[0]), name: 'loss' },
    { ...byStep(epochs, 'valLoss', COLOURS[1]), name: 'valLoss' },
  ];
  const names = [...new Set(epochs.flatMap((e) => Object.keys(e.logs)))].filter(
    (name) => !['loss', 'valLoss', 'lr'].includes(name),
  );
  const metrics = names.map((name, i) => ({
    name,
    points: epochs.flatMap((e) => (name in e.logs ? [[e.epoch, e.logs[name]] as const] : [])),
    colour: COLOURS[i % COLOURS.length],
    dots: true,
  }));
  const panels = [
    panel('loss', 'step', loss, 0),
    ...(metrics.length > 0 ? [panel('metrics', 'epoch', metrics, WIDTH)] : []),
  ];
  const width = WIDTH * panels.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
}

const byStep = (epochs: readonly EpochRecord[], name: string, colour: string): Line => ({
  name,
  points: epochs.flatMap((e) => (name in e.logs ? [[e.step, e.logs[name]] as const] : [])),
  colour,
  dots: true,
});

function panel(title: string, axis: string, lines: readonly Line[], x0: number): string {
  const drawn = lines
    .map((l) => ({ ...l, points: l.points.filter(([, y]) => Number.isFinite(y)) }))
    .filter((l) => l.points.length > 0);
  const all = drawn.flatMap((l) => l.points);
  if (all.length === 0) return '';
  const x = scale(all.map((p) => p[0]));
  const y = scale(all.map((p) => p[1]));
  const left = x0 + MARGIN.left;
  const [bottom, right] = [HEIGHT - MARGIN.bottom, x0 + WIDTH - MARGIN.right];
  const px = (v: number): number => left + x.share(v) * (right - left);
  const py = (v: number): number => bottom - y.share(v) * (bottom - MARGIN.top);
  const out = [
    `<text x="${left}" y="18" font-size="13" font-weight="600" fill="#111827">${escape(title)}</text>`,
    ...y.ticks.map(
      (t) =>
        `<line x1="${left}" x2="${right}" y1="${at(py(t))}" y2="${at(py(t))}" stroke="#e5e7eb"/>` +
        `<text x="${left - 6}" y="${at(py(t) + 4)}" text-anchor="end" fill="#6b7280">${label(t)}</text>`,
    ),
    ...x.ticks
      .filter((t) => Number.isInteger(t))
      .map(
        (t) =>
          `<text x="${at(px(t))}" y="${bottom + 16}" text-anchor="middle" fill="#6b7280">${label(t)}</text>`,
      ),
    `<text x="${(left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle" fill="#6b7280">${axis}</text>`,
    `<line x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="#9ca3af"/>`,
  ];
  let legend = right;
  for (const line of drawn.toReversed()) {
    const path = line.points.map(([a, b]) => `${at(px(a))},${at(py(b))}`).join(' ');
    const width = line.dots ? 2 : 1;
    out.push(
      `<polyline points="${path}" fill="none" stroke="${line.colour}" stroke-width="${width}" stroke-linejoin="round"/>`,
    );
    if (line.dots && line.points.length <= 50) {
      for (const [a, b] of line.points) {
        out.push(`<circle cx="${at(px(a))}" cy="${at(py(b))}" r="3" fill="${line.colour}"/>`);
      }
    }
    out.push(
      `<text x="${legend}" y="18" text-anchor="end" fill="${line.colour}">${escape(line.name)}</text>`,
    );
    legend -= 7 * line.name.length + 12;
  }
  return out.join('\n');
}

/** The range of some values with a margin, and round numbers in it. */
function scale(values: readonly number[]): {
  share: (v: number) => number;
  ticks: readonly number[];
} {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  const pad = max > min ? (max - min) * 0.04 : Math.abs(max) * 0.1 || 1;
  const [low, high] = [min - pad, max + pad];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / unit); i * unit <= high; i++) ticks.push(i * unit);
  return { share: (v) => (v - low) / (high - low), ticks };
}

const at = (v: number): string => v.toFixed(1);

const label = (v: number): string =>
  number(Number(v.toPrecision(6)))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
