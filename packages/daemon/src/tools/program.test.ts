// The command line: every subcommand loads and explains itself, mistakes end with 2, and the word that names one is found.

import { describe, expect, it } from 'vitest';
import { EXIT } from './exit-codes.ts';
import { HIDDEN_TOOLS, TOOLS } from './index.ts';
import { Output } from './output.ts';
import { runProgram, subcommandIn } from './program.ts';

async function run(...argv: string[]) {
  const texts = { out: '', err: '' };
  const output = new Output({
    out: { write: (text) => void (texts.out += text) },
    err: { write: (text) => void (texts.err += text) },
    environment: {},
  });
  return { code: await runProgram(argv, { version: '1.2.3', output }), ...texts };
}

describe('snapcom', () => {
  it.each(TOOLS.map(({ name }) => name))('explains %s in two ways', async (name) => {
    const [help, option] = [await run('help', name), await run(name, '--help')];
    expect(help.code).toBe(EXIT.done);
    expect(help.out).toContain(`Usage: snapcom ${name}`);
    expect(help.out).toContain('--to <address>');
    expect(option).toEqual(help);
  });

  it('lists the subcommands, but not what shells alone call', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(EXIT.done);
    for (const { name, summary } of TOOLS) {
      expect(out).toContain(`  ${name} `);
      expect(out.replaceAll(/\s+/g, ' ')).toContain(summary);
    }
    for (const { name } of HIDDEN_TOOLS) expect(out).not.toMatch(new RegExp(`^ +${name} `, 'm'));
    expect(await run('help')).toEqual({ code, out, err: '' });
  });

  it('tells its version', async () => {
    expect(await run('--version')).toEqual({ code: EXIT.done, out: '1.2.3\n', err: '' });
  });

  it.each([
    [['snd'], 'Did you mean send?'],
    [['send', '--reprot', 'x'], '--report'],
    [['request', 'x/Y', '--timeout', 'soon'], 'a duration such as'],
    [['listen'], 'service'],
    [['listen', '1a'], 'not the name of a service'],
    [['listen', 'a', 'ping'], 'not a command'],
    [['listen', 'a', '--', 'x'], '--exec'],
    [['listen', '--exec', 'x'], "missing required argument 'service'"],
    [['send'], 'a message is needed'],
    [['send', '-', 'more'], 'nothing goes behind'],
    [['send', 'a/B', '--timeout', '1s'], '--timeout is for --report'],
    [['send', 'a/B', '--report', '--to', 'scu:'], 'nobody is answered'],
    [['status', '--to', 'nowhere'], 'expected sc:'],
    [['request', './X'], 'no single answer'],
    [['sniff', 'comand==X'], 'did you mean command'],
    [['sniff', '--since', 'lately'], 'Expected how long ago'],
    [['sniff', '--since', '1m', '--until', '5m'], '--since is later than --until'],
    [['why'], "missing required argument 'filter-or-id'"],
    [['why', 'comand==X'], 'did you mean command'],
    [['why', ' '], 'it lets everything through'],
    [['top', '--server', 'web1', '--all'], 'give one of them'],
    [['top', '--sort', 'age'], 'Allowed choices are messages, bytes, name'],
    [['audit', '--patience', 'long'], 'Expected'],
    [['sniff', '--server', 'web1', '--all'], 'give one of them'],
    [['what-if'], '--without SERVER'],
    [['sniff', '--read', '/nowhere/at/all'], 'cannot be read'],
    [['sniff', '--read', '/dev/null', '--write', '/nowhere/at/all'], 'cannot be written'],
    [['bench', '--seconds', '0'], 'from 1 to 60'],
    [['completion', 'tcsh'], 'bash, zsh, fish'],
    [[], 'Usage: snapcom'],
  ])('%j is wrong usage', async (argv, text) => {
    const { code, out, err } = await run(...argv);
    expect(err).toContain(text);
    expect({ code, out }).toEqual({ code: EXIT.usage, out: '' });
  });

  it.each([
    [['send', 'x'], 'send'],
    [['--to', 'sc:', 'stop'], 'stop'],
    [['--json', '--to=sc:', 'status'], 'status'],
    [['help', 'sniff'], 'sniff'],
    [['help'], undefined],
    [['--help'], undefined],
    [[], undefined],
  ])('%j names %j', (argv, name) => {
    expect(subcommandIn(argv)).toBe(name);
  });
});
