// Sends datagrams: nothing is connected, nobody answers, and it is the fastest way to say something.

import { readFileSync } from 'node:fs';
import { AddressError, CommunicatorError, openSignal, type SignalSender } from 'snapcommunicator';
import type { Message } from 'snapcommunicator/wire';
import type { Carrier } from './carrier.ts';
import { EXIT, usageError } from './exit-codes.ts';

export interface SignalCarrierOptions {
  readonly signalSecretFile?: string;
  readonly maxSize?: number;
}

/** @throws ToolError for a wrong address or an unreadable secret */
export async function openSignalCarrier(address: string, options: SignalCarrierOptions): Promise<Carrier> {
  const { signalSecretFile: file, maxSize } = options;
  const sender = await openSender(address, {
    ...(file !== undefined && { secret: readSecret(file) }),
    ...(maxSize !== undefined && { datagramBytesMax: maxSize }),
  });
  return {
    async send(message: Message): Promise<void> {
      try {
        await sender.send(message);
      } catch (error) {
        if (!(error instanceof CommunicatorError) || error.code !== 'INVALID_MESSAGE') throw error;
        throw usageError(
          error.message.replace('raise datagramBytesMax, or connect()', 'raise --max-size, or use an sc: address'),
        );
      }
    },
    async finish() {
      sender.close();
      return EXIT.done;
    },
    async abandon() {
      sender.close();
    },
  };
}

async function openSender(address: string, options: Parameters<typeof openSignal>[1]): Promise<SignalSender> {
  try {
    return await openSignal(address, options);
  } catch (error) {
    if (error instanceof AddressError) throw usageError(error.message);
    throw error;
  }
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw usageError(`--signal-secret-file: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
