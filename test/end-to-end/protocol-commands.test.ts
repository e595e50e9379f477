// The daemon's own commands: questions about services, cluster, clock and load; what is unknown, wrong or not allowed.

import { conversations } from '../support/conversation.ts';

const OWN =
  'ABSOLUTELY,ALIVE,BLOCK,CLOCK_STATUS,CLUSTER_STATUS,COMMANDS,…FORGET,…HELP,…LISTEN_LOADAVG,LIST_SERVICES,LOADAVG,LOG_ROTATE,PUBLIC_IP,…REGISTER,REGISTER_FOR_LOADAVG,…SERVICE_STATUS,SHUTDOWN,SNIFF,…STOP,…UNREGISTER,UNREGISTER_FROM_LOADAVG';

conversations(
  'questions',
  { args: ['--loadavg-interval', '100ms'] },
  {
    'HELP: the commands of the daemon': `
    foo: tcp as foo
    foo> HELP
    foo< <alpha:communicatord COMMANDS list=${OWN}
  `,
    'ALIVE: ABSOLUTELY, with serial and timestamp as they came': `
    foo: tcp
    foo> ALIVE
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME
    foo> ALIVE serial=abc;timestamp=123.456789012
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=abc;timestamp=123.456789012
  `,
    'an answer carries the correlation_id of its question': `
    foo: tcp as foo
    foo> ALIVE correlation_id=c7
    foo< <alpha:communicatord ABSOLUTELY correlation_id=c7;reply_timestamp=TIME
    foo> NOSUCH correlation_id=c8
    foo< <alpha:communicatord UNKNOWN command=NOSUCH;correlation_id=c8
  `,
    'a command that nobody knows: UNKNOWN': `
    foo: tcp as foo
    foo> NOSUCH a=b
    foo< <alpha:communicatord UNKNOWN command=NOSUCH
    foo> snapcommunicator/NOSUCH
    foo< <alpha:communicatord UNKNOWN command=NOSUCH
    foo> READY my_address=x
    foo< <alpha:communicatord UNKNOWN command=READY
  `,
    'SERVICE_STATUS: unknown, up, down': `
    foo: tcp as foo
    foo> SERVICE_STATUS service=bar
    foo< <alpha:communicatord STATUS cache=no;service=bar;status=unknown
    bar: tcp as bar
    foo> SERVICE_STATUS service=bar
    foo< <alpha:communicatord STATUS cache=no;server_name=alpha;service=bar;status=up;up_since=TIME
    bar leaves
    foo> SERVICE_STATUS service=bar
    foo< <alpha:communicatord STATUS cache=no;down_since=TIME;server_name=alpha;service=bar;status=down;up_since=TIME
    foo> SERVICE_STATUS service=communicatord
    foo< <alpha:communicatord STATUS cache=no;server_name=alpha;service=communicatord;status=up
    foo> SERVICE_STATUS
    foo< <alpha:communicatord INVALID command=SERVICE_STATUS;message=…service…
    foo> SERVICE_STATUS service=not-a-name
    foo< <alpha:communicatord INVALID command=SERVICE_STATUS;message=…service…
  `,
    'STATUS by itself, to those who list it': `
    watch: tcp as watch STATUS
    mute: tcp as mute
    watch< <alpha:communicatord ./STATUS cache=no;server_name=alpha;service=mute;status=up;up_since=TIME
    one: unix as one
    watch< <alpha:communicatord ./STATUS cache=no;server_name=alpha;service=one;status=up;up_since=TIME
    one> REGISTER service=two;version=1
    one< <alpha:communicatord HELP
    one< <alpha:communicatord READY my_address=127.0.0.1:4042
    watch< <alpha:communicatord ./STATUS cache=no;down_since=TIME;server_name=alpha;service=one;status=down;up_since=TIME
    watch< <alpha:communicatord ./STATUS cache=no;server_name=alpha;service=two;status=up;up_since=TIME
    one leaves
    watch< <alpha:communicatord ./STATUS cache=no;down_since=TIME;server_name=alpha;service=two;status=down;up_since=TIME
  `,
    'watch=cluster: STATUS about one service, without listing it, until watch=no': `
    foo: tcp as foo
    foo> SERVICE_STATUS service=watched;watch=cluster
    foo< <alpha:communicatord STATUS cache=no;service=watched;status=unknown
    one: tcp as watched
    foo< <alpha:communicatord STATUS cache=no;server_name=alpha;service=watched;status=up;up_since=TIME
    other: tcp as other
    one leaves
    foo< <alpha:communicatord STATUS cache=no;down_since=TIME;server_name=alpha;service=watched;status=down;up_since=TIME
    foo> SERVICE_STATUS service=watched;watch=no
    foo< <alpha:communicatord STATUS cache=no;down_since=TIME;server_name=alpha;service=watched;status=down;up_since=TIME
    one: tcp as watched
  `,
    'who lists STATUS and watches too hears once': `
    foo: tcp as foo STATUS
    foo> SERVICE_STATUS service=once;watch=cluster
    foo< <alpha:communicatord STATUS cache=no;service=once;status=unknown
    one: tcp as once
    foo< <alpha:communicatord ./STATUS cache=no;server_name=alpha;service=once;status=up;up_since=TIME
  `,
    'LIST_SERVICES: those that are up': `
    foo: tcp as foo
    bar: unix as bar
    nameless: tcp
    foo> LIST_SERVICES
    foo< <alpha:communicatord SERVICES list=alpha:bar,alpha:foo
  `,
    'CLUSTER_STATUS: a cluster of one is up and complete': `
    foo: tcp as foo
    foo> CLUSTER_STATUS
    foo< <alpha:communicatord CLUSTER_UP neighbors_count=1
    foo< <alpha:communicatord CLUSTER_COMPLETE neighbors_count=1
  `,
    CLOCK_STATUS: `
    foo: tcp as foo
    foo> CLOCK_STATUS
    foo< <alpha:communicatord CLOCK_…TABLE cache=no;clock_…=…
  `,
    'PUBLIC_IP: there is no remote listener': `
    foo: tcp as foo
    foo> PUBLIC_IP
    foo< <alpha:communicatord SERVER_PUBLIC_IP
  `,
    'LOADAVG: at once and every so often, until it is no longer wanted': `
    foo: tcp as foo
    foo> REGISTER_FOR_LOADAVG
    foo< <alpha:communicatord LOADAVG avg=…;my_address=127.0.0.1:4042;timestamp=TIME
    foo< <alpha:communicatord LOADAVG avg=…;my_address=127.0.0.1:4042;timestamp=TIME
    foo< <alpha:communicatord LOADAVG avg=…;my_address=127.0.0.1:4042;timestamp=TIME
    foo> UNREGISTER_FROM_LOADAVG
    foo> UNREGISTER_FROM_LOADAVG
  `,
    'LISTEN_LOADAVG: this machine, others, nonsense': `
    foo: tcp as foo
    foo> LISTEN_LOADAVG
    foo< <alpha:communicatord INVALID command=LISTEN_LOADAVG;message=…ips…
    foo> LISTEN_LOADAVG ips=127.0.0.1
    foo< <alpha:communicatord LOADAVG avg=…;my_address=127.0.0.1:4042;timestamp=TIME
    foo> UNREGISTER_FROM_LOADAVG
    bar: tcp as bar
    bar> LISTEN_LOADAVG ips=10.9.8.7,junk
    bar< <alpha:communicatord INVALID command=LISTEN_LOADAVG;message=…10.9.8.7, junk…
  `,
    'a message for the daemon of a machine that is not known gets no answer': `
    foo: tcp as foo
    foo> beta:communicatord/ALIVE
    foo> ?:communicatord/ALIVE
  `,
  },
);

