// Checks of the options against each other and against the machine: what can be said before any socket is opened.

import { isIP } from 'node:net';
import { formatDuration, formatSize } from 'snapcommunicator/contract';
import { type Endpoint, formatEndpoint, isLoopback, isPublic, isUnspecified } from './addresses.ts';
import { checkConsole } from './console-checks.ts';
import { type Inspection, isGiven, named } from './inspection.ts';
import { groupId, openFilesMax } from './machine.ts';
import type { OptionName, OptionValues } from './options.ts';

/** Every check. Adds to the problems and warnings of the inspection. */
export function inspect(inspection: Inspection): void {
  checkLocalListeners(inspection);
  checkPlainLinks(inspection);
  checkSecureListener(inspection);
  checkConsole(inspection);
  checkClashes(inspection);
  checkSecretFiles(inspection);
  checkLimits(inspection);
  checkMachine(inspection);
}

function checkLocalListeners(inspection: Inspection): void {
  const { values, problems, warnings } = inspection;
  for (const address of values.localListen) {
    if (isLoopback(address.host)) continue;
    problems.push(
      `${named(inspection, 'local_listen')} is ${formatEndpoint(address)}, expected a loopback address such as 127.0.0.1:4040: who connects there is taken for a service of this machine. For other machines there are remote_listen and secure_listen`,
    );
  }
  const hasSecret = values.signalSecret !== undefined || values.signalSecretFile !== undefined;
  for (const address of values.signal) {
    if (isLoopback(address.host) || hasSecret) continue;
    problems.push(
      `${named(inspection, 'signal')} is ${formatEndpoint(address)}, not a loopback address, and there is no secret: anybody on that network could send signals. Set signal_secret_file, or listen on 127.0.0.1`,
    );
  }
  if (values.signalSecret !== undefined && values.signalSecretFile !== undefined) {
    problems.push(`${named(inspection, 'signal_secret')} is set and signal_secret_file is too; expected one of them`);
  }
  if (isGiven(inspection, 'allow_bare_secret_code') && values.allowBareSecretCode && !hasSecret) {
    warnings.push(`${named(inspection, 'allow_bare_secret_code')} has no effect without a signal secret`);
  }
}

function checkPlainLinks(inspection: Inspection): void {
  const { values, problems } = inspection;
  if (values.publicPlain) return;
  for (const address of values.remoteListen) {
    if (!isPublic(address.host)) continue;
    problems.push(
      `${named(inspection, 'remote_listen')} is ${formatEndpoint(address)}, a public address: a plain link there can be read and forged by anybody. Use secure_listen, or say public_plain=yes if that is wanted`,
    );
  }
  for (const { scheme, host, port } of values.neighbors) {
    if (scheme !== 'sc' || !isPublic(host)) continue;
    problems.push(
      `${named(inspection, 'neighbors')} has ${formatEndpoint({ host, port })}, a public address: a plain link to it can be read and forged by anybody. Use scs://${formatEndpoint({ host, port: 4043 })}, or say public_plain=yes if that is wanted`,
    );
  }
}

/** C++ daemons leave the listener out where its files are not named; everybody else is told. */
function checkSecureListener(inspection: Inspection): void {
  const { values, origins, problems, warnings, machine } = inspection;
  if (values.secureListen.length === 0) return;
  for (const [name, path] of [
    ['certificate', values.certificate],
    ['private_key', values.privateKey],
  ] as const) {
    const origin = origins.get('secure_listen');
    if (path === undefined) {
      const sentence = `${named(inspection, 'secure_listen')} is set, but ${name} is not; expected the PEM files of both certificate and private_key`;
      (origin?.kind === 'file' && origin.isCpp ? warnings : problems).push(sentence);
    } else if (machine.files.read(path) === undefined) {
      problems.push(`${named(inspection, name)} is ${path}, which is not there; expected a PEM file`);
    }
  }
}

/** Two listeners on one address: the second would fail, and the error would not say why. */
function checkClashes(inspection: Inspection): void {
  const { values, problems } = inspection;
  const tcp: readonly (readonly [OptionName, readonly Endpoint[]])[] = [
    ['local_listen', values.localListen],
    ['remote_listen', values.remoteListen],
    ['secure_listen', values.secureListen],
    ['console', values.console],
  ];
  const taken: { name: OptionName; endpoint: Endpoint }[] = [];
  for (const [name, endpoints] of tcp) {
    for (const endpoint of endpoints) {
      const other = taken.find((before) => isSameSocket(before.endpoint, endpoint));
      if (other !== undefined) {
        problems.push(
          `${named(inspection, name)} asks for ${formatEndpoint(endpoint)}, which ${other.name} has already (${formatEndpoint(other.endpoint)}); expected another port`,
        );
      }
      taken.push({ name, endpoint });
    }
  }
  for (const path of values.signalUnix) {
    if (!values.unixListen.includes(path)) continue;
    problems.push(
      `${named(inspection, 'signal_unix')} asks for ${path}, which unix_listen has already; expected another path`,
    );
  }
}

