/** Gradus as a process of its own (see peers/serve.mjs): `node bench/gradus.mjs <group>`. */
import { serve } from './peers/serve.mjs';
import { workloads } from './workloads/index.mjs';

const group = process.argv[2];
const chosen = workloads.filter((w) => w.group === group);
await serve('gradus', Object.fromEntries(chosen.map((w) => [w.name, w.prepare ?? w])));
