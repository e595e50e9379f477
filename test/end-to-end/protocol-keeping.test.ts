// What becomes of messages for services that are not there: kept, answered, reported, expired; in order.

import { expect, onTestFinished, test } from 'vitest';
import { conversations } from '../support/conversation.ts';
import { startDaemon } from '../support/daemon.ts';
import { LineClient } from '../support/line-client.ts';

conversations(
  'messages for absent services',
  {},
  {
    'kept, and delivered in order, after READY and before anything newer': `
    foo: tcp as foo
    foo> late/A n=1
    foo> late/B n=2
    foo> late/A n=3;cache=ttl=10m
    late: tcp
    late> REGISTER service=late;version=1
    late< <alpha:communicatord HELP
    late< <alpha:communicatord READY my_address=127.0.0.1:4042
    late< <alpha:foo late/A n=1
    late< <alpha:foo late/B n=2
    late< <alpha:foo late/A n=3;cache=ttl=10m
    foo> late/A n=4
    late< <alpha:foo late/A n=4
  `,
    'every address that this service answers to, in the order of sending; no other': `
    foo: tcp as foo
    foo> late/A n=1
    foo> alpha:late/A n=2
    foo> .:late/A n=3
    foo> *:late/A n=4
    foo> beta:late/A n=5
    foo> ?:late/A n=6
    foo> late/A n=7
    late: tcp as late
    late< <alpha:foo late/A n=1
    late< <alpha:foo alpha:late/A n=2
    late< <alpha:foo .:late/A n=3
    late< <alpha:foo *:late/A n=4
    late< <alpha:foo late/A n=7
  `,
    'from several senders, one of them gone': `
    foo: tcp as foo
    bar: tcp as bar
    foo> late/A n=1
    bar> late/A n=2
    foo> late/A n=3
    bar> UNREGISTER service=bar
    bar closed
    late: tcp as late
    late< <alpha:foo late/A n=1
    late< <alpha:bar late/A n=2
    late< <alpha:foo late/A n=3
  `,
    'while a service is away for a moment': `
    foo: tcp as foo
    late: tcp as late
    foo> late/A n=1
    late< <alpha:foo late/A n=1
    late> UNREGISTER service=late
    late closed
    foo> late/A n=2
    again: tcp as late
    again< <alpha:foo late/A n=2
  `,
    'for the new name after a rename': `
    foo: tcp as foo
    foo> late/A n=1
    bar: tcp as bar
    bar> REGISTER service=late;version=1
    bar< <alpha:communicatord HELP
    bar< <alpha:communicatord READY my_address=127.0.0.1:4042
    bar< <alpha:foo late/A n=1
  `,
    'delivered in JSON to who asks for it': `
    foo: tcp as foo
    foo> late/A n=1
    late: tcp
    late> REGISTER service=late;version=1;format=json
    late< {…"command":"HELP"}
    late< {…"command":"READY",…}
    late< {"sent-from-server":"alpha","sent-from-service":"foo","service":"late","command":"A","parameters":{"n":"1"}}
  `,
    'cache=no: gone without a word': `
    foo: tcp as foo
    foo> late/A cache=no
    late: tcp as late
  `,
    'cache="no;reply": the sender is told at once, with what it may match the answer by': `
    foo: tcp as foo
    foo> late/A cache="no;reply"
    foo< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=late;unsent_command=A
    foo> late/A cache="reply;no";message_id=m1;correlation_id=c1
    foo< <alpha:communicatord SERVICE_UNAVAILABLE correlation_id=c1;destination_service=late;message_id=m1;unsent_command=A
    late: tcp as late
  `,
    'cache=reply: it is kept, so there is nothing to tell': `
    foo: tcp as foo
    foo> late/A cache=reply
    late: tcp as late
    late< <alpha:foo late/A cache=reply
  `,
    'a cache parameter that cannot be read is as none': `
    foo: tcp as foo
    foo> late/A n=1;cache=ttl=5s
    foo> late/A n=2;cache=ttl=25h
    foo> late/A n=3;cache=ttl=soon
    foo> late/A n=4;cache="nonsense;ttl="
    foo> late/A n=5;cache=
    late: tcp as late
    late< <alpha:foo late/A n=1;cache=ttl=5s
    late< <alpha:foo late/A n=2;cache=ttl=25h
    late< <alpha:foo late/A n=3;cache=ttl=soon
    late< <alpha:foo late/A n=4;cache="nonsense;ttl="
    late< <alpha:foo late/A n=5;cache=
  `,
    'who has no name may have messages kept, and is told what fails': `
    foo: tcp
    foo> late/A n=1;transmission_report=failure;cache="no;reply"
    foo> late/A n=2
    foo ends
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;reason=absent;status=failed
    foo< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=late;unsent_command=A
    foo closed
    late: tcp as late
    late< late/A n=2
  `,
  },
);

