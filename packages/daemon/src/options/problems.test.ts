// Tests of what is refused: each kind of error, the sentence that it gives, and that all of them come together.

import { describe, expect, test } from 'vitest';
import { loadConfiguration } from './configuration.ts';
import { type TestMachine, testMachine } from './testing/machine.ts';

const MAIN = '/etc/snapcommunicator/communicatord.conf';
const DROP_INS = '/etc/snapcommunicator/communicatord.d';

function problemsOf(argv: readonly string[], machine: TestMachine = {}): readonly string[] {
  const loaded = loadConfiguration({ argv, ...testMachine(machine) });
  return 'problems' in loaded ? loaded.problems : [];
}

describe('on the command line', () => {
  test.each<[string[], string]>([
    [
      ['--local-lisen', '127.0.0.1'],
      '--local-lisen is not an option (did you mean --local-listen?); --help lists them',
    ],
    [['--chek-config'], '--chek-config is not an option (did you mean --check-config?); --help lists them'],
    [['--wurstbrot'], '--wurstbrot is not an option; --help lists them'],
    [['start'], '"start" is not an option; expected --name value, or --name=value'],
    [['-x'], '"-x" is not an option; expected --name value, or --name=value'],
    [
      ['--local-listen'],
      '--local-listen has no value; expected a comma-separated list, each an address such as 127.0.0.1:4040; or none',
    ],
    [['--server-name', '--check-config'], '--server-name has no value; expected a name'],
    [['--require-registration=perhaps'], '--require-registration is "perhaps", expected true or false'],
    [['--hold-time', '-5'], '--hold-time is "-5", expected a duration such as 250ms, 60s, 10m or 3h up to 1m'],
    [['--log-level', 'loud'], '--log-level is "loud", expected one of trace, debug, info, warn, error, fatal, silent'],
    [['--config', '/nowhere'], '/nowhere is not there; name a configuration file that is, or none'],
  ])('%j', (argv, expected) => {
    expect(problemsOf(argv)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('in the environment', () => {
  test.each([
    [
      'SNAPCOMMUNICATORD_LOCAL_LISEN',
      'x',
      'SNAPCOMMUNICATORD_LOCAL_LISEN is not a variable of this daemon (did you mean SNAPCOMMUNICATORD_LOCAL_LISTEN?)',
    ],
    [
      'SNAPCOMMUNICATORD_Server_Name',
      'x',
      'SNAPCOMMUNICATORD_Server_Name is not a variable of this daemon (did you mean SNAPCOMMUNICATORD_SERVER_NAME?)',
    ],
    [
      'SNAPCOMMUNICATORD_MAX_SERVICES',
      '0',
      'SNAPCOMMUNICATORD_MAX_SERVICES is "0", expected a whole number from 1 to 1000000',
    ],
  ])('%s=%s', (name, text, expected) => {
    expect(problemsOf([], { environment: { [name]: text } })).toEqual([expected]);
  });
});

describe('in a file', () => {
  test.each([
    ['\nsever_name=a', `${MAIN}:2: sever_name is not an option (did you mean server_name?)`],
    ['just words', `${MAIN}:1: "just words" has no "="; expected name=value`],
    ['[client]\nserver_name=a', `${MAIN}:2: section [client] is nobody's; expected none, or [communicatord]`],
    ['server_name=1a', `${MAIN}:1: server_name is "1a", expected a name`],
    ['server_name=', `${MAIN}:1: server_name is "", expected a name`],
    [
      'max_message_size=17m',
      `${MAIN}:1: max_message_size is "17m", expected a size such as 64KiB or 1MiB from 1KiB to 16MiB`,
    ],
    ['local_listen=10.0.0.1:4040', `${MAIN}:1: local_listen is 10.0.0.1:4040, expected a loopback address`],
    ['local_listen=0.0.0.0', `${MAIN}:1: local_listen is 0.0.0.0:4040, expected a loopback address`],
    ['signal=10.0.0.1', `${MAIN}:1: signal is 10.0.0.1:4041, not a loopback address, and there is no secret`],
    ['remote_listen=8.8.8.8', `${MAIN}:1: remote_listen is 8.8.8.8:4042, a public address`],
    ['neighbors=8.8.8.8', `${MAIN}:1: neighbors has 8.8.8.8:4042, a public address`],
    ['secure_listen=scs:///run/x.sock', 'TLS has nothing to protect there'],
    ['unix_listen=scs:///run/x.sock', 'TLS has nothing to protect there'],
    [
      'remote_listen=127.0.0.1:4040',
      `${MAIN}:1: remote_listen asks for 127.0.0.1:4040, which local_listen has already`,
    ],
    ['remote_listen=0.0.0.0:4040', `${MAIN}:1: remote_listen asks for 0.0.0.0:4040, which local_listen has already`],
    ['signal_unix=/run/snapcommunicator/communicatord.sock', 'which unix_listen has already'],
    ['unix_group=nobodys', `${MAIN}:1: unix_group is "nobodys", which is no group of this machine`],
    ['unix_group=a b', `${MAIN}:1: unix_group is "a b", expected the name or number of a group`],
    ['max_connections=100000', 'but this process may open 65536 files only'],
    ['max_line_discard=64k', `${MAIN}:1: max_line_discard is 64KiB, expected at least max_message_size (1MiB)`],
    ['max_message_size=4m\narena_size=8m', 'arena_size is 8MiB, expected at least four times max_message_size (4MiB)'],
    ['dead_interval=600ms', `${MAIN}:1: dead_interval is 600ms, expected at least twice hello_interval (500ms)`],
    ['signal_secret_file=/nowhere', `${MAIN}:1: signal_secret_file is /nowhere, which is not there`],
    ['signal_secret_file=/open', 'which is of mode 0644; expected one that only its owner can read: chmod 600 /open'],
    ['signal_secret_file=/writable', 'which is of mode 0620; expected one that only its owner can read'],
    ['signal_secret_file=/broken', 'which cannot be read by this user; expected a file that only its owner can read'],
    ['signal_secret_file=/empty', 'which is empty; expected a secret'],
    ['signal_secret_file=/secret\nsignal_secret=x', 'signal_secret_file is too; expected one of them'],
    ['passwords_file=/open', 'passwords_file is /open, which is of mode 0644'],
    ['credentials_file=/nowhere', 'credentials_file is /nowhere, which is not there'],
    ['cluster_secret_file=/open', 'cluster_secret_file is /open, which is of mode 0644'],
    ['secure_listen=10.0.0.1\nprivate_key=/secret', `${MAIN}:1: secure_listen is set, but certificate is not`],
    ['secure_listen=10.0.0.1\ncertificate=/open\nprivate_key=/open', 'private_key is /open, which is of mode 0644'],
    [
      'secure_listen=10.0.0.1\ncertificate=/nowhere\nprivate_key=/secret',
      'certificate is /nowhere, which is not there',
    ],
    ['console=10.0.0.1', `${MAIN}:1: console is 10.0.0.1:4044, not a loopback address, and there is no password`],
    ['console=https://0.0.0.0\ncertificate=/open\nprivate_key=/secret', 'and there is no password'],
    ['console=10.0.0.1\nconsole_passwords_file=/secret', 'and not TLS: passwords and messages could be read'],
    ['console=https://127.0.0.1\nprivate_key=/secret', 'console is https://127.0.0.1:4044, but certificate is not set'],
    ['console=https://[::1]\ncertificate=/open\nprivate_key=/open', 'private_key is /open, which is of mode 0644'],
    ['console=https://[::1]\ncertificate=/nowhere\nprivate_key=/secret', 'certificate is /nowhere, which is not there'],
    ['console_passwords_file=/open', 'console_passwords_file is /open, which is of mode 0644'],
    ['console_hosts=a b', 'console_hosts is "a b", expected'],
  ])('%j', (text, expected) => {
    const files = {
      [MAIN]: text,
      '/open': { text: 'x', mode: 0o644 },
      '/writable': { text: 'x', mode: 0o620 },
      '/broken': { problem: 'cannot be read by this user' },
      '/empty': '\n',
      '/secret': 'x',
    };
    expect(problemsOf([], { files })).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    'public_plain=yes\nremote_listen=8.8.8.8\nneighbors=8.8.4.4',
    'signal=10.0.0.1\nsignal_secret=x',
    'signal=10.0.0.1\nsignal_secret_file=/secret',
    'remote_listen=0.0.0.0',
    'remote_listen=127.0.0.1:0,127.0.0.1:0',
    'unix_group=communicator-user',
    'unix_group=977',
    'secure_listen=0.0.0.0\ncertificate=/open\nprivate_key=/secret',
    '[communicatord]\nserver_name=a',
    'console=https://10.0.0.1\nconsole_passwords_file=/secret\ncertificate=/open\nprivate_key=/secret',
    'console=10.0.0.1\nconsole_passwords_file=/secret\nconsole_plain=yes',
    'console=127.0.0.1:0,[::1]:0\nconsole_hosts=map.example.org,10.0.0.9',
  ])('%j is taken', (text) => {
    const files = { [MAIN]: text, '/secret': 'x', '/open': { text: 'x', mode: 0o644 } };
    expect(problemsOf([], { files })).toEqual([]);
  });

  test('that cannot be read', () => {
    expect(problemsOf([], { files: { [MAIN]: { problem: 'is not a regular file' } } })).toEqual([
      `${MAIN} is not a regular file; expected a configuration file of lines name=value`,
    ]);
  });

  test('one of too many', () => {
    const numbers = Array.from({ length: 101 }, (_, number) => [`${DROP_INS}/${number}-x.conf`, '']);
    expect(problemsOf([], { files: Object.fromEntries(numbers) })).toEqual([
      `${DROP_INS} has 101 files; expected at most 100`,
    ]);
  });
});

test('all problems come together, those of values that are overridden too', () => {
  const files = { [MAIN]: 'hold_time=long\nnonsense=1', [`${DROP_INS}/50-a.conf`]: 'hold_size=-1' };
  const environment = { SNAPCOMMUNICATORD_HOLD_TIME: '1s', SNAPCOMMUNICATORD_HOLD_SIZE: '1' };
  const problems = problemsOf(['--signal', '8.8.8.8', '--what'], { files, environment });
  expect(problems.map((problem) => problem.slice(0, 60))).toEqual([
    expect.stringContaining(`${MAIN}:2: nonsense`),
    expect.stringContaining('--what'),
    expect.stringContaining(`${MAIN}:1: hold_time`),
    expect.stringContaining(`${DROP_INS}/50-a.conf:1: hold_size`),
    expect.stringContaining('--signal is 8.8.8.8:4041'),
  ]);
});

test('a file that is none of ours is not read to its end', () => {
  const problems = problemsOf([], { files: { [MAIN]: 'wurst=brot\n'.repeat(90_000) } });
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)).toBe(`${MAIN}:100: reading ended here after 100 problems`);
});
