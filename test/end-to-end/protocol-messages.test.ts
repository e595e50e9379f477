// Messages between services of one machine: senders, text and JSON, addresses. On every way through the daemon.

import { conversations, WAYS } from '../support/conversation.ts';

const SENDERS = {
  'a message arrives stamped with its sender': `
    foo: tcp as foo
    bar: unix as bar
    foo> bar/PING a=b
    bar< <alpha:foo bar/PING a=b
    bar> alpha:foo/PONG a=b
    foo< <alpha:bar alpha:foo/PONG a=b
  `,
  'a sender that a service writes is skipped': `
    foo: tcp as foo
    bar: tcp as bar
    foo> <:foo bar/PING
    foo> <evil:mallory bar/PING a=1
    foo> <evil: bar/PING a=2
    bar< <alpha:foo bar/PING
    bar< <alpha:foo bar/PING a=1
    bar< <alpha:foo bar/PING a=2
  `,
  'a daemon command may bear a sender': `
    foo: tcp as foo
    foo> <:foo SERVICE_STATUS service=ghost
    foo< <alpha:communicatord STATUS cache=no;service=ghost;status=unknown
  `,
  'a message to oneself is delivered': `
    foo: tcp as foo
    foo> foo/PING a=b
    foo< <alpha:foo foo/PING a=b
  `,
  'a command need not be listed for a unicast': `
    foo: tcp as foo
    bar: tcp as bar PING
    foo> bar/ANYTHING
    bar< <alpha:foo bar/ANYTHING
  `,
  'one sender and one receiver: the order holds, with and without parameters that the daemon must read': `
    foo: tcp as foo
    bar: tcp as bar
    foo>> "bar/A n=1\\nbar/A n=2;cache=no\\nbar/A n=3\\nbar/B n=4;transmission_report=failure\\nbar/A n=5\\n"
    bar< <alpha:foo bar/A n=1
    bar< <alpha:foo bar/A n=2;cache=no
    bar< <alpha:foo bar/A n=3
    bar< <alpha:foo bar/B n=4;transmission_report=failure
    bar< <alpha:foo bar/A n=5
  `,
};

const TEXT = {
  'CR and blanks around a line are dropped, blank lines skipped': `
    foo: tcp as foo
    bar: tcp as bar
    foo>> "bar/PING a=1\\r\\n\\r\\n\\n   \\n  bar/PING a=2  \\r\\n\\tbar/PING\\t\\n"
    bar< <alpha:foo bar/PING a=1
    bar< <alpha:foo bar/PING a=2
    bar< <alpha:foo bar/PING
  `,
  'bytes go on as they came: order, quotes, escapes': `
    foo: tcp as foo
    bar: tcp as bar
    foo> bar/PING z=1;a="x;y";n=1\\n2;m=\\"é€𝄞\\";
    bar< <alpha:foo bar/PING z=1;a="x;y";n=1\\n2;m=\\"é€𝄞\\";
  `,
  'malformed parameters that do not matter to the daemon go on unread': `
    foo: tcp as foo
    bar: tcp as bar
    foo> bar/PING a
    foo> bar/PING q="x"y
    bar< <alpha:foo bar/PING a
    bar< <alpha:foo bar/PING q="x"y
  `,
  'malformed parameters in a line that the daemon must read are INVALID': `
    foo: tcp as foo
    bar: tcp as bar
    foo> bar/PING cache=no;q="x"y
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> bar/PING a=1
    bar< <alpha:foo bar/PING a=1
  `,
  'a line in pieces is one line': `
    foo: tcp as foo
    bar: tcp as bar
    foo>> "bar/PI"
    foo>> "NG n"
    foo>> "=3\\nbar/PING n=4\\n"
    bar< <alpha:foo bar/PING n=3
    bar< <alpha:foo bar/PING n=4
  `,
  'not a message: INVALID, and the connection lives': `
    foo: tcp as foo
    bar: tcp as bar
    foo> bar/ping
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> a:b:c/PING
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> a/b/PING
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> :bar/PING
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> alpha:/PING
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> /PING
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> <:foo
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> @D 40 x
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> [1]
    foo< <alpha:communicatord INVALID command=…;message=…
    foo> bar/PING
    bar< <alpha:foo bar/PING
  `,
  'a NUL anywhere is INVALID': `
    foo: tcp as foo
    bar: tcp as bar
    foo>> "bar/PING a=1\\u0000\\n"
    foo< <alpha:communicatord INVALID command=…;message=…
    foo>> "bar/PI\\u0000NG\\n"
    foo< <alpha:communicatord INVALID command=…;message=…
    foo>> "bar/PING a=1\\nbar/PING a=\\u0000\\nbar/PING a=2\\n"
    foo< <alpha:communicatord INVALID command=…;message=…
    bar< <alpha:foo bar/PING a=1
    bar< <alpha:foo bar/PING a=2
  `,
  'INVALID and UNKNOWN are never answered by INVALID or UNKNOWN': `
    foo: tcp as foo
    bar: tcp as bar
    foo> INVALID
    foo> UNKNOWN
    foo> INVALID command=X;message=y
    foo> UNKNOWN command=X
    foo> INVALID command
    foo> UNKNOWN "
    foo> bar/INVALID cache=x;"
    foo> alpha:*/INVALID
    foo> ?:./UNKNOWN
    bar> foo/UNKNOWN command=X
    foo< <alpha:bar foo/UNKNOWN command=X
  `,
  'a broadcast is never answered by INVALID': `
    foo: tcp as foo
    foo> ./PING cache=no;"
    foo> */PING transmission_report=failure;a
  `,
};

