"""The real engine: members as processes of one warm forkserver, under our own supervisor.

Letters and control messages go over our own stream sockets as MessagePack with arrays beside; collectives go over gloo.
No pickle crosses a socket or a disk.
"""
