"""Confines a child: what it reads and writes, what it sees of the machine, what it uses up; and ends all of it.

In the edge:

confinement  Confinement: what a child may do
layers       what this machine offers to hold it to that, found by trying
group        Group: a control group for one child: memory, processes, an end for all of them
spawn        spawn: starts a child; Confined: it, and everything it started
held         bytes that a child reads once, out of the reach of a swap device
service      the confinement of the child that serves a connected service

In the child, before it becomes the program (they import little: it is waited for):

launch       reads what to do, does it, becomes the program
rooms        namespaces: own processes, own view of the files, own devices
landlock     what may be read and written
powers       capabilities and other privileges given up
kernel       the calls that Python has no name for
"""
