// `snapcom keys`: an authority of one's own, certificates for machines, and log-ins, for links and services over TLS.

import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { hashPassword, USER } from '../links/passwords.ts';
import { EXIT, type ExitCode, ToolError, usageError } from './exit-codes.ts';
import { AUTHORITY, defaultDirectory, type Entry, KeyDirectory, PASSWORDS } from './keys/key-directory.ts';
import { collect, countOption } from './option-values.ts';
import type { Cell, Column } from './output.ts';
import { plural } from './text.ts';
import type { Call } from './tool.ts';

export interface KeysOptions {
  readonly directory?: string;
  readonly address?: readonly string[];
  readonly days?: number;
  readonly replace?: boolean;
}

type Action = (
  name: string | undefined,
  directory: KeyDirectory,
  call: Call<KeysOptions>,
) => Promise<ExitCode> | ExitCode;

const ACTIONS: Readonly<Record<string, Action>> = { init, add, show, password };
const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'VALID UNTIL' },
  { title: 'DAYS LEFT', align: 'right' },
  { title: 'STATE' },
  { title: 'GOOD FOR' },
];

const authorityDays = 3650;
const certificateDays = 825;
const daysMax = 36_500;
/** Names become names of files, and of hosts. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/;
const HOST_NAME =
  /^(?=.{1,253}$)(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;

export function describe(command: Command): void {
  command
    .addArgument(
      new Argument('<action>', 'make an authority, a certificate, a log-in; or show what is there').choices(
        Object.keys(ACTIONS),
      ),
    )
    .argument('[name]', 'add: the machine; password: the user; show: only this certificate')
    .option('-d, --directory <dir>', `where keys are kept (default: ${defaultDirectoryHelp})`)
    .option('--address <address>', 'add: an IP address or host name that others connect to; may be repeated', collect)
    .addOption(
      countOption(
        '--days <n>',
        `how long it is valid (default: ${certificateDays}, an authority ${authorityDays})`,
        daysMax,
      ),
    )
    .option('--replace', 'write anew what is there already')
    .addHelpText(
      'after',
      `
  keys init                             an authority: ca.crt, which every machine gets, and ca.key, which none gets
  keys add alpha --address 10.0.0.5     a certificate that it signed: alpha.crt and alpha.key
  keys password web                     a line for the user web in the file ${PASSWORDS}; the password comes from standard input
  keys show                             what is there, until when, and whether it holds: exit code 1 if anything does not

On the machine alpha, in communicatord.conf:
  secure_listen=0.0.0.0:4043
  certificate=/etc/snapcommunicator/keys/alpha.crt
  private_key=/etc/snapcommunicator/keys/alpha.key
  certificate_authority=/etc/snapcommunicator/keys/ca.crt
  passwords_file=/etc/snapcommunicator/keys/${PASSWORDS}`,
    );
}

const defaultDirectoryHelp = '/etc/snapcommunicator/keys for root, else ~/.config/snapcommunicator/keys';

export async function run(call: Call<KeysOptions>): Promise<ExitCode> {
  const [action = '', name] = call.args;
  const directory = new KeyDirectory(resolve(call.options.directory ?? defaultDirectory()));
  const act = ACTIONS[action] as Action;
  if (action !== 'add' && call.options.address !== undefined)
    throw usageError(`--address is for "keys add", not ${action}`);
  return act(name, directory, call);
}

async function init(name: string | undefined, directory: KeyDirectory, call: Call<KeysOptions>): Promise<ExitCode> {
  const { options, output } = call;
  if (name !== undefined) throw usageError('an authority has no name: "keys add" makes certificates of machines');
  const { createAuthority } = await import('./keys/certificates.ts');
  const days = options.days ?? authorityDays;
  const pair = await createAuthority('Snap! Communicator authority', days, new Date());
  directory.writePair(AUTHORITY, pair, options.replace === true);
  told(call, directory, `${AUTHORITY}.crt`, `${AUTHORITY}.key`);
  output.say(
    `every machine gets ${AUTHORITY}.crt; whoever has ${AUTHORITY}.key can join the cluster, so keep it away from them`,
  );
  return EXIT.done;
}

async function add(name: string | undefined, directory: KeyDirectory, call: Call<KeysOptions>): Promise<ExitCode> {
  const { options, output } = call;
  if (name === undefined)
    throw usageError('whose certificate? Give the name of the machine: keys add alpha --address 10.0.0.5');
  if (!FILE_NAME.test(name))
    throw usageError(`${JSON.stringify(name)} can be no machine: expected letters, digits, _ . and -`);
  if (name.toLowerCase() === AUTHORITY)
    throw usageError(`${name} is the authority itself: give the machine another name`);
  const addresses = (options.address ?? []).flatMap((each) => each.split(',')).map((each) => readAddress(each.trim()));
  const authority = directory.authority();
  const { createCertificate } = await import('./keys/certificates.ts');
  const days = options.days ?? certificateDays;
  const pair = await createCertificate(authority, { name, addresses, days, now: new Date() });
  directory.writePair(name, pair, options.replace === true);
  told(call, directory, `${name}.crt`, `${name}.key`);
  if (addresses.length === 0) {
    output.say(
      `${name}.crt is good for the name ${name} only: who connects by an IP address needs it given with --address`,
    );
  }
  return EXIT.done;
}

function show(name: string | undefined, directory: KeyDirectory, { options, output }: Call<KeysOptions>): ExitCode {
  const now = new Date();
  const entries = directory.entries(now).filter((entry) => name === undefined || entry.name === name);
  const users = name === undefined ? [...directory.passwords().keys()] : [];
  if (entries.length === 0 && users.length === 0) {
    throw new ToolError(EXIT.no, `${directory.path} has no certificate${name === undefined ? 's' : ` ${name}.crt`}`);
  }
  if (options.json) {
    for (const entry of entries) output.json(jsonOf(entry, now));
    for (const user of users) output.json({ user });
  } else {
    if (entries.length > 0)
      output.table(
        COLUMNS,
        entries.map((entry) => cellsOf(entry, now)),
      );
    if (users.length > 0) output.line(`${plural(users.length, 'log-in')}: ${users.join(' ')}`);
  }
  return entries.some(({ problems }) => problems.length > 0) ? EXIT.no : EXIT.done;
}

async function password(user: string | undefined, directory: KeyDirectory, call: Call<KeysOptions>): Promise<ExitCode> {
  const { options } = call;
  if (user === undefined) throw usageError('whose password? Give the name of the user: keys password web');
  if (!USER.test(user))
    throw usageError(
      `${JSON.stringify(user)} can be no user: expected up to 64 characters, no blanks and none of : @ / , ;`,
    );
  const lines = directory.passwords();
  const isReplacing = lines.has(user);
  if (isReplacing && !options.replace) {
    throw new ToolError(EXIT.refused, `${user} has a password already: --replace gives another one`);
  }
  const { readPassword } = await import('./keys/password-prompt.ts');
  const hash = await hashPassword(await readPassword(user));
  lines.set(user, `${user}:${hash}`);
  directory.write(PASSWORDS, `${[...lines.values()].join('\n')}\n`, 0o600);
  told(call, directory, PASSWORDS);
  return EXIT.done;
}

/** An address as certificates hold it. @throws ToolError */
function readAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return bare.toLowerCase();
  if (HOST_NAME.test(text) && !/^[0-9.]+$/.test(text)) return text.toLowerCase();
  throw usageError(
    `${JSON.stringify(text)} is neither an IP address nor a host name${/[:/]/.test(text) ? ': leave scheme and port out' : ''}`,
  );
}

