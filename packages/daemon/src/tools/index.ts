// The table of subcommands. To add one: write its file, and a line here.

import type { ToolEntry } from './tool.ts';

export const TOOLS: readonly ToolEntry[] = [
  { name: 'send', summary: 'send a message, or one a line from standard input', load: () => import('./send.ts') },
  { name: 'request', summary: 'send a message and print its answer', load: () => import('./request.ts') },
  {
    name: 'listen',
    summary: 'be a service: print what arrives, or run a program for it',
    load: () => import('./listen.ts'),
  },
  { name: 'sniff', summary: 'show the traffic of the daemon, past and live', load: () => import('./sniff.ts') },
  { name: 'why', summary: 'tell what became of a message, hop by hop', load: () => import('./why.ts') },
  { name: 'top', summary: 'show the busiest services, commands and links', load: () => import('./top.ts') },
  {
    name: 'history',
    summary: 'show the last minutes: traffic, and what came and went',
    load: () => import('./history.ts'),
  },
  { name: 'audit', summary: 'tell whether every message is accounted for', load: () => import('./audit.ts') },
  { name: 'map', summary: 'draw the cluster: machines, services, links', load: () => import('./map.ts') },
  { name: 'servers', summary: 'list the machines of the cluster', load: () => import('./servers.ts') },
  { name: 'links', summary: 'list the links between machines', load: () => import('./links.ts') },
  { name: 'services', summary: 'list the services of the cluster', load: () => import('./services.ts') },
  { name: 'route', summary: 'tell the way that a message would take, and why', load: () => import('./route.ts') },
  { name: 'trace', summary: 'follow the way of a message, hop by hop', load: () => import('./trace.ts') },
  {
    name: 'what-if',
    summary: 'tell who would lose whom without a machine or a link',
    load: () => import('./what-if.ts'),
  },
  { name: 'status', summary: 'tell whether daemon, cluster and clock are well', load: () => import('./status.ts') },
  { name: 'flag', summary: 'raise, lower and list what an administrator must see', load: () => import('./flag.ts') },
  { name: 'drain', summary: 'keep traffic away from a machine before a reboot', load: () => import('./drain.ts') },
  { name: 'stop', summary: 'stop the daemon in order', load: () => import('./stop.ts') },
  {
    name: 'reload',
    summary: 'have the daemon read certificates and passwords again',
    load: () => import('./reload.ts'),
  },
  { name: 'log-rotate', summary: 'have the daemon reopen its log file', load: () => import('./log-rotate.ts') },
  { name: 'bench', summary: 'measure throughput and round trip through the daemon', load: () => import('./bench.ts') },
  { name: 'simulate', summary: 'try the graph with faults, in a virtual clock', load: () => import('./simulate.ts') },
  { name: 'keys', summary: 'make an authority, certificates and log-ins for TLS', load: () => import('./keys.ts') },
  {
    name: 'completion',
    summary: 'print a script that completes commands in a shell',
    load: () => import('./completion.ts'),
  },
];

/** What the scripts of `completion` call; of no use to people. */
export const HIDDEN_TOOLS: readonly ToolEntry[] = [
  { name: 'complete', summary: 'answers a shell', load: () => import('./complete.ts') },
];
