// Broadcasts on one machine: whom each mark reaches, once each, not the sender, in the order of one sender.

import { conversations, WAYS } from '../support/conversation.ts';

const MARKS = ['.', '?', '*', '.:.', '*:.', '*:*', 'alpha:.', 'ALPHA:.'];

const BROADCASTS: Record<string, string> = {
  'every mark, and every server before it that does not contradict it': `
    foo: tcp as foo NEWS
    bar: tcp as bar NEWS,OTHER
    uni: unix as uni NEWS
    baz: tcp as baz OTHER
    mute: tcp as mute
    ${MARKS.map((mark) => `foo> ${mark}/NEWS\n bar< <alpha:foo ${mark}/NEWS\n uni< <alpha:foo ${mark}/NEWS`).join('\n')}
  `,
  'another machine: nobody here, and no answer': `
    foo: tcp as foo
    bar: tcp as bar NEWS
    foo> beta:./NEWS
  `,
  'nobody lists the command': `
    foo: tcp as foo NEWS
    bar: tcp as bar
    foo> ./NEWS
    foo> */NOBODY
  `,
  'once each, however often a command was listed': `
    foo: tcp as foo
    bar: tcp as bar NEWS,NEWS
    bar> COMMANDS list=NEWS,OTHER
    foo> */NEWS
    bar< <alpha:foo */NEWS
  `,
  'a connection without a name that lists the command': `
    foo: tcp as foo
    bar: tcp
    bar> COMMANDS list=NEWS
    foo> ./NEWS
    bar< <alpha:foo ./NEWS
  `,
  'who lists later gets later ones; who is gone gets none; a renamed one stays': `
    foo: tcp as foo
    bar: tcp as bar NEWS
    baz: tcp as baz
    foo> ./NEWS n=1
    bar< <alpha:foo ./NEWS n=1
    baz> COMMANDS list=NEWS
    foo> ./NEWS n=2
    bar< <alpha:foo ./NEWS n=2
    baz< <alpha:foo ./NEWS n=2
    bar> UNREGISTER service=bar
    bar closed
    foo> ./NEWS n=3
    baz< <alpha:foo ./NEWS n=3
    baz> REGISTER service=new_baz;version=1
    baz< <alpha:communicatord HELP
    baz< <alpha:communicatord READY my_address=127.0.0.1:4042
    foo> ./NEWS n=4
    baz< <alpha:foo ./NEWS n=4
  `,
  'broadcasts and unicasts of one sender keep their order': `
    foo: tcp as foo
    bar: tcp as bar NEWS
    baz: tcp as baz NEWS
    foo>> "bar/A n=1\\n./NEWS n=2\\nbar/A n=3\\nbaz/A n=4\\n./NEWS n=5;cache=no\\nbaz/A n=6\\n*/NEWS n=7\\n./NEWS n=8\\nbar/A n=9\\n"
    bar< <alpha:foo bar/A n=1
    bar< <alpha:foo ./NEWS n=2
    bar< <alpha:foo bar/A n=3
    bar< <alpha:foo ./NEWS n=5;cache=no
    bar< <alpha:foo */NEWS n=7
    bar< <alpha:foo ./NEWS n=8
    bar< <alpha:foo bar/A n=9
    baz< <alpha:foo ./NEWS n=2
    baz< <alpha:foo baz/A n=4
    baz< <alpha:foo ./NEWS n=5;cache=no
    baz< <alpha:foo baz/A n=6
    baz< <alpha:foo */NEWS n=7
    baz< <alpha:foo ./NEWS n=8
  `,
  'broadcasts of two senders that both listen': `
    foo: tcp as foo NEWS
    bar: tcp as bar NEWS
    baz: tcp as baz NEWS
    foo> ./NEWS n=1
    bar> ./NEWS n=2
    foo> ./NEWS n=3
    foo< <alpha:bar ./NEWS n=2
    bar< <alpha:foo ./NEWS n=1
    bar< <alpha:foo ./NEWS n=3
    baz< <alpha:foo ./NEWS n=1
    baz< <alpha:bar ./NEWS n=2
    baz< <alpha:foo ./NEWS n=3
  `,
  'a broadcast whose sender goes at once': `
    foo: tcp as foo
    bar: tcp as bar NEWS
    foo>> "./NEWS n=1\\nUNREGISTER service=foo\\n"
    foo closed
    bar< <alpha:foo ./NEWS n=1
  `,
  'a broadcast is not kept for who comes later': `
    foo: tcp as foo
    foo> ./NEWS n=1;cache=ttl=60
    bar: tcp as bar NEWS
  `,
  'in JSON to one, in text to the other': `
    foo: tcp as foo
    bar: tcp as bar NEWS
    baz: tcp
    baz> REGISTER service=baz;version=1;format=json
    baz< {…"command":"HELP"}
    baz< {…"command":"READY",…}
    baz> COMMANDS list=NEWS
    foo> ./NEWS a=1
    bar< <alpha:foo ./NEWS a=1
    baz< {"sent-from-server":"alpha","sent-from-service":"foo","service":".","command":"NEWS","parameters":{"a":"1"}}
  `,
  'a report on a broadcast': `
    foo: tcp as foo
    bar: tcp as bar NEWS
    foo> ./NEWS transmission_report=always;message_id=b1
    bar< <alpha:foo ./NEWS transmission_report=always;message_id=b1
    foo< <alpha:communicatord TRANSMISSION_REPORT command=NEWS;message_id=b1;status=delivered
    foo> ./NEWS transmission_report=failure;message_id=b2
    bar< <alpha:foo ./NEWS transmission_report=failure;message_id=b2
  `,
};

for (const { way, args } of WAYS) conversations(`broadcasts, ${way}`, { args }, BROADCASTS);