function isSameSocket(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const isOfOneFamily = isIP(a.host) === isIP(b.host);
  return a.host === b.host || (isOfOneFamily && (isUnspecified(a.host) || isUnspecified(b.host)));
}

const SECRET_FILES: readonly OptionName[] = [
  'signal_secret_file',
  'cluster_secret_file',
  'passwords_file',
  'credentials_file',
  'console_passwords_file',
];

/** Others may neither read nor change what has a secret in it. */
export const isOpenToOthers = (mode: number): boolean => (mode & 0o066) !== 0;

const usesCertificate = ({ secureListen, console: consoles }: OptionValues): boolean =>
  secureListen.length > 0 || consoles.some(({ isSecure }) => isSecure);

function checkSecretFiles(inspection: Inspection): void {
  const { values, machine, problems } = inspection;
  const secretFiles: (readonly [OptionName, string | undefined])[] = [
    ['signal_secret_file', values.signalSecretFile],
    ['cluster_secret_file', values.clusterSecretFile],
    ['passwords_file', values.passwordsFile],
    ['credentials_file', values.credentialsFile],
    ['console_passwords_file', values.consolePasswordsFile],
    ['private_key', usesCertificate(values) ? values.privateKey : undefined],
  ];
  for (const [name, path] of secretFiles) {
    if (path === undefined) continue;
    const reading = machine.files.read(path);
    const start = `${named(inspection, name)} is ${path}, which`;
    if (reading === undefined) {
      // The file of a private key that is not there is reported with its listener.
      if (SECRET_FILES.includes(name))
        problems.push(`${start} is not there; expected a file that only its owner can read`);
    } else if ('problem' in reading) {
      problems.push(`${start} ${reading.problem}; expected a file that only its owner can read`);
    } else if (isOpenToOthers(reading.mode)) {
      const mode = reading.mode.toString(8).padStart(4, '0');
      problems.push(`${start} is of mode ${mode}; expected one that only its owner can read: chmod 600 ${path}`);
    } else if (name.endsWith('secret_file') && reading.text.trim() === '') {
      problems.push(`${start} is empty; expected a secret`);
    }
  }
}

function checkLimits(inspection: Inspection): void {
  const { values, problems, warnings } = inspection;
  const message = formatSize(values.maxMessageSize);
  if (values.maxLineDiscard < values.maxMessageSize) {
    const discard = formatSize(values.maxLineDiscard);
    problems.push(
      `${named(inspection, 'max_line_discard')} is ${discard}, expected at least max_message_size (${message})`,
    );
  }
  if (values.arenaSize < 4 * values.maxMessageSize) {
    const arena = formatSize(values.arenaSize);
    problems.push(
      `${named(inspection, 'arena_size')} is ${arena}, expected at least four times max_message_size (${message})`,
    );
  }
  if (values.maxQueueSize < values.maxMessageSize) {
    const queue = formatSize(values.maxQueueSize);
    warnings.push(
      `${named(inspection, 'max_queue_size')} is ${queue}: messages up to max_message_size (${message}) are taken, but longer than a queue they are refused`,
    );
  }
  if (values.deadInterval < 2 * values.helloInterval) {
    const dead = formatDuration(values.deadInterval);
    const hello = formatDuration(values.helloInterval);
    problems.push(
      `${named(inspection, 'dead_interval')} is ${dead}, expected at least twice hello_interval (${hello})`,
    );
  }
}

function checkMachine(inspection: Inspection): void {
  const { values, machine, problems, warnings } = inspection;
  const files = openFilesMax(machine);
  if (values.maxConnections > files) {
    problems.push(
      `${named(inspection, 'max_connections')} is ${values.maxConnections}, but this process may open ${files} files only; expected no more, or a higher limit (LimitNOFILE= of the unit, or ulimit -n)`,
    );
  }
  if (values.unixGroup !== undefined && groupId(machine, values.unixGroup) === undefined) {
    problems.push(
      `${named(inspection, 'unix_group')} is ${JSON.stringify(values.unixGroup)}, which is no group of this machine; expected one of /etc/group (groupadd --system makes one)`,
    );
  }
  if (values.services !== undefined && !machine.files.isDirectory(values.services)) {
    warnings.push(
      `${named(inspection, 'services')} is ${values.services}, which is not a directory: no services are expected on this machine`,
    );
  }
}
