// Fuzzing of the configuration reader: whatever files, environment and flags say, it ends, throws nothing, and explains.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLoopback } from './addresses.ts';
import { loadConfiguration } from './configuration.ts';
import { environmentName, flagName } from './option.ts';
import { OPTIONS } from './options.ts';
import { testMachine } from './testing/machine.ts';

const MAIN = '/etc/snapcommunicator/communicatord.conf';
const CPP = '/etc/communicator/communicatord.conf';
const runs = { numRuns: 1500 };

const optionName = fc.constantFrom(...OPTIONS.map(({ name }) => name));
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'none',
    '',
    '127.0.0.1:4040',
    '::1',
    '0',
    '-1',
    '1e9',
    '1KiB',
    '1h30m',
    'scs://a:b@10.0.0.1',
    '/x',
    '10.0.0.0/8',
    'yes',
    ',',
    ';cost=1',
  ),
  fc
    .array(fc.constantFrom('sc', ':', '/', '//', '@', '[', ']', ',', ';', '%', '1', '.', 'a', '=', ' ', '10.0.0.1'), {
      maxLength: 16,
    })
    .map((parts) => parts.join('')),
);
const line = fc.tuple(optionName, value).map(([name, text]) => `${name}=${text}`);
const sound = OPTIONS.map(
  ({ name, type }) => `${name}=${type.defaultValue === undefined ? '' : type.write(type.defaultValue)}`,
).join('\n');

/** A sound file with some bytes taken out, doubled or changed. */
const mutated = fc
  .array(fc.tuple(fc.nat(sound.length), fc.nat(8), fc.string({ unit: 'binary', maxLength: 4 })), {
    minLength: 1,
    maxLength: 10,
  })
  .map((changes) =>
    changes.reduce((text, [at, length, inserted]) => text.slice(0, at) + inserted + text.slice(at + length), sound),
  );
const randomBytes = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('utf8'));
const file = fc.oneof(
  fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')),
  mutated,
  randomBytes,
);

/** Whether loading ended with a configuration within its limits, or with problems that can be read. */
function isSound(
  argv: readonly string[],
  files: Record<string, string>,
  environment: Record<string, string> = {},
): boolean {
  const loaded = loadConfiguration({ argv, ...testMachine({ files, environment }) });
  if ('problems' in loaded) {
    return loaded.problems.length > 0 && loaded.problems.every((problem) => problem.length < 2000);
  }
  const { configuration, origins } = loaded;
  return (
    /^[a-z_][a-z0-9_]{0,63}$/.test(configuration.serverName) &&
    configuration.maxQueueSize >= 65_536 &&
    configuration.localListen.every(({ host }) => isLoopback(host)) &&
    OPTIONS.every(({ name }) => origins.has(name))
  );
}

describe('never throws', () => {
  test('for files', () => {
    fc.assert(
      fc.property(file, file, (main, dropIn) => {
        expect(isSound([], { [MAIN]: main, '/etc/snapcommunicator/communicatord.d/1-x.conf': dropIn })).toBe(true);
      }),
      runs,
    );
  });

  test('for files of the C++ daemon', () => {
    fc.assert(
      fc.property(file, (main) => {
        expect(isSound([], { [CPP]: main })).toBe(true);
      }),
      runs,
    );
  });

  test('for flags', () => {
    const word = fc.oneof(
      value,
      optionName.map(flagName),
      fc.tuple(optionName, value).map(([name, text]) => `${flagName(name)}=${text}`),
      value.map((text) => `--${text}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
        expect(isSound(argv, {})).toBe(true);
      }),
      runs,
    );
  });

  test('for the environment', () => {
    const variable = fc.oneof(optionName.map(environmentName), value.map(environmentName));
    fc.assert(
      fc.property(fc.dictionary(variable, value, { maxKeys: 6 }), (environment) => {
        expect(isSound([], {}, environment)).toBe(true);
      }),
      runs,
    );
  });
});

test('every value that is taken is written as a text that gives the same value', () => {
  fc.assert(
    fc.property(fc.constantFrom(...OPTIONS), value, ({ type }, text) => {
      const reading = type.read(text);
      const again = 'value' in reading ? type.read(type.write(reading.value)) : reading;
      expect(again).toEqual(reading);
    }),
    { numRuns: 8000 },
  );
});

// A backtracking expression would not come back from any of these before the test's own time is over.
test.each(OPTIONS.map((option) => [option.name, option] as const))(
  '%s reads long texts in linear time',
  (_, { type }) => {
    for (const piece of ['1', '1.', 'a', ',', ':', '@', '[', '/', '10.0.0.1,', '1h', 'a.', 'a-', ';']) {
      for (const end of ['', '!']) {
        const reading = type.read(piece.repeat(200_000 / piece.length) + end);
        expect('value' in reading || 'expected' in reading).toBe(true);
      }
    }
  },
);
