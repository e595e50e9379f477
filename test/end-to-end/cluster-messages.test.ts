// Messages between three machines in a line, n1 – n2 – n3: addresses, broadcasts, answers, what is kept, what is reported.

import { afterAll, beforeAll, describe, test } from 'vitest';
import { Cluster } from '../support/cluster.ts';

const SERVICES: readonly (readonly [service: string, server: string])[] = [
  ['w1', 'n1'],
  ['w2', 'n2'],
  ['w3', 'n3'],
];

const CONVERSATIONS: Readonly<Record<string, string>> = {
  'by name, wherever it is': `
    w1> w3/PING n=1
    w3< <n1:w1 w3/PING n=1
    w3> n1:w1/PONG n=1
    w1< <n3:w3 n1:w1/PONG n=1`,
  'by machine and name, any case': `
    w1> N3:w3/PING n=2
    w3< <n1:w1 N3:w3/PING n=2`,
  'any machine; any other machine': `
    w1> *:w2/PING n=3
    w2< <n1:w1 *:w2/PING n=3
    w1> ?:w2/PING n=4
    w2< <n1:w1 ?:w2/PING n=4`,
  'this machine only': `
    w1> .:w3/PING n=5;cache="no;reply"
    w1< <n1:communicatord SERVICE_UNAVAILABLE destination_service=w3;unsent_command=PING`,
  'what the daemon in the middle must not read': `
    w1> w3/PING a="x;y \\"z\\"";b=\\\\;c=\\n
    w3< <n1:w1 w3/PING a="x;y \\"z\\"";b=\\\\;c=\\n`,
  'a broadcast reaches each once, and not its sender': `
    w1> */PING n=6
    w2< <n1:w1 */PING n=6
    w3< <n1:w1 */PING n=6
    w2> ?/PING n=7
    w1< <n2:w2 ?/PING n=7
    w3< <n2:w2 ?/PING n=7
    w3> ./PING n=8`,
  'a broadcast on one other machine': `
    w1> n3:./PING n=9
    w3< <n1:w1 n3:./PING n=9`,
  'every instance of one service': `
    w1> TELL_ALL service=w3;message="PING n=10"
    w3< <n1:w1 w3/PING n=10`,
  'a daemon elsewhere answers': `
    w1> n3:communicatord/ALIVE serial=11
    w1< <n3:communicatord n1:w1/ABSOLUTELY …serial=11
    w1> n2:communicatord/NOSUCH
    w1< <n2:communicatord n1:w1/UNKNOWN command=NOSUCH`,
  'a daemon elsewhere is not steered from plain TCP': `
    w1> n3:communicatord/STOP
    w1< <n1:communicatord INVALID command=STOP;message=…privilege…`,
  'a report comes from where the message ended': `
    w1> w3/PING n=12;transmission_report=always;message_id=m12
    w3< <n1:w1 w3/PING n=12;transmission_report=always;message_id=m12
    w1< <n3:communicatord n1:w1/TRANSMISSION_REPORT command=PING;message_id=m12;status=delivered`,
  'a machine that lacks the service says so': `
    w1> n3:ghost/PING n=13;cache="no;reply"
    w1< <n1:communicatord SERVICE_UNAVAILABLE destination_service=ghost;unsent_command=PING
    w1> n3:ghost/PING n=14;cache=no;transmission_report=failure
    w1< <n1:communicatord TRANSMISSION_REPORT command=PING;reason=absent;status=failed`,
  'what is kept goes to an instance that appears anywhere, in order': `
    w3 leaves
    w1> w3/PING n=15
    w1> n3:w3/PING n=16
    w1> w3/PING n=17;cache=ttl=30s
    w3 comes
    w3< <n1:w1 w3/PING n=15
    w3< <n1:w1 n3:w3/PING n=16
    w3< <n1:w1 w3/PING n=17;cache=ttl=30s`,
  'a durable message': `
    w3 leaves
    w1> w3/PING n=18;cache=durable;message_id=m18
    w1< <n1:communicatord TRANSMISSION_REPORT command=PING;message_id=m18;status=cached
    w3 comes
    w3< <n1:w1 w3/PING n=18;cache=durable;message_id=m18`,
  'watching a service anywhere': `
    w1> SERVICE_STATUS service=w3;watch=cluster
    w1< <n1:communicatord STATUS cache=no;server_name=n3;service=w3;status=up
    w3 leaves
    w1< <n1:communicatord STATUS cache=no;service=w3;status=unknown
    w3 comes
    w1< <n1:communicatord STATUS cache=no;server_name=n3;service=w3;status=up
    w1> SERVICE_STATUS service=w3;watch=no
    w1< <n1:communicatord STATUS cache=no;service=w3;status=unknown`,
  'the load of another machine': `
    w1> LISTEN_LOADAVG ips=HOST_OF_N3
    w1< <n1:communicatord LOADAVG avg=…;my_address=HOST_OF_N3:4042;timestamp=…
    w1> UNREGISTER_FROM_LOADAVG`,
  'everything that is known': `
    w1> LIST_SERVICES
    w1< <n1:communicatord SERVICES list=n1:w1,n2:w2,n3:w3
    w1> CLUSTER_STATUS
    w1< <n1:communicatord CLUSTER_UP neighbors_count=3
    w1< <n1:communicatord CLUSTER_COMPLETE neighbors_count=3`,
};

describe('three machines in a line', () => {
  const cluster = new Cluster([{ name: 'n1' }, { name: 'n2', dials: ['n1'] }, { name: 'n3', dials: ['n2'] }]);
  beforeAll(async () => {
    await cluster.start();
    for (const [service, server] of SERVICES) await cluster.join(service, server, 'PING,PONG,FENCE');
  });
  afterAll(() => cluster.stop());

  test.each(Object.entries(CONVERSATIONS))('%s', async (_title, script) => {
    await cluster.converse(script.replaceAll('HOST_OF_N3', cluster.hostOf('n3')));
  });
});
