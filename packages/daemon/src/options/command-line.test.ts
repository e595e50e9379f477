// Tests of what the program prints and exits with: --help, --version, --check-config, and a bad configuration.

import { describe, expect, test } from 'vitest';
import { type Errand, processCommandLine } from './command-line.ts';
import { flagName, GROUPS } from './option.ts';
import { OPTIONS } from './options.ts';
import { type TestMachine, testMachine } from './testing/machine.ts';

const errand = (argv: readonly string[], machine: TestMachine = {}): Errand =>
  processCommandLine({ argv, version: '1.2.3', ...testMachine(machine) });

function exitOf(argv: readonly string[], machine: TestMachine = {}): Errand & { kind: 'exit' } {
  const found = errand(argv, machine);
  if (found.kind !== 'exit') throw new Error('the daemon would run');
  return found;
}

describe('--help', () => {
  const { output, code } = exitOf(['--help']);

  test('lists every option with its values and default, in lines of at most 100 characters', () => {
    expect(code).toBe(0);
    for (const { name, isSwitch, secret } of OPTIONS) {
      const entry =
        secret === 'always'
          ? `  ${name}=`
          : isSwitch
            ? `  --[no-]${flagName(name).slice(2)}\n`
            : `  ${flagName(name)} `;
      expect(output).toContain(`\n${entry}`);
    }
    for (const heading of Object.values(GROUPS)) expect(output).toContain(`\n\n${heading}\n\n`);
    expect(output.match(/Default:\s/g)).toHaveLength(OPTIONS.length + 1);
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(output).not.toContain('undefined');
  });

  test('says what a limit is', () => {
    expect(output).toContain(
      '  --max-message-size VALUE\n      A longer line is passed over and answered with INVALID.\n      Value: a size such as 64KiB or 1MiB from 1KiB to 16MiB. Default: 1MiB.\n',
    );
    expect(output.replace(/\s+/g, ' ')).toContain(
      'Default: $STATE_DIRECTORY, $XDG_STATE_HOME/snapcommunicator or /var/lib/snapcommunicator.',
    );
  });

  test('comes whatever else is wrong', () => {
    expect(exitOf(['--wurst', '-h', '--check-config']).output).toBe(output);
  });
});

test('--version', () => {
  expect(exitOf(['--version'])).toEqual({ kind: 'exit', code: 0, output: 'snapcommunicatord 1.2.3\n', errors: '' });
});

describe('--check-config', () => {
  const files = {
    '/etc/snapcommunicator/communicatord.conf':
      'hold_time=1500ms\nsignal_secret=hunter2\nneighbors=10.0.0.5,scs://me:hunter2@10.0.0.6;cost=5\nallow_bare_secret_code=yes\nconsole_write=yes',
  };

  test('prints what holds and where it came from, secrets hidden', () => {
    const environment = { SNAPCOMMUNICATORD_MAX_SERVICES: '7' };
    const { output, errors, code } = exitOf(['--check-config', '--server-name=a'], { files, environment });
    expect(code).toBe(0);
    expect(output).toMatch(/^server_name +a +--server-name$/m);
    expect(output).toMatch(/^hold_time +1500ms +\/etc\/snapcommunicator\/communicatord\.conf:1$/m);
    expect(output).toMatch(/^signal_secret +\(hidden\) +\/etc\/snapcommunicator\/communicatord\.conf:2$/m);
    expect(output).toMatch(/^max_services +7 +SNAPCOMMUNICATORD_MAX_SERVICES$/m);
    expect(output).toMatch(/^max_message_size +1MiB +default$/m);
    expect(output).toMatch(/^remote_listen +none +default$/m);
    expect(output).toMatch(/^my_address +127\.0\.0\.1:4042 +default$/m);
    expect(output).toMatch(/^neighbors +10\.0\.0\.5:4042,scs:\/\/me:\*\*\*@10\.0\.0\.6:4043;cost=5 +\/etc/m);
    expect(output + errors).not.toContain('hunter2');
    expect(errors).toContain(
      'snapcommunicatord: warning: /etc/snapcommunicator/communicatord.conf:5: console_write is on',
    );
    for (const { name } of OPTIONS) expect(output).toMatch(new RegExp(`^${name} `, 'm'));
  });

  test('exits with 78 when something is wrong, and says all of it', () => {
    const { output, errors, code } = exitOf(['--check-config', '--hold-time=x', '--hold-size=y'], { files });
    expect(code).toBe(78);
    expect(output).toBe('');
    expect(errors.split('\n')).toEqual([
      expect.stringContaining('snapcommunicatord: --hold-time is "x", expected a duration'),
      expect.stringContaining('snapcommunicatord: --hold-size is "y", expected a size'),
      '',
    ]);
  });
});

describe('to run', () => {
  test('gives the configuration', () => {
    const found = errand(['--server-name=a']);
    expect(found.kind === 'run' && found.loaded.configuration.serverName).toBe('a');
  });

  test('a secret on the command line ends with 78', () => {
    expect(exitOf(['--signal-secret=x']).code).toBe(78);
  });
});
