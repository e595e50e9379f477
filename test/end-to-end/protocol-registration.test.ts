// How a connection comes by its name and loses it: REGISTER, names in use, lines before REGISTER, UNREGISTER.

import { conversations, WAYS } from '../support/conversation.ts';

const REGISTER = {
  'HELP and READY answer REGISTER': `
    foo: tcp
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
  `,
  'wrong parameters are INVALID, and the connection may try again': `
    foo: tcp
    foo> REGISTER
    foo< <alpha:communicatord INVALID command=REGISTER;message=…service…version…
    foo> REGISTER service=foo
    foo< <alpha:communicatord INVALID command=REGISTER;message=…version…
    foo> REGISTER version=1
    foo< <alpha:communicatord INVALID command=REGISTER;message=…service…
    foo> REGISTER service=foo;version=abc
    foo< <alpha:communicatord INVALID command=REGISTER;message=…version…
    foo> REGISTER service=foo;version=2
    foo< <alpha:communicatord INVALID command=REGISTER;message=…version…
    foo> REGISTER service=bad-name;version=1
    foo< <alpha:communicatord INVALID command=REGISTER;message=…service…
    foo> REGISTER service=1st;version=1
    foo< <alpha:communicatord INVALID command=REGISTER;message=…service…
    foo> REGISTER service=${'x'.repeat(65)};version=1
    foo< <alpha:communicatord INVALID command=REGISTER;message=…service…
    foo> REGISTER service=foo;version=1;format=xml
    foo< <alpha:communicatord INVALID command=REGISTER;message=…format…
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
  `,
  'the longest name': `
    foo: tcp
    bar: tcp as bar
    foo> REGISTER service=${'x'.repeat(64)};version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
    foo> bar/PING
    bar< <alpha:${'x'.repeat(64)} bar/PING
  `,
  'a second REGISTER renames': `
    foo: tcp as old_name
    bar: tcp as bar
    foo> bar/PING n=1
    bar< <alpha:old_name bar/PING n=1
    foo> REGISTER service=new_name;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
    foo> bar/PING n=2
    bar< <alpha:new_name bar/PING n=2
    bar> new_name/PING
    foo< <alpha:bar new_name/PING
    bar> old_name/PING cache="no;reply"
    bar< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=old_name;unsent_command=PING
  `,
  'the same REGISTER again': `
    foo: tcp as foo
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
  `,
  'COMMANDS add to what was said before; nonsense is INVALID': `
    foo: tcp as foo A
    bar: tcp as bar
    foo> COMMANDS list=B,C
    foo> COMMANDS
    foo< <alpha:communicatord INVALID command=COMMANDS;message=…list…
    foo> COMMANDS list=not a command
    foo< <alpha:communicatord INVALID command=COMMANDS;message=…list…
    bar> ./A
    bar> ./B
    bar> ./C
    foo< <alpha:bar ./A
    foo< <alpha:bar ./B
    foo< <alpha:bar ./C
  `,
  'what a service sent before UNREGISTER goes out; nothing more is delivered to it': `
    foo: tcp as foo
    bar: tcp as bar
    foo>> "bar/PING n=1\\nbar/PING n=2\\nUNREGISTER service=foo\\nbar/PING n=3\\n"
    bar< <alpha:foo bar/PING n=1
    bar< <alpha:foo bar/PING n=2
    foo closed
    bar> foo/PING cache="no;reply"
    bar< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=foo;unsent_command=PING
  `,
  'UNREGISTER without a name closes too': `
    foo: tcp
    foo> UNREGISTER service=foo
    foo closed
  `,
  'answers that were under way arrive before the close': `
    foo: tcp as foo
    foo>> "ALIVE serial=1\\nUNREGISTER service=foo\\n"
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=1
    foo closed
  `,
  'a transient name is made unique, and listed nowhere': `
    watch: tcp as watch STATUS
    one: tcp
    two: tcp
    one> REGISTER service=tool;version=1;transient=true
    one< <alpha:communicatord HELP
    one< <alpha:communicatord READY my_address=127.0.0.1:4042;service=tool_1
    two> REGISTER service=tool;version=1;transient=true
    two< <alpha:communicatord HELP
    two< <alpha:communicatord READY my_address=127.0.0.1:4042;service=tool_2
    one> watch/PING
    watch< <alpha:tool_1 watch/PING
    watch> alpha:tool_1/PONG
    one< <alpha:watch alpha:tool_1/PONG
    watch> LIST_SERVICES
    watch< <alpha:communicatord SERVICES list=alpha:watch
    watch> SERVICE_STATUS service=tool_1
    watch< <alpha:communicatord STATUS cache=no;service=tool_1;status=unknown
  `,
};

