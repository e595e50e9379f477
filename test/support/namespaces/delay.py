"""A cable with a length: carries Ethernet frames between two TAP devices, each later than it came, none out of order.

    delay.py LEFT RIGHT MILLISECONDS

Makes both devices in the namespace that it runs in, says "ready", and carries frames until it is ended.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
FRAME_BYTES_MAX = 65536
# Frames under way in one direction; what comes on top is lost, as in any router.
FRAMES_MAX = 20000


def open_tap(name):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return descriptor


def main():
    left, right = open_tap(sys.argv[1]), open_tap(sys.argv[2])
    delay = float(sys.argv[3]) / 1000
    other = {left: right, right: left}
    under_way = {left: collections.deque(), right: collections.deque()}
    poller = select.epoll()
    for descriptor in other:
        poller.register(descriptor, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        dues = [queue[0][0] for queue in under_way.values() if queue]
        poller.poll(max(0, min(dues) - time.monotonic()) if dues else None)
        now = time.monotonic()
        for source, target in other.items():
            try:
                while True:
                    frame = os.read(source, FRAME_BYTES_MAX)
                    if len(under_way[target]) < FRAMES_MAX:
                        under_way[target].append((now + delay, frame))
            except BlockingIOError:
                pass
            except OSError:
                time.sleep(0.001)  # The device is down.
        for target, queue in under_way.items():
            while queue and queue[0][0] <= now:
                try:
                    os.write(target, queue.popleft()[1])
                except OSError:
                    pass  # The device is down, or its queue is full: the frame is lost.


if __name__ == "__main__":
    main()
