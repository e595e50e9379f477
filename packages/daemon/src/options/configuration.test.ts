// Tests of loading a configuration: defaults, precedence, every option from every source, and a table of errors.

import { describe, expect, test } from 'vitest';
import { type Configuration, type Loaded, loadConfiguration } from './configuration.ts';
import { camelCase, environmentName, flagName, isSecret } from './option.ts';
import { OPTIONS } from './options.ts';
import { type TestMachine, testMachine } from './testing/machine.ts';

const MAIN = '/etc/snapcommunicator/communicatord.conf';

function load(argv: readonly string[] = [], machine: TestMachine = {}): Loaded {
  const loaded = loadConfiguration({ argv, ...testMachine(machine) });
  if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
  return loaded;
}

const configure = (argv: readonly string[] = [], machine: TestMachine = {}): Configuration =>
  load(argv, machine).configuration;

function problemsOf(argv: readonly string[], machine: TestMachine = {}): readonly string[] {
  const loaded = loadConfiguration({ argv, ...testMachine(machine) });
  return 'problems' in loaded ? loaded.problems : [];
}

const withMain = (text: string, others: TestMachine['files'] = {}): TestMachine => ({
  files: { [MAIN]: text, ...others },
});

describe('defaults', () => {
  test('a machine without any configuration', () => {
    const { configuration, warnings } = load();
    expect(warnings).toEqual([]);
    expect(configuration).toMatchObject({
      serverName: 'web_1',
      localListen: [{ host: '127.0.0.1', port: 4040 }],
      unixListen: ['/run/snapcommunicator/communicatord.sock'],
      signal: [{ host: '127.0.0.1', port: 4041 }],
      signalUnix: [],
      signalSecret: undefined,
      remoteListen: [],
      secureListen: [],
      myAddress: { host: '127.0.0.1', port: 4042 },
      dataPath: '/var/lib/snapcommunicator',
      requireRegistration: false,
      compatControl: false,
      allowBareSecretCode: false,
      maxConnections: 20_000,
      maxMessageSize: 1_048_576,
      maxLineDiscard: 67_108_864,
      maxQueueSize: 4_194_304,
      holdSize: 65_536,
      holdTime: 2000,
      pauseTime: 1000,
      stallTime: 100,
      aliveTimeout: 2000,
      helloInterval: 500,
      deadInterval: 2000,
      logFormat: 'json',
      isCppConfiguration: false,
      configurationFiles: [],
    });
  });

  test.each<[string, TestMachine, keyof Configuration, unknown]>([
    ['systemd', { environment: { RUNTIME_DIRECTORY: '/run/a:/run/b' } }, 'unixListen', ['/run/a/communicatord.sock']],
    ['a user', { environment: { XDG_RUNTIME_DIR: '/run/user/1' } }, 'unixListen', ['/run/user/1/communicatord.sock']],
    [
      'C++ services beside',
      { writable: ['/run/communicator'] },
      'unixListen',
      ['/run/snapcommunicator/communicatord.sock', '/run/communicator/communicatord.sock'],
    ],
    ['systemd state', { environment: { STATE_DIRECTORY: '/var/lib/a' } }, 'dataPath', '/var/lib/a'],
    [
      'a user state',
      { environment: { XDG_STATE_HOME: '/home/u/.state' } },
      'dataPath',
      '/home/u/.state/snapcommunicator',
    ],
    ['a container', { hostName: '3F2a-B' }, 'serverName', 'n3f2a_b'],
    ['no host name', { hostName: '' }, 'serverName', 'n'],
    ['a terminal', { isTerminal: true }, 'logFormat', 'pretty'],
    [
      'few files',
      { files: { '/proc/self/limits': 'Max open files            1024 4096 files\n' } },
      'maxConnections',
      768,
    ],
  ])('of %s', (_, machine, key, expected) => {
    expect(configure([], machine)[key]).toEqual(expected);
  });
});

