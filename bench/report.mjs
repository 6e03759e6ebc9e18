/** Figures of a run: rows for JSON, and a table for people. */

const digits = (x) => Number(x.toPrecision(4));

/** One row a workload and side, from all its times. */
export function rowsOf(entries, speed) {
  const rows = entries.map(({ workload: w, peer, times, error }) => {
    const row = { workload: w.name, title: w.title, group: w.group, peer };
    if (error !== null) return { ...row, error };
    const sorted = [...times].sort((a, b) => a - b);
    const [min] = sorted;
    const gflops = w.flops === undefined ? undefined : w.flops / min / 1e6;
    return {
      ...row,
      ms_min: digits(min),
      ms_median: digits(sorted[sorted.length >> 1]),
      turns: sorted.length,
      ...(gflops === undefined ? {} : { gflops: digits(gflops) }),
      ...(gflops === undefined || speed === null
        ? {}
        : { peak_percent: digits((100 * gflops) / speed.peakGflops) }),
      ...(w.ops === undefined ? {} : { us_per_op: digits((min * 1e3) / w.ops) }),
    };
  });
  for (const row of rows) {
    if (row.peer !== 'gradus' || row.error !== undefined) continue;
    const others = rows.filter((r) => r.workload === row.workload && r.peer !== 'gradus');
    const known = others.filter((r) => r.error === undefined);
    // Minimum by minimum: above 1 Gradus is slower.
    if (known.length > 0) {
      row.ratios = Object.fromEntries(known.map((r) => [r.peer, digits(row.ms_min / r.ms_min)]));
    }
  }
  return rows;
}

const short = (x) => (x === undefined ? '' : x >= 100 ? x.toFixed(0) : x.toPrecision(3));

/** Lines of text: a workload a line, min / median in ms, and Gradus over each peer. */
export function table(rows, peers) {
  const head = ['workload', 'gradus', 'GF/s', '% peak', 'µs/op'];
  for (const { id } of peers) head.push(id, 'ratio');
  const lines = [head];
  const find = (workload, peer) => rows.find((r) => r.workload === workload && r.peer === peer);
  const cell = (row) => {
    if (row === undefined) return '';
    if (row.error !== undefined) return 'not available';
    return `${short(row.ms_min)} / ${short(row.ms_median)}`;
  };
  for (const row of rows.filter((r) => r.peer === 'gradus')) {
    const line = [row.workload, cell(row)];
    line.push(short(row.gflops), short(row.peak_percent), short(row.us_per_op));
    for (const { id } of peers) {
      line.push(cell(find(row.workload, id)), short(row.ratios?.[id]));
    }
    lines.push(line);
  }
  // A column without a figure says nothing.
  const shown = head.map((_, i) => lines.slice(1).some((line) => line[i] !== ''));
  const kept = lines.map((line) => line.filter((_, i) => shown[i]));
  const widths = kept[0].map((_, i) => Math.max(...kept.map((line) => line[i].length)));
  const text = kept.map((line) =>
    line
      .map((c, i) => (i === 0 ? c.padEnd(widths[i]) : c.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  const errors = rows.filter((r) => r.error !== undefined);
  return [...text, ...errors.map((r) => `${r.workload}, ${r.peer}: not available: ${r.error}`)];
}

/** What the table was measured on, in a few lines. */
export function heading({ machine: m, node, versions, threads, engine, speed, rounds }) {
  const own = `${threads} thread${threads === 1 ? '' : 's'}`;
  const lines = [
    `${m.cpu}, ${m.cores} cores, ${m.memoryGB} GB, ${m.system}, Node ${node}`,
    `${engine}, ${own}; ${rounds} rounds; min / median in ms; ratio: Gradus / peer by min`,
  ];
  if (speed !== null) {
    const gb = (x) => short(x ?? undefined);
    const copied = speed.memoryCopyGBs === null ? '' : `, copy ${gb(speed.memoryCopyGBs)}`;
    const streamed = speed.memoryStreamGBs === null ? '' : `, stream ${gb(speed.memoryStreamGBs)}`;
    lines.push(
      `machine, same instructions and threads: ${short(speed.peakGflops)} GF/s; ` +
        `GB/s: cache read ${gb(speed.cacheReadGBs)}, memory read ${gb(speed.memoryReadGBs)}` +
        `${copied}${streamed}`,
    );
  }
  const { gradus, commit, ...peers } = versions;
  lines.push([`gradus ${gradus} (${commit ?? 'no commit'})`, ...Object.values(peers)].join('; '));
  return lines;
}
