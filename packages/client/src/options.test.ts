// The communicator's options: where they are found, which one holds, and every problem at once.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addCommunicatorOptions, COMMUNICATOR_OPTIONS, OptionsError, processCommunicatorOptions } from './options.ts';
import { formatAddress } from './transport/address.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'options-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const process_ = (values: Record<string, unknown>, environment: Record<string, string> = {}) =>
  processCommunicatorOptions(values, directory, { environment });
const addressOf = (values: Record<string, unknown>, environment: Record<string, string> = {}): string[] =>
  (process_(values, environment).address as []).map((address) => formatAddress(address));

function problemsOf(values: Record<string, unknown>, environment: Record<string, string> = {}): string[] {
  try {
    process_(values, environment);
  } catch (error) {
    if (error instanceof OptionsError) return error.message.replaceAll(directory, 'D').split('\n');
    throw error;
  }
  return [];
}

describe('which one holds', () => {
  it('is nothing where nothing is given', () => {
    expect(process_({ verbose: true })).toEqual({});
    expect(processCommunicatorOptions({}, undefined, { environment: {} })).toEqual({});
  });

  it('is the command line before the environment before the files, later files first', () => {
    write('communicator.conf', 'communicator=sc://old');
    write('snapcommunicator.conf', 'communicator=sc://main\ncommunicator-queue-size=1MiB\n[other]\nanything=goes');
    expect(addressOf({})).toEqual(['sc://main:4042']);
    write('snapcommunicator.d/9-a.conf', 'communicator=sc://nine');
    write('snapcommunicator.d/10-a.conf', 'communicator=sc://ten');
    write('snapcommunicator.d/readme.conf', 'not read');
    expect(addressOf({})).toEqual(['sc://ten:4042']);
    expect(addressOf({}, { SNAPCOMMUNICATOR: 'scs://env,sc:' })).toEqual(['scs://env:4043', 'sc://127.0.0.1:4040']);
    expect(addressOf({ communicator: 'sc://flag' }, { SNAPCOMMUNICATOR: 'sc://env' })).toEqual(['sc://flag:4042']);
    expect(process_({}).queueBytesMax).toBe(1 << 20);
  });

  it('is what the files name', () => {
    const password = write('password', 'me:secret:x\nmore\n');
    const ca = write('ca.crt', 'CA');
    expect(
      process_({
        'communicator-password-file': password,
        communicatorCaFile: ca,
        communicatorRequestTimeout: '500ms',
        'communicator-drain-timeout': '1m',
      }),
    ).toEqual({ password: 'me:secret:x', tls: { ca: 'CA' }, requestTimeoutMs: 500, drainTimeoutMs: 60_000 });
  });
});

it('lists every problem, with its place, and shows no password', () => {
  write('snapcommunicator.conf', 'communicatr=x\nnonsense\ncommunicator_queue_size=big');
  write('snapcommunicator.d/1.conf', 'ignored, since it has no name behind its number');
  write('password', 'no colon');
  const values = { communicator: 'sc://me:secret@host', communicatorCaFile: join(directory, 'none') };
  expect(problemsOf(values, { SNAPCOMMUNICATOR_PASSWORD_FILE: join(directory, 'password') })).toEqual([
    'D/snapcommunicator.conf:2: "nonsense" has no "="; expected name=value',
    `D/snapcommunicator.conf:1: communicatr is not an option; expected one of ${Object.keys(COMMUNICATOR_OPTIONS).join(', ')}`,
    'D/snapcommunicator.conf:3: communicator_queue_size is "big", expected a size such as 64KiB or 1MiB from 4KiB to 1GiB',
    '--communicator: address "sc://me:***@host": a user and password would cross the network in the clear on sc:; only scs: takes them',
    'SNAPCOMMUNICATOR_PASSWORD_FILE: the first line of the password file is not user:password',
    "--communicator-ca-file: ENOENT: no such file or directory, open 'D/none'",
  ]);
});

describe('adding them', () => {
  it('to the options of parseArgs', () => {
    const options = addCommunicatorOptions({ verbose: { type: 'boolean' as const } });
    const { values } = parseArgs({
      options,
      args: ['--verbose', '--communicator', 'sc://h', '--communicator-queue-size=8k'],
    });
    expect(values).toEqual({ verbose: true, communicator: 'sc://h', 'communicator-queue-size': '8k' });
    expect(process_(values).queueBytesMax).toBe(8192);
  });

  it('to a commander Command', () => {
    const flags: string[] = [];
    const command = {
      option(flag: string, description: string) {
        expect(description).not.toBe('');
        flags.push(flag);
        return this;
      },
    };
    expect(addCommunicatorOptions(command)).toBe(command);
    expect(flags).toContain('--communicator-password-file <FILE>');
    expect(flags).toHaveLength(Object.keys(COMMUNICATOR_OPTIONS).length);
  });
});