describe('precedence', () => {
  const files = {
    [MAIN]: 'stop_timeout=1s\nhold_time=1s\nstall_time=1s\npause_time=1s\nalive_timeout=1s\n',
    '/etc/snapcommunicator/communicatord.d/10-a.conf': 'hold_time=2s\nstall_time=2s\npause_time=2s\nalive_timeout=2s\n',
    '/etc/snapcommunicator/communicatord.d/9-z.conf': 'hold_time=3s\n',
    '/etc/snapcommunicator/communicatord.d/100-a.conf': 'stall_time=4s\npause_time=4s\nalive_timeout=4s\n',
  };
  const environment = { SNAPCOMMUNICATORD_PAUSE_TIME: '5s', SNAPCOMMUNICATORD_ALIVE_TIMEOUT: '5s', OTHER: 'x' };

  test('flags over environment over numbered files, later over earlier, over the main file', () => {
    const { configuration, origins } = load(['--alive-timeout=6s'], { files, environment });
    expect(configuration).toMatchObject({
      stopTimeout: 1000,
      holdTime: 2000,
      stallTime: 4000,
      pauseTime: 5000,
      aliveTimeout: 6000,
    });
    expect(configuration.configurationFiles.map((path) => path.split('/').at(-1))).toEqual([
      'communicatord.conf',
      '9-z.conf',
      '10-a.conf',
      '100-a.conf',
    ]);
    expect(origins.get('stop_timeout')).toMatchObject({ kind: 'file', file: MAIN, line: 1 });
    expect(origins.get('pause_time')).toEqual({ kind: 'environment', name: 'SNAPCOMMUNICATORD_PAUSE_TIME' });
    expect(origins.get('alive_timeout')).toEqual({ kind: 'flag', name: '--alive-timeout' });
    expect(origins.get('hold_size')).toEqual({ kind: 'default' });
  });

  test.each([
    ['a flag', ['--config', '/x/y.conf'], {}],
    ['an equals sign', ['--config=/x/y.conf'], {}],
    ['the environment', [], { SNAPCOMMUNICATORD_CONFIG: '/x/y.conf' }],
  ])('--config by %s names another main file, with its own directory', (_, argv, environment) => {
    const others = { '/x/y.conf': 'server_name=a\nhold_time=1s', '/x/communicatord.d/50-b.conf': 'server_name=b' };
    expect(configure(argv, { files: { ...files, ...others }, environment })).toMatchObject({
      serverName: 'b',
      holdTime: 1000,
    });
  });

  test('--config none reads no file, and the second default directory counts only without the first', () => {
    expect(configure(['--config', 'none'], { files }).configurationFiles).toEqual([]);
    const cpp = { '/etc/communicator/communicatord.conf': 'server_name=cpp' };
    expect(configure([], { files: cpp })).toMatchObject({
      serverName: 'cpp',
      isCppConfiguration: true,
      compatControl: true,
    });
    expect(configure([], { files: { ...files, ...cpp } })).toMatchObject({
      serverName: 'web_1',
      isCppConfiguration: false,
    });
  });

  test('the last of several flags wins', () => {
    expect(configure(['--server-name', 'a', '--server-name=b']).serverName).toBe('b');
  });
});

describe('every option', () => {
  const loaded = load();
  const sampleOf = (name: string): string => {
    const option = OPTIONS.find((each) => each.name === name);
    const value = (loaded.configuration as unknown as Record<string, unknown>)[camelCase(name)];
    return value === undefined ? '' : (option?.type.write(value) ?? '');
  };

  test.each(OPTIONS.map((option) => [option.name, option] as const))('%s is read from every source', (name, option) => {
    const text = sampleOf(name);
    const key = camelCase(name);
    const sources: TestMachine[] = [withMain(`${name}=${text}`), { environment: { [environmentName(name)]: text } }];
    const expected = (loaded.configuration as unknown as Record<string, unknown>)[key];
    for (const source of sources) {
      expect((configure([], source) as unknown as Record<string, unknown>)[key]).toEqual(expected);
    }
    if (option.secret !== 'always') expect(configure([`${flagName(name)}=${text}`])).toMatchObject({ [key]: expected });
    expect(option.type.note).toMatch(/^[A-Z].*\.$/);
  });

  test('switches need no value', () => {
    expect(configure(['--require-registration', '--no-compat-control'])).toMatchObject({
      requireRegistration: true,
      compatControl: false,
    });
    expect(configure(['--require-registration=no']).requireRegistration).toBe(false);
    expect(configure([], { environment: { SNAPCOMMUNICATORD_REQUIRE_REGISTRATION: 'yes' } }).requireRegistration).toBe(
      true,
    );
  });

  test.each(['local_listen', 'unix_listen', 'signal', 'signal_unix', 'remote_listen', 'secure_listen', 'console'])(
    '%s=none turns it off',
    (name) => {
      const { configuration, warnings } = load([], withMain(`${name}=none`));
      expect(configuration).toMatchObject({ [camelCase(name)]: [] });
      expect(warnings).toEqual([]);
    },
  );
});

