// The directions in which modules may import each other, for dependency-cruiser. Layers only look down:
// wire ← contract ← client; wire, contract ← network; client, network ← daemon; wire, contract, network ← console.
const wire = '^packages/client/(src|dist)/wire/';
const contract = '^packages/client/(src|dist)/contract/';
const client = '^packages/client/';
const network = '^packages/network/';
const daemon = '^packages/daemon/';
const page = '^packages/console/';
const tools = '^packages/daemon/src/tools/';
/** `snapcom keys` writes the hashes that the daemon reads. */
const passwords = '^packages/daemon/src/links/passwords[.]ts$';
/** What this is a version of, both tell. */
const version = '^packages/daemon/src/machine/version[.]ts$';
const bin = '^packages/daemon/src/bin/';

const forbid = (name, from, to, comment) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid('wire-stands-alone', { path: wire }, { pathNot: wire }, 'The wire is pure and imports nothing else.'),
    forbid('contract-on-wire', { path: contract }, { pathNot: [wire, contract] }, 'Contracts build on the wire alone.'),
    forbid('client-has-no-dependencies', { path: client }, { pathNot: client, dependencyTypesNot: ['core'] }),
    forbid('network-on-wire-and-contract', { path: network }, { pathNot: [network, wire, contract] }, 'It is pure.'),
    forbid(
      'tools-are-clients',
      { path: tools },
      { path: daemon, pathNot: [tools, passwords, version] },
      'A tool speaks to the daemon.',
    ),
    forbid(
      'page-is-a-client',
      { path: page },
      { path: '^packages/', pathNot: [page, network, wire, contract] },
      'The page speaks the wire, and runs in a browser.',
    ),
    forbid('nobody-imports-the-page', { pathNot: page }, { path: page }),
    forbid('only-bin-starts-tools', { pathNot: [tools, bin] }, { path: tools }),
    forbid('nobody-imports-bin', {}, { path: bin }),
    forbid('no-tests-in-programs', { pathNot: '[.]test[.]ts$' }, { path: ['[.]test[.]ts$', '^test/', '^bench/'] }),
    forbid('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    forbid('resolvable', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['[.]test[.]ts$', '/testing/', '/assembly/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
