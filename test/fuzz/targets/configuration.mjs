// Configuration files: reading one never throws, and gives sound entries, or problems that a person can read.

import { readConfigurationText } from 'snapcommunicator';
import { loadConfiguration, OPTIONS } from '../../../packages/daemon/dist/options/index.js';
import { testMachine } from '../../../packages/daemon/dist/options/testing/machine.js';
import { hashOf } from '../engine/random.mjs';
import { show } from '../oracles/messages.mjs';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const OURS = '/etc/snapcommunicator/communicatord.conf';
const CPP = '/etc/communicator/communicatord.conf';
const PROBLEMS_MAX = 100;
const written = ({ name, type }) => `${name}=${type.defaultValue === undefined ? '' : type.write(type.defaultValue)}`;

function checkText(text) {
  const { entries, problems } = readConfigurationText(text, { problemsMax: PROBLEMS_MAX });
  if (problems.length > PROBLEMS_MAX) throw new Error(`${problems.length} problems`);
  for (const { problem } of problems) {
    if (problem === '' || problem.length > 500 || problem.includes('\n'))
      throw new Error(`a problem: ${show(problem)}`);
  }
  let last = 0;
  for (const { name, value, line } of entries) {
    if (!NAME.test(name) || value.includes('\0') || line <= last)
      throw new Error(`an entry: ${show({ name, value, line })}`);
    last = line;
  }
  for (const entry of entries.slice(0, 50)) checkEntry(entry);
}

/** An entry written with every escape reads to itself. */
function checkEntry({ name, value }) {
  const escapes = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const text = `${name} = "${value.replace(/[\\\n\r\t]/g, (character) => escapes[character])}"`;
  const [again] = readConfigurationText(text).entries;
  if (again?.name !== name || again.value !== value) throw new Error(`${show(text)} reads as ${show(again)}`);
}

/** What the daemon makes of it. */
function checkDaemon(path, text) {
  const loaded = loadConfiguration({ argv: [], ...testMachine({ files: { [path]: text } }) });
  if (!('problems' in loaded)) return;
  if (loaded.problems.length === 0) throw new Error('refused without a problem');
  for (const problem of loaded.problems) if (problem.length > 2000) throw new Error(`a problem: ${show(problem)}`);
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: [
    ...OPTIONS.map(({ name }) => `\n${name}=`),
    '#',
    '[communicatord]',
    "'",
    '127.0.0.1:4040',
    '10.0.0.0/8',
    'none',
    '::1',
    '1h30m',
    '64KiB',
  ],
  seeds: () => [
    ...OPTIONS.map(written),
    OPTIONS.map(written).join('\n'),
    '# comment\n[communicatord]\nserver-name = web\r\nneighbors=10.0.0.5;cost=20, \\\n  scs://user:password@198.51.100.7:4043\n',
    'a=\'x\'\nb="\\n\\t"\n; comment\n\uFEFFc=1\n=\nx\n[',
    'my_address=192.168.2.1:4042\nsignal_secret=abc\nlocal_listen=cd://127.0.0.1:4040\nremote_listen=cd://127.0.0.1:4042\n',
  ],
  run(bytes) {
    const text = decoder.decode(bytes);
    checkText(text);
    // Checking all options costs a hundred times the reading, so it gets a share of the inputs.
    const hash = hashOf(bytes);
    if (hash % 16 === 0) checkDaemon((hash & 16) === 0 ? OURS : CPP, text);
  },
};
