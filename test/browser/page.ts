/** Runs in a page or in a worker of one: computes, and posts what it found to the server. */
import { compile, devices, manualSeed, randn, type Tensor } from '../../src/index.ts';
import { getDevice } from '../../src/runtime/index.ts';

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

async function report(): Promise<object> {
  manualSeed(3);
  const a = randn([300, 300]) as Tensor;
  const x = randn([1 << 18]) as Tensor;
  const program = compile((v: Tensor) => {
    let y = v;
    for (let i = 0; i < 4; i++)
      y = y
        .matmul(a as never)
        .mul(0.05)
        .tanh() as Tensor;
    return y;
  });
  let sum = 0;
  // Some pauses: web workers start only when the page's thread is idle for once.
  for (let i = 0; i < 20; i++) {
    sum = 0;
    for (const value of (a.matmul(a as never) as Tensor).data() as Float32Array) sum += value;
    for (const value of x.exp().data() as Float32Array) sum += value;
    for (const value of program(a).data() as Float32Array) sum += value;
    await pause();
  }
  const [{ engine, threads, notice }] = devices();
  const { machine } = getDevice('cpu') as unknown as {
    readonly machine: { readonly pool: { readonly started: number } | null };
  };
  const workers = machine.pool?.started ?? 0;
  const isolated = globalThis.crossOriginIsolated;
  return { engine, threads, workers, notice: notice(), sum, isolated };
}

report()
  .catch((error: unknown) => ({ error: String(error) }))
  .then((found) => fetch('/report', { method: 'POST', body: JSON.stringify(found) }));