const IN_USE = {
  'the holder answers ALIVE: refused and closed': `
    old: tcp as name
    new: tcp
    new> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    old> ABSOLUTELY serial=x;reply_timestamp=1
    new< <alpha:communicatord INVALID command=REGISTER;message=…name is in use…
    new closed
    other: tcp as other
    other> name/PING
    old< <alpha:other name/PING
  `,
  'the holder is on another kind of listener: refused at once': `
    old: unix as name
    new: tcp
    new> REGISTER service=name;version=1
    new< <alpha:communicatord INVALID command=REGISTER;message=…name is in use…Unix…
    new closed
  `,
  'and the other way around': `
    old: tcp as name
    new: unix
    new> REGISTER service=name;version=1
    new< <alpha:communicatord INVALID command=REGISTER;message=…name is in use…TCP…
    new closed
  `,
  'the holder never answered an ALIVE: refused after a while': `
    old: tcp as name
    new: tcp
    new> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    new< <alpha:communicatord INVALID command=REGISTER;message=…name is in use…
    new closed
  `,
  'the holder answered once and is silent now: the newcomer takes over, and what it sent meanwhile is handled': `
    bar: tcp as bar
    old: tcp as name
    first: tcp
    first> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    old> ABSOLUTELY serial=x;reply_timestamp=1
    first< <alpha:communicatord INVALID command=REGISTER;message=…
    first closed
    new: tcp
    new>> "REGISTER service=name;version=1\\nCOMMANDS list=NEWS\\nbar/PING n=1\\nALIVE serial=2\\n"
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    new< <alpha:communicatord HELP
    new< <alpha:communicatord READY my_address=127.0.0.1:4042
    new< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=2
    bar< <alpha:name bar/PING n=1
    old closed
    bar> ./NEWS
    new< <alpha:bar ./NEWS
  `,
  'the holder goes while the newcomer waits: the newcomer has it': `
    old: tcp as name
    new: tcp
    new> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    old> UNREGISTER service=name
    old closed
    new< <alpha:communicatord HELP
    new< <alpha:communicatord READY my_address=127.0.0.1:4042
  `,
  'the holder takes another name meanwhile: the newcomer has it': `
    old: tcp as name
    new: tcp
    new> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    old> REGISTER service=elsewhere;version=1
    old< <alpha:communicatord HELP
    old< <alpha:communicatord READY my_address=127.0.0.1:4042
    new< <alpha:communicatord HELP
    new< <alpha:communicatord READY my_address=127.0.0.1:4042
    old> name/PING
    new< <alpha:elsewhere name/PING
  `,
  'the holder is at its end: the newcomer has it': `
    old: tcp as name
    old ends
    new: tcp as name
    old closed
  `,
  'two newcomers wait: one of them has it, never both': `
    old: tcp as name
    first: tcp
    second: tcp
    first> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    second> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    old> UNREGISTER service=name
    old closed
    first< <alpha:communicatord HELP
    first< <alpha:communicatord READY my_address=127.0.0.1:4042
    first< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    first> ABSOLUTELY serial=x;reply_timestamp=1
    second< <alpha:communicatord INVALID command=REGISTER;message=…
    second closed
  `,
  'a newcomer that leaves while it waits changes nothing': `
    old: tcp as name
    new: tcp
    new> REGISTER service=name;version=1
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    new leaves
    old> ABSOLUTELY serial=x;reply_timestamp=1
    bar: tcp as bar
    bar> name/PING
    old< <alpha:bar name/PING
  `,
  'a name in use, and the newcomer writes JSON: refused in JSON': `
    old: unix as name
    new: tcp
    new> {"command":"REGISTER","parameters":{"service":"name","version":1}}
    new< {…"command":"INVALID","parameters":{"command":"REGISTER","message":"…"}}
    new closed
  `,
};

