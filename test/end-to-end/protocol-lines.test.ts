// Lines that are too long, browsers, and what else is no conversation: an answer or a close, and the others notice nothing.

import { conversations, WAYS } from '../support/conversation.ts';

const value = (bytes: number): string => 'x'.repeat(bytes);

const LINES = {
  'a browser: the connection is closed': `
    web: tcp
    web> GET / HTTP/1.1
    web closed
    post: unix
    post>> "POST /bar/PING HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\nbar/PING\\r\\n"
    post closed
  `,
  'only the first line shows a browser': `
    bar: tcp as bar
    foo: tcp as foo
    foo> bar/LOG line="GET / HTTP/1.1"
    bar< <alpha:foo bar/LOG line="GET / HTTP/1.1"
  `,
  'the longest line goes through, a longer one is INVALID, and the connection lives': `
    bar: tcp as bar
    foo: tcp as foo
    foo> bar/PING a=${value(4096 - 'bar/PING a=\n'.length)}
    bar< <alpha:foo bar/PING a=${value(4096 - 'bar/PING a=\n'.length)}
    foo> bar/PING a=${value(4096)}
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> bar/PING a=${value(20_000)}
    foo< <alpha:communicatord INVALID command=…;message=…
    foo>> "bar/PING a=${value(3000)}"
    foo>> "${value(3000)}"
    foo>> "${value(3000)}\\nbar/PING n=1\\n"
    foo< <alpha:communicatord INVALID command=…;message=…
    bar< <alpha:foo bar/PING n=1
  `,
  'too long before REGISTER': `
    foo: tcp
    foo> bar/PING a=${value(5000)}
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> REGISTER service=foo;version=1
    foo< <alpha:communicatord HELP
    foo< <alpha:communicatord READY my_address=127.0.0.1:4042
  `,
  'a line without an end: closed': `
    foo: tcp as foo
    foo>> "bar/PING a=${value(70_000)}"
    foo closed
  `,
  'a line that was too long already and has no end: closed': `
    foo: tcp as foo
    foo> bar/PING a=${value(60_000)}
    foo< <alpha:communicatord INVALID command=…;message=…
    foo>> "bar/PING a=${value(60_000)}"
    foo>> "${value(10_000)}"
    foo closed
  `,
  'many short lines at once': `
    bar: tcp as bar
    foo: tcp as foo
    foo>> ${JSON.stringify(Array.from({ length: 500 }, (_, n) => `bar/PING n=${n}\n`).join(''))}
    ${Array.from({ length: 500 }, (_, n) => `bar< <alpha:foo bar/PING n=${n}`).join('\n')}
  `,
};

for (const { way, args } of WAYS) {
  conversations(
    `lines, ${way}`,
    { args: [...args, '--max-message-size', '4096', '--max-line-discard', '65536'] },
    LINES,
  );
}

conversations(
  'the limits that the protocol gives',
  {},
  {
    'a value of a megabyte': `
    bar: tcp as bar
    foo: tcp as foo
    foo> bar/PING a=${value(1_000_000)}
    bar< <alpha:foo bar/PING a=${value(1_000_000)}
    foo> bar/PING a=${value(1 << 20)}
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> bar/PING
    bar< <alpha:foo bar/PING
  `,
  },
);