conversations(
  'reports',
  {},
  {
    'failure: cached and failed only, with the message_id if there is one': `
    foo: tcp as foo
    foo> late/A transmission_report=failure;message_id=m1
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;status=cached
    foo> late/B transmission_report=failure;cache=no
    foo< <alpha:communicatord TRANSMISSION_REPORT command=B;reason=absent;status=failed
    late: tcp as late
    late< <alpha:foo late/A transmission_report=failure;message_id=m1
    foo> late/C transmission_report=failure;message_id=m2
    late< <alpha:foo late/C transmission_report=failure;message_id=m2
  `,
    'always: each step': `
    foo: tcp as foo
    foo> late/A transmission_report=always;message_id=m1
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;status=cached
    foo> late/B transmission_report=always;cache="no;reply";message_id=m2
    foo< <alpha:communicatord TRANSMISSION_REPORT command=B;message_id=m2;reason=absent;status=failed
    foo< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=late;message_id=m2;unsent_command=B
    late: tcp as late
    late< <alpha:foo late/A transmission_report=always;message_id=m1
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;status=delivered
    foo> late/C transmission_report=always
    late< <alpha:foo late/C transmission_report=always
    foo< <alpha:communicatord TRANSMISSION_REPORT command=C;status=delivered
  `,
    'in JSON to who writes JSON': `
    foo: tcp as foo
    foo> {"service":"late","command":"A","parameters":{"cache":"no","transmission_report":"failure"}}
    foo< {…"command":"TRANSMISSION_REPORT","parameters":{"command":"A","status":"failed","reason":"absent"}}
  `,
    'anything else asks for none': `
    foo: tcp as foo
    foo> late/A transmission_report=sometimes;cache=no
  `,
    'durable with a message_id: told when it is on disk, even unasked': `
    foo: tcp as foo
    foo> late/A cache=durable;message_id=m1
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;status=cached
    foo> late/B cache="durable;ttl=1h"
    late: tcp as late
    late< <alpha:foo late/A cache=durable;message_id=m1
    late< <alpha:foo late/B cache="durable;ttl=1h"
  `,
    'a message for another machine that is not known is kept as well': `
    foo: tcp as foo
    foo> beta:late/A transmission_report=failure
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;status=cached
  `,
  },
);

conversations(
  'limits of what is kept',
  { args: ['--max-cached-messages', '3', '--max-cached-size-per-service', '200'] },
  {
    'a fourth message, and more bytes for one service, are refused': `
    foo: tcp as foo
    foo> one/A n=1
    foo> one/A transmission_report=failure;message_id=m1;a=${'x'.repeat(200)}
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;reason=keeper-full;status=failed
    foo> two/A n=2
    foo> three/A n=3
    foo> four/A transmission_report=failure;message_id=m2;cache=reply
    foo< <alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m2;reason=keeper-full;status=failed
    foo< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=four;message_id=m2;unsent_command=A
    one: tcp as one
    one< <alpha:foo one/A n=1
  `,
  },
);

test('a message whose time is over is never delivered, and a ttl that cannot be is logged', async () => {
  const daemon = await startDaemon();
  onTestFinished(() => daemon.kill());
  const foo = await LineClient.register({ port: daemon.port }, 'foo');
  foo.send('late/A n=1;cache=ttl=10;transmission_report=always;message_id=m1');
  foo.send('late/A n=2;cache=ttl=9;transmission_report=always;message_id=m2');
  await foo.expect('<alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;status=cached');
  await foo.expect('<alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m2;status=cached');
  await foo.expect('<alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m1;status=expired');
  const late = await LineClient.register({ port: daemon.port }, 'late');
  await late.expect('<alpha:foo late/A n=2;cache=ttl=9;transmission_report=always;message_id=m2');
  await foo.expect('<alpha:communicatord TRANSMISSION_REPORT command=A;message_id=m2;status=delivered');
  expect(await late.fence()).toEqual([]);
  expect(daemon.log()).toMatch(
    /"problem":"cache: ttl is \\"9\\", not .*60 s is used|"problem":"cache: ttl is \\"9\\".*1m/,
  );
});