/** Names the files that were written: data for scripts, one a line. */
function told({ options, output }: Call<KeysOptions>, directory: KeyDirectory, ...files: string[]): void {
  for (const file of files) {
    if (options.json) output.json({ file: directory.file(file) });
    else output.line(directory.file(file));
  }
}

function goodFor({ certificate, isAuthority }: Entry): string {
  if (isAuthority) return 'signing';
  return (certificate?.subjectAltName ?? '').replaceAll(/(DNS|IP Address):/g, '').replaceAll(',', '');
}

const daysLeft = (entry: Entry, now: Date): number | undefined =>
  entry.certificate && Math.floor((new Date(entry.certificate.validTo).getTime() - now.getTime()) / 86_400_000);

function cellsOf(entry: Entry, now: Date): Cell[] {
  const { name, certificate, problems } = entry;
  const until = certificate === undefined ? '' : new Date(certificate.validTo).toISOString().slice(0, 10);
  const state: Cell =
    problems.length === 0 ? { text: 'holds', style: 'green' } : { text: problems.join('; '), style: 'red' };
  return [name, until, String(daysLeft(entry, now) ?? ''), state, goodFor(entry)];
}

function jsonOf(entry: Entry, now: Date): object {
  const { name, isAuthority, certificate, problems } = entry;
  return {
    name,
    kind: isAuthority ? 'authority' : 'certificate',
    problems,
    ...(certificate && {
      valid_from: new Date(certificate.validFrom).toISOString(),
      valid_until: new Date(certificate.validTo).toISOString(),
      days_left: daysLeft(entry, now),
      good_for: isAuthority ? [] : goodFor(entry).split(' '),
      fingerprint_sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    }),
  };
}
