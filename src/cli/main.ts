#!/usr/bin/env node
/** The command line: `gradus <command>`. */
import { existsSync, readFileSync } from 'node:fs';
import { DownloadError } from '../data/index.ts';
import { type DType, GradusError } from '../index.ts';
import { TrainingInterrupted } from '../train/index.ts';
import { commandLine } from './command-line.ts';
import { showDevices } from './devices.ts';
import { showInfo } from './info.ts';
import { quickstart } from './quickstart.ts';
import { TASKS } from './tasks.ts';

const HELP = `gradus: deep learning in TypeScript

Usage: gradus <command> [options]

Commands:
  quickstart   train a small network on pictures, here and now; it is saved and read back
                 --data <name>     ${Object.keys(TASKS).join(', ')} (default digits)
                 --epochs <n>      passes over the training images (default 15; mnist 5)
                 --seed <n>        decides weights and order (default 1)
                 --save <path>     where the model goes (default gradus-<data>.safetensors)
                 --curves <path>   draws the curves of loss and accuracy, as SVG
                 --resume          goes on with a run that was interrupted
  devices      what Gradus can compute on, and what this machine allows at most
                 --json            the same as one JSON document
  info <model> what a saved model is made of: layers, tensors, sizes
                 --input <shape>   also what each layer gives; the batch first: 1,1,28,28
                 --dtype <name>    of that input (default float32)
                 --graph [file]    draws the graph of its forward, as SVG; needs --input
                 --json            its header as one JSON document

Options:
  --help       this text
  --version    the version of Gradus`;

/** A mistake of the caller: shown without a stack. */
class UsageError extends Error {}

/** The value of each option, as text; `true` for those that have none. */
type Given = ReadonlyMap<string, string | true>;

/** `--name value`, `--name=value` and `--name`, as `known` says. */
function optionsOf(
  args: readonly string[],
  known: Readonly<Record<string, 'value' | 'flag' | 'optional'>>,
): Given {
  const given = new Map<string, string | true>();
  const rest = args.flatMap((a) => (a.startsWith('--') ? a.split(/=(.*)/s, 2) : [a]));
  for (let i = 0; i < rest.length; i++) {
    const name = rest[i].replace(/^--/, '');
    if (!rest[i].startsWith('--') || !Object.hasOwn(known, name)) {
      const names = Object.keys(known).map((key) => `--${key}`);
      const has = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
      throw new UsageError(`there is no option '${rest[i]}'; ${has}`);
    }
    const bare = rest[i + 1] === undefined || rest[i + 1].startsWith('--');
    if (known[name] === 'flag' || (known[name] === 'optional' && bare)) given.set(name, true);
    else if (rest[i + 1] === undefined || rest[i + 1] === '')
      throw new UsageError(`--${name} needs a value`);
    else given.set(name, rest[++i]);
  }
  return given;
}

function wholeNumber(given: Given, name: string, min: number): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (
    typeof text === 'string' &&
    /^\d+$/.test(text) &&
    Number.isSafeInteger(value) &&
    value >= min
  ) {
    return value;
  }
  throw new UsageError(`--${name} takes a whole number of at least ${min}, not '${text}'`);
}

const text = (given: Given, name: string): string | undefined =>
  given.get(name) as string | undefined;

function version(): string {
  // From this module's place in `src`, `dist` or `dist/node`.
  const places = ['../../', '../../../'].map((up) => new URL(`${up}package.json`, import.meta.url));
  const file = places.find((place) => existsSync(place)) ?? places[0];
  return String((JSON.parse(readFileSync(file, 'utf8')) as { version: unknown }).version);
}

async function run([command, ...args]: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return;
  }
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(HELP);
      return;
    case '--version':
    case '-v':
      console.log(version());
      return;
    case 'quickstart':
      await runQuickstart(args);
      return;
    case 'devices':
      showDevices({ json: optionsOf(args, { json: 'flag' }).has('json') });
      return;
    case 'info':
      runInfo(args);
      return;
    default:
      throw new UsageError(`there is no command '${command}'`);
  }
}

function runInfo([path, ...args]: readonly string[]): void {
  if (path === undefined || path.startsWith('--')) {
    throw new UsageError('info needs a model: gradus info net.safetensors');
  }
  const given = optionsOf(args, {
    input: 'value',
    dtype: 'value',
    graph: 'optional',
    json: 'flag',
  });
  const input = text(given, 'input');
  if (input !== undefined && !/^\d+(,\d+)+$/.test(input)) {
    throw new UsageError(`--input takes sizes such as 1,1,28,28, not '${input}'`);
  }
  const dtype = text(given, 'dtype') ?? 'float32';
  if (!['float32', 'float64', 'int32', 'int64', 'bool'].includes(dtype)) {
    throw new UsageError(`--dtype takes float32, float64, int32, int64 or bool, not '${dtype}'`);
  }
  if (given.has('graph') && input === undefined) {
    throw new UsageError('--graph needs --input, the shape of a batch: --input 1,1,28,28');
  }
  const graph = given.get('graph');
  showInfo(path, {
    input: input?.split(',').map(Number),
    dtype: dtype as DType,
    graph: graph === true ? `${path.replace(/\.safetensors$/, '')}.svg` : graph,
    json: given.has('json'),
  });
}

async function runQuickstart(args: readonly string[]): Promise<void> {
  const given = optionsOf(args, {
    data: 'value',
    epochs: 'value',
    seed: 'value',
    save: 'value',
    curves: 'value',
    resume: 'flag',
  });
  const data = text(given, 'data') ?? 'digits';
  if (!Object.hasOwn(TASKS, data)) {
    throw new UsageError(`there are no data '${data}'; there are ${Object.keys(TASKS).join(', ')}`);
  }
  try {
    await quickstart({
      data,
      epochs: wholeNumber(given, 'epochs', 1),
      seed: wholeNumber(given, 'seed', 0) ?? 1,
      save: text(given, 'save'),
      curves: text(given, 'curves'),
      resume: given.has('resume'),
    });
  } catch (error) {
    if (!(error instanceof TrainingInterrupted)) throw error;
    const again = args.includes('--resume') ? args : [...args, '--resume'];
    const words = again.map((word) => (/^[\w./=-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    console.log(`\nStopped after step ${error.step}; saved in ${error.checkpoint}. Go on with`);
    console.log(`  ${commandLine('quickstart')} ${words}`);
    process.exitCode = error.signal === 'SIGINT' ? 130 : 143; // as shells tell signals
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`gradus: ${error.message}; see gradus --help`);
    process.exitCode = 2;
  } else if (error instanceof GradusError || error instanceof DownloadError) {
    console.error(`gradus: ${error.message}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
