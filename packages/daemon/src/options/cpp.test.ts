// Tests with configuration files of the C++ daemon, unchanged: what they mean here, what is reported, what is refused.

import { describe, expect, test } from 'vitest';
import { type Loaded, loadConfiguration } from './configuration.ts';
import { IGNORED_OPTIONS } from './cpp.ts';
import { type TestMachine, testMachine } from './testing/machine.ts';

const MAIN = '/etc/communicator/communicatord.conf';

/** What the sample file of the package sets, with comments and blanks in its manner. */
const SAMPLE = `# Communicator Daemon
#
#     /etc/communicator/communicator.d/50-communicatord.conf

# Default: <none>
#server_name=my_server_name

my_address=127.0.0.1

remote_listen=127.0.0.1:4040
#secure_listen=127.0.0.1:4040
local_listen=127.0.0.1:4040

unix_listen=/run/communicator/communicatord.sock
signal=127.0.0.1:4041
#signal_secret=
#max_connections=<default>

certificate=/etc/communicator/keys/communicatord.crt
private_key=/etc/communicator/keys/communicatord.key
#neighbors=10.0.0.5
data_path=/var/lib/communicator
services=/usr/share/communicator/services

# vim: wrap
`;

/** Everything that the daemon, its logger and its message library read, in the forms that they take. */
const FULL = `; every option
server-name = Web-1
debug_all_messages = on
user_name = communicator
group_name = communicator
my_address = 10.0.0.5
remote_listen = 10.0.0.5:4042
local_listen = "127.0.0.1:4040"
unix_listen = /run/communicator/communicatord.sock
unix_group = 'communicator-user'
secure_listen = cds://admin:s%3Acret@192.0.2.1:4043
certificate = /etc/communicator/keys/communicatord.crt
private_key = /etc/communicator/keys/communicatord.key
signal = 0.0.0.0:4041
signal_secret = a\\\\b;c
max_connections = 100
max_pending_connections = 25
max_gossip_timeout = 3600
neighbors = 10.0.0.6:4042, 10.0.0.7, \\
  cds://peer:pass@198.51.100.7:4043
data_path = /var/lib/communicator
services = /usr/share/communicator/services
timedate_wait_command = /usr/bin/timedate-wait
path_to_message_definitions = /usr/share/eventdispatcher/messages
communicator_plugin_paths = /usr/lib/communicator/plugins
logger_plugin_paths = /usr/lib/snaplogger/plugins
log_config_path = /etc/communicator/logger
`;

const OTHERS = {
  '/usr/share/communicator/services/images.service': '',
  '/etc/communicator/keys/communicatord.crt': { text: 'PEM', mode: 0o644 },
  '/etc/communicator/keys/communicatord.key': 'PEM',
};

function load(text: string, machine: TestMachine = {}, path = MAIN): Loaded {
  const files = { [path]: text, ...OTHERS, ...machine.files };
  const loaded = loadConfiguration({
    argv: path === MAIN ? [] : ['--config', path],
    ...testMachine({ ...machine, files }),
  });
  if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
  return loaded;
}

test('the sample file', () => {
  const { configuration, warnings } = load(SAMPLE);
  expect(configuration).toMatchObject({
    isCppConfiguration: true,
    compatControl: true,
    allowBareSecretCode: true,
    serverName: 'web_1',
    localListen: [{ host: '127.0.0.1', port: 4040 }],
    remoteListen: [],
    unixListen: ['/run/communicator/communicatord.sock'],
    signal: [{ host: '127.0.0.1', port: 4041 }],
    myAddress: { host: '127.0.0.1', port: 4042 },
    dataPath: '/var/lib/communicator',
    services: '/usr/share/communicator/services',
    maxConnections: 20_000,
  });
  expect(warnings).toEqual([`${MAIN}:10: remote_listen is on a loopback address, and so is off, as in the C++ daemon`]);
});

