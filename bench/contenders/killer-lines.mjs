// What kills the C++ daemon, and what else is malformed: lines and datagrams for the attacker.

const MEBIBYTE = 1 << 20;

const registered = (text) => ({ text, service: 'victim' });

/** `service`: registered first; `silent`: the protocol gives no answer, the connection only has to go on or close. */
export const killerLines = [
  { text: 'REGISTER service=x;version=abc' },
  { text: 'REGISTER service=bad-name;version=1' },
  { text: 'REGISTER service=;version=1' },
  { text: 'REGISTER service=x' },
  { text: 'REGISTER version=1' },
  { text: `REGISTER service=${'n'.repeat(65)};version=1` },
  { ...registered('UNKNOWN'), silent: true },
  { ...registered('INVALID'), silent: true },
  { ...registered('UNREGISTER_FROM_LOADAVG'), silent: true },
  registered('LISTEN_LOADAVG ips=junk'),
  registered('LISTEN_LOADAVG'),
  { ...registered('LOADAVG avg=junk;my_address=junk;timestamp=junk'), silent: true },
  registered('CONNECT version=1;server_name=beta;my_address=junk'),
  registered('GOSSIP my_address=junk'),
  registered('FORGET ip=junk'),
  registered('BLOCK uri=1;period=junk'),
  registered('COMMANDS list=;;='),
  {
    ...registered('*/PING broadcast_timeout=junk;broadcast_msgid=junk;broadcast_hops=junk;broadcast_originator=junk'),
    silent: true,
  },
  { ...registered('*/PING broadcast_timeout=99999999999999999999'), silent: true },
  registered(`victim/PING value=${'v'.repeat(MEBIBYTE)}`),
  { ...registered(`victim/PING value=${'v'.repeat(MEBIBYTE - 4096)}`), silent: true },
  registered('victim/PING value="unclosed'),
  registered('a:b:c/PING'),
  registered('{"command":'),
  registered('{"command":"PING","service":"victim","parameters":{"a":{"b":1}}}'),
  registered('@D 40 junk'),
  registered('a\0b'),
];

export const datagramTexts = [
  'ALIVE serial=1;timestamp=junk',
  'HELP',
  'REGISTER service=x;version=abc',
  '<a:b listener/PING',
  'junk\0',
  '',
  '@',
  '{',
];