describe('addresses for others', () => {
  test.each<[string[], string, number]>([
    [['--remote-listen', '10.0.0.5:5000'], '10.0.0.5', 5000],
    [['--remote-listen', '10.0.0.5,10.1.0.5'], '10.0.0.5', 4042],
    [['--remote-listen', '0.0.0.0'], '10.0.0.7', 4042],
    [['--remote-listen', '[::]:5000'], 'fd00::7', 5000],
    [['--remote-listen', '127.0.0.1:5000'], '127.0.0.1', 5000],
    [['--remote-listen', '0.0.0.0:5000', '--my-address', '10.9.9.9'], '10.9.9.9', 5000],
    [['--remote-listen', '0.0.0.0:5000', '--my-address', '10.9.9.9:6000'], '10.9.9.9', 6000],
    [['--my-address', '10.9.9.9'], '10.9.9.9', 4042],
  ])('%j', (argv, host, port) => {
    expect(configure(argv).myAddress).toEqual({ host, port });
  });
});

describe('secrets', () => {
  test('come from a file of their own, or from a configuration file that only its owner can read', () => {
    const files = { '/etc/secret': 'a secret\n' };
    expect(configure(['--signal-secret-file', '/etc/secret', '--signal', '0.0.0.0'], { files }).signalSecret).toBe(
      'a secret',
    );
    expect(configure([], withMain('signal_secret=x y\n')).signalSecret).toBe('x y');
    expect(configure([], withMain('signal_secret=\n')).signalSecret).toBeUndefined();
    expect(configure([], { environment: { SNAPCOMMUNICATORD_SIGNAL_SECRET: 'z' } }).signalSecret).toBe('z');
  });

  test('are refused on the command line and in files that others can read, and are never repeated', () => {
    const open = {
      files: { [MAIN]: { text: 'signal_secret=hunter2\nneighbors=scs://me:hunter2@10.0.0.5', mode: 0o640 } },
    };
    for (const [argv, machine] of [
      [['--signal-secret', 'hunter2'], {}],
      [['--neighbors=10.0.0.4,scs://me:hunter2@10.0.0.5'], {}],
      [['--secure-listen', 'cds://me:hunter2@10.0.0.5'], {}],
      [['--neighbors=scs://me:hunter2@10.0.0.5:99999'], {}],
      [['--neighbors=scs://me:pa,hunter2@10.0.0.5'], {}],
      [[], open],
      [[], withMain('neighbors=scs://me:hunter2@10.0.0.5:99999')],
      [[], withMain(`signal_secret=${'hunter2'.repeat(200)}`)],
    ] as const) {
      const problems = problemsOf(argv, machine);
      expect(problems).not.toEqual([]);
      expect(problems.join()).not.toContain('hunter2');
    }
    expect(problemsOf(['--signal-secret', 'x'])[0]).toContain('the process list shows it; expected it in a file');
    expect(problemsOf([], open)).toEqual([
      expect.stringMatching(/^\/etc\/.*:1: signal_secret has a secret, but others can read .* chmod 600/),
      expect.stringMatching(/^\/etc\/.*:2: neighbors has a secret, but others can read/),
    ]);
  });

  test('a user without a password is none', () => {
    const neighbors = OPTIONS.find(({ name }) => name === 'neighbors');
    expect(neighbors && isSecret(neighbors, '10.0.0.5:4042,scs://me@10.0.0.6:4043')).toBe(false);
    expect(configure(['--neighbors', 'scs://me@10.0.0.6']).neighbors).toMatchObject([
      { user: 'me', host: '10.0.0.6', port: 4043 },
    ]);
  });
});

describe('warnings', () => {
  test.each<[string, TestMachine, string]>([
    [
      'a file without a number',
      withMain('', { '/etc/snapcommunicator/communicatord.d/a.conf': '' }),
      'a.conf is not read: its name does not begin',
    ],
    ['services elsewhere', withMain('services=/nowhere'), `${MAIN}:1: services is /nowhere, which is not a directory`],
    ['a secret code without secret', withMain('allow_bare_secret_code=yes'), 'has no effect without a signal secret'],
    ['a console that writes for everybody', withMain('console_write=yes'), 'every user of this machine may send'],
    ['a queue shorter than a message', withMain('max_queue_size=64k'), 'longer than a queue they are refused'],
  ])('%s', (_, machine, warning) => {
    expect(load([], machine).warnings).toEqual([expect.stringContaining(warning)]);
  });
});
