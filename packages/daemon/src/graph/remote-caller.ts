// Who asked for a command from another machine, and how to answer.

import type { Message } from 'snapcommunicator/wire';
import type { Delivery } from '../bus/delivery.ts';
import type { Caller, LineDetails } from '../commands/runner.ts';

export function remoteCallerOf(message: Message, received: LineDetails, delivery: Delivery): Caller {
  const correlation = message.parameters['correlation_id'];
  const echo = correlation === undefined ? {} : { correlation_id: correlation };
  const { sentFromServer, sentFromService } = message;
  return {
    connection: undefined,
    isRemote: true,
    message,
    received,
    answer: (command, values = {}) => {
      // Without a sender there is nobody to answer.
      if (sentFromService !== '')
        delivery.tell(`${sentFromServer}:${sentFromService}`, command, { ...values, ...echo });
    },
  };
}