test('a file with every option', () => {
  const { configuration, warnings } = load(FULL);
  expect(configuration).toMatchObject({
    serverName: 'web_1',
    myAddress: { host: '10.0.0.5', port: 4042 },
    remoteListen: [{ host: '10.0.0.5', port: 4042 }],
    secureListen: [{ host: '192.0.2.1', port: 4043, user: 'admin', password: 's:cret' }],
    unixGroup: 'communicator-user',
    unixGroupId: 977,
    signal: [{ host: '0.0.0.0', port: 4041 }],
    signalSecret: 'a\\b;c',
    maxLinks: 100,
    maxConnections: 20_000,
    maxPendingConnections: 25,
    neighbors: [
      { host: '10.0.0.6', port: 4042 },
      { host: '10.0.0.7', port: 4042 },
      { scheme: 'scs', user: 'peer', password: 'pass', host: '198.51.100.7', port: 4043 },
    ],
  });
  const reported = warnings.filter((warning) => warning.includes('is ignored'));
  expect(reported.map((warning) => warning.split(' ')[1])).toEqual([
    'debug_all_messages',
    'user_name',
    'group_name',
    'max_gossip_timeout',
    'timedate_wait_command',
    'path_to_message_definitions',
    'communicator_plugin_paths',
    'logger_plugin_paths',
    'log_config_path',
  ]);
  expect(reported[0]).toBe(
    `${MAIN}:3: debug_all_messages is an option of the C++ daemon without meaning here, and is ignored: \`snapcom sniff\` shows messages as they pass`,
  );
});

describe('whose file it is', () => {
  test.each([
    ['in our directory', '/etc/snapcommunicator/communicatord.conf', 'server_name=a', false],
    ['in their directory', MAIN, 'server_name=a', true],
    ['in their older directory', '/etc/communicatord/communicatord.conf', 'server_name=a', true],
    ['with an option of theirs', '/x/communicatord.conf', 'user_name=a', true],
    ['with a scheme of theirs', '/x/communicatord.conf', 'neighbors=cds://me@192.0.2.1', true],
    ['elsewhere, with neither', '/x/communicatord.conf', 'server_name=a\nmax_connections=50', false],
  ])('%s', (_, path, text, isCpp) => {
    const { configuration } = load(text, {}, path);
    expect(configuration).toMatchObject({
      isCppConfiguration: isCpp,
      compatControl: isCpp,
      allowBareSecretCode: isCpp,
    });
  });

  test('our own options in it hold, compat_control too', () => {
    expect(load('compat_control=no\nhold_time=1s').configuration).toMatchObject({
      compatControl: false,
      holdTime: 1000,
    });
  });
});

test('their numbered files are read, and only those of the daemon', () => {
  const files = {
    '/etc/communicator/communicator.d/50-communicatord.conf': 'server_name=fifty',
    '/etc/communicator/communicator.d/60-flags.conf': 'path=/var/lib/communicator/flags',
  };
  const { configuration } = load('server_name=main', { files });
  expect(configuration.serverName).toBe('fifty');
  expect(configuration.configurationFiles).toHaveLength(2);
});

test('a secure listener without its files is left out with a warning, as there', () => {
  const { warnings } = load('secure_listen=cds://me:pass@192.0.2.1');
  expect(warnings.filter((warning) => warning.includes('expected the PEM files'))).toHaveLength(2);
});

test('an option that is nobody’s is an error in their file too, and so is a secret that others can read', () => {
  const problems = (file: { text: string; mode: number }): readonly string[] => {
    const loaded = loadConfiguration(testMachine({ files: { [MAIN]: file } }));
    return 'problems' in loaded ? loaded.problems : [];
  };
  expect(problems({ text: 'max_conections=3', mode: 0o644 })).toEqual([
    `${MAIN}:1: max_conections is not an option (did you mean max_connections?)`,
  ]);
  expect(problems({ text: 'signal_secret=x', mode: 0o644 })).toEqual([
    expect.stringContaining('chmod 600 /etc/communicator/communicatord.conf'),
  ]);
  expect(problems({ text: 'signal_secret=', mode: 0o644 })).toEqual([]);
  expect(problems({ text: SAMPLE, mode: 0o644 })).toEqual([]);
});

test.each(Object.entries(IGNORED_OPTIONS))('--%s is taken as a flag', (name, { takesValue }) => {
  const flag = `--${name.replaceAll('_', '-')}`;
  const argv = takesValue ? [flag, 'x', '--server-name=a'] : [flag, '--server-name=a'];
  const loaded = loadConfiguration({ argv, ...testMachine() });
  if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
  expect(loaded.configuration.serverName).toBe('a');
  expect(loaded.warnings).toEqual([expect.stringContaining(`${flag} is an option of the C++ daemon`)]);
});
