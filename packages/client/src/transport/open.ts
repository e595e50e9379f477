// Which transport an address means. What is seldom needed is loaded when it is asked for, so that a tool starts fast.

import { openStream } from './stream.ts';
import { type OpenTransport, TransportRefusal } from './transport.ts';

export const openTransport: OpenTransport = async (address, handlers, options) => {
  switch (address.scheme) {
    case 'sc':
      return openStream(address, handlers, options);
    case 'scs':
      return (await import('./tls.ts')).openTls(address, handlers, options);
    case 'scu':
      throw new TransportRefusal(
        'scu: carries datagrams, over which nobody is answered: send with openSignal() instead of connect()',
      );
  }
};
