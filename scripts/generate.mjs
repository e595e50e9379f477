// Writes docs/errors.md, docs/commands.md, docs/options.md and docs/metrics.md from the tables that the built packages export.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { at } from './lib.mjs';

const doors = {
  wire: 'packages/client/dist/wire/index.js',
  contract: 'packages/client/dist/contract/index.js',
  client: 'packages/client/dist/index.js',
  daemon: 'packages/daemon/dist/bundle/index.js',
};
const documents = {
  'docs/errors.md': errors,
  'docs/commands.md': commands,
  'docs/options.md': options,
  'docs/metrics.md': metrics,
};

/** Writes the documents that have changed and gives their paths. */
export async function generateReference() {
  const changed = await outdated();
  for (const [path, text] of changed) {
    mkdirSync(at('docs'), { recursive: true });
    writeFileSync(at(path), text);
  }
  return changed.map(([path]) => path);
}

/** An empty text if the documents are what the code says, else which are not. */
export async function verifyReference() {
  const changed = await outdated();
  return changed.map(([path]) => `${path} is not what the code says: run "npm run build" and commit it.`).join('\n');
}

async function outdated() {
  const found = [];
  for (const [path, write] of Object.entries(documents)) {
    const text = await write();
    const current = existsSync(at(path)) ? readFileSync(at(path), 'utf8') : undefined;
    if (text !== undefined && text !== current) found.push([path, text]);
  }
  return found;
}

/** What a package exports under a name; undefined before the package is written. */
async function exported(door, name) {
  if (!existsSync(at(doors[door]))) return undefined;
  const module = await import(pathToFileURL(at(doors[door])).href);
  return module[name];
}

async function errors() {
  const catalogues = [
    [
      'The wire',
      'Why a line is not a message. The daemon answers it with INVALID.',
      await exported('wire', 'WIRE_ERRORS'),
    ],
    ['The library', 'The `code` of a `CommunicatorError`.', await exported('client', 'CLIENT_ERRORS')],
    ['The daemon and the tools', 'The `code` in their messages and logs.', await exported('daemon', 'DAEMON_ERRORS')],
  ];
  const parts = catalogues
    .filter(([, , catalogue]) => catalogue)
    .map(([title, what, catalogue]) => {
      const rows = Object.entries(catalogue).map(([code, { cause, remedy }]) => [`\`${code}\``, cause, remedy]);
      return `## ${title}\n\n${what}\n\n${table(['Code', 'Cause', 'Remedy'], rows)}`;
    });
  return parts.length > 0
    ? page('Errors', 'Codes are stable: programs may rely on them, texts may change.', parts)
    : undefined;
}

async function commands() {
  const contract = await exported('contract', 'communicatord');
  if (!contract) return undefined;
  const parts = Object.entries(contract.commands).map(([name, { description = '', parameters = {}, reply = [] }]) => {
    const rows = Object.entries(parameters).map(([parameter, type]) => [
      `\`${parameter}\``,
      type.description,
      presence(type),
      type.note,
    ]);
    const answers = [reply].flat().map((answer) => `[${answer}](#${answer.toLowerCase()})`);
    return [
      `## ${name}`,
      description,
      rows.length > 0 ? table(['Parameter', 'Type', 'Given', 'Meaning'], rows) : 'No parameters.',
      ...(answers.length > 0 ? [`Answered by ${answers.join(', ')}.`] : []),
    ].join('\n\n');
  });
  const what =
    'What the daemon understands and says, from its own contract (`communicatord` in `snapcommunicator/contract`).';
  return page('Commands of the daemon', what, parts);
}

function presence({ presence, defaultValue }) {
  return presence === 'default' ? `\`${defaultValue}\` if absent` : presence;
}

async function options() {
  const all = await exported('daemon', 'OPTIONS');
  if (!all) return undefined;
  const titles = (await exported('daemon', 'GROUPS')) ?? {};
  const parts = Object.entries(groups(all)).map(([group, rows]) => {
    const cells = rows.map(({ name, type, computed }) => [
      `\`--${name.replaceAll('_', '-')}\``,
      type.description,
      computed?.description ??
        (type.presence === 'default' ? `\`${type.write(type.defaultValue) || 'none'}\`` : 'none'),
      type.note,
    ]);
    return `## ${titles[group] ?? group}\n\n${table(['Option', 'Value', 'Default', 'Meaning'], cells)}`;
  });
  const what =
    'Each is a flag (`--local-listen`), an environment variable (`SNAPCOMMUNICATORD_LOCAL_LISTEN`) and a line of a ' +
    'configuration file (`local_listen=…`), in that order of precedence. `snapcommunicatord --check-config` prints ' +
    'what holds on this machine and where each value came from.';
  return page('Options of the daemon', what, parts);
}

async function metrics() {
  const all = await exported('daemon', 'METRICS');
  if (!all) return undefined;
  const prefix = await exported('daemon', 'METRICS_PREFIX');
  const rows = all.map(({ name, kind, help, labels }) => [
    `\`${prefix}${name}\``,
    kind,
    help,
    Object.entries(labels)
      .map(([label, values]) => `\`${label}\`: ${values}`)
      .join('; '),
  ]);
  const what =
    'What a daemon serves at `/metrics` of its console, in the text form of Prometheus. Names and labels are stable; ' +
    'new ones may come. No label has more values than stand here, so the number of series is bounded: names of ' +
    'services are none, and of neighbours `max_metrics_neighbors`. A dashboard for Grafana is in ' +
    '[grafana-dashboard.json](grafana-dashboard.json).';
  const scraping = `## Collecting them

\`\`\`yaml
scrape_configs:
  - job_name: snapcommunicator
    static_configs:
      - targets: ['127.0.0.1:4044']
\`\`\`

Beyond loopback the console asks for a password and TLS (\`--console https://…\`, \`--console-passwords-file\`): give \`scheme: https\` and \`basic_auth\` there. \`/health\` answers 200 while the daemon is well and 503 when it is not, with its checks as JSON; \`/ready\` 200 while it is to be sent work, else 503 with the reasons (\`joining\`, \`draining\`, \`stopping\`). Both do without a password and name nobody.`;
  return page('Metrics', what, [table(['Metric', 'Kind', 'Meaning', 'Labels'], rows), scraping]);
}

/** The rows of each group, in the order of the table. */
function groups(rows) {
  const found = {};
  for (const row of rows) (found[row.group] ??= []).push(row);
  return found;
}

/** A page that says where it comes from. */
function page(title, what, parts) {
  const origin = '<!-- Written by scripts/generate.mjs: change the tables in the code, then run "npm run build". -->';
  return `${[origin, `# ${title}`, what, ...parts].join('\n\n')}\n`;
}

function table(head, rows) {
  const line = (cells) =>
    `| ${cells
      .map((cell) =>
        String(cell ?? '')
          .replaceAll('|', '\\|')
          .replaceAll('\n', ' '),
      )
      .join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
