// Messages that come as datagrams, over UDP and over a Unix socket: with and without a secret, never answered.

import { sign } from 'snapcommunicator/signal';
import { encodeMessage } from 'snapcommunicator/wire';
import { conversations } from '../support/conversation.ts';

const SECRET = 's3cret';
let nonces = 0;

/** A datagram that proves the secret. */
function proved(
  service: string,
  command: string,
  parameters: Record<string, string>,
  { secret = SECRET, ageSeconds = 0 } = {},
): string {
  const nonce = (++nonces).toString(16).padStart(32, '0');
  return encodeMessage(sign({ service, command, parameters }, secret, Date.now() / 1000 - ageSeconds, nonce));
}

const REACHES = (who: string): string => `
  foo: tcp as foo NEWS
  bar: unix as bar NEWS
  ${who}> foo/PING a=1
  foo< foo/PING a=1
  ${who}> foo/PING a=2\\n
  foo< foo/PING a=2
  ${who}>   alpha:foo/PING a=3\\r\\n
  foo< alpha:foo/PING a=3
  ${who}> ./NEWS n=4
  foo< ./NEWS n=4
  bar< ./NEWS n=4
  ${who}> {"command":"PING","service":"foo","parameters":{"b":2,"a":1}}
  foo< foo/PING a=1;b=2
  ${who}> <evil:mallory foo/PING a=5
  foo< foo/PING a=5
  ${who}> foo/PING secret_code=x
  foo< foo/PING secret_code=x
`;

const SILENT = (who: string): string => `
  foo: tcp as foo NEWS
  ${[
    'ALIVE serial=1',
    'HELP',
    'NOSUCH',
    'REGISTER service=x;version=1',
    'UNREGISTER service=foo',
    'COMMANDS list=A',
    'CONNECT version=1;my_address=10.0.0.9:4042;server_name=r',
  ]
    .concat([
      'PUBLIC_IP',
      'SERVICE_STATUS service=foo',
      'CLUSTER_STATUS',
      'LIST_SERVICES',
      'REGISTER_FOR_LOADAVG',
      'UNREGISTER_FROM_LOADAVG',
      'LISTEN_LOADAVG ips=junk',
    ])
    .concat([
      'LOADAVG avg=junk',
      'ABSOLUTELY',
      'INVALID',
      'UNKNOWN',
      'junk = ;',
      ':',
      '\\n',
      'foo/PING cache=;"',
      'foo/PING a=1\\nfoo/PING a=2',
      'alpha:*/PING',
      'foo/PI\u0000NG',
    ])
    .concat(['ghost/PING cache="no;reply";transmission_report=always'])
    .map((line) => `${who}> ${line}`)
    .join('\n')}
  ${who}> foo/PING last=1
  foo< foo/PING last=1
`;

conversations(
  'without a secret',
  { hasUnixDatagram: true },
  {
    'UDP: what reaches services, without a sender': REACHES('udp'),
    'Unix datagram: what reaches services, without a sender': REACHES('dgram'),
    'UDP: nothing is answered, and nothing breaks': SILENT('udp'),
    'Unix datagram: nothing is answered, and nothing breaks': SILENT('dgram'),
    'a datagram of 60,000 bytes': `
    foo: tcp as foo
    udp> foo/PING a=${'x'.repeat(60_000)}
    foo< foo/PING a=${'x'.repeat(60_000)}
  `,
    'kept for who is not there yet': `
    udp> late/PING a=1
    late: tcp as late
    late< late/PING a=1
  `,
  },
);

const repeated = proved('foo', 'PING', { a: '2' });

conversations(
  'with a secret',
  { env: { SNAPCOMMUNICATORD_SIGNAL_SECRET: SECRET }, hasUnixDatagram: true },
  {
    'a proof is taken, and removed': `
    foo: tcp as foo NEWS
    udp> ${proved('foo', 'PING', { a: '1', z: '2' })}
    foo< foo/PING a=1;z=2
    udp> ${proved('.', 'NEWS', {})}
    foo< ./NEWS
    dgram> ${proved('foo', 'PING', { a: '3' })}
    foo< foo/PING a=3
  `,
    'no proof, a wrong one, an old one, one of the future, a bare secret_code: nothing arrives': `
    foo: tcp as foo
    udp> foo/PING a=1
    udp> foo/PING a=2;secret_code=${SECRET}
    udp> ${proved('foo', 'PING', { a: '3' }, { secret: 'other' })}
    udp> ${proved('foo', 'PING', { a: '4' }, { ageSeconds: 40 })}
    udp> ${proved('foo', 'PING', { a: '5' }, { ageSeconds: -40 })}
    udp> ${proved('foo', 'PING', { a: '6' }).replace('a=6', 'a=7')}
    udp> ${proved('foo', 'PING', { a: '8' }).replace(/signal_nonce=\w+/, 'signal_nonce=1')}
    udp> ${proved('foo', 'PING', { a: '9' }).replace(/signal_proof=\w+;?/, '')}
    udp> ${proved('foo', 'PING', { last: '1' })}
    foo< foo/PING last=1
  `,
    'the same datagram again is not taken': `
    foo: tcp as foo
    udp> ${repeated}
    foo< foo/PING a=2
    udp> ${repeated}
    udp> ${proved('foo', 'PING', { last: '1' })}
    foo< foo/PING last=1
  `,
    'services are not asked for it': `
    foo: tcp as foo
    bar: tcp as bar
    foo> bar/PING secret_code=zzz
    bar< <alpha:foo bar/PING secret_code=zzz
  `,
  },
);

conversations(
  'with a secret that C++ programs send as it is',
  { env: { SNAPCOMMUNICATORD_SIGNAL_SECRET: SECRET }, args: ['--allow-bare-secret-code'] },
  {
    'the right code is taken, and removed': `
    foo: tcp as foo
    udp> foo/PING a=1;secret_code=${SECRET}
    foo< foo/PING a=1
    udp> {"command":"PING","service":"foo","parameters":{"secret_code":"${SECRET}","a":2}}
    foo< foo/PING a=2
    udp> foo/PING a=3;secret_code=wrong
    udp> foo/PING a=4;secret_code=
    udp> foo/PING a=5
    udp> ${proved('foo', 'PING', { a: '6' })}
    foo< foo/PING a=6
  `,
  },
);

conversations(
  'a smaller limit',
  { args: ['--max-datagram-size', '100'] },
  {
    'a longer datagram is dropped': `
    foo: tcp as foo
    udp> foo/PING a=${'x'.repeat(100)}
    udp> foo/PING a=${'x'.repeat(80)}
    foo< foo/PING a=${'x'.repeat(80)}
  `,
  },
);