const REFUSED = ['STOP', 'SHUTDOWN', 'FORGET ip=10.0.0.1', 'BLOCK uri=x', 'SNIFF'].map((line) => {
  const command = line.split(' ')[0] as string;
  return `foo> ${line}\n foo< <alpha:communicatord INVALID command=${command};message=…privilege…`;
});

conversations(
  'privileges',
  {},
  {
    'plain TCP has none': `
    foo: tcp as foo
    ${REFUSED.join('\n')}
    foo> alpha:communicatord/STOP
    foo< <alpha:communicatord INVALID command=STOP;message=…privilege…
    foo> ALIVE serial=1
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=1
  `,
    'a datagram has none, and is not answered': `
    udp> STOP
    udp> SHUTDOWN
    udp> communicatord/STOP
    foo: tcp as foo
    foo> ALIVE serial=1
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=1
  `,
    'the Unix socket has it': `
    foo: unix as foo
    foo> FORGET ip=10.0.0.1
    foo< <alpha:communicatord INVALID command=FORGET;message=…10.0.0.1…
    foo> FORGET
    foo< <alpha:communicatord INVALID command=FORGET;message=…missing…
    foo> BLOCK
    foo< <alpha:communicatord INVALID command=BLOCK;message=…uri…
    foo> BLOCK uri=x
    foo> SNIFF filter=command==NEVER
    foo< <alpha:communicatord SNIFFING filter=command==NEVER
    foo> SNIFF filter=nosuchfield==1
    foo< <alpha:communicatord INVALID command=SNIFF;message=…nosuchfield…
  `,
    'LOG_ROTATE needs none': `
    foo: tcp as foo
    foo> LOG_ROTATE
    udp> LOG_ROTATE
    foo> ALIVE serial=1
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=1
  `,
    'a sniffer sees what passes, with its outcome, and its own traffic stays as it is': `
    look: unix
    foo: tcp as foo
    bar: tcp as bar NEWS
    look> SNIFF filter=from.service==foo
    look< <alpha:communicatord SNIFFING filter=…
    foo> bar/PING a=1
    bar< <alpha:foo bar/PING a=1
    look< <alpha:communicatord SNIFFED command=PING;from=alpha:foo;…line=<alpha:foo bar/PING a=1;outcome=delivered;…to=alpha:bar
    foo> ./NEWS
    bar< <alpha:foo ./NEWS
    look< <alpha:communicatord SNIFFED command=NEWS;from=alpha:foo;…
    foo> ghost/PING cache=no;password=hidden
    look< <alpha:communicatord SNIFFED command=PING;from=alpha:foo;…password=***…outcome=refused;reason=absent;…
    look> SNIFF stop=true
    foo> bar/PING a=2
    bar< <alpha:foo bar/PING a=2
  `,
  },
);

conversations(
  'compat-control',
  { args: ['--compat-control'] },
  {
    'plain TCP has the privilege': `
    foo: tcp as foo
    foo> FORGET ip=10.0.0.1
    foo< <alpha:communicatord INVALID command=FORGET;message=…10.0.0.1…
    foo> BLOCK uri=x
  `,
  },
);
