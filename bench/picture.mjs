/** How Gradus compares with PyTorch, as an SVG that is readable on light and dark ground. */

const ROW = 22;
const LEFT = 320;
const WIDTH = 880;
const RIGHT = 60;
const TOP = 64;
const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';
const STYLE = `
  text { font: 13px ${FONT}; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: #57606a; font-size: 12px }
  .grid { stroke: #d0d7de } .one { stroke: #57606a; stroke-width: 1.5 }
  .faster { fill: #2da44e } .slower { fill: #d1762b }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 }
    .grid { stroke: #3d444d } .one { stroke: #9198a1 }
    .faster { fill: #3fb950 } .slower { fill: #db8b43 }
  }`;

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * A bar a workload: to the right of the middle line Gradus is so many times faster, to the left
 * slower. The axis is logarithmic, so that twice as fast is as long as twice as slow.
 */
export function picture(rows, title, caption) {
  const bars = rows
    .filter((r) => r.peer === 'gradus' && r.ratios?.torch !== undefined)
    .map((r) => ({ name: r.workload, words: r.title, factor: 1 / r.ratios.torch, ms: r.ms_min }));
  const logs = bars.map((b) => Math.log2(b.factor));
  const low = Math.floor(Math.min(-1, ...logs));
  const high = Math.ceil(Math.max(1, ...logs));
  const x = (log) => LEFT + ((log - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + bars.length * ROW;
  const out = [];
  const text = (at, y, words, attributes) =>
    out.push(`<text x="${at.toFixed(1)}" y="${y}" ${attributes}>${escape(words)}</text>`);

  text(16, 24, title, 'class="title"');
  text(16, 43, caption, 'class="quiet"');
  for (let log = low; log <= high; log++) {
    const at = x(log).toFixed(1);
    const kind = log === 0 ? 'one' : 'grid';
    out.push(`<line x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${bottom + 4}" class="${kind}"/>`);
    // Few words: where there are many powers of two, each second one.
    if (high - low > 7 && log % 2 !== 0) continue;
    const label = log < 0 ? `1/${2 ** -log}` : `${2 ** log}×`;
    text(x(log), bottom + 20, label, 'class="quiet" text-anchor="middle"');
  }
  bars.forEach(({ name, words, factor, ms }, i) => {
    const y = TOP + i * ROW;
    const [from, to] = [0, Math.log2(factor)].map(x).sort((a, b) => a - b);
    const kind = factor >= 1 ? 'faster' : 'slower';
    const width = Math.max(1, to - from).toFixed(1);
    text(LEFT - 12, y + 15, words, 'text-anchor="end"');
    out.push(
      `<rect x="${from.toFixed(1)}" y="${y + 3}" width="${width}" height="${ROW - 6}" rx="2" class="${kind}">` +
        `<title>${escape(`${name}: ${ms} ms, ${factor.toPrecision(3)} times PyTorch's speed`)}</title></rect>`,
    );
    const label = factor >= 100 ? factor.toFixed(0) : factor.toPrecision(2);
    text(Math.max(to, x(0)) + 6, y + 15, `${label}×`, 'class="quiet"');
  });
  const height = bottom + 32;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...out,
    '</svg>',
    '',
  ].join('\n');
}