const BEFORE = {
  'lines before REGISTER go out under the name, in order, before what follows': `
    bar: tcp as bar
    foo: tcp
    foo>> "bar/PING n=1\\n{\\"command\\":\\"PING\\",\\"service\\":\\"bar\\"}\\n<:foo bar/PING n=2;cache=no\\nREGISTER service=foo;version=1\\nbar/PING n=3\\n"
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
    bar< <alpha:foo bar/PING n=1
    bar< <alpha:foo bar/PING
    bar< <alpha:foo bar/PING n=2;cache=no
    bar< <alpha:foo bar/PING n=3
  `,
  'no REGISTER comes: at the end of the connection they go out without a sender': `
    bar: tcp as bar PING
    foo: tcp
    foo>> "bar/PING n=1\\n<evil:x ./PING n=2\\n"
    foo ends
    bar< bar/PING n=1
    bar< ./PING n=2
    foo closed
  `,
  'what follows on the last line without an end of line is no line': `
    bar: tcp as bar
    foo: tcp
    foo>> "bar/PING n=1\\nbar/PING n=2"
    foo ends
    bar< bar/PING n=1
    foo closed
  `,
  'no REGISTER comes: after a while they go out without a sender, and so does what follows': `
    bar: tcp as bar
    foo: tcp
    foo> bar/PING n=1
    bar< bar/PING n=1
    foo> bar/PING n=2
    bar< bar/PING n=2
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
    foo> bar/PING n=3
    bar< <alpha:foo bar/PING n=3
  `,
  'commands for the daemon are answered meanwhile': `
    foo: tcp
    bar: tcp as bar
    foo> bar/PING n=1
    foo> SERVICE_STATUS service=ghost
    foo< <alpha:communicatord STATUS cache=no;service=ghost;status=unknown
    bar< bar/PING n=1
  `,
};

for (const { way, args } of WAYS) {
  conversations(`REGISTER, ${way}`, { args: [...args, '--alive-timeout', '300ms'] }, REGISTER);
  conversations(`before REGISTER, ${way}`, { args: [...args, '--hold-time', '300ms'] }, BEFORE);
}

conversations('names in use', { args: ['--alive-timeout', '300ms'] }, IN_USE);

conversations(
  'the time that the protocol gives',
  {},
  {
    'a holder that never answered has 2 s': IN_USE['the holder never answered an ALIVE: refused after a while'],
    'lines are held for 2 s':
      BEFORE['no REGISTER comes: after a while they go out without a sender, and so does what follows'],
  },
);

const line = (number: number): string => `bar/PING n=${number};a=${'x'.repeat(500)}`;

conversations(
  'what is held has a limit',
  { args: ['--hold-size', '1024', '--hold-time', '60s', '--alive-timeout', '60s'] },
  {
    'more lines before REGISTER: all go out without a sender': `
    bar: tcp as bar
    foo: tcp
    foo> ${line(1)}
    foo> ${line(2)}
    bar< ${line(1)}
    bar< ${line(2)}
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
    foo> ${line(3)}
    bar< <alpha:foo ${line(3)}
  `,
    'more lines while a name is asked about: refused and closed': `
    bar: tcp as bar
    old: tcp as name
    new: tcp
    new>> ${JSON.stringify(`REGISTER service=name;version=1\n${line(1)}\n${line(2)}\n`)}
    old< <alpha:communicatord ALIVE serial=…;timestamp=TIME
    new< <alpha:communicatord INVALID command=REGISTER;message=…
    new closed
  `,
  },
);

conversations(
  'require-registration',
  { args: ['--require-registration'] },
  {
    'messages to services are refused before REGISTER, and taken after it': `
    bar: tcp as bar PING
    foo: tcp
    foo> bar/PING n=1
    foo< <alpha:communicatord INVALID command=PING;message=…REGISTER…
    foo> ./PING n=2
    foo> bar/UNKNOWN command=X
    foo> ALIVE serial=1
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=1
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
    foo> bar/PING n=3
    bar< <alpha:foo bar/PING n=3
  `,
  },
);

conversations(
  'a limit on commands and services',
  { args: ['--max-commands-per-service', '3', '--max-services', '2'] },
  {
    'a fourth command is INVALID, the others count': `
    foo: tcp as foo A,B
    bar: tcp as bar
    foo> COMMANDS list=C,D
    foo< <alpha:communicatord INVALID command=COMMANDS;message=…1 command…
    bar> ./C
    bar> ./D
    foo< <alpha:bar ./C
  `,
    'a third service is refused': `
    one: tcp as one
    two: tcp as two
    three: tcp
    three> REGISTER service=three;version=1
    three< <alpha:communicatord INVALID command=REGISTER;message=…max_services…
    three closed
  `,
  },
);
