"""`safety contain`: the firewall by which only the edge's user leaves this machine.

command     the commands: print, install, status, remove, ca
options     whom the rules hold and what they let through, as the command line says it
people      users by name or number, with the numbers that they may become
places      what `--allow` names: an address range and a port
rules       whom it holds and what it lets through -> the text of an nftables ruleset
nft         the program `nft`: try, load, read back, compare
ca          the local certificate authority of the forward proxy
boot        the file and the systemd unit by which the rules are there after a reboot
"""
