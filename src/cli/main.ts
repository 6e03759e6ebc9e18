#!/usr/bin/env node
/** The command line: `gradus <command>`. */
import { existsSync, readFileSync } from 'node:fs';
import { showDevices } from './devices.ts';
import { quickstart } from './quickstart.ts';

const HELP = `gradus: deep learning in TypeScript

Usage: gradus <command> [options]

Commands:
  quickstart   train a small network on handwritten digits, here and now
                 --epochs <n>   passes over the training images (default 15)
                 --seed <n>     decides weights and order (default 1)
  devices      what Gradus can compute on

Options:
  --help       this text
  --version    the version of Gradus`;

/** A mistake of the caller: shown without a stack. */
class UsageError extends Error {}

interface Flag {
  readonly name: string;
  readonly usual: number;
  readonly min: number;
}

/** `--name value` and `--name=value`, whole numbers all. */
function flagsOf(args: readonly string[], known: readonly Flag[]): Record<string, number> {
  const out = Object.fromEntries(known.map((f) => [f.name, f.usual]));
  const rest = args.flatMap((a) => (a.startsWith('--') ? a.split(/=(.*)/s, 2) : [a]));
  for (let i = 0; i < rest.length; i += 2) {
    const flag = known.find((f) => `--${f.name}` === rest[i]);
    if (flag === undefined) throw new UsageError(`there is no option '${rest[i]}'`);
    const value = Number(rest[i + 1]);
    if (!/^\d+$/.test(rest[i + 1] ?? '') || !Number.isSafeInteger(value) || value < flag.min) {
      throw new UsageError(`${rest[i]} takes a whole number of at least ${flag.min}`);
    }
    out[flag.name] = value;
  }
  return out;
}

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
    case 'quickstart': {
      const flags = flagsOf(args, [
        { name: 'epochs', usual: 15, min: 1 },
        { name: 'seed', usual: 1, min: 0 },
      ]);
      await quickstart({ epochs: flags.epochs, seed: flags.seed });
      return;
    }
    case 'devices':
      flagsOf(args, []);
      showDevices();
      return;
    default:
      throw new UsageError(`there is no command '${command}'`);
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`gradus: ${error.message}; see gradus --help`);
  process.exitCode = 2;
}