const JSON_FORM = {
  'a message in JSON arrives as text': `
    foo: tcp as foo
    bar: tcp as bar
    foo> {"command":"PING","service":"bar","server":"alpha","parameters":{"b":2,"a":"x;y","t":true,"f":false,"n":null,"d":2.5}}
    bar< <alpha:foo alpha:bar/PING a="x;y";b=2;d=2.5;f=false;n=;t=true
    foo> { "command" : "PING" , "service" : "bar" }
    bar< <alpha:foo bar/PING
    foo> {"sent-from-server":"evil","sent-from-service":"mal","service":"bar","command":"PING","other":{}}
    bar< <alpha:foo bar/PING
  `,
  'who writes JSON is answered in JSON, and in text again when it writes text': `
    foo: tcp
    foo> {"command":"REGISTER","parameters":{"service":"foo","version":1}}
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"HELP"}
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"READY","parameters":{"my_address":"127.0.0.1:4042"}}
    foo> {"command":"SERVICE_STATUS","parameters":{"service":"ghost"}}
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"STATUS","parameters":{"cache":"no","service":"ghost","status":"unknown"}}
    foo> {"command":"NOSUCH"}
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"UNKNOWN","parameters":{"command":"NOSUCH"}}
    foo> {"command":"PING",}
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"INVALID","parameters":{"command":…,"message":…}}
    foo> NOSUCH
    foo< <alpha:communicatord UNKNOWN command=NOSUCH
  `,
  'forwarded messages stay text': `
    foo: tcp
    bar: tcp as bar
    foo> {"command":"REGISTER","parameters":{"service":"foo","version":"1"}}
    foo< {…"command":"HELP"}
    foo< {…"command":"READY",…}
    bar> foo/PING a=1
    foo< <alpha:bar foo/PING a=1
  `,
  'format=json: everything is delivered in JSON': `
    foo: tcp
    bar: tcp as bar
    foo> REGISTER service=foo;version=1;format=json
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"HELP"}
    foo< {"sent-from-server":"alpha","sent-from-service":"communicatord","command":"READY","parameters":{"my_address":"127.0.0.1:4042"}}
    foo> COMMANDS list=NEWS
    bar> foo/PING z="1;2";a=l1\\nl2
    foo< {"sent-from-server":"alpha","sent-from-service":"bar","service":"foo","command":"PING","parameters":{"z":"1;2","a":"l1\\nl2"}}
    bar> ./NEWS
    foo< {"sent-from-server":"alpha","sent-from-service":"bar","service":".","command":"NEWS"}
    bar> foo/PING transmission_report=always;message_id=7
    foo< {…"command":"PING","parameters":{"transmission_report":"always","message_id":"7"}}
    bar< <alpha:communicatord TRANSMISSION_REPORT command=PING;message_id=7;status=delivered
  `,
  'not a message in JSON: INVALID': `
    foo: tcp as foo
    foo> {"command":"PING","service":"bar"} trailing
    foo< {…"command":"INVALID",…}
    foo> {"service":"bar"}
    foo< {…"command":"INVALID",…}
    foo> {"command":"PING","service":5}
    foo< {…"command":"INVALID",…}
    foo> {"command":"PING","service":"bar","parameters":{"a":[1]}}
    foo< {…"command":"INVALID",…}
    foo> {"command":"PING","service":"bar","parameters":{"bad-name":"1"}}
    foo< {…"command":"INVALID",…}
    foo> {"command":"PING","service":"bar","parameters":{"a":"\\u0000"}}
    foo< {…"command":"INVALID",…}
  `,
};

const ADDRESSES = {
  'every address of a service on this machine': `
    foo: tcp as foo
    bar: tcp as bar
    foo> bar/PING a=1
    foo> alpha:bar/PING a=2
    foo> ALPHA:bar/PING a=3
    foo> .:bar/PING a=4
    foo> *:bar/PING a=5
    bar< <alpha:foo bar/PING a=1
    bar< <alpha:foo alpha:bar/PING a=2
    bar< <alpha:foo ALPHA:bar/PING a=3
    bar< <alpha:foo .:bar/PING a=4
    bar< <alpha:foo *:bar/PING a=5
  `,
  'another machine, or any but this one: not here': `
    foo: tcp as foo
    bar: tcp as bar
    foo> ?:bar/PING cache="no;reply"
    foo< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=bar;unsent_command=PING
    foo> beta:bar/PING cache="no;reply"
    foo< <alpha:communicatord SERVICE_UNAVAILABLE destination_service=bar;unsent_command=PING
  `,
  'the daemon itself, by every name': `
    foo: tcp as foo
    foo> ALIVE serial=1
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=1
    foo> communicatord/ALIVE serial=2
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=2
    foo> snapcommunicator/ALIVE serial=3
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=3
    foo> alpha:communicatord/ALIVE serial=4
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=4
    foo> .:communicatord/ALIVE serial=5;timestamp=12.5
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=5;timestamp=12.5
    foo> *:communicatord/ALIVE serial=6
    foo< <alpha:communicatord ABSOLUTELY reply_timestamp=TIME;serial=6
  `,
  'a server and a mark that contradict each other: INVALID': `
    foo: tcp as foo PING
    bar: tcp as bar PING
    foo> alpha:*/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> alpha:?/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> .:*/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> .:?/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> ?:*/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> ?:?/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> ?:./PING
    foo< <alpha:communicatord INVALID command=PING;message=…
    foo> *:?/PING
    foo< <alpha:communicatord INVALID command=PING;message=…
  `,
};

for (const { way, args } of WAYS) {
  conversations(`senders, ${way}`, { args }, SENDERS);
  conversations(`text, ${way}`, { args }, TEXT);
  conversations(`JSON, ${way}`, { args }, JSON_FORM);
  conversations(`addresses, ${way}`, { args }, ADDRESSES);
}
